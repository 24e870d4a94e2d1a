/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of the hook table, and what each does when it fires. */
#ifndef KVMS_ROWS_H
#define KVMS_ROWS_H

#include "../../compat/compat.h"
#include "hook.h"

enum row {
	ROW_RELEASE,
	ROW_VCPU,
	ROW_CREATE,
	ROW_RUN,
	ROW_VM_IOCTL,
	ROW_VCPU_IOCTL,
	ROW_EXTENSION,
	ROW_VM_LIST,
	ROW_KVM_LOCK,
	ROW_SCHEMA,		/* the first of those that the schema is read from */
#ifdef HAVE_KVM_STATS_TABLES
	ROW_VM_HEADER = ROW_SCHEMA,
	ROW_VM_DESC,
	ROW_VCPU_HEADER,
	ROW_VCPU_DESC,
#else
	ROW_DEBUGFS = ROW_SCHEMA,
#endif
#ifdef COMPAT_COUNTS_HALTS
	ROW_WAKEUP,
#endif
	NR_ROWS
};

/* Changes under the lock of hooks.c, but for what probes count. */
extern struct hook kvms_rows[NR_ROWS];

/* Something was taken up, or could not be for want of memory. */
void kvms_row_count(enum row row, int err);

#endif
