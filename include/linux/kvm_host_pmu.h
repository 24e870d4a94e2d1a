/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of other modules in the perf PMU "kvm", which kvmstats.ko brings: counted for
 * threads that run vCPUs, as kvm/NAME/ with -t or -p.
 *
 * The idea, and the callbacks' sense, are those of the host PMU that was proposed for
 * arm64 in 2017.
 */
#ifndef _LINUX_KVM_HOST_PMU_H
#define _LINUX_KVM_HOST_PMU_H

#include <linux/module.h>
#include <linux/types.h>

struct kvm_vcpu;

/* Longest name of an event, without the NUL. */
#define KVM_HOST_PMU_NAME_MAX	47

/**
 * struct kvm_host_pmu_event - an event
 * @name: letters, digits and underscores; not one of KVM's own statistics
 * @description: one line for people, shown in the PMU's directory descriptions/
 * @count: how often it has happened to a vCPU so far. Only differences are looked at, so
 *	it may begin anywhere; less than before is taken for a counter that was cleared.
 *	Called while the event is switched on, with the vCPU alive, a raw spinlock held and
 *	interrupts off, or in an NMI: it looks into memory and does nothing else.
 * @configure: switches the source on for its first consumer and off after the last. May
 *	sleep, and fail to switch on, with an errno that perf_event_open() gives. Calls come
 *	one at a time. NULL for what is always on.
 */
struct kvm_host_pmu_event {
	const char *name;
	const char *description;
	u64 (*count)(struct kvm_vcpu *vcpu);
	int (*configure)(bool enable);
};

/**
 * kvm_host_pmu_register - add events to the PMU
 * @events: stay as they are until kvm_host_pmu_unregister(); they are named by this array
 * @nr: how many
 *
 * A consumer keeps the calling module loaded.
 * Return: 0, -EINVAL for an event without @count, a name or a description, -EEXIST for a
 * name that an event has already, -ENOSPC when there are 64 events of modules, -ENODEV when
 * perf has no PMU "kvm", of which the log tells, -ENOMEM.
 * Context: process.
 */
#define kvm_host_pmu_register(events, nr) \
	kvm_host_pmu_register_owned(THIS_MODULE, events, nr)
int kvm_host_pmu_register_owned(struct module *owner, const struct kvm_host_pmu_event *events,
				unsigned int nr);

/**
 * kvm_host_pmu_unregister - take them away
 * @events: as they were registered; others are ignored
 *
 * Nobody counts them any more: while somebody does, the module stays. Where it goes for
 * another reason, its consumers are the caller's to end.
 * Context: process.
 */
void kvm_host_pmu_unregister(const struct kvm_host_pmu_event *events);

#endif
