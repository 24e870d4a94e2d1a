// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "spread.h"

#define CALLS	100000

static uint64_t costs[CALLS];

static int by_cost(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

struct spread spread_count(const char *name, bench_fn fn, void *arg)
{
	struct spread cost;

	for (int i = 0; i < CALLS; i++) {
		uint64_t start = __rdtsc();

		fn(arg);
		costs[i] = __rdtsc() - start;
	}
	qsort(costs, CALLS, sizeof(costs[0]), by_cost);
	cost = (struct spread){ costs[0], costs[CALLS / 2] };
	printf("# raw %s_least %llu\n# raw %s_middle %llu\n", name,
	       (unsigned long long)cost.least, name, (unsigned long long)cost.middle);
	return cost;
}

void spread_figure(const char *name, struct spread cost, struct spread without, double bar)
{
	char figure[64];

	snprintf(figure, sizeof(figure), "%s_least", name);
	bench_figure(figure, (double)cost.least / without.least, bar);
	snprintf(figure, sizeof(figure), "%s_middle", name);
	bench_figure(figure, (double)cost.middle / without.middle, bar);
}
