/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel itself holds of memory, to see that it gives it back. */
#ifndef VMTEST_KMEM_H
#define VMTEST_KMEM_H

#include <stdbool.h>

/* In kB. */
struct kmem {
	long slab;		/* SUnreclaim: whole slabs that nobody can take back */
	long vmalloc;		/* VmallocUsed */
	long percpu;		/* Percpu */
	long objects;		/* objects in use of the general caches, see below */
};

/*
 * Once what waits for RCU or merely is not needed is given back; takes seconds. Checks
 * that KVM unloads, so there must be no VM, and loads it again.
 */
struct kmem kmem_without_kvm(void);
/* In bytes: objects in use of the caches for everybody, from which kvmstats takes. */
double kmem_settled_bytes(void);
/* In bytes: slabs of all kinds, vmalloc, per-CPU memory; settled as above if so wanted. */
double kmem_all_bytes(bool settle);

/*
 * Checks that none is above what it was by more than the rest of the system may have
 * taken meanwhile, and tells them all.
 */
bool kmem_is_back(const struct kmem *before);

#endif
