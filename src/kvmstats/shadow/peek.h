/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One statistic alone, for readers that can take no lock of the table's or a VM's: with
 * interrupts off, or in an NMI.
 */
#ifndef KVMS_PEEK_H
#define KVMS_PEEK_H

#include "shadow.h"

/**
 * struct kvms_stat - a statistic
 * @schema: held; objects of another schema do not have it. NULL where @count reads it
 * @of_vcpu: each vCPU has it, else each VM
 * @at: where it stands in the data block, bytes
 * @src: where it stands in KVM's stat struct, bytes, or KVMS_ABSENT for what we supply
 * @count: reads what another module counts, see include/linux/kvm_host_pmu.h
 */
struct kvms_stat {
	struct kvms_schema *schema;
	bool of_vcpu;
	u32 at;
	u32 src;
	u64 (*count)(struct kvm_vcpu *vcpu);
};

/**
 * kvms_stat_find - find a statistic by its place in the schema
 * @stat: filled but for @count; takes over the reference on @schema
 * @schema: of those that count now
 * @of_vcpu: among those of vCPUs, else of VMs
 * @index: of its descriptor
 *
 * Return: 0, or -EINVAL when there is none, or it is no counter.
 */
int kvms_stat_find(struct kvms_stat *stat, struct kvms_schema *schema, bool of_vcpu, u32 index);

/* The value of an object that stays as it is, pinned or frozen, for so long. */
static __always_inline u64 kvms_peek(const struct kvms_object *obj, const struct kvms_stat *stat)
{
	/* Pairs with the release in kvms_object_freeze(). */
	const void *live = smp_load_acquire(&obj->live);

	if (!live || stat->src == KVMS_ABSENT)
		return READ_ONCE(obj->data[stat->at / sizeof(u64)]);
	/* KVM counts on: a value is that before an increment, or after it. */
	return data_race(READ_ONCE(*(const u64 *)(live + stat->src)));
}

/**
 * kvms_peek_vm - a statistic of a VM, or the sum over its vCPUs
 * @vm: held
 * @stat: of its schema
 *
 * Context: any that cannot be preempted.
 */
u64 kvms_peek_vm(struct kvms_vm *vm, const struct kvms_stat *stat);

/**
 * kvms_peek_host - the same over all VMs that its schema has had
 * @stat: which
 * @sum: set
 *
 * Visits every VM. Each counts once, living or gone.
 * Return: false when it came upon a VM being folded on this CPU: ask again later.
 * Context: any that cannot be preempted.
 */
bool kvms_peek_host(const struct kvms_stat *stat, u64 *sum);

#endif
