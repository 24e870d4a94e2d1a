// SPDX-License-Identifier: GPL-2.0-only
#include <sys/ioctl.h>

#include "exit.h"
#include "tap.h"

#define WARM_UP	100

void exit_prepare(struct guest_vcpu *vcpu)
{
	guest_spin(vcpu);
	guest_spin_wait(vcpu, WARM_UP);
	guest_spin_stop(vcpu);
}

void exit_once(void *argument)
{
	const struct guest_vcpu *vcpu = argument;

	if (ioctl(vcpu->fd, KVM_RUN, 0) || vcpu->run->exit_reason != KVM_EXIT_IO)
		tap_bail("the guest does not write to its port");
}
