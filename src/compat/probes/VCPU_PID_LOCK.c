// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.13: the pid of the thread that runs a vCPU is under a lock, no longer RCU. */
#include <linux/kvm_host.h>

void probe(struct kvm_vcpu *vcpu);
void probe(struct kvm_vcpu *vcpu)
{
	read_lock(&vcpu->pid_lock);
	read_unlock(&vcpu->pid_lock);
}
