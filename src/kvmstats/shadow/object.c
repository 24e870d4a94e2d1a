// SPDX-License-Identifier: GPL-2.0-only
#include <linux/uaccess.h>

#include "../../compat/compat.h"
#include "shadow.h"

void kvms_object_init(struct kvms_object *obj, struct kvms_vm *vm,
		      const struct kvms_layout *layout, const void *live, u64 *data)
{
	obj->vm = vm;
	obj->layout = layout;
	obj->live = live;
	obj->data = data;
	obj->head.header = layout->header;
}

static void supply(struct kvms_object *obj, enum kvms_source source, u64 value)
{
	WRITE_ONCE(obj->data[obj->layout->supplied[source] / sizeof(u64)], value);
}

/* What older kernels do not count, but have. Called like object_copy(). */
static void look_up(struct kvms_object *obj)
{
	const u32 *supplied = obj->layout->supplied;
	struct kvm_vcpu *vcpu = container_of(obj->live, struct kvm_vcpu, stat);

	if (supplied[KVMS_BLOCKING] != KVMS_ABSENT)
		supply(obj, KVMS_BLOCKING, compat_vcpu_is_blocking(vcpu));
	if (supplied[KVMS_GUEST_MODE] != KVMS_ABSENT)
		supply(obj, KVMS_GUEST_MODE, compat_vcpu_in_guest_mode(vcpu));
}

/* Called under vm->lock, with obj->live set. */
static void object_copy(struct kvms_object *obj, u32 start, u32 len)
{
	const struct kvms_layout *layout = obj->layout;
	u32 i;

	for (i = 0; i < layout->nr_runs; i++) {
		const struct kvms_run *run = &layout->runs[i];
		u32 from = max(start, run->dst);
		u32 to = min(start + len, run->dst + run->len);

		if (from >= to)
			continue;
		/* KVM counts on: a value is that before an increment, or after it. */
		data_race(memcpy((u8 *)obj->data + from,
				 obj->live + run->src + (from - run->dst), to - from));
	}
	if (!COMPAT_HAS_STATS_FD)
		look_up(obj);
}

void kvms_object_refresh(struct kvms_object *obj, u32 start, u32 len)
{
	struct kvms_vm *vm = obj->vm;

	/* Whole values only: a reader may ask for the middle of one. */
	len = round_up(start + len, sizeof(u64)) - round_down(start, sizeof(u64));
	start = round_down(start, sizeof(u64));

	spin_lock(&vm->lock);
	if (obj->live)
		object_copy(obj, start, len);
	spin_unlock(&vm->lock);
}

const u64 *kvms_object_values(struct kvms_object *obj)
{
	const struct kvms_layout *layout = obj->layout;

	if (!obj->live)
		return obj->data;
	if (layout->in_kvm != KVMS_ABSENT)
		return obj->live + layout->in_kvm;
	object_copy(obj, 0, layout->data_size);
	return obj->data;
}

void kvms_object_freeze(struct kvms_object *obj)
{
	struct kvms_vm *vm = obj->vm;

	spin_lock(&vm->lock);
	object_copy(obj, 0, obj->layout->data_size);
	/* Pairs with the acquire in kvms_peek(), whose readers do not take the lock. */
	smp_store_release(&obj->live, NULL);
	spin_unlock(&vm->lock);
}

/*
 * The layout was checked against the size of KVM's struct when it was made; hardened
 * usercopy knows only a part of struct kvm_vcpu, and on older kernels not this one.
 */
static bool copy_present(const struct kvms_object *obj, u32 src, u32 size, void __user *to)
{
	/* KVM counts on, see object_copy(). */
	return obj->live && !data_race(raw_copy_to_user(to, obj->live + src, size));
}

/* Called under vm->lock, with page faults off. */
static bool copy_all_present(struct kvms_vm *vm, bool own, u32 nr, void __user *to, u32 gap)
{
	const struct kvms_layout *layout = &vm->schema->vm;
	struct kvms_vcpu *vcpu;
	u32 src, size;

	to += gap;
	if (own) {
		if (layout->in_kvm == KVMS_ABSENT ||
		    !copy_present(&vm->obj, layout->in_kvm, layout->data_size, to))
			return false;
		to += layout->data_size + gap;
	}
	if (!nr)
		return true;

	layout = &vm->schema->vcpu;
	src = layout->in_kvm;
	if (src == KVMS_ABSENT || vm->nr_vcpus != nr)
		return false;
	size = layout->data_size;
	list_for_each_entry(vcpu, &vm->vcpus, node) {
		if (!copy_present(&vcpu->obj, src, size, to))
			return false;
		to += size + gap;
	}
	return true;
}

bool kvms_vm_copy_present(struct kvms_vm *vm, bool own, u32 nr, void __user *to, u32 gap)
{
	bool done;

	pagefault_disable();
	spin_lock(&vm->lock);
	done = copy_all_present(vm, own, nr, to, gap);
	spin_unlock(&vm->lock);
	pagefault_enable();
	return done;
}
