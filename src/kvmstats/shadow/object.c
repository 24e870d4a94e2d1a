// SPDX-License-Identifier: GPL-2.0-only
#include <linux/uaccess.h>

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

/* Called under vm->lock, with obj->live set. */
static void object_copy(struct kvms_object *obj, u32 start, u32 len)
{
	const struct kvms_layout *layout = obj->layout;
	u32 i;

	for (i = 0; i < layout->nr_runs; i++) {
		const struct kvms_run *run = &layout->runs[i];
		u32 from = max(start, run->dst);
		u32 to = min(start + len, run->dst + run->len);

		if (from < to)
			memcpy((u8 *)obj->data + from, obj->live + run->src + (from - run->dst),
			       to - from);
	}
}

void kvms_object_refresh(struct kvms_object *obj, u32 start, u32 len)
{
	struct kvms_vm *vm = obj->vm;

	/* Whole values only: a reader may ask for the middle of one. */
	len = round_up(start + len, sizeof(u64)) - round_down(start, sizeof(u64));
	start = round_down(start, sizeof(u64));

	raw_spin_lock(&vm->lock);
	if (obj->live)
		object_copy(obj, start, len);
	raw_spin_unlock(&vm->lock);
}

void kvms_object_freeze(struct kvms_object *obj)
{
	struct kvms_vm *vm = obj->vm;

	raw_spin_lock(&vm->lock);
	object_copy(obj, 0, obj->layout->data_size);
	obj->live = NULL;
	raw_spin_unlock(&vm->lock);
}

/*
 * A snapshot of a large host is all copying, so the values go straight to the
 * reader's memory where it is present. The layout was checked against the size of
 * KVM's struct when it was made; hardened usercopy knows only a part of struct
 * kvm_vcpu, and on older kernels not this one.
 */
static bool copy_present(struct kvms_object *obj, void __user *to)
{
	const struct kvms_layout *layout = obj->layout;
	unsigned long left = 1;

	if (layout->nr_runs != 1)
		return false;
	pagefault_disable();
	raw_spin_lock(&obj->vm->lock);
	if (obj->live)
		left = raw_copy_to_user(to, obj->live + layout->runs[0].src, layout->data_size);
	raw_spin_unlock(&obj->vm->lock);
	pagefault_enable();
	return !left;
}

int kvms_object_copy_to_user(struct kvms_object *obj, void __user *to)
{
	u32 size = obj->layout->data_size;

	if (copy_present(obj, to))
		return 0;
	kvms_object_refresh(obj, 0, size);
	return copy_to_user(to, obj->data, size) ? -EFAULT : 0;
}
