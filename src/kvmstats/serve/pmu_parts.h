/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the files of the PMUs. */
#ifndef KVMS_PMU_PARTS_H
#define KVMS_PMU_PARTS_H

#include <linux/perf_event.h>

#include "../../../include/linux/kvm_host_pmu.h"
#include "../shadow/peek.h"

/* attr.config: which statistic, by its place in the schema of a kind. */
#define KVMS_PMU_INDEX	0x0fff
#define KVMS_PMU_KIND	0xf000
#define KVMS_PMU_VM	0x0000
#define KVMS_PMU_VCPU	0x1000
#define KVMS_PMU_MODULE	0x2000		/* another module's */

/* --- pmu.c --- */

/**
 * kvms_pmu_check - what every event has to be
 * @event: of one of the PMUs
 *
 * Return: 0; -EINVAL for what cannot be honoured, -EOPNOTSUPP for sampling and branch
 * stacks, by which perf tells people to use perf stat; -EACCES when the opener may not open
 * /dev/kvmstats; -ENOMEM.
 */
int kvms_pmu_check(struct perf_event *event);

/**
 * kvms_pmu_find - the statistic of an event of KVM's own
 * @stat: filled, with a reference on its schema
 * @config: attr.config
 *
 * Return: 0, -ENODEV without kvm, -EINVAL when there is none or it is no counter.
 */
int kvms_pmu_find(struct kvms_stat *stat, u64 config);

/* What both have in sysfs; pmu_sysfs.c adds what changes. */
extern const struct attribute_group kvms_pmu_format;
extern const struct attribute_group kvms_pmu_caps;

/* --- pmu_thread.c: the PMU "kvm" --- */

int kvms_pmu_thread_init(int (*follow_runs)(bool follow));
void kvms_pmu_thread_exit(void);
struct device *kvms_pmu_thread_dev(void);	/* NULL when it is not there */

/* --- pmu_host.c: the PMU "kvm_host" --- */

int kvms_pmu_host_init(void);
void kvms_pmu_host_exit(void);
struct device *kvms_pmu_host_dev(void);		/* NULL when it is not there */
/* Does it count on this CPU? If so, its number as attr.type has it. */
bool kvms_pmu_host_counts_on(int cpu, u32 *type);
/* Would it take this event, but for the CPU? 0 or an errno. */
int kvms_pmu_host_check(const struct perf_event *event);

/* --- pmu_module.c: events of other modules --- */

#define KVMS_PMU_SLOTS	64

/**
 * kvms_pmu_module_use - take up a consumer
 * @slot: of the event
 * @event: set
 *
 * Return: 0, -EINVAL when there is no such event, or what configure() says; then
 * kvms_pmu_module_unuse() is due.
 */
int kvms_pmu_module_use(u32 slot, const struct kvm_host_pmu_event **event);
void kvms_pmu_module_unuse(u32 slot);

/* Calls @fn for each event there is, with the slots' lock held. */
void kvms_pmu_module_each(void (*fn)(void *data, u32 slot, const struct kvm_host_pmu_event *event),
			  void *data);

/* --- pmu_sysfs.c: the names --- */

/**
 * kvms_pmu_show - have events/ and descriptions/ list what there is now
 * @all: fail rather than leave out an event of another module whose name is taken
 *
 * Return: 0, or -EEXIST when a name is taken, -ENOMEM, -ENODEV without the PMUs: then
 * they are as before.
 * Context: process.
 */
int kvms_pmu_show(bool all);
void kvms_pmu_hide(void);

#endif
