// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "../shadow/shadow.h"
#include "command.h"

static int fetch_list(struct kvmstats_list *list, size_t min_record, const void __user *arg)
{
	int err;

	err = kvms_fetch(list, sizeof(*list), offsetofend(struct kvmstats_list, reserved), arg);
	if (err)
		return err;
	if (list->flags || list->reserved || !list->capacity ||
	    list->record_size < min_record || list->record_size % sizeof(u64) ||
	    list->record_size > KVMS_MAX_STRUCT)
		return -EINVAL;
	list->count = 0;
	return 0;
}

static int put_record(struct kvmstats_list *list, const void *record, size_t known)
{
	char __user *to = u64_to_user_ptr(list->records + (u64)list->count * list->record_size);
	size_t fill = min_t(size_t, list->record_size, known);

	if (copy_to_user(to, record, fill) || clear_user(to + fill, list->record_size - fill))
		return -EFAULT;
	list->count++;
	return 0;
}

static int put_vm(struct file *file, struct kvmstats_list *list, struct kvms_vm *vm)
{
	struct kvmstats_vm record = {
		.id = vm->id,
		.start_ns = vm->start_ns,
		.schema_generation = vm->schema->generation,
		.pid = kvms_vm_pid(vm, kvms_opener_pid_ns(file)),
		.uid = from_kuid_munged(kvms_opener_user_ns(file), vm->uid),
		.nr_vcpus = READ_ONCE(vm->nr_vcpus),
		.flags = vm->flags,
	};

	memcpy(record.comm, vm->comm, sizeof(record.comm));
	memcpy(record.stats_id, vm->obj.head.id, sizeof(record.stats_id));
	return put_record(list, &record, sizeof(record));
}

int kvms_list_vms(struct file *file, void __user *arg)
{
	struct kvmstats_list list;
	struct kvms_vm *vm;
	int err;

	err = fetch_list(&list, offsetofend(struct kvmstats_vm, stats_id), arg);
	if (err)
		return err;
	if (list.vm_id)
		return -EINVAL;

	while (list.count < list.capacity && (vm = kvms_vm_next(list.cursor, kvms_opener_pid_ns(file)))) {
		err = put_vm(file, &list, vm);
		list.cursor = vm->id + 1;
		kvms_vm_put(vm);
		if (err)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return kvms_give_back(arg, &list, sizeof(list));
}

static int put_vcpu(struct kvmstats_list *list, struct kvms_vcpu *vcpu)
{
	struct kvmstats_vcpu record = {
		.vm_id = vcpu->obj.vm->id,
		.start_ns = vcpu->start_ns,
		.vcpu_id = vcpu->id,
		.flags = vcpu->flags,
	};

	memcpy(record.stats_id, vcpu->obj.head.id, sizeof(record.stats_id));
	return put_record(list, &record, sizeof(record));
}

int kvms_list_vcpus(struct file *file, void __user *arg)
{
	struct kvmstats_list list;
	struct kvms_vcpu *vcpu;
	struct kvms_vm *vm;
	int err;

	err = fetch_list(&list, offsetofend(struct kvmstats_vcpu, stats_id), arg);
	if (err)
		return err;
	vm = kvms_vm_find(list.vm_id, kvms_opener_pid_ns(file));
	if (!vm)
		return -ENOENT;

	kvms_for_each_vcpu(vcpu, vm) {
		if (vcpu->id < list.cursor)
			continue;
		if (list.count == list.capacity)
			break;
		err = put_vcpu(&list, vcpu);
		if (err)
			break;
		list.cursor = (u64)vcpu->id + 1;
	}
	kvms_vm_put(vm);
	return err ?: kvms_give_back(arg, &list, sizeof(list));
}
