/* SPDX-License-Identifier: GPL-2.0-only */
/* Many calls of one kind, of which some may cost more than others. */
#ifndef BENCH_SPREAD_H
#define BENCH_SPREAD_H

#include <stdint.h>

#include "bench.h"

struct spread {
	uint64_t least;
	uint64_t middle;
};

/* Prints both as raw figures. */
struct spread spread_count(const char *name, bench_fn fn, void *arg);
/* Figures of both, which must not be above those of @without. */
void spread_figure(const char *name, struct spread cost, struct spread without, double bar);

#endif
