/* SPDX-License-Identifier: GPL-2.0-only */
/* A thread that runs vCPUs when it is told to, and sleeps or spins until then. */
#ifndef VMTEST_RUNNER_H
#define VMTEST_RUNNER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "guest.h"

struct runner {
	pthread_t thread;
	pid_t tid;
	bool spins;
	sem_t order, done;
	atomic_uint orders, answers;	/* of one that spins */
	struct guest_vcpu *vcpu;	/* NULL: end */
	enum guest_work work;
	uint32_t times;
};

/* One that spins waits on its CPU, so that no scheduling tells of what it does. */
void runner_start(struct runner *runner, bool spins);
/* Returns once the guest has run. */
void runner_run(struct runner *runner, struct guest_vcpu *vcpu, enum guest_work work,
		uint32_t times);
void runner_end(struct runner *runner);

#endif
