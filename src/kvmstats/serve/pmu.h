/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's counters as perf events. The PMU "kvm" counts for threads; "kvm_host" counts VMs
 * and the whole host, on the one CPU of its cpumask. They are two because perf, as of 6.1,
 * opens the events of a PMU with a cpumask wrongly for threads, and breaks up their groups.
 * What of "kvm" is opened on a CPU is handed to "kvm_host".
 */
#ifndef KVMS_PMU_H
#define KVMS_PMU_H

#include <linux/types.h>

/**
 * struct kvms_pmu_config - what the PMUs ask of the rest of the module
 * @follow_runs: see kvms_hooks_follow_runs()
 */
struct kvms_pmu_config {
	int (*follow_runs)(bool follow);
};

/**
 * kvms_pmu_init - make the PMUs
 * @config: copied
 *
 * That they cannot be made is said in the log, and no error. Context: process.
 */
void kvms_pmu_init(const struct kvms_pmu_config *config);
void kvms_pmu_exit(void);

/**
 * kvms_pmu_push - kvm has come or gone, or something else happened
 * @type: KVMSTATS_EVENT_*
 *
 * Context: as for a kvms_listener_t.
 */
void kvms_pmu_push(u32 type);

#endif
