/* SPDX-License-Identifier: GPL-2.0-only */
/* Processes that make VMs and end them, one after the other, as fast as they can. */
#ifndef VMTEST_MAKERS_H
#define VMTEST_MAKERS_H

#include <stdint.h>
#include <sys/types.h>

/* Each VM is whole before it ends: so many vCPUs with ids from 0 on ... */
#define MAKER_VCPUS	2
/* ... and so many exits of each, see exits.h. */
#define MAKER_EXITS(vcpu)	(3 + 2 * (vcpu))
#define MAKER_EXITS_OF_VM	(MAKER_EXITS(0) + MAKER_EXITS(1))
/* Its events: that it came, its vCPUs, and that it is gone. */
#define MAKER_EVENTS	(1 + MAKER_VCPUS + 1)

#define NR_MAKER_CPUS	2
/* The end of a VM is mostly waiting, so others use the CPU meanwhile. */
#define MAKERS_PER_CPU	4
#define NR_MAKERS	(NR_MAKER_CPUS * MAKERS_PER_CPU)

/* So many whole VMs of a maker live at any moment, and one more while it is made. */
#define MAKER_ALIVE	4
#define MAKERS_ALIVE	(NR_MAKERS * MAKER_ALIVE)

struct makers_shared;

struct makers {
	struct makers_shared *shared;
	pid_t pids[NR_MAKERS];
};

/*
 * From a process that has no other threads yet. The makers keep none of its
 * descriptors, and begin at makers_go(), which returns when all have their VMs.
 */
void makers_start(struct makers *makers);
void makers_go(struct makers *makers);
/* Gives the number of VMs, when all of them have ended. */
uint64_t makers_stop(struct makers *makers);

#endif
