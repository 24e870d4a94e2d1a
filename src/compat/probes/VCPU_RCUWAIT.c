// SPDX-License-Identifier: GPL-2.0-only
/* Linux 5.8: a vCPU that waits for an interrupt is the task of its rcuwait. */
#include <linux/kvm_host.h>
#include <linux/rcuwait.h>

int probe(struct kvm_vcpu *vcpu);
int probe(struct kvm_vcpu *vcpu)
{
	return rcuwait_active(kvm_arch_vcpu_get_wait(vcpu));
}
