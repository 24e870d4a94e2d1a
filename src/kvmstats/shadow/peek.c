// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kprobes.h>
#include <linux/nospec.h>

#include "folding.h"
#include "peek.h"

static u32 source_of(const struct kvms_layout *layout, u32 at)
{
	u32 i;

	for (i = 0; i < layout->nr_runs; i++) {
		const struct kvms_run *run = &layout->runs[i];

		if (at >= run->dst && at < run->dst + run->len)
			return run->src + (at - run->dst);
	}
	return KVMS_ABSENT;
}

int kvms_stat_find(struct kvms_stat *stat, struct kvms_schema *schema, bool of_vcpu, u32 index)
{
	const struct kvms_layout *layout = of_vcpu ? &schema->vcpu : &schema->vm;
	const struct kvmstats_desc *desc;

	if (index >= layout->header.num_desc)
		return -EINVAL;
	desc = &layout->desc[array_index_nospec(index, layout->header.num_desc)];
	if (!kvms_desc_counts(desc))
		return -EINVAL;
	stat->schema = schema;
	stat->of_vcpu = of_vcpu;
	stat->at = desc->offset;
	stat->src = source_of(layout, desc->offset);
	return 0;
}

/*
 * Nothing in here may be traced or probed: a program that is run by such a probe may
 * read the event that is being read.
 */
static notrace u64 peek_objects(struct kvms_vm *vm, const struct kvms_stat *stat)
{
	struct kvms_vcpu *vcpu;
	u64 sum = 0;

	if (!stat->of_vcpu)
		return kvms_peek(&vm->obj, stat);
	kvms_for_each_vcpu(vcpu, vm)
		sum += kvms_peek(&vcpu->obj, stat);
	return sum;
}
NOKPROBE_SYMBOL(peek_objects);

notrace u64 kvms_peek_vm(struct kvms_vm *vm, const struct kvms_stat *stat)
{
	u64 sum;

	atomic_inc(&vm->peeking);
	/* Pairs with that of wait_for_peeks(): it waits, or we find it frozen. */
	smp_mb__after_atomic();
	sum = peek_objects(vm, stat);
	/* It is the end of the reading. */
	smp_mb__before_atomic();
	atomic_dec(&vm->peeking);
	return sum;
}
NOKPROBE_SYMBOL(kvms_peek_vm);

static notrace u64 peek_all(const struct kvms_stat *stat)
{
	XA_STATE(xas, kvms_vms(), 0);
	struct kvms_vm *vm;
	u64 sum = kvms_folded(stat);

	xas_for_each(&xas, vm, ULONG_MAX) {
		if (xas_retry(&xas, vm))
			continue;
		if (vm->schema == stat->schema && !READ_ONCE(vm->folded))
			sum += kvms_peek_vm(vm, stat);
	}
	return sum;
}
NOKPROBE_SYMBOL(peek_all);

notrace bool kvms_peek_host(const struct kvms_stat *stat, u64 *sum)
{
	unsigned int seq;

	rcu_read_lock();
	do {
		while ((seq = kvms_folding_begin()) & 1) {
			if (kvms_folding_here()) {
				rcu_read_unlock();
				return false;
			}
			cpu_relax();
		}
		*sum = peek_all(stat);
	} while (kvms_folding_retry(seq));
	rcu_read_unlock();
	return true;
}
NOKPROBE_SYMBOL(kvms_peek_host);
