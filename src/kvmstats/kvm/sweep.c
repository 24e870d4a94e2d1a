// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "../shadow/shadow.h"
#include "sweep.h"
#include "symbols.h"

static unsigned long interval;
static atomic64_t *missed_ends;
static void sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(sweep_work, sweep);

void kvms_sweep_vcpus(struct kvm *kvm, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		struct kvm_vcpu *vcpu = kvm_get_vcpu(kvm, i);

		/* Out of memory: the next sweep tries again. */
		if (vcpu && kvms_shadow_take_vcpu(vcpu, KVMSTATS_VM_ADOPTED, GFP_KERNEL))
			break;
	}
}

static void sweep(struct work_struct *work)
{
	struct kvm *kvm;
	u64 after = 0;
	int nr;

	while ((kvm = kvms_shadow_evict(false))) {
		atomic64_inc(missed_ends);
		kvms_kvm_put(kvm);
	}
	while ((kvm = kvms_shadow_incomplete(&after, &nr))) {
		kvms_sweep_vcpus(kvm, nr);
		kvms_kvm_put(kvm);
	}
	schedule_delayed_work(&sweep_work, interval);
}

void kvms_sweep_start(unsigned int interval_ms, atomic64_t *missed)
{
	missed_ends = missed;
	interval = msecs_to_jiffies(interval_ms);
	schedule_delayed_work(&sweep_work, 0);
}

void kvms_sweep_stop(void)
{
	cancel_delayed_work_sync(&sweep_work);
}
