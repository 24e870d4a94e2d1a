// SPDX-License-Identifier: GPL-2.0-only
#include "../shadow/halts.h"

#ifdef COMPAT_COUNTS_HALTS

#include <linux/module.h>
#include <trace/events/kvm.h>

#include "wakeup.h"

/* Stays as long as kvm does, and the tracepoint is kvm's. */
static struct kvm_vcpu *(*running_vcpu)(void);

int kvms_wakeup_prepare(void)
{
	running_vcpu = symbol_get(kvm_get_running_vcpu);
	if (!running_vcpu)
		return -ENOENT;
	symbol_put(kvm_get_running_vcpu);
	check_trace_callback_type_kvm_vcpu_wakeup(kvms_wakeup_traced);
	return 0;
}

void kvms_wakeup_traced(void *data, u64 ns, bool waited, bool valid)
{
	struct kvm_vcpu *vcpu = running_vcpu();

	if (vcpu)
		kvms_halt_ended(vcpu, ns, waited);
}

#endif
