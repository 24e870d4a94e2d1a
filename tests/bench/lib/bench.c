// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <x86intrin.h>

#include "bench.h"
#include "tap.h"

#define CALLS 200

static uint64_t cheapest(bench_fn fn, void *arg)
{
	uint64_t best = UINT64_MAX;
	int i;

	for (i = 0; i < CALLS; i++) {
		uint64_t start = __rdtsc(), took;

		fn(arg);
		took = __rdtsc() - start;
		if (took < best)
			best = took;
	}
	return best;
}

static void nothing(void *arg)
{
	(void)arg;
}

uint64_t bench_count(const char *name, bench_fn fn, void *arg)
{
	uint64_t count = cheapest(fn, arg) - cheapest(nothing, NULL);

	printf("# raw %s %llu\n", name, (unsigned long long)count);
	return count;
}

void bench_figure(const char *name, double value, double bar)
{
	int good = value <= bar;

	printf("# figure %s %.3f %.2f %s\n", name, value, bar, good ? "ok" : "short");
	tap_ok(good, "%s", name);
}

int bench_done(void)
{
	return tap_done();
}
