// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/module.h>
#include <linux/workqueue.h>

#include "../../compat/perf.h"
#include "device.h"
#include "pmu.h"
#include "pmu_parts.h"

/* --- what an event may be --- */

/*
 * Whatever KVM counts, it counts in the host's kernel: nothing of it is the guest's, and to
 * leave out the kernel or the host would be to leave out all. What else may be left out
 * KVM does not know apart.
 */
static bool excludes(const struct perf_event_attr *attr)
{
	return attr->exclude_user || attr->exclude_kernel || attr->exclude_hv ||
	       attr->exclude_idle || attr->exclude_host;
}

int kvms_pmu_check(struct perf_event *event)
{
	const struct perf_event_attr *attr = &event->attr;

	if (is_sampling_event(event) || has_branch_stack(event))
		return -EOPNOTSUPP;
	if (attr->config & ~(u64)(KVMS_PMU_KIND | KVMS_PMU_INDEX) || compat_attr_spare(attr) ||
	    excludes(attr))
		return -EINVAL;
	/* One that is inherited was allowed to its parent. */
	return event->parent ? 0 : kvms_device_may_open();
}

int kvms_pmu_find(struct kvms_stat *stat, u64 config)
{
	struct kvms_schema *schema;
	int err;

	if ((config & KVMS_PMU_KIND) > KVMS_PMU_VCPU)
		return -EINVAL;
	schema = kvms_schema_get();
	if (!schema)
		return -ENODEV;
	err = kvms_stat_find(stat, schema, (config & KVMS_PMU_KIND) == KVMS_PMU_VCPU,
			     config & KVMS_PMU_INDEX);
	if (err)
		kvms_schema_put(schema);
	return err;
}

/* --- what both have in sysfs --- */

PMU_FORMAT_ATTR(event, "config:0-15");
PMU_FORMAT_ATTR(vm, "config1:0-63");

static struct attribute *format[] = { &format_attr_event.attr, &format_attr_vm.attr, NULL };

const struct attribute_group kvms_pmu_format = { .name = "format", .attrs = format };

static ssize_t sampling_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0\n");
}
static DEVICE_ATTR_RO(sampling);

/* Numbers of events are good for one generation. */
static ssize_t schema_generation_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct kvms_schema *schema = kvms_schema_get();
	u64 generation = schema ? schema->generation : 0;

	if (schema)
		kvms_schema_put(schema);
	return sysfs_emit(buf, "%llu\n", generation);
}
static DEVICE_ATTR_RO(schema_generation);

static struct attribute *caps[] = {
	&dev_attr_sampling.attr, &dev_attr_schema_generation.attr, NULL
};

const struct attribute_group kvms_pmu_caps = { .name = "caps", .attrs = caps };

/* --- kvm comes and goes --- */

static bool ready;

static void follow(struct work_struct *work)
{
	int err = kvms_pmu_show(false);

	if (err)
		pr_warn("the events of perf are not those of the kvm that is loaded (%d)\n", err);
}

static DECLARE_WORK(follow_work, follow);

void kvms_pmu_push(u32 type)
{
	if ((type == KVMSTATS_EVENT_KVM_LOADED || type == KVMSTATS_EVENT_KVM_UNLOADED) &&
	    READ_ONCE(ready))
		schedule_work(&follow_work);
}

/* --- */

void kvms_pmu_init(const struct kvms_pmu_config *config)
{
	int err;

	err = kvms_pmu_host_init();
	if (!err)
		err = kvms_pmu_thread_init(config->follow_runs);
	WRITE_ONCE(ready, true);
	if (!err)
		err = kvms_pmu_show(false);
	if (err)
		pr_warn("perf does not count KVM's statistics (%d)\n", err);
}

/* Nobody has an event open: each keeps the module loaded. */
void kvms_pmu_exit(void)
{
	WRITE_ONCE(ready, false);
	cancel_work_sync(&follow_work);
	kvms_pmu_hide();
	kvms_pmu_thread_exit();
	kvms_pmu_host_exit();
}
