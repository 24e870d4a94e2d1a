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

#define VMS_AT_ONCE	32
/* vCPUs that are copied under one hold of their VM's lock. */
#define VCPUS_AT_ONCE	64

/**
 * struct snapshot - a call in progress
 * @arg: as fetched; cursors and count move on
 * @ns: pid namespace of the opener
 * @at: where the next record goes
 * @end: of the buffer
 * @head: of the current VM's records, without what differs between them
 * @time_ns: when the current VM, or the first of some small ones, was begun
 * @sum: room for the vCPUs of a VM in one block
 * @sum_size: bytes there
 */
struct snapshot {
	struct kvmstats_snapshot arg;
	struct pid_namespace *ns;
	struct kvmstats_record __user *at;
	void __user *end;
	struct kvmstats_record head;
	u64 time_ns;
	u64 *sum;
	u32 sum_size;
};

static u32 record_size(const struct kvms_layout *layout)
{
	return sizeof(struct kvmstats_record) + layout->data_size;
}

static bool has_room(struct snapshot *s, size_t size)
{
	return s->end - (void __user *)s->at >= (long)size;
}

/* Between user_access_begin() and user_access_end(). */
#define unsafe_put_head(to, head, label) do {				\
	unsafe_put_user((head).length, &(to)->length, label);		\
	unsafe_put_user((head).kind, &(to)->kind, label);		\
	unsafe_put_user((head).state, &(to)->state, label);		\
	unsafe_put_user((head).vm_id, &(to)->vm_id, label);		\
	unsafe_put_user((head).time_ns, &(to)->time_ns, label);		\
	unsafe_put_user((head).generation, &(to)->generation, label);	\
	unsafe_put_user((head).vcpu_id, &(to)->vcpu_id, label);		\
	unsafe_put_user(0, &(to)->reserved, label);			\
} while (0)

static int put_head(struct snapshot *s, u16 kind, u32 vcpu_id, u32 size)
{
	struct kvmstats_record head = s->head;

	head.length = size;
	head.kind = kind;
	head.vcpu_id = vcpu_id;
	if (copy_to_user(s->at, &head, sizeof(head)))
		return -EFAULT;
	s->at = (void __user *)s->at + size;
	s->arg.count++;
	return 0;
}

static int put_object(struct snapshot *s, struct kvms_object *obj, u16 kind, u32 vcpu_id)
{
	u32 size = record_size(obj->layout);

	if (!has_room(s, size))
		return -ENOSPC;
	kvms_object_refresh(obj, 0, obj->layout->data_size);
	/* Another reader may bring the data up to date meanwhile. */
	if (data_race(copy_to_user(s->at + 1, obj->data, obj->layout->data_size)))
		return -EFAULT;
	return put_head(s, kind, vcpu_id, size);
}

static int put_sum(struct snapshot *s, struct kvms_vm *vm)
{
	u32 size = record_size(&vm->schema->vcpu), data_size = vm->schema->vcpu.data_size;

	if (!has_room(s, size))
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
	if (copy_to_user(s->at + 1, s->sum, data_size))
		return -EFAULT;
	return put_head(s, KVMSTATS_KIND_VCPU_SUM, 0, size);
}

static int put_vcpus(struct snapshot *s, struct kvms_vm *vm)
{
	u64 first = s->arg.vcpu_cursor - AT_VCPUS;
	struct kvms_vcpu *vcpu;
	int err;

	kvms_for_each_vcpu(vcpu, vm) {
		if (vcpu->id < first)
			continue;
		err = put_object(s, &vcpu->obj, KVMSTATS_KIND_VCPU, vcpu->id);
		if (err)
			return err;
		s->arg.vcpu_cursor = AT_VCPUS + (u64)vcpu->id + 1;
		cond_resched();
	}
	return 0;
}

