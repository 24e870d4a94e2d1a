/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU that halts within the kernel, as one does that has its interrupt controller
 * there. Failures end the program.
 */
#ifndef VMTEST_HALTER_H
#define VMTEST_HALTER_H

#include "guest.h"

struct halter {
	struct guest guest;
	struct guest_vcpu *vcpu;
	pthread_t thread;
	atomic_int tid;
	atomic_uint done;
	atomic_bool stop;
	bool may_poll;			/* the test's: a halt need not become a wait */
	unsigned long rests;		/* of the thread, as it was last waited for */
	uint64_t called_ns;		/* in KVM_RUN, of the last halt */
};

void halter_create(struct halter *halter);
void halter_destroy(struct halter *halter);

/* What the last halt must have waited, and cannot have. */
struct halter_bounds {
	uint64_t least_ns;
	uint64_t most_ns;
};

/*
 * One halt that a signal ends, in a thread of its own, which sleeps for as long in it.
 * The guest's code does not run. @asleep is called meanwhile, unless NULL.
 */
struct halter_bounds halter_halt(struct halter *halter, unsigned int microseconds,
				 void (*asleep)(void *context), void *context);
/* So many halts that end before they wait, since a signal is pending. */
void halter_do_not_wait(struct halter *halter, uint32_t halts);

/*
 * The guest's own code halts, and each interrupt wakes it to count it and to halt again,
 * until it is stopped.
 */
void halter_boot(struct halter *halter);
void halter_interrupt(struct halter *halter);
/* How many it has counted. */
uint16_t halter_count(const struct halter *halter);
/* Waits until it is halted. */
void halter_wait(struct halter *halter);
void halter_stop(struct halter *halter);

#endif
