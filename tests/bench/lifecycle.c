// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the life of a VM with two vCPUs costs with kvmstats loaded, against without.
 *
 * Much of a VM's end is put off to RCU and to kernel threads, ours too: see busy.h.
 */
#include <stdio.h>

#include "bench.h"
#include "busy.h"
#include "farm.h"
#include "module.h"
#include "tap.h"

#define LIVES		200
#define WARM_UP		50
#define NR_VCPUS	2
#define ROUNDS		5

static void live(void *lives)
{
	struct farm farm;

	for (int i = 0; i < *(int *)lives; i++) {
		farm_create(&farm, 1, NR_VCPUS);
		farm_destroy(&farm);
	}
}

/* The least of some rounds: what else goes on in the system is in none of them. */
static double price_of_life(const char *name)
{
	int none = 0, warm_up = WARM_UP, many = LIVES;
	double best = 0;
	char raw[64];

	live(&warm_up);
	for (int i = 0; i < ROUNDS; i++) {
		double rest, lives;

		snprintf(raw, sizeof(raw), "%s_rest_%d", name, i);
		rest = busy_count(raw, live, &none);
		snprintf(raw, sizeof(raw), "%s_lives_%d", name, i);
		lives = (busy_count(raw, live, &many) - rest) / LIVES;
		if (!i || lives < best)
			best = lives;
	}
	printf("# raw %s %.0f\n", name, best);
	return best;
}

int main(void)
{
	double without, loaded;

	test_begin();
	without = price_of_life("life_without");
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	loaded = price_of_life("life_loaded");
	if (kvmstats_unload())
		tap_bail("kvmstats cannot be unloaded");
	bench_figure("lifecycle_loaded_vs_without", loaded / without, 1.01);
	return bench_done();
}
