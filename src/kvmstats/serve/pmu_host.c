// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>

#include "pmu_parts.h"

/**
 * struct host_event - what an event for a VM or the host is
 * @stat: holds its schema
 * @vm: held, or NULL for the host
 */
struct host_event {
	struct kvms_stat stat;
	struct kvms_vm *vm;
};

static unsigned int reader;		/* the CPU on which all of them are */
static int hotplug_state;

/* --- counting: interrupts are off --- */

static notrace bool peek(struct perf_event *event, u64 *value)
{
	const struct host_event *host = event->pmu_private;

	if (!host->vm)
		return kvms_peek_host(&host->stat, value);
	*value = kvms_peek_vm(host->vm, &host->stat);
	return true;
}
NOKPROBE_SYMBOL(peek);

/* An NMI may come in between. What cannot be read now is read the next time. */
static void update(struct perf_event *event)
{
	local64_t *seen = &event->hw.prev_count;
	u64 before, now;

	do {
		before = local64_read(seen);
		if (!peek(event, &now))
			return;
	} while (local64_cmpxchg(seen, before, now) != before);
	/* A counter that somebody clears begins anew. */
	if ((s64)(now - before) > 0)
		local64_add(now - before, &event->count);
}

static void start(struct perf_event *event, int flags)
{
	u64 now;

	if (peek(event, &now))
		local64_set(&event->hw.prev_count, now);
}

static int add(struct perf_event *event, int flags)
{
	if (flags & PERF_EF_START)
		start(event, flags);
	return 0;
}

static void stop(struct perf_event *event, int flags)
{
	update(event);
}

/* --- opening and closing --- */

static void host_free(struct host_event *host)
{
	if (host->vm)
		kvms_vm_put(host->vm);
	if (host->stat.schema)
		kvms_schema_put(host->stat.schema);
	kfree(host);
}

static void destroy(struct perf_event *event)
{
	host_free(event->pmu_private);
}

static int find_vm(struct host_event *host, u64 id)
{
	struct pid_namespace *ns = task_active_pid_ns(current);

	if (!id)
		return ns == &init_pid_ns ? 0 : -EPERM;
	host->vm = kvms_vm_find(id, ns);
	if (!host->vm)
		return -ESRCH;
	/* Of a kvm that is gone, and was kept for somebody. */
	return host->vm->schema == host->stat.schema ? 0 : -ESRCH;
}

static struct host_event *host_make(const struct perf_event *event)
{
	struct host_event *host = kzalloc(sizeof(*host), GFP_KERNEL);
	int err;

	if (!host)
		return ERR_PTR(-ENOMEM);
	err = kvms_pmu_find(&host->stat, event->attr.config);
	if (!err)
		err = find_vm(host, event->attr.config1);
	if (!err)
		return host;
	host_free(host);
	return ERR_PTR(err);
}

int kvms_pmu_host_check(const struct perf_event *event)
{
	struct host_event *host = host_make(event);

	if (IS_ERR(host))
		return PTR_ERR(host);
	host_free(host);
	return 0;
}

static int event_init(struct perf_event *event)
{
	struct host_event *host;
	int err;

	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	if (event->attach_state & PERF_ATTACH_TASK || event->cpu != READ_ONCE(reader))
		return -EINVAL;
	err = kvms_pmu_check(event);
	if (err)
		return err;
	host = host_make(event);
	if (IS_ERR(host))
		return PTR_ERR(host);
	event->pmu_private = host;
	event->destroy = destroy;
	return 0;
}

/* --- the CPU --- */

static ssize_t cpumask_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(reader));
}
static DEVICE_ATTR_RO(cpumask);

static struct attribute *cpumask[] = { &dev_attr_cpumask.attr, NULL };
static const struct attribute_group cpumask_group = { .attrs = cpumask };

static const struct attribute_group *groups[] = {
	&kvms_pmu_format, &cpumask_group, &kvms_pmu_caps, NULL
};

static struct pmu pmu = {
	.module = THIS_MODULE,
	.task_ctx_nr = perf_invalid_context,
	.capabilities = PERF_PMU_CAP_NO_INTERRUPT,
	.attr_groups = groups,
	.event_init = event_init,
	.add = add,
	.del = stop,
	.start = start,
	.stop = stop,
	.read = update,
};

static int going_offline(unsigned int cpu)
{
	unsigned int other;

	if (cpu != reader)
		return 0;
	other = cpumask_any_but(cpu_online_mask, cpu);
	if (other >= nr_cpu_ids)
		return 0;
	WRITE_ONCE(reader, other);
	perf_pmu_migrate_context(&pmu, cpu, other);
	return 0;
}

bool kvms_pmu_host_counts_on(int cpu, u32 *type)
{
	*type = pmu.type;
	return cpu == READ_ONCE(reader);
}

static bool registered;

int kvms_pmu_host_init(void)
{
	int err;

	/* Whoever loads modules is not on a CPU that was set apart for guests. */
	reader = raw_smp_processor_id();
	err = perf_pmu_register(&pmu, "kvm_host", -1);
	if (err)
		return err;
	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "kvmstats:online", NULL, going_offline);
	if (err < 0) {
		perf_pmu_unregister(&pmu);
		return err;
	}
	hotplug_state = err;
	registered = true;
	return 0;
}

void kvms_pmu_host_exit(void)
{
	if (!registered)
		return;
	cpuhp_remove_state_nocalls(hotplug_state);
	perf_pmu_unregister(&pmu);
}

struct device *kvms_pmu_host_dev(void)
{
	return registered ? pmu.dev : NULL;
}
