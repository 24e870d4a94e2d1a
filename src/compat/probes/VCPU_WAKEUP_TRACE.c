// SPDX-License-Identifier: GPL-2.0-only
/* x86: a tracepoint at the end of each halt, and what KVM counts by then. */
#include <linux/kvm_host.h>
#include <trace/events/kvm.h>

static void traced(void *data, u64 ns, bool waited, bool valid)
{
}

u64 probe(struct kvm_vcpu *vcpu);
u64 probe(struct kvm_vcpu *vcpu)
{
	struct kvm_vcpu *(*running)(void) = kvm_get_running_vcpu;

	check_trace_callback_type_kvm_vcpu_wakeup(traced);
	if (vcpu->arch.mp_state != KVM_MP_STATE_HALTED || running() != vcpu)
		return 0;
	return vcpu->stat.halt_poll_success_ns + vcpu->stat.halt_poll_fail_ns +
	       vcpu->stat.halt_attempted_poll;
}
