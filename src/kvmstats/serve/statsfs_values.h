/* SPDX-License-Identifier: GPL-2.0-only */
/* The values of the view in statsfs: what they are, how they are read and cleared. */
#ifndef KVMS_STATSFS_VALUES_H
#define KVMS_STATSFS_VALUES_H

#include "../../../include/linux/statsfs.h"
#include "../shadow/shadow.h"

/**
 * struct kvms_shown - what is shown of one instance of kvm
 * @src: the directory kvm
 * @schema: held
 * @plan: of totals of all that is shown
 * @zero: what the totals were when they were last cleared, or NULL
 * @host: values of @src, whose base this struct is: those of VMs, then those of vCPUs
 * @vm: values of a VM, whose base is its object
 * @vcpu: the same of a vCPU
 * @vms: those with a directory, each held; changed by kvms_shown_add() and _del()
 *
 * Histograms are not shown.
 */
struct kvms_shown {
	struct statsfs_source *src;
	struct kvms_schema *schema;
	struct kvms_plan plan;
	u64 *zero;
	struct statsfs_value *host;
	struct statsfs_value *vm;
	struct statsfs_value *vcpu;
	struct list_head vms;
};

/**
 * kvms_shown_make - define the values of a schema
 * @schema: held by the caller, who is relieved of that
 *
 * Return: with no directory and no VM, or NULL when there is no memory.
 */
struct kvms_shown *kvms_shown_make(struct kvms_schema *schema);

/* With all sources revoked. */
void kvms_shown_free(struct kvms_shown *shown);

/* From now on, clearing a value of the host clears it in this VM too. */
void kvms_shown_add(struct kvms_shown *shown, struct kvms_vm *vm);
void kvms_shown_del(struct kvms_vm *vm);

#endif
