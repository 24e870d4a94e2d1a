// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "../../compat/compat.h"
#include "halts.h"
#include "shadow.h"

/*
 * What a vCPU comes after in the list, NULL when it is there. They are created in
 * ascending order of ids, as a rule. Called under vm->lock.
 */
static struct list_head *vcpu_place(struct kvms_vm *vm, u32 id)
{
	struct kvms_vcpu *vcpu;

	list_for_each_entry_reverse(vcpu, &vm->vcpus, node)
		if (vcpu->id <= id)
			return vcpu->id == id ? NULL : &vcpu->node;
	return &vm->vcpus;
}

static bool vcpu_is_known(struct kvms_vm *vm, u32 id)
{
	bool known;

	spin_lock(&vm->lock);
	known = !vcpu_place(vm, id);
	spin_unlock(&vm->lock);
	return known;
}

static void put_in_place(struct kvms_vm *vm, struct kvms_vcpu *vcpu, struct list_head *place)
{
	kvms_halts_follow(vcpu, container_of(vcpu->obj.live, struct kvm_vcpu, stat));
	list_add_rcu(&vcpu->node, place);
	/* Pairs with the acquire in a snapshot: so many are there to be found. */
	smp_store_release(&vm->nr_vcpus, vm->nr_vcpus + 1);
	kvms_tell(KVMSTATS_EVENT_VCPU_CREATED, vm, vcpu->id);
}

/* The event under the lock too: told after the VM's end it would be wrong. */
static int vcpu_insert(struct kvms_vm *vm, struct kvms_vcpu *vcpu)
{
	struct list_head *place;
	int err = 0;

	spin_lock(&vm->lock);
	place = vcpu_place(vm, vcpu->id);
	if (vm->closed)
		err = -ESHUTDOWN;
	else if (!place)
		err = -EEXIST;
	else
		put_in_place(vm, vcpu, place);
	spin_unlock(&vm->lock);
	return err;
}

int kvms_vcpu_add(struct kvms_vm *vm, struct kvm_vcpu *kvcpu, u32 flags, gfp_t gfp)
{
	const struct kvms_layout *layout = &vm->schema->vcpu;
	struct kvms_vcpu *vcpu;
	int err;

	if (vcpu_is_known(vm, kvcpu->vcpu_id))
		return -EEXIST;
	vcpu = kzalloc(sizeof(*vcpu) + layout->data_size, gfp | __GFP_NOWARN);
	if (!vcpu)
		return -ENOMEM;
	kvms_object_init(&vcpu->obj, vm, layout, &kvcpu->stat, vcpu->values);
	compat_vcpu_stats_id(kvcpu, !(flags & KVMSTATS_VM_ADOPTED), vcpu->obj.head.id);
	vcpu->id = kvcpu->vcpu_id;
	vcpu->flags = flags;
	vcpu->start_ns = ktime_get_boottime_ns();

	err = vcpu_insert(vm, vcpu);
	if (err)
		kfree(vcpu);
	return err;
}
