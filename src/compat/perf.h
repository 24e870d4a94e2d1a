/* SPDX-License-Identifier: GPL-2.0-only */
/* How kernels differ in what a PMU is made of. As compat.h. */
#ifndef KVMS_COMPAT_PERF_H
#define KVMS_COMPAT_PERF_H

#include <linux/err.h>
#include <linux/perf_event.h>
#include <linux/sched.h>

#include "have.h"

/**
 * compat_attr_spare - whether a word of configuration is set that comes after config1
 * @attr: of an event
 */
static inline bool compat_attr_spare(const struct perf_event_attr *attr)
{
	__u64 spare = attr->config2;

#ifdef HAVE_ATTR_CONFIG3
	spare |= attr->config3;
#endif
#ifdef HAVE_ATTR_CONFIG4
	spare |= attr->config4;
#endif
	return spare;
}

/**
 * compat_perf_context - have a thread a context for software events, before an event of
 * ours is put there
 * @task: the thread
 *
 * Until Linux 6.2 a thread keeps its context until it ends, and that points to the PMU
 * whose event was the first, which must not be that of a module.
 * Return: 0, or why an event of the kernel's own cannot be made. Context: process.
 */
static inline int compat_perf_context(struct task_struct *task)
{
#ifdef HAVE_CONTEXT_PMU
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY,
		.size = sizeof(attr), .disabled = 1,
	};
	struct perf_event *event;

	if (READ_ONCE(task->perf_event_ctxp[perf_sw_context]))
		return 0;
	event = perf_event_create_kernel_counter(&attr, -1, task, NULL, NULL);
	if (IS_ERR(event))
		return PTR_ERR(event);
	perf_event_release_kernel(event);
#endif
	return 0;
}

#endif
