// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../shadow/shadow.h"
#include "aggregate.h"

/* Where an i386 program, which aligns __u64 to 4 bytes, has its values. */
#define COMPAT_VALUES_AT	4
#define COMPAT_GET_DATA		_IOC(_IOC_READ, KVM_STATS_IOC_MAGIC, 0xce, COMPAT_VALUES_AT)

/* A VM's stats, then those of its vCPUs; a vCPU has its own. */
static const struct kvms_layout *layout_of(const struct kvms_object *obj)
{
	return obj == &obj->vm->obj ? &obj->vm->schema->both : obj->layout;
}

static bool fits(const struct kvmstats_desc *desc)
{
	return kvms_desc_is_scalar(desc) &&
	       strnlen(desc->name, sizeof(desc->name)) < KVM_STATS_NAME_LEN;
}

static const struct kvmstats_desc *next_that_fits(const struct kvms_layout *layout,
						  const struct kvmstats_desc *desc)
{
	const struct kvmstats_desc *end = layout->desc + layout->header.num_desc;

	while (desc < end && !fits(desc))
		desc++;
	return desc < end ? desc : NULL;
}

#define for_each_that_fits(desc, layout)				\
	for (desc = next_that_fits(layout, (layout)->desc); desc;	\
	     desc = next_that_fits(layout, desc + 1))

static u32 count(const struct kvms_layout *layout)
{
	const struct kvmstats_desc *desc;
	u32 nr = 0;

	for_each_that_fits(desc, layout)
		nr++;
	return nr;
}

static int check_room(const void __user *arg, u32 size)
{
	u32 room;

	if (get_user(room, (const u32 __user *)arg))
		return -EFAULT;
	return room < size ? -EINVAL : 0;
}

static int get_names(struct kvms_object *obj, void __user *arg)
{
	const struct kvms_layout *layout = layout_of(obj);
	u32 size = count(layout) * KVM_STATS_NAME_LEN;
	const struct kvmstats_desc *desc;
	char *names, *name;
	int err;

	err = check_room(arg, size);
	if (err)
		return err;
	name = names = kvzalloc(size, GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	for_each_that_fits(desc, layout) {
		strscpy(name, desc->name, KVM_STATS_NAME_LEN);
		name += KVM_STATS_NAME_LEN;
	}
	if (copy_to_user(arg + offsetof(struct kvm_stats_names, names), names, size))
		err = -EFAULT;
	kvfree(names);
	return err;
}

static void read_values(struct kvms_object *obj, u64 *values)
{
	if (obj == &obj->vm->obj) {
		kvms_total_vm(obj->vm, values);
	} else {
		kvms_object_refresh(obj, 0, obj->layout->data_size);
		/* Another reader may bring the data up to date meanwhile. */
		data_race(memcpy(values, obj->data, obj->layout->data_size));
	}
}

static int get_data(struct kvms_object *obj, void __user *arg, u32 at)
{
	const struct kvms_layout *layout = layout_of(obj);
	u32 size = count(layout) * sizeof(u64);
	const struct kvmstats_desc *desc;
	u64 *values, *flat, *value;
	int err;

	err = check_room(arg, size);
	if (err)
		return err;
	values = kvmalloc(layout->data_size + size, GFP_KERNEL);
	if (!values)
		return -ENOMEM;
	read_values(obj, values);
	value = flat = values + layout->data_size / sizeof(u64);
	for_each_that_fits(desc, layout)
		*value++ = values[desc->offset / sizeof(u64)];
	if (copy_to_user(arg + at, flat, size))
		err = -EFAULT;
	kvfree(values);
	return err;
}

bool kvms_is_aggregate(unsigned int command)
{
	return command == KVM_STATS_GET_INFO || command == KVM_STATS_GET_NAMES ||
	       command == KVM_STATS_GET_DATA || command == COMPAT_GET_DATA;
}
NOKPROBE_SYMBOL(kvms_is_aggregate);

long kvms_aggregate(struct kvms_object *obj, unsigned int command, void __user *arg)
{
	u32 nr;

	switch (command) {
	case KVM_STATS_GET_INFO:
		nr = count(layout_of(obj));
		return put_user(nr, (u32 __user *)arg);
	case KVM_STATS_GET_NAMES:
		return get_names(obj, arg);
	case KVM_STATS_GET_DATA:
		return get_data(obj, arg, offsetof(struct kvm_stats_data, data));
	}
	return -ENOTTY;
}

#ifdef CONFIG_COMPAT
long kvms_aggregate_compat(struct kvms_object *obj, unsigned int command, void __user *arg)
{
	if (command == COMPAT_GET_DATA)
		return get_data(obj, arg, COMPAT_VALUES_AT);
	return kvms_aggregate(obj, command, arg);
}
#endif
