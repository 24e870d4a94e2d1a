// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitops.h>
#include <linux/hashtable.h>
#include <linux/spinlock.h>

#include "halts.h"

#ifdef COMPAT_COUNTS_HALTS

static DEFINE_HASHTABLE(followed, 10);
static DEFINE_SPINLOCK(followed_lock);

static void look(struct kvms_vcpu *vcpu, const struct kvm_vcpu_stat *stat)
{
	vcpu->seen.poll_success_ns = READ_ONCE(stat->halt_poll_success_ns);
	vcpu->seen.poll_fail_ns = READ_ONCE(stat->halt_poll_fail_ns);
	vcpu->seen.attempted_poll = READ_ONCE(stat->halt_attempted_poll);
}

void kvms_halts_follow(struct kvms_vcpu *vcpu, const struct kvm_vcpu *kvcpu)
{
	if (vcpu->obj.layout->supplied[KVMS_HALT_WAIT_NS] == KVMS_ABSENT)
		return;
	/* One that runs already may count meanwhile: its first halt is a little less. */
	look(vcpu, &kvcpu->stat);
	vcpu->kvcpu = kvcpu;
	spin_lock(&followed_lock);
	hash_add_rcu(followed, &vcpu->by_kvcpu, (unsigned long)kvcpu);
	spin_unlock(&followed_lock);
}

void kvms_halts_forget(struct kvms_vcpu *vcpu)
{
	if (!vcpu->kvcpu)
		return;
	spin_lock(&followed_lock);
	hash_del_rcu(&vcpu->by_kvcpu);
	spin_unlock(&followed_lock);
}

/* A counter that was cleared in debugfs begins anew. */
static u64 since(u64 seen, u64 now)
{
	return now >= seen ? now - seen : now;
}

static u64 *supplied(struct kvms_vcpu *vcpu, enum kvms_source source)
{
	return vcpu->values + vcpu->obj.layout->supplied[source] / sizeof(u64);
}

/* Only this thread writes them, any may read. */
static void add(u64 *value, u64 more)
{
	WRITE_ONCE(*value, *value + more);
}

static void add_to_hist(struct kvms_vcpu *vcpu, enum kvms_source source, u64 ns)
{
	add(supplied(vcpu, source) + min(fls64(ns), KVMS_HALT_HIST_SIZE - 1), 1);
}

/*
 * KVM has counted the time of the poll by now, as a success where it did not wait, so
 * what is left of the halt is the wait.
 */
static void count(struct kvms_vcpu *vcpu, const struct kvm_vcpu *kvcpu, u64 ns, bool waited)
{
	const struct kvm_vcpu_stat *stat = &kvcpu->stat;
	u64 polled = waited ? since(vcpu->seen.poll_fail_ns, stat->halt_poll_fail_ns) :
			      since(vcpu->seen.poll_success_ns, stat->halt_poll_success_ns);
	bool attempted = since(vcpu->seen.attempted_poll, stat->halt_attempted_poll);

	look(vcpu, stat);
	/* Others wait for their start, which upstream does not count as a halt. */
	if (kvcpu->arch.mp_state != KVM_MP_STATE_HALTED)
		return;
	if (attempted)
		add_to_hist(vcpu, waited ? KVMS_POLL_FAIL_HIST : KVMS_POLL_SUCCESS_HIST, polled);
	if (!waited)
		return;
	ns -= min(ns, polled);
	add(supplied(vcpu, KVMS_HALT_WAIT_NS), ns);
	add_to_hist(vcpu, KVMS_HALT_WAIT_HIST, ns);
}

void kvms_halt_ended(const struct kvm_vcpu *kvcpu, u64 ns, bool waited)
{
	struct kvms_vcpu *vcpu;

	rcu_read_lock();
	hash_for_each_possible_rcu(followed, vcpu, by_kvcpu, (unsigned long)kvcpu) {
		if (vcpu->kvcpu != kvcpu)
			continue;
		count(vcpu, kvcpu, ns, waited);
		break;
	}
	rcu_read_unlock();
}

#endif
