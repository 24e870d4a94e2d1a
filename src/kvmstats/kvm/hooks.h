/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook table: all that kvmstats needs of KVM, what is lost without each, and
 * how it stands. Hooks are armed when kvm comes and disarmed when it goes.
 */
#ifndef KVMS_HOOKS_H
#define KVMS_HOOKS_H

#include <linux/types.h>

struct kvmstats_hook;

/**
 * kvms_hooks_init - start to follow kvm
 * @sweep_ms: how often to look for VMs whose end was missed
 *
 * Return: 0, also when kvm is not loaded yet; -EOPNOTSUPP when probes do not
 * fire here or kvm does not fit, with one line in the log that says why; -ENOMEM.
 * Context: process.
 */
int kvms_hooks_init(unsigned int sweep_ms);

/**
 * kvms_hooks_redirect - have KVM's functions answered for, see redirect.h
 * @ioctls: kvm_arch_vm_ioctl() and kvm_arch_vcpu_ioctl()
 * @extension: kvm_vm_ioctl_check_extension()
 *
 * Holds for any kvm that comes later too.
 * Return: 0, or the errno of the row that cannot be armed, with a line in the log.
 * Context: process.
 */
int kvms_hooks_redirect(bool ioctls, bool extension);

/**
 * kvms_hooks_follow_runs - be told of vCPUs that change their thread, see runs.h
 * @follow: whether to be
 *
 * Holds for any kvm that comes later too.
 * Return: 0, or the errno of the row that cannot be armed, with a line in the log.
 * Context: process.
 */
int kvms_hooks_follow_runs(bool follow);

/**
 * kvms_hooks_exit - disarm all, give back every pin
 *
 * Context: process.
 */
void kvms_hooks_exit(void);

/**
 * kvms_hooks_row - one row of the table
 * @index: which
 * @row: filled, but for size and index
 *
 * Return: 0, or -ENOENT past the end. Context: process.
 */
int kvms_hooks_row(u32 index, struct kvmstats_hook *row);

#endif
