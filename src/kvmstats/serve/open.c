// SPDX-License-Identifier: GPL-2.0-only
#include "../shadow/shadow.h"
#include "command.h"
#include "stats_fd.h"
#include "total_fd.h"

/* The struct goes back before there is an fd that a failure would have to undo. */
static int fetch_open(struct kvmstats_open *open, u32 flags, void __user *arg)
{
	int err;

	err = kvms_fetch(open, sizeof(*open), offsetofend(struct kvmstats_open, reserved), arg);
	if (err)
		return err;
	if (open->flags & ~flags || open->reserved)
		return -EINVAL;
	return kvms_give_back(arg, open, sizeof(*open));
}

int kvms_open_vm(struct file *file, void __user *arg)
{
	struct kvmstats_open open;
	struct kvms_vm *vm;
	int ret;

	ret = fetch_open(&open, KVMSTATS_OPEN_WITH_VCPUS, arg);
	if (ret)
		return ret;
	if (open.vcpu_id)
		return -EINVAL;
	vm = kvms_vm_find(open.vm_id, kvms_opener_pid_ns(file));
	if (!vm)
		return -ENOENT;
	if (open.flags & KVMSTATS_OPEN_WITH_VCPUS)
		ret = kvms_total_fd_open(vm->schema, vm);
	else
		ret = kvms_stats_fd_open(&vm->obj);
	kvms_vm_put(vm);
	return ret;
}

int kvms_open_vcpu(struct file *file, void __user *arg)
{
	struct kvmstats_open open;
	struct kvms_vcpu *vcpu;
	struct kvms_vm *vm;
	int ret;

	ret = fetch_open(&open, 0, arg);
	if (ret)
		return ret;
	vm = kvms_vm_find(open.vm_id, kvms_opener_pid_ns(file));
	if (!vm)
		return -ENOENT;
	vcpu = kvms_vcpu_find(vm, open.vcpu_id);
	ret = vcpu ? kvms_stats_fd_open(&vcpu->obj) : -ENOENT;
	kvms_vm_put(vm);
	return ret;
}

int kvms_open_host(struct file *file, void __user *arg)
{
	struct kvms_schema *schema;
	struct kvmstats_open open;
	int ret;

	ret = fetch_open(&open, 0, arg);
	if (ret)
		return ret;
	if (open.vm_id || open.vcpu_id)
		return -EINVAL;
	if (kvms_opener_pid_ns(file) != &init_pid_ns)
		return -EPERM;
	schema = kvms_schema_get();
	if (!schema)
		return -ENODEV;
	ret = kvms_total_fd_open(schema, NULL);
	kvms_schema_put(schema);
	return ret;
}
