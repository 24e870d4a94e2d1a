/* SPDX-License-Identifier: GPL-2.0-only */
/* kvm in statsfs: there while both statsfs.ko and kvm are. */
#ifndef KVMS_STATSFS_VIEW_H
#define KVMS_STATSFS_VIEW_H

struct kvms_vm;

/**
 * kvms_view_init - show what there is, now or when statsfs.ko comes
 *
 * That it cannot be shown is said in the log, and no error. Context: process.
 */
void kvms_view_init(void);

/* Context: process, when no event can come any more. */
void kvms_view_exit(void);

/**
 * kvms_view_push - something has happened to a VM, or to kvm
 * @vm: the VM, or NULL
 *
 * Context: as for a kvms_listener_t.
 */
void kvms_view_push(struct kvms_vm *vm);

#endif
