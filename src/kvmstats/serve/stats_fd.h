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
 * kvms_stats_fd_open_as - the same, as another kind of file
 * @obj: as for kvms_stats_fd_open()
 * @name: of the file, as /proc/PID/fd shows it
 * @fops: with kvms_stats_fd_release()
 *
 * Return and context as for kvms_stats_fd_open().
 */
int kvms_stats_fd_open_as(struct kvms_object *obj, const char *name,
			  const struct file_operations *fops);

/* Gives the file's reference on the object's VM back. */
int kvms_stats_fd_release(struct inode *inode, struct file *file);

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

/**
 * kvms_stats_fd_read_as - read an object's file, or the first part of its stats
 * @obj: held by the caller
 * @head: the file's, whose header says how many of the object's descriptors there are
 * @data_size: bytes of the data that those describe
 * @buf: the reader's
 * @count: bytes wanted
 * @ppos: where in the file; moved behind what was read
 *
 * Return: bytes read or -EFAULT. Context: process.
 */
ssize_t kvms_stats_fd_read_as(struct kvms_object *obj, const struct kvms_head *head,
			      u32 data_size, char __user *buf, size_t count, loff_t *ppos);

/* File operations of a stats fd, for files whose private_data is an object. */
ssize_t kvms_stats_fd_read(struct file *file, char __user *buf, size_t count, loff_t *ppos);
loff_t kvms_stats_fd_llseek(struct file *file, loff_t offset, int whence);

#endif
