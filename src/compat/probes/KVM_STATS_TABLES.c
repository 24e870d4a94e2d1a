// SPDX-License-Identifier: GPL-2.0-only
/* Linux 5.14: KVM describes its stats in tables and names each object's stats id. */
#include <linux/kvm_host.h>

const void *probe(struct kvm *kvm, struct kvm_vcpu *vcpu);
const void *probe(struct kvm *kvm, struct kvm_vcpu *vcpu)
{
	return kvm->stats_id[0] || vcpu->stats_id[0] ? &kvm_vm_stats_header :
						       &kvm_vcpu_stats_header;
}
