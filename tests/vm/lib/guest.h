/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VMM of a few lines. Its guests run in real mode and leave to userland a
 * number of times that is known beforehand; nothing else in them leaves.
 * Whatever goes wrong here ends the program, since no test can go on.
 */
#ifndef VMTEST_GUEST_H
#define VMTEST_GUEST_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define GUEST_MAX_VCPUS	6

/* What a guest does, once or many times, and the statistic that counts it. */
enum guest_work {
	GUEST_OUT,		/* io_exits */
	GUEST_MMIO_READ,	/* mmio_exits */
	GUEST_MMIO_WRITE,	/* mmio_exits */
	GUEST_HLT,		/* halt_exits */
	GUEST_VMMCALL,		/* hypercalls */
	GUEST_NR_WORKS,
};

struct guest;

struct guest_vcpu {
	struct guest *guest;
	struct kvm_run *run;
	uint32_t id;
	int fd;
	pthread_t thread;		/* while @spinning */
	bool spinning;
	atomic_bool stop;
	atomic_bool lost;		/* by the emulator, see guest.c */
	atomic_ulong rounds;		/* exits to userland of the spinning thread */
};

struct guest {
	int kvm_fd;
	int vm_fd;
	void *memory;
	unsigned int nr_vcpus;
	struct guest_vcpu vcpus[GUEST_MAX_VCPUS];
};

extern const char *const guest_work_names[GUEST_NR_WORKS];
extern const char *const guest_work_stats[GUEST_NR_WORKS];
/* The statistic that the end of this work counts once, and it alone. */
const char *guest_end_stat(enum guest_work work);

void guest_create(struct guest *guest);
/* For a /dev/kvm that is open already; guest_destroy closes it. */
void guest_create_on(struct guest *guest, int kvm_fd);
struct guest_vcpu *guest_add_vcpu(struct guest *guest, uint32_t id);
/* Closes everything; the VM ends unless someone else has its descriptors. */
void guest_destroy(struct guest *guest);

/* Does the work @times and then ends with one exit more: see guest_end_stat. */
void guest_run(struct guest_vcpu *vcpu, enum guest_work work, uint32_t times);
/* The same where counts do not matter: false when the emulator lost the guest. */
bool guest_try_run(struct guest_vcpu *vcpu, enum guest_work work, uint32_t times);

/* A thread that makes the guest do I/O, as fast as it can but for short rests. */
void guest_spin(struct guest_vcpu *vcpu);
void guest_spin_stop(struct guest_vcpu *vcpu);
/* Returns once the spinning guest has left @exits times more. */
void guest_spin_wait(struct guest_vcpu *vcpu, unsigned long exits);

#endif
