// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm.h>
#include <signal.h>
#include <sys/ioctl.h>

#include "exits.h"
#include "tap.h"

#define KERNEL_SIGSET_SIZE	8
#define MMU_PAGES		64

static void nothing(int number)
{
	(void)number;
}

void exits_prepare(void)
{
	/* A signal that would be ignored does not stay pending. */
	struct sigaction action = { .sa_handler = nothing };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	if (sigaction(SIGUSR2, &action, NULL) || pthread_sigmask(SIG_BLOCK, &set, NULL) ||
	    raise(SIGUSR2))
		tap_bail("no signal is pending");
}

void exits_allow(int vm_fd)
{
	if (ioctl(vm_fd, KVM_SET_NR_MMU_PAGES, MMU_PAGES))
		tap_bail("KVM_SET_NR_MMU_PAGES failed");
}

void exits_make(int vcpu_fd, uint32_t times)
{
	/* Nothing is blocked in KVM_RUN, so the pending signal counts there alone. */
	union {
		struct kvm_signal_mask mask;
		uint8_t bytes[sizeof(struct kvm_signal_mask) + KERNEL_SIGSET_SIZE];
	} none = { .mask.len = KERNEL_SIGSET_SIZE };

	if (ioctl(vcpu_fd, KVM_SET_SIGNAL_MASK, &none))
		tap_bail("KVM_SET_SIGNAL_MASK failed");
	while (times--)
		if (ioctl(vcpu_fd, KVM_RUN, 0) != -1 || errno != EINTR)
			tap_bail("KVM_RUN was not turned back");
}
