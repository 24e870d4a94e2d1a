// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "../../compat/compat.h"
#include "../shadow/shadow.h"
#include "command.h"
#include "device.h"

static struct kvms_device_config config;

/* --- commands --- */

static void count_visible(struct file *file, struct kvmstats_info *info)
{
	struct pid_namespace *ns = kvms_opener_pid_ns(file);
	struct kvms_vm *vm;
	u64 id = 0;

	while ((vm = kvms_vm_next(id, ns))) {
		info->nr_vms++;
		info->nr_vcpus += READ_ONCE(vm->nr_vcpus);
		id = vm->id + 1;
		kvms_vm_put(vm);
	}
}

static u32 count_hooks(void)
{
	struct kvmstats_hook row;
	u32 nr = 0;

	while (!config.hook_row(nr, &row))
		nr++;
	return nr;
}

static int get_info(struct file *file, void __user *arg)
{
	struct kvmstats_info in, info = { 0 };
	struct kvms_schema *schema;
	int err;

	err = kvms_fetch(&in, sizeof(in), offsetofend(struct kvmstats_info, package_version), arg);
	if (err)
		return err;
	if (in.flags)
		return -EINVAL;

	info.size = in.size;
	info.abi_version = KVMSTATS_ABI_VERSION;
	info.nr_hooks = count_hooks();
	info.sweep_interval_ms = config.sweep_interval_ms;
	strscpy(info.package_version, KVMSTATS_VERSION, sizeof(info.package_version));
	if (COMPAT_HAS_STATS_FD)
		info.features |= KVMSTATS_FEAT_NATIVE_STATS_FD;
	schema = kvms_schema_get();
	if (schema) {
		info.features |= KVMSTATS_FEAT_KVM_PRESENT;
		info.schema_source = schema->source;
		info.schema_generation = schema->generation;
		info.vm_num_desc = schema->vm.header.num_desc;
		info.vm_data_size = schema->vm.data_size;
		info.vcpu_num_desc = schema->vcpu.header.num_desc;
		info.vcpu_data_size = schema->vcpu.data_size;
		kvms_schema_put(schema);
	}
	count_visible(file, &info);
	return kvms_give_back(arg, &info, sizeof(info));
}

static int get_hook(struct file *file, void __user *arg)
{
	struct kvmstats_hook in, row = { 0 };
	int err;

	err = kvms_fetch(&in, sizeof(in), offsetofend(struct kvmstats_hook, lost), arg);
	if (err)
		return err;
	row.size = in.size;
	row.index = in.index;
	err = config.hook_row(in.index, &row);
	if (err)
		return err;
	return kvms_give_back(arg, &row, sizeof(row));
}

static int put_schema(struct kvmstats_schema *arg, const struct kvms_schema *schema)
{
	const struct kvms_layout *layout =
		arg->kind == KVMSTATS_KIND_VM ? &schema->vm : &schema->vcpu;

	arg->count = layout->header.num_desc;
	arg->data_size = layout->data_size;
	arg->generation = schema->generation;
	if (!arg->capacity)
		return 0;
	if (arg->capacity < arg->count)
		return -ENOSPC;
	return copy_to_user(u64_to_user_ptr(arg->descs), layout->desc,
			    arg->count * sizeof(*layout->desc)) ? -EFAULT : 0;
}

static int get_schema(struct file *file, void __user *uarg)
{
	struct kvmstats_schema arg;
	struct kvms_schema *schema;
	int err;

	err = kvms_fetch(&arg, sizeof(arg), offsetofend(struct kvmstats_schema, descs), uarg);
	if (err)
		return err;
	if (arg.flags || arg.kind > KVMSTATS_KIND_VCPU)
		return -EINVAL;
	schema = kvms_schema_get();
	if (!schema)
		return -ENODEV;
	err = put_schema(&arg, schema);
	kvms_schema_put(schema);
	return err ?: kvms_give_back(uarg, &arg, sizeof(arg));
}

static long device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case KVMSTATS_GET_INFO:
		return get_info(file, uarg);
	case KVMSTATS_GET_HOOK:
		return get_hook(file, uarg);
	case KVMSTATS_LIST_VMS:
		return kvms_list_vms(file, uarg);
	case KVMSTATS_LIST_VCPUS:
		return kvms_list_vcpus(file, uarg);
	case KVMSTATS_OPEN_VM:
		return kvms_open_vm(file, uarg);
	case KVMSTATS_OPEN_VCPU:
		return kvms_open_vcpu(file, uarg);
	case KVMSTATS_GET_SCHEMA:
		return get_schema(file, uarg);
	case KVMSTATS_SNAPSHOT:
		return kvms_snapshot(file, uarg);
	case KVMSTATS_OPEN_HOST:
		return kvms_open_host(file, uarg);
	case KVMSTATS_OPEN_EVENTS:
		return kvms_open_events(file, uarg);
	default:
		return -ENOTTY;
	}
}

static int device_open(struct inode *inode, struct file *file)
{
	file->private_data = get_pid_ns(task_active_pid_ns(current));
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	put_pid_ns(kvms_opener_pid_ns(file));
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* Root only until the udev rule gives it to the group kvmstats. */
static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "kvmstats",
	.fops = &device_fops,
	.mode = 0600,
};

/*
 * DAC and security modules have their say on the node, so it is opened, and must be ours:
 * somebody else's of that name allows nothing.
 */
int kvms_device_may_open(void)
{
	struct file *file = filp_open("/dev/kvmstats", O_RDONLY, 0);
	bool ours;

	if (IS_ERR(file))
		return PTR_ERR(file) == -ENOMEM ? -ENOMEM : -EACCES;
	ours = file->f_op == &device_fops;
	filp_close(file, NULL);
	return ours ? 0 : -EACCES;
}

int kvms_device_init(const struct kvms_device_config *cfg)
{
	config = *cfg;
	return misc_register(&device);
}

void kvms_device_exit(void)
{
	misc_deregister(&device);
}
