// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "../../compat/perf.h"
#include "../shadow/runs.h"
#include "pmu_parts.h"

/**
 * struct thread_event - what an event for a thread is
 * @count: what is counted
 * @slot: of another module's event, where @count.stat has no schema
 * @gap: time of its context in which it did not run, when it was added last
 * @begun: it was added
 *
 * An event on a CPU that does not count has none.
 */
struct thread_event {
	struct kvms_count count;
	u32 slot;
	u64 gap;
	bool begun;
};

static int (*follow_runs)(bool follow);
static DEFINE_MUTEX(followers_lock);
static unsigned int followers;			/* events for threads */

static int followers_add(void)
{
	int err = 0;

	mutex_lock(&followers_lock);
	if (!followers)
		err = follow_runs(true);
	if (!err)
		followers++;
	mutex_unlock(&followers_lock);
	return err && err != -ENOMEM ? -EOPNOTSUPP : err;
}

static void followers_del(void)
{
	mutex_lock(&followers_lock);
	if (!--followers)
		follow_runs(false);
	mutex_unlock(&followers_lock);
}

/* --- counting: interrupts are off --- */

static void update(struct perf_event *event)
{
	struct thread_event *thread = event->pmu_private;

	if (thread)
		local64_add(kvms_count_take(&thread->count), &event->count);
}

/*
 * What was counted while the event was not on goes. While its thread is off the CPU its
 * time stands still, and it is on all the same: KVM counts what wakes a vCPU in who
 * wakes it. Where its time went on without it, it was disabled, or others had the
 * counters of its group.
 *
 * perf would hand the contexts of threads that inherit the same events from one thread to
 * another, for they come to the same together. Ours are each of a thread, and looked at
 * when that thread is: so while one is on, its context is pinned, which forbids that.
 */
static int add(struct perf_event *event, int flags)
{
	struct thread_event *thread = event->pmu_private;
	u64 gap = event->tstamp - event->total_time_running;

	if (!thread)
		return 0;
	event->ctx->pin_count++;
	if (!thread->begun || thread->gap != gap)
		kvms_count_take(&thread->count);
	thread->begun = true;
	thread->gap = gap;
	return 0;
}

static void del(struct perf_event *event, int flags)
{
	update(event);
	if (event->pmu_private)
		event->ctx->pin_count--;
}

static void start(struct perf_event *event, int flags)
{
	struct thread_event *thread = event->pmu_private;

	if (thread)
		kvms_count_take(&thread->count);
}

static void stop(struct perf_event *event, int flags)
{
	update(event);
}

/* --- opening and closing --- */

static int use_stat(struct thread_event *thread, u64 config)
{
	struct kvms_stat *stat = &thread->count.stat;
	const struct kvm_host_pmu_event *source;
	int err;

	if ((config & KVMS_PMU_KIND) != KVMS_PMU_MODULE) {
		err = kvms_pmu_find(stat, config);
		/* What KVM counts of a VM is no thread's. */
		if (!err && !stat->of_vcpu) {
			kvms_schema_put(stat->schema);
			err = -EINVAL;
		}
		return err;
	}
	thread->slot = config & KVMS_PMU_INDEX;
	err = kvms_pmu_module_use(thread->slot, &source);
	if (!err)
		stat->count = source->count;
	return err;
}

static void unuse_stat(struct thread_event *thread)
{
	if (thread->count.stat.schema)
		kvms_schema_put(thread->count.stat.schema);
	else
		kvms_pmu_module_unuse(thread->slot);
}

static void destroy(struct perf_event *event)
{
	struct thread_event *thread = event->pmu_private;

	kvms_count_end(&thread->count);
	followers_del();
	unuse_stat(thread);
	kfree(thread);
}

static int init_for_thread(struct perf_event *event)
{
	struct thread_event *thread;
	int err;

	if (event->attr.config1)
		return -EINVAL;
	/* A thread to come gets its context from its parent's. */
	err = event->parent ? 0 : compat_perf_context(event->hw.target);
	if (err)
		return err;
	thread = kzalloc(sizeof(*thread), GFP_KERNEL);
	if (!thread)
		return -ENOMEM;
	err = use_stat(thread, event->attr.config);
	if (err)
		goto free;
	err = followers_add();
	if (err)
		goto unuse;
	err = kvms_count_begin(&thread->count, event->hw.target, event->parent);
	if (err)
		goto unfollow;
	event->pmu_private = thread;
	event->destroy = destroy;
	return 0;

unfollow:
	followers_del();
unuse:
	unuse_stat(thread);
free:
	kfree(thread);
	return err;
}

/*
 * perf opens it on every CPU where the whole host is wanted, and adds them up: one counts,
 * as an event of the other PMU, and the others stay 0.
 */
static int init_for_cpu(struct perf_event *event)
{
	u32 type;

	if (!kvms_pmu_host_counts_on(event->cpu, &type))
		return kvms_pmu_host_check(event);
	event->attr.type = type;
	return -ENOENT;
}

static int event_init(struct perf_event *event)
{
	int err;

	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	err = kvms_pmu_check(event);
	if (err)
		return err;
	return event->attach_state & PERF_ATTACH_TASK ? init_for_thread(event) :
							init_for_cpu(event);
}

static const struct attribute_group *groups[] = { &kvms_pmu_format, &kvms_pmu_caps, NULL };

static struct pmu pmu = {
	.module = THIS_MODULE,
	.task_ctx_nr = perf_sw_context,
	.capabilities = PERF_PMU_CAP_NO_INTERRUPT,
	.attr_groups = groups,
	.event_init = event_init,
	.add = add,
	.del = del,
	.start = start,
	.stop = stop,
	.read = update,
};

static bool registered;

int kvms_pmu_thread_init(int (*follow)(bool follow))
{
	int err;

	follow_runs = follow;
	err = perf_pmu_register(&pmu, "kvm", -1);
	registered = !err;
	return err;
}

void kvms_pmu_thread_exit(void)
{
	if (registered)
		perf_pmu_unregister(&pmu);
}

struct device *kvms_pmu_thread_dev(void)
{
	return registered ? pmu.dev : NULL;
}
