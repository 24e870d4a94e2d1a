/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of the device, and what they have in common. */
#ifndef KVMS_COMMAND_H
#define KVMS_COMMAND_H

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid_namespace.h>
#include <linux/types.h>

/*
 * No command's struct and no list's record may pass this size: a check against
 * callers that give something else as size.
 */
#define KVMS_MAX_STRUCT 4096

/* Whoever opened the device decides what is seen through it. */
static inline struct pid_namespace *kvms_opener_pid_ns(struct file *file)
{
	return file->private_data;
}

static inline struct user_namespace *kvms_opener_user_ns(struct file *file)
{
	return file->f_cred->user_ns;
}

/**
 * kvms_fetch - read a command's struct, whose first field is the caller's size of it
 * @to: receives it, zeroed behind the caller's size
 * @known: size that the module knows
 * @min: size of its first version
 * @from: the caller's
 *
 * Return: 0, -EFAULT, -EINVAL when too small, -E2BIG when there is more in it than
 * the module knows of.
 */
int kvms_fetch(void *to, size_t known, size_t min, const void __user *from);

/**
 * kvms_give_back - write a command's struct back, as much as the caller knows of it
 * @to: the caller's
 * @from: starts with the size that was fetched
 * @known: size that the module knows
 *
 * Return: 0 or -EFAULT.
 */
int kvms_give_back(void __user *to, void *from, size_t known);

/* One for each command of include/uapi/kvmstats.h, which says what they return. */
int kvms_list_vms(struct file *file, void __user *arg);
int kvms_list_vcpus(struct file *file, void __user *arg);
int kvms_open_vm(struct file *file, void __user *arg);
int kvms_open_vcpu(struct file *file, void __user *arg);
int kvms_open_host(struct file *file, void __user *arg);
int kvms_open_events(struct file *file, void __user *arg);
int kvms_snapshot(struct file *file, void __user *arg);

#endif
