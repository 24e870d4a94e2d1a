// SPDX-License-Identifier: GPL-2.0-only
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "stats_fd.h"
#include "total_fd.h"

/**
 * struct total - what a stats fd on a total shows
 * @obj: without a VM, so its data is only what this file puts there
 * @schema: held
 * @vm: held, or NULL for the host
 * @lock: guards @values
 * @values: obj.data
 */
struct total {
	struct kvms_object obj;
	struct kvms_schema *schema;
	struct kvms_vm *vm;
	struct mutex lock;
	u64 values[];
};

static int total_update(struct total *total)
{
	if (!total->vm)
		return kvms_total_host(total->schema, &total->schema->plan, total->values);
	kvms_total_vm(total->vm, total->values);
	return 0;
}

static ssize_t total_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct total *total = container_of(file->private_data, struct total, obj);
	ssize_t ret = 0;

	if (mutex_lock_interruptible(&total->lock))
		return -ERESTARTSYS;
	/* Header and descriptors alone cost no sum. */
	if (*ppos + count > total->obj.head.header.data_offset)
		ret = total_update(total);
	if (!ret)
		ret = kvms_stats_fd_read(file, buf, count, ppos);
	mutex_unlock(&total->lock);
	return ret;
}

static __poll_t total_poll(struct file *file, poll_table *wait)
{
	struct total *total = container_of(file->private_data, struct total, obj);
	bool gone;

	if (total->vm) {
		poll_wait(file, &total->vm->wait, wait);
		/* Pairs with the release in vm_freeze(). */
		gone = smp_load_acquire(&total->vm->gone);
	} else {
		poll_wait(file, &total->schema->wait, wait);
		/* Pairs with the release in kvms_shadow_detach(). */
		gone = smp_load_acquire(&total->schema->detached);
	}
	return EPOLLIN | EPOLLRDNORM | (gone ? EPOLLHUP : 0);
}

static void total_free(struct total *total)
{
	if (total->vm)
		kvms_vm_put(total->vm);
	kvms_schema_put(total->schema);
	kfree(total);
}

static int total_release(struct inode *inode, struct file *file)
{
	total_free(container_of(file->private_data, struct total, obj));
	return 0;
}

static const struct file_operations total_fops = {
	.owner = THIS_MODULE,
	.read = total_read,
	.llseek = kvms_stats_fd_llseek,
	.poll = total_poll,
	.release = total_release,
};

int kvms_total_fd_open(struct kvms_schema *schema, struct kvms_vm *vm)
{
	struct total *total;
	int fd;

	total = kzalloc(sizeof(*total) + schema->both.data_size, GFP_KERNEL);
	if (!total)
		return -ENOMEM;
	kref_get(&schema->ref);
	total->schema = schema;
	if (vm) {
		kvms_vm_get(vm);
		total->vm = vm;
	}
	mutex_init(&total->lock);
	kvms_object_init(&total->obj, NULL, &schema->both, NULL, total->values);
	strscpy(total->obj.head.id, vm ? vm->obj.head.id : "kvm-host", KVMSTATS_ID_LEN);

	fd = kvms_stats_fd_install(vm ? "kvmstats-vm-total" : "kvmstats-host", &total_fops,
				   &total->obj);
	if (fd < 0)
		total_free(total);
	return fd;
}
