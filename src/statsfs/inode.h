/* SPDX-License-Identifier: GPL-2.0-only */
/* What super.c, dir.c, file.c and image.c know of each other. */
#ifndef STATSFS_INODE_H
#define STATSFS_INODE_H

#include "../compat/fs.h"
#include "statsfs.h"

/**
 * struct statsfs_node - what makes an inode
 * @src: the source that it is of, with a count of memory, which goes into the inode
 * @ino: inode number
 * @mode: with the type
 * @fops: of a file; a directory's are its own
 */
struct statsfs_node {
	struct statsfs_source *src;
	u64 ino;
	umode_t mode;
	const struct file_operations *fops;
};

/* The inode of a node, NULL without memory. Its i_private is the source. */
struct inode *statsfs_inode(struct super_block *sb, const struct statsfs_node *node);

/*
 * A file of a source is opened: its owner stays until unpin. In a read section, in which
 * the source is not revoked then. 0 or -ENODEV.
 */
int statsfs_pin(struct statsfs_source *src);
void statsfs_unpin(struct statsfs_source *src);

extern const struct dentry_operations statsfs_dentry_ops;
extern const struct file_operations statsfs_value_fops;
extern const struct file_operations statsfs_schema_fops;
extern const struct file_operations statsfs_image_fops;

int statsfs_super_init(void);
void statsfs_super_exit(void);

#endif
