// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM for the tests with perf: port-guest VCPUS. Says on a line the ids of the threads
 * that run its vCPUs, one each; reads numbers, has each guest write to a port that many
 * times, and says so; ends with its input.
 */
#include <stdio.h>
#include <stdlib.h>

#include "runner.h"
#include "tap.h"

int main(int argc, char **argv)
{
	static struct runner runners[GUEST_MAX_VCPUS];
	unsigned long vcpus = argc == 2 ? strtoul(argv[1], NULL, 10) : 0, times;
	struct guest guest;
	char line[32];

	if (!vcpus || vcpus > GUEST_MAX_VCPUS)
		tap_bail("usage: port-guest VCPUS, 1 to %d", GUEST_MAX_VCPUS);
	guest_create(&guest);
	for (uint32_t i = 0; i < vcpus; i++) {
		guest_add_vcpu(&guest, i);
		runner_start(&runners[i], false);
		printf("%d%c", runners[i].tid, i + 1 < vcpus ? ' ' : '\n');
	}
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		times = strtoul(line, NULL, 10);
		for (uint32_t i = 0; i < vcpus; i++)
			runner_run(&runners[i], &guest.vcpus[i], GUEST_OUT, times);
		printf("done %lu\n", times);
		fflush(stdout);
	}
	for (uint32_t i = 0; i < vcpus; i++)
		runner_end(&runners[i]);
	guest_destroy(&guest);
	return 0;
}
