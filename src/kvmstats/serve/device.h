/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMS_DEVICE_H
#define KVMS_DEVICE_H

#include <linux/types.h>

struct kvmstats_hook;

/**
 * struct kvms_device_config - what the device tells of the rest of the module
 * @hook_row: fills one row of the hook table, -ENOENT past the end
 * @sweep_interval_ms: see struct kvmstats_info
 */
struct kvms_device_config {
	int (*hook_row)(u32 index, struct kvmstats_hook *row);
	unsigned int sweep_interval_ms;
};

/**
 * kvms_device_init - make /dev/kvmstats
 * @config: copied
 *
 * Return: 0 or what misc_register() says. Context: process.
 */
int kvms_device_init(const struct kvms_device_config *config);
void kvms_device_exit(void);

/**
 * kvms_device_may_open - may the current task open /dev/kvmstats to read?
 *
 * Return: 0, -EACCES, also where there is no such node, or -ENOMEM. Context: process.
 */
int kvms_device_may_open(void);

#endif
