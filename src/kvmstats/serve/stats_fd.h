/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMS_STATS_FD_H
#define KVMS_STATS_FD_H

#include "../shadow/shadow.h"

/**
 * kvms_stats_fd_open - a stats fd on an object
 * @obj: the file holds a reference of its own on the object's VM
 *
 * Return: a new read-only, close-on-exec fd of the current task, or -EMFILE,
 * -ENFILE, -ENOMEM. Context: process.
 */
int kvms_stats_fd_open(struct kvms_object *obj);

/**
 * kvms_stats_fd_install - an fd that shows an object
 * @name: of the file, as /proc/PID/fd shows it
 * @fops: their release gives back what the caller holds for the file
 * @obj: becomes the file's private_data
 *
 * Return: as kvms_stats_fd_open(). Context: process.
 */
int kvms_stats_fd_install(const char *name, const struct file_operations *fops,
			  struct kvms_object *obj);

/* File operations of a stats fd, for files whose private_data is an object. */
ssize_t kvms_stats_fd_read(struct file *file, char __user *buf, size_t count, loff_t *ppos);
loff_t kvms_stats_fd_llseek(struct file *file, loff_t offset, int whence);

#endif
