/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LEAST_H
#define BENCH_LEAST_H

#include <stdio.h>

#include "tap.h"

/* bench_figure() for a figure that must reach a bar. */
static inline void bench_figure_at_least(const char *name, double value, double bar)
{
	int good = value >= bar;

	printf("# figure %s %.3f %.2f %s\n", name, value, bar, good ? "ok" : "short");
	tap_ok(good, "%s", name);
}

#endif
