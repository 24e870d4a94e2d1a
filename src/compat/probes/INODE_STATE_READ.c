// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.19: the state of an inode is read by a function. */
#include <linux/fs.h>

int probe(struct inode *inode);
int probe(struct inode *inode)
{
	return inode_state_read_once(inode) & I_NEW;
}
