/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a path to an answer. */
#ifndef EXPORTER_ANSWER_H
#define EXPORTER_ANSWER_H

#include <microhttpd.h>

#include "exporter.h"

struct answer {
	struct MHD_Response *response;	/* NULL without memory */
	unsigned int status;
};

/*
 * @uri: path and query, as the client sent them
 * @accept: the header, or NULL
 */
struct answer answer_to(struct collector *c, struct self *self, const struct options *options,
			const char *method, const char *uri, const char *accept);

#endif /* EXPORTER_ANSWER_H */
