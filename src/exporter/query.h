/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client asks for: /metrics?stat=REGEX&vcpu=1 and the Accept header. */
#ifndef EXPORTER_QUERY_H
#define EXPORTER_QUERY_H

#include <stdbool.h>

#include "family.h"
#include "filter.h"

struct query {
	struct filter filter;	/* stat= and exclude=, both may be repeated */
	bool vcpu;
};

/*
 * query_parse() - the part of a URI behind its question mark
 * @query: receives what is asked for, on top of what it holds; query_free() frees
 * @text: as the client sent it
 * @error: receives one line when the result is false; @query is freed then
 *
 * The C library's regular expressions can be made to take all memory and time, and
 * anybody may ask here: repeat counts, repeats of repeats, back-references, and what is
 * in no statistic's name are refused.
 */
bool query_parse(struct query *query, const char *text, char error[FILTER_ERROR]);
void query_free(struct query *query);

/* @accept may be NULL. What is not understood gets the older format. */
enum format accept_format(const char *accept);

#endif /* EXPORTER_QUERY_H */
