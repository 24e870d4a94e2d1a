/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's own fds answer for stats, as newer kernels have it: KVM_CAP_BINARY_STATS_FD and
 * KVM_GET_STATS_FD (parameter native_abi), and the aggregated KVM_STATS_* commands
 * (parameter aggregate_abi).
 */
#ifndef KVMS_NATIVE_ABI_H
#define KVMS_NATIVE_ABI_H

/**
 * kvms_native_abi_init - redirect what the parameters ask for, now and when they change
 *
 * What cannot be had is in the log and in the hook table. Context: process; the last
 * step of loading, since a task in an answer keeps a module only once it is loaded.
 */
void kvms_native_abi_init(void);

/**
 * kvms_native_abi_exit - KVM answers for itself again
 *
 * Context: process, with no reference on this module.
 */
void kvms_native_abi_exit(void);

#endif
