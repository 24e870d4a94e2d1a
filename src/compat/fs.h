/* SPDX-License-Identifier: GPL-2.0-only */
/* How kernels differ in what a file system is made of. As compat.h, for statsfs.ko. */
#ifndef KVMS_COMPAT_FS_H
#define KVMS_COMPAT_FS_H

#include <linux/dcache.h>
#include <linux/fs.h>

#include "have.h"

/* First arguments of a function that sets attributes: COMPAT_SETATTR(name). */
#if defined(HAVE_SETATTR_IDMAP)
#define COMPAT_SETATTR(name) \
	name(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
#elif defined(HAVE_SETATTR_USERNS)
#define COMPAT_SETATTR(name) \
	name(struct user_namespace *ns, struct dentry *dentry, struct iattr *attr)
#else
#define COMPAT_SETATTR(name) name(struct dentry *dentry, struct iattr *attr)
#endif

/* Arguments of a function that looks whether a dentry is good: COMPAT_D_REVALIDATE(name). */
#ifdef HAVE_D_REVALIDATE_DIR
#define COMPAT_D_REVALIDATE(name) \
	name(struct inode *dir, const struct qstr *qstr, struct dentry *dentry, unsigned int flags)
#else
#define COMPAT_D_REVALIDATE(name) name(struct dentry *dentry, unsigned int flags)
#endif

/**
 * compat_set_d_op - the operations of all dentries to come
 * @sb: a superblock without dentries
 * @ops: they
 */
static inline void compat_set_d_op(struct super_block *sb, const struct dentry_operations *ops)
{
#ifdef HAVE_SET_DEFAULT_D_OP
	set_default_d_op(sb, ops);
#else
	sb->s_d_op = ops;
#endif
}

/**
 * compat_inode_is_new - has iget_locked() just made this inode?
 * @inode: what it gave
 */
static inline bool compat_inode_is_new(struct inode *inode)
{
#ifdef HAVE_INODE_STATE_READ
	return inode_state_read_once(inode) & I_NEW;
#else
	return inode->i_state & I_NEW;
#endif
}

/**
 * compat_inode_set_times - all of an inode's times are now
 * @inode: a new one
 */
static inline void compat_inode_set_times(struct inode *inode)
{
#if defined(HAVE_SIMPLE_INODE_INIT_TS)
	simple_inode_init_ts(inode);
#elif defined(HAVE_INODE_SET_CTIME)
	inode->i_atime = inode->i_mtime = inode_set_ctime_current(inode);
#else
	inode->i_atime = inode->i_mtime = inode->i_ctime = current_time(inode);
#endif
}

#endif
