/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's tracepoint at the end of a halt: on no path of a guest that is busy. */
#ifndef KVMS_WAKEUP_H
#define KVMS_WAKEUP_H

#include <linux/types.h>

/**
 * kvms_wakeup_prepare - before the tracepoint is traced
 *
 * Return: 0, or -ENOENT when KVM cannot say which vCPU runs. Context: process.
 */
int kvms_wakeup_prepare(void);

/* Called by the tracepoint kvm_vcpu_wakeup, in the vCPU's thread. */
void kvms_wakeup_traced(void *data, u64 ns, bool waited, bool valid);

#endif
