// SPDX-License-Identifier: GPL-2.0-only
/*
 * An event of perf from a module of its own: kvm/hypercall_entries/, how often a vCPU's
 * hypercalls came to KVM. Until somebody counts it there is no probe, and it costs nothing.
 *
 *	perf stat -e kvm/hypercall_entries/ -t TID
 */
#define pr_fmt(fmt) "kvm_hypercalls: " fmt

#include <linux/hashtable.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <linux/kvm_host_pmu.h>

/**
 * struct tally - hypercalls of a vCPU
 * @by_vcpu: in the hash; until the event is switched off
 * @vcpu: only compared. One that comes to the same address later counts on, which is no
 *	harm: the PMU looks at differences
 * @count: written by the vCPU's own thread
 */
struct tally {
	struct hlist_node by_vcpu;
	const struct kvm_vcpu *vcpu;
	u64 count;
};

static DEFINE_HASHTABLE(tallies, 10);
static DEFINE_SPINLOCK(tallies_lock);

/* Read-only: for who wants to see the switch. */
static bool counting;
module_param(counting, bool, 0444);
MODULE_PARM_DESC(counting, "Whether the event is switched on just now");

static struct tally *find(const struct kvm_vcpu *vcpu)
{
	struct tally *tally;

	hash_for_each_possible_rcu(tallies, tally, by_vcpu, (unsigned long)vcpu)
		if (tally->vcpu == vcpu)
			return tally;
	return NULL;
}

static struct tally *make(const struct kvm_vcpu *vcpu)
{
	struct tally *tally = kzalloc(sizeof(*tally), GFP_ATOMIC | __GFP_NOWARN);

	if (!tally)
		return NULL;
	tally->vcpu = vcpu;
	spin_lock(&tallies_lock);
	hash_add_rcu(tallies, &tally->by_vcpu, (unsigned long)vcpu);
	spin_unlock(&tallies_lock);
	return tally;
}

static int on_hypercall(struct kprobe *kp, struct pt_regs *regs)
{
	const struct kvm_vcpu *vcpu = (void *)regs_get_kernel_argument(regs, 0);
	struct tally *tally = find(vcpu) ?: make(vcpu);

	if (tally)
		WRITE_ONCE(tally->count, tally->count + 1);
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "kvm_emulate_hypercall",
	.pre_handler = on_hypercall,
};

/* Nobody reads or writes them any more. */
static void forget(void)
{
	struct hlist_node *next;
	struct tally *tally;
	int bucket;

	hash_for_each_safe(tallies, bucket, next, tally, by_vcpu) {
		hash_del(&tally->by_vcpu);
		kfree(tally);
	}
}

static int configure(bool enable)
{
	int err = 0;

	if (enable) {
		probe.addr = NULL;
		probe.flags = 0;
		err = register_kprobe(&probe);
	} else {
		unregister_kprobe(&probe);
		forget();
	}
	counting = enable && !err;
	return err;
}

static u64 count(struct kvm_vcpu *vcpu)
{
	struct tally *tally = find(vcpu);

	return tally ? READ_ONCE(tally->count) : 0;
}

static const struct kvm_host_pmu_event events[] = {
	{
		.name = "hypercall_entries",
		.description = "hypercalls of the vCPU that came to KVM",
		.count = count,
		.configure = configure,
	},
};

static int __init kvm_hypercalls_init(void)
{
	return kvm_host_pmu_register(events, ARRAY_SIZE(events));
}

static void __exit kvm_hypercalls_exit(void)
{
	kvm_host_pmu_unregister(events);
}

module_init(kvm_hypercalls_init);
module_exit(kvm_hypercalls_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Hypercalls of vCPUs as an event of the perf PMU kvm");
MODULE_AUTHOR("The kvmstats authors");
