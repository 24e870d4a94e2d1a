/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /metrics and the text file consist of. */
#ifndef EXPORTER_METRICS_H
#define EXPORTER_METRICS_H

#include "collect.h"
#include "page.h"

/* What the exporter counts of itself. */
struct self {
	uint64_t scrapes;
	uint64_t failures;
	uint64_t connections;	/* open now */
	uint64_t dropped;	/* connections that were too slow, or too many */
};

struct metrics_request {
	enum format format;
	bool vcpu;		/* a series for each vCPU, instead of their sum */
	const struct filter *filter;	/* on top of the collector's, or NULL */
};

/* Takes a snapshot; NULL without memory. page_free() frees. */
struct page *metrics_page(struct collector *c, struct self *self,
			  const struct metrics_request *request);

#endif /* EXPORTER_METRICS_H */
