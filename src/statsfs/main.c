// SPDX-License-Identifier: GPL-2.0-only
/* statsfs.ko: brings its parts up and down, in order; nothing else. */
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include "inode.h"

/* In /sys/kernel, for who mounts it there. */
#define MOUNT_POINT	"stats"

static int __init statsfs_init(void)
{
	int err;

	err = statsfs_model_init();
	if (err)
		return err;
	err = sysfs_create_mount_point(kernel_kobj, MOUNT_POINT);
	if (err)
		goto err_model;
	err = statsfs_super_init();
	if (err)
		goto err_mount_point;
	return 0;

err_mount_point:
	sysfs_remove_mount_point(kernel_kobj, MOUNT_POINT);
err_model:
	statsfs_model_exit();
	return err;
}

static void __exit statsfs_exit(void)
{
	statsfs_clients_detach();
	statsfs_super_exit();
	sysfs_remove_mount_point(kernel_kobj, MOUNT_POINT);
	statsfs_model_exit();
}

module_init(statsfs_init);
module_exit(statsfs_exit);

MODULE_DESCRIPTION("Statistics as a filesystem that any module can feed");
MODULE_LICENSE("GPL");
MODULE_VERSION(KVMSTATS_VERSION);
