/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directories of the view in statsfs. All of it is under one lock of the caller's,
 * which is never taken in get() and clear(): statsfs waits for these.
 */
#ifndef KVMS_STATSFS_TREE_H
#define KVMS_STATSFS_TREE_H

#include "../../../include/linux/statsfs.h"
#include "../shadow/shadow.h"

/* NULL without statsfs.ko; all below but kvms_tree_hide() and _follow() want it. */
extern const struct statsfs_api *kvms_statsfs;

/* Have kvm/ there, with all VMs, or not, as kvm is. */
void kvms_tree_follow(void);
void kvms_tree_hide(void);

/* Show a VM, or the vCPUs that it has got since. */
void kvms_tree_show(struct kvms_vm *vm);

/* Out of the tree at once; the rest is for kvms_tree_finish(), which waits for readers. */
void kvms_tree_take_away(struct kvms_vm *vm);
void kvms_tree_finish(void);

#endif
