// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../shadow/shadow.h"
#include "command.h"

#define KNOWN_FLAGS (KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU | KVMSTATS_SNAPSHOT_VCPU_SUM)

/* kvmstats_snapshot.vcpu_cursor: where within a VM the next record is. */
#define AT_VM		0
#define AT_SUM		1
#define AT_VCPUS	2	/* plus the smallest vCPU id that is wanted */

/**
 * struct snapshot - a call in progress
 * @arg: as fetched; cursors, count and used move on
 * @ns: pid namespace of the opener
 * @time_ns: when the current VM was begun
 * @sum: room for the vCPUs of a VM in one block
 * @sum_size: bytes there
 */
struct snapshot {
	struct kvmstats_snapshot arg;
	struct pid_namespace *ns;
	u64 time_ns;
	u64 *sum;
	u32 sum_size;
};

static bool has_room(struct snapshot *s, u32 data_size)
{
	return s->arg.buffer_size - s->arg.used >= sizeof(struct kvmstats_record) + data_size;
}

/* Where the next record goes. */
static char __user *next_place(struct snapshot *s)
{
	return u64_to_user_ptr(s->arg.buffer + s->arg.used);
}

static int put_head(struct snapshot *s, char __user *to, const struct kvmstats_record *head)
{
	if (copy_to_user(to, head, sizeof(*head)))
		return -EFAULT;
	s->arg.used += head->length;
	s->arg.count++;
	return 0;
}

static struct kvmstats_record record_of(struct snapshot *s, struct kvms_vm *vm, u16 kind,
					u32 data_size)
{
	return (struct kvmstats_record){
		.length = sizeof(struct kvmstats_record) + data_size,
		.kind = kind,
		.state = READ_ONCE(vm->gone) ? KVMSTATS_STATE_GONE : KVMSTATS_STATE_LIVE,
		.vm_id = vm->id,
		.time_ns = s->time_ns,
		.generation = vm->schema->generation,
	};
}

static int put_object(struct snapshot *s, struct kvms_object *obj, u16 kind, u32 vcpu_id)
{
	u32 data_size = obj->layout->data_size;
	struct kvmstats_record head;
	char __user *to = next_place(s);

	if (!has_room(s, data_size))
		return -ENOSPC;
	head = record_of(s, obj->vm, kind, data_size);
	head.vcpu_id = vcpu_id;
	if (kvms_object_copy_to_user(obj, to + sizeof(head)))
		return -EFAULT;
	return put_head(s, to, &head);
}

static int put_sum(struct snapshot *s, struct kvms_vm *vm)
{
	u32 data_size = vm->schema->vcpu.data_size;
	struct kvmstats_record head;
	char __user *to = next_place(s);

	if (!has_room(s, data_size))
		return -ENOSPC;
	if (s->sum_size < data_size) {
		kfree(s->sum);
		s->sum_size = 0;
		s->sum = kmalloc(data_size, GFP_KERNEL);
		if (!s->sum)
			return -ENOMEM;
		s->sum_size = data_size;
	}
	kvms_total_vcpus(vm, s->sum);
	head = record_of(s, vm, KVMSTATS_KIND_VCPU_SUM, data_size);
	if (copy_to_user(to + sizeof(head), s->sum, data_size))
		return -EFAULT;
	return put_head(s, to, &head);
}

static int put_vcpus(struct snapshot *s, struct kvms_vm *vm)
{
	unsigned long id = s->arg.vcpu_cursor - AT_VCPUS;
	struct kvms_vcpu *vcpu;
	int err;

	xa_for_each_start(&vm->vcpus, id, vcpu, id) {
		err = put_object(s, &vcpu->obj, KVMSTATS_KIND_VCPU, vcpu->id);
		if (err)
			return err;
		s->arg.vcpu_cursor = AT_VCPUS + id + 1;
	}
	return 0;
}

