// SPDX-License-Identifier: GPL-2.0-only
/* Linux 5.12 to 6.2: who sets attributes comes with a user namespace. */
#include <linux/fs.h>

static int set(struct user_namespace *ns, struct dentry *dentry, struct iattr *attr)
{
	return 0;
}

const struct inode_operations probe = { .setattr = set };
