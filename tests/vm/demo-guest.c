// SPDX-License-Identifier: GPL-2.0-only
/*
 * Not a test: a VM with two vCPUs that do some port writes and MMIO and halt, with
 * short sleeps between, until SIGTERM or SIGINT.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

#define NR_VCPUS	2

static atomic_bool stop;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&stop, true);
}

/* The second vCPU does half of what the first one does. */
static void *work(void *argument)
{
	struct guest_vcpu *vcpu = argument;
	uint32_t share = vcpu->id + 1;

	while (!atomic_load(&stop)) {
		guest_try_run(vcpu, GUEST_OUT, 60 / share);
		guest_try_run(vcpu, GUEST_MMIO_WRITE, 20 / share);
		guest_try_run(vcpu, GUEST_HLT, 10 / share);
		usleep(20000);
	}
	return NULL;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct guest guest;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	guest_create(&guest);
	for (uint32_t i = 0; i < NR_VCPUS; i++) {
		struct guest_vcpu *vcpu = guest_add_vcpu(&guest, i);

		if (pthread_create(&vcpu->thread, NULL, work, vcpu))
			tap_bail("pthread_create failed");
	}
	printf("demo-guest: process %d runs %d vCPUs\n", getpid(), NR_VCPUS);
	fflush(stdout);
	for (uint32_t i = 0; i < NR_VCPUS; i++)
		pthread_join(guest.vcpus[i].thread, NULL);
	guest_destroy(&guest);
	return 0;
}