static int put_parts(struct snapshot *s, struct kvms_vm *vm)
{
	int err;

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

/*
 * A VM with all that is wanted of it in one piece, if it has not too many vCPUs and the
 * buffer is present. The heads of vCPUs that come meanwhile are written over.
 */
static bool put_whole(struct snapshot *s, struct kvms_vm *vm, struct kvmstats_record head)
{
	const struct kvms_schema *schema = vm->schema;
	bool own = s->arg.flags & KVMSTATS_SNAPSHOT_VM;
	bool vcpus = s->arg.flags & KVMSTATS_SNAPSHOT_VCPU;
	/* Pairs with the release where a vCPU is added: as many can be found. */
	u32 nr = vcpus ? smp_load_acquire(&vm->nr_vcpus) : 0;
	u32 own_size = own ? record_size(&schema->vm) : 0;
	u32 size = record_size(&schema->vcpu);
	struct kvmstats_record __user *to = s->at;
	void __user *end = (void __user *)to + own_size + nr * size;
	struct kvms_vcpu *vcpu;

	if (nr > VCPUS_AT_ONCE || !has_room(s, own_size + nr * size) ||
	    !user_access_begin(to, own_size + nr * size))
		return false;
	if (own) {
		head.length = own_size;
		unsafe_put_head(to, head, fault);
		to = (void __user *)to + own_size;
	}
	head.length = size;
	head.kind = KVMSTATS_KIND_VCPU;
	for (vcpu = kvms_vcpu_first(vm); to != end; vcpu = kvms_vcpu_next(vcpu)) {
		head.vcpu_id = vcpu->id;
		unsafe_put_head(to, head, fault);
		to = (void __user *)to + size;
	}
	user_access_end();
	if (!kvms_vm_copy_present(vm, own, nr, s->at, sizeof(*to)))
		return false;
	s->at = to;
	s->arg.count += own + nr;
	return true;

fault:
	user_access_end();
	return false;
}

/* In a list the cursor counts places, else it is the smallest id that is wanted. */
static void next_vm(struct snapshot *s)
{
	s->arg.vm_cursor++;
	s->arg.vcpu_cursor = AT_VM;
}

static int put_vm(struct snapshot *s, struct kvms_vm *vm)
{
	struct kvmstats_record head = {
		.state = READ_ONCE(vm->gone) ? KVMSTATS_STATE_GONE : KVMSTATS_STATE_LIVE,
		.vm_id = vm->id,
		.time_ns = s->time_ns,
		.generation = vm->schema->generation,
	};
	int err;

	if (s->arg.vcpu_cursor != AT_VM || s->arg.flags & KVMSTATS_SNAPSHOT_VCPU_SUM ||
	    !put_whole(s, vm, head)) {
		head.time_ns = ktime_get_ns();
		s->head = head;
		err = put_parts(s, vm);
		if (err)
			return err;
	}
	next_vm(s);
	return 0;
}

static int put_unknown(struct snapshot *s, u64 vm_id)
{
	int err;

	if (!has_room(s, sizeof(s->head)))
		return -ENOSPC;
	s->head = (struct kvmstats_record){ .state = KVMSTATS_STATE_GONE, .vm_id = vm_id };
	err = put_head(s, KVMSTATS_KIND_VM, 0, sizeof(s->head));
	if (!err)
		next_vm(s);
	return err;
}

/* 1: the list is at its end. */
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
	if (!vm)
		return put_unknown(s, id);
	err = put_vm(s, vm);
	kvms_vm_put(vm);
	return err;
}

/* 1: there are no more. */
static int put_next_of_all(struct snapshot *s)
{
	struct kvms_vm *vms[VMS_AT_ONCE];
	u32 nr = kvms_vms_next(s->arg.vm_cursor, s->ns, vms, VMS_AT_ONCE), i;
	int err = nr ? 0 : 1;

	for (i = 0; i < nr; i++) {
		struct kvms_vm *vm = vms[i];

		/* The VM that the last call stopped in may have ended since. */
		if (!err && vm->id != s->arg.vm_cursor) {
			s->arg.vm_cursor = vm->id;
			s->arg.vcpu_cursor = AT_VM;
		}
		if (!err)
			err = put_vm(s, vm);
		kvms_vm_put(vm);
	}
	return err;
}

static int put_all(struct snapshot *s)
{
	int err;

	do {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		s->time_ns = ktime_get_ns();
		err = s->arg.nr_vm_ids ? put_next_of_list(s) : put_next_of_all(s);
	} while (!err);
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
	arg->count = 0;
	s.at = u64_to_user_ptr(arg->buffer);
	s.end = (void __user *)s.at + arg->buffer_size;
	err = put_all(&s);
	kfree(s.sum);
	arg->used = (unsigned long)s.at - arg->buffer;
	return err ?: kvms_give_back(uarg, arg, sizeof(*arg));
}
