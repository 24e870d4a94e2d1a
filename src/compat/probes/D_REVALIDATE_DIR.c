// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.14: a dentry is looked at along with its directory. */
#include <linux/dcache.h>

static int valid(struct inode *dir, const struct qstr *name, struct dentry *dentry,
		 unsigned int flags)
{
	return 1;
}

const struct dentry_operations probe = { .d_revalidate = valid };