static int put_vm(struct snapshot *s, struct kvms_vm *vm)
{
	int err;

	s->time_ns = ktime_get_ns();
	if (s->arg.vcpu_cursor == AT_VM) {
		if (s->arg.flags & KVMSTATS_SNAPSHOT_VM) {
			err = put_object(s, &vm->obj, KVMSTATS_KIND_VM, 0);
			if (err)
				return err;
		}
		s->arg.vcpu_cursor = AT_SUM;
	}
	if (s->arg.vcpu_cursor == AT_SUM) {
		if (s->arg.flags & KVMSTATS_SNAPSHOT_VCPU_SUM) {
			err = put_sum(s, vm);
			if (err)
				return err;
		}
		s->arg.vcpu_cursor = AT_VCPUS;
	}
	return s->arg.flags & KVMSTATS_SNAPSHOT_VCPU ? put_vcpus(s, vm) : 0;
}

static int put_unknown(struct snapshot *s, u64 vm_id)
{
	const struct kvmstats_record head = {
		.length = sizeof(head), .state = KVMSTATS_STATE_GONE, .vm_id = vm_id,
	};

	return has_room(s, 0) ? put_head(s, next_place(s), &head) : -ENOSPC;
}

/* The cursor counts places in the list of ids. 1: the list is at its end. */
static int put_next_of_list(struct snapshot *s)
{
	u64 __user *ids = u64_to_user_ptr(s->arg.vm_ids);
	struct kvms_vm *vm;
	u64 id;
	int err;

	if (s->arg.vm_cursor >= s->arg.nr_vm_ids)
		return 1;
	if (copy_from_user(&id, ids + s->arg.vm_cursor, sizeof(id)))
		return -EFAULT;
	vm = kvms_vm_find(id, s->ns);
	if (!vm) {
		err = put_unknown(s, id);
	} else {
		err = put_vm(s, vm);
		kvms_vm_put(vm);
	}
	if (!err)
		s->arg.vm_cursor++;
	return err;
}

/* The cursor is the smallest id that is wanted. 1: there are no more. */
static int put_next_of_all(struct snapshot *s)
{
	struct kvms_vm *vm = kvms_vm_next(s->arg.vm_cursor, s->ns);
	int err;

	if (!vm)
		return 1;
	/* The VM that the last call stopped in may have ended since. */
	if (vm->id != s->arg.vm_cursor) {
		s->arg.vm_cursor = vm->id;
		s->arg.vcpu_cursor = AT_VM;
	}
	err = put_vm(s, vm);
	if (!err)
		s->arg.vm_cursor = vm->id + 1;
	kvms_vm_put(vm);
	return err;
}

static int put_all(struct snapshot *s)
{
	int err;

	for (;;) {
		err = s->arg.nr_vm_ids ? put_next_of_list(s) : put_next_of_all(s);
		if (err)
			break;
		s->arg.vcpu_cursor = AT_VM;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	s->arg.more = err == -ENOSPC && s->arg.count;
	return err == 1 || s->arg.more ? 0 : err;
}

int kvms_snapshot(struct file *file, void __user *uarg)
{
	struct snapshot s = { .ns = kvms_opener_pid_ns(file) };
	struct kvmstats_snapshot *arg = &s.arg;
	int err;

	err = kvms_fetch(arg, sizeof(*arg), offsetofend(struct kvmstats_snapshot, reserved), uarg);
	if (err)
		return err;
	if (!arg->flags || arg->flags & ~KNOWN_FLAGS || arg->reserved ||
	    arg->buffer % sizeof(u64) || !arg->nr_vm_ids != !arg->vm_ids)
		return -EINVAL;
	if (!access_ok(u64_to_user_ptr(arg->buffer), arg->buffer_size))
		return -EFAULT;
	arg->used = 0;
	arg->count = 0;
	err = put_all(&s);
	kfree(s.sum);
	return err ?: kvms_give_back(uarg, arg, sizeof(*arg));
}
