// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Not a test: library-snapshot COUNT WHAT reads the host so many times through the
 * library and prints the CPU time of one, in nanoseconds, and the number of objects.
 * WHAT is "sums", each VM and the sum of its vCPUs, or "vcpus", each VM and each vCPU.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <kvmstats/kvmstats.h>

#define WARM	5	/* the first ones find out how much memory it takes */

static uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * 1000000000ull + used.tv_nsec;
}

static void take(struct kvmstats_sampler *s, int count)
{
	for (int i = 0; i < count; i++) {
		if (kvmstats_sampler_take(s, NULL, 0)) {
			fputs("library-snapshot: cannot take a snapshot\n", stderr);
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[1]) : 0;
	uint32_t flags = KVMSTATS_SNAPSHOT_VM;
	struct kvmstats_sampler *s;
	struct kvmstats *ks;
	uint64_t before;

	if (count < 1 || kvmstats_open(NULL, &ks)) {
		fputs("library-snapshot: COUNT and WHAT are needed, and the module\n", stderr);
		return 1;
	}
	flags |= strcmp(argv[2], "sums") ? KVMSTATS_SNAPSHOT_VCPU : KVMSTATS_SNAPSHOT_VCPU_SUM;
	if (kvmstats_sampler_new(ks, flags, &s))
		return 1;
	take(s, WARM);
	before = cpu_ns();
	take(s, count);
	printf("%llu %zu\n", (unsigned long long)(cpu_ns() - before) / count,
	       kvmstats_sampler_count(s));
	kvmstats_sampler_free(s);
	kvmstats_close(ks);
	return 0;
}
