// SPDX-License-Identifier: GPL-2.0-only
/* x86: a flag of the vCPU says whether it runs a nested guest. */
#include <linux/kvm_host.h>

int probe(struct kvm_vcpu *vcpu);
int probe(struct kvm_vcpu *vcpu)
{
	return !!(vcpu->arch.hflags & HF_GUEST_MASK);
}
