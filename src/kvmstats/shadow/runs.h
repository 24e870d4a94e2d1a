/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which thread runs which vCPU, and what of a statistic is a thread's: what its vCPUs
 * counted while they were its.
 *
 * A thread whose counts are wanted is a runner; it has the vCPUs that it ran last. KVM
 * tells of a vCPU that changes its thread nowhere, but gets itself the new thread's pid
 * then, with the vCPU's mutex held and before the guest is entered. A probe there moves
 * the vCPU from one runner to the other, at a moment when it counts nothing.
 */
#ifndef KVMS_RUNS_H
#define KVMS_RUNS_H

#include "peek.h"

struct kvms_runner;

/**
 * struct kvms_count - a statistic of a thread
 * @stat: set by the caller before kvms_count_begin()
 * @runner: the thread
 * @node: among those of the runner
 * @offset: added to the sum of its vCPUs' values, so that none makes it jump that comes
 *	or goes
 * @seen: what it came to when it was taken last
 */
struct kvms_count {
	struct kvms_stat stat;
	struct kvms_runner *runner;
	struct list_head node;
	u64 offset;
	u64 seen;
};

/**
 * kvms_count_begin - count for a thread from now on
 * @count: with its @stat; the vCPUs' changes of thread are being told
 * @task: the thread
 * @born: it is about to be born, and has run nothing
 *
 * Return: 0 or -ENOMEM; then kvms_count_end() is due. Context: process.
 */
int kvms_count_begin(struct kvms_count *count, struct task_struct *task, bool born);
void kvms_count_end(struct kvms_count *count);

/**
 * kvms_count_take - what was counted since it was taken last
 * @count: begun
 *
 * Return: never less than 0: a counter that somebody clears begins anew. 0 also in an NMI
 * that came upon another reader; the next one takes it. Context: interrupts off, or NMI.
 */
u64 kvms_count_take(struct kvms_count *count);

/* A vCPU is about to be run by the current thread, which did not run it last. */
void kvms_runs_change(void);

/* A vCPU that will count no more: its VM is out of the table, and pinned. */
void kvms_runs_forget(struct kvms_vcpu *vcpu);

#endif
