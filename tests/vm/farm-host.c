// SPDX-License-Identifier: GPL-2.0-only
/*
 * Not a test: 600 VMs with two vCPUs each. Says "ready"; for each line on standard
 * input every vCPU makes an exit, and it says "done"; it ends with the input.
 */
#include <stdio.h>
#include <string.h>

#include "exits.h"
#include "farm.h"
#include "tap.h"

#define NR_VMS		600
#define NR_VCPUS	2

static struct farm farm;

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

int main(void)
{
	char line[80];

	exits_prepare();
	farm_create(&farm, NR_VMS, NR_VCPUS);
	for (uint32_t i = 0; i < NR_VMS; i++)
		exits_allow(farm_vm_fd(&farm, i));
	say("ready");
	while (fgets(line, sizeof(line), stdin)) {
		for (uint32_t i = 0; i < NR_VMS; i++) {
			for (uint32_t n = 0; n < NR_VCPUS; n++)
				exits_make(farm_vcpu_fd(&farm, i, n), 1);
		}
		say("done");
	}
	farm_destroy(&farm);
	return 0;
}
