// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the life of a VM with two vCPUs costs with kvmstats loaded, against without.
 *
 * Much of a VM's end is put off to RCU and to kernel threads, ours too, so what is
 * counted is all that the one CPU does during many lives and a rest after them, in
 * which what was put off is done. With sleep=off, time under -icount leaps over
 * idling; the kernel measures to the nanosecond, which is an instruction, how long
 * it idled, and that is taken off.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"
#include "farm.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define LIVES		200
#define WARM_UP		50
#define NR_VCPUS	2
#define ROUNDS		5
#define REST_US		1500000

static uint64_t idle_ns(void)
{
	static const char name[] = "idle_sleeptime";
	static char text[65536];
	char *at;

	if (read_text("/proc/timer_list", text, sizeof(text)) < 0)
		tap_bail("cannot read /proc/timer_list");
	at = strstr(text, name);
	if (!at)
		tap_bail("no %s in /proc/timer_list", name);
	return strtoull(at + strcspn(at, "0123456789"), NULL, 10);
}

static void live(int lives)
{
	struct farm farm;

	for (int i = 0; i < lives; i++) {
		farm_create(&farm, 1, NR_VCPUS);
		farm_destroy(&farm);
	}
}

/* Instructions of a life. A reading before it begins lets the rest end what was. */
static double price(const char *name, int lives)
{
	uint64_t start, idle;

	usleep(REST_US);
	idle = idle_ns();
	start = __rdtsc();
	live(lives);
	usleep(REST_US);
	start = __rdtsc() - start;
	idle = idle_ns() - idle;
	printf("# raw %s %llu\n", name, (unsigned long long)(start - idle));
	return start - idle;
}

/* The least of some rounds: what else goes on in the system is in none of them. */
static double price_of_life(const char *name)
{
	double best = 0;
	char raw[64];

	live(WARM_UP);
	for (int i = 0; i < ROUNDS; i++) {
		double rest, lives;

		snprintf(raw, sizeof(raw), "%s_rest_%d", name, i);
		rest = price(raw, 0);
		snprintf(raw, sizeof(raw), "%s_lives_%d", name, i);
		lives = (price(raw, LIVES) - rest) / LIVES;
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
