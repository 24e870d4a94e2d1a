/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Eight threads that ask KVM's own fds for statistics, each in its own way, while the
 * answers come and go. An answer is the right one, or what KVM itself says.
 */
#ifndef VMTEST_ASKERS_H
#define VMTEST_ASKERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "farm.h"
#include "finding.h"
#include "flat.h"

enum {
	ASK_VM_FD,
	ASK_VCPU_FD,
	ASK_YOUNG_FD,		/* of a vCPU that is made for it, in a VM of its own */
	ASK_DEV_EXTENSION,
	ASK_VM_EXTENSION,
	ASK_VM_FLAT,
	ASK_VCPU_FLAT,
	ASK_NAMES,
	NR_ASKERS,
};

struct asker {
	struct askers *of;
	int kind;
	pthread_t thread;
	atomic_ulong answered;
	atomic_ulong refused;		/* with KVM's own answer */
	uint64_t last_exits;
	struct finding fault;
};

struct askers {
	struct farm farm;		/* one VM, whose first vCPU makes exits all the time */
	bool is_native;			/* the kernel has KVM_GET_STATS_FD itself */
	int vm_errno, vcpu_errno;	/* KVM's own answers to what it does not know */
	char vm_id[KVMSTATS_ID_LEN];
	char vcpu_id[KVMSTATS_ID_LEN];
	struct flat vm_flat, vcpu_flat;	/* the names */
	atomic_bool no_extension;	/* nobody is to ask for it */
	atomic_bool stop;
	pthread_t maker;
	struct asker asker[NR_ASKERS];
};

/* While kvmstats is not loaded: learns what KVM says, ... */
void askers_init(struct askers *askers);
/* ... with aggregate_abi on: learns the names; and then they ask. */
void askers_start(struct askers *askers);
/* Checks that nobody has found a fault; all of it is gone then. */
void askers_stop(struct askers *askers, const char *text);

#endif
