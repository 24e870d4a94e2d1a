// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ctype.h>
#include <linux/mutex.h>
#include <linux/nospec.h>

#include "pmu_parts.h"

/**
 * struct slot - an event of another module
 * @event: NULL while there is none
 * @array: that it was registered with
 * @owner: its module
 * @users: consumers; each has a reference on the module
 */
static struct slot {
	const struct kvm_host_pmu_event *event;
	const struct kvm_host_pmu_event *array;
	struct module *owner;
	unsigned int users;
} slots[KVMS_PMU_SLOTS];

/* Guards them, and is held while a source is switched. */
static DEFINE_MUTEX(slots_lock);

int kvms_pmu_module_use(u32 nr, const struct kvm_host_pmu_event **event)
{
	struct slot *slot;
	int err = -EINVAL;

	if (nr >= KVMS_PMU_SLOTS)
		return err;
	slot = &slots[array_index_nospec(nr, KVMS_PMU_SLOTS)];
	mutex_lock(&slots_lock);
	if (!slot->event || !try_module_get(slot->owner))
		goto out;
	err = 0;
	if (!slot->users && slot->event->configure)
		err = slot->event->configure(true);
	if (err) {
		module_put(slot->owner);
		goto out;
	}
	slot->users++;
	*event = slot->event;
out:
	mutex_unlock(&slots_lock);
	return err;
}

void kvms_pmu_module_unuse(u32 nr)
{
	struct slot *slot = &slots[nr];

	mutex_lock(&slots_lock);
	if (!--slot->users && slot->event->configure)
		slot->event->configure(false);
	module_put(slot->owner);
	mutex_unlock(&slots_lock);
}

void kvms_pmu_module_each(void (*fn)(void *data, u32 slot, const struct kvm_host_pmu_event *event),
			  void *data)
{
	u32 i;

	mutex_lock(&slots_lock);
	for (i = 0; i < KVMS_PMU_SLOTS; i++)
		if (slots[i].event)
			fn(data, i, slots[i].event);
	mutex_unlock(&slots_lock);
}

/* --- registration --- */

static bool is_good(const struct kvm_host_pmu_event *event)
{
	const char *c = event->name;

	if (!c || !*c || !event->description || strchr(event->description, '\n') || !event->count)
		return false;
	for (; *c; c++)
		if (!isalnum(*c) && *c != '_')
			return false;
	return c - event->name <= KVM_HOST_PMU_NAME_MAX;
}

static int take_slots(struct module *owner, const struct kvm_host_pmu_event *events,
		      unsigned int nr)
{
	unsigned int i, done = 0, free = 0;
	int err = 0;

	mutex_lock(&slots_lock);
	for (i = 0; i < KVMS_PMU_SLOTS; i++) {
		free += !slots[i].event;
		if (slots[i].event && slots[i].array == events)
			err = -EEXIST;
	}
	if (!err && free < nr)
		err = -ENOSPC;
	for (i = 0; i < KVMS_PMU_SLOTS && !err && done < nr; i++)
		if (!slots[i].event)
			slots[i] = (struct slot){ &events[done++], events, owner, 0 };
	mutex_unlock(&slots_lock);
	return err;
}

static void free_slots(const struct kvm_host_pmu_event *events)
{
	unsigned int i;

	mutex_lock(&slots_lock);
	for (i = 0; i < KVMS_PMU_SLOTS; i++)
		if (slots[i].event && slots[i].array == events)
			slots[i].event = NULL;
	mutex_unlock(&slots_lock);
}

int kvm_host_pmu_register_owned(struct module *owner, const struct kvm_host_pmu_event *events,
				unsigned int nr)
{
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++)
		if (!is_good(&events[i]))
			return -EINVAL;
	err = take_slots(owner, events, nr);
	if (err)
		return err;
	/* It finds names that come twice. */
	err = kvms_pmu_show(true);
	if (err)
		free_slots(events);
	return err;
}
EXPORT_SYMBOL_GPL(kvm_host_pmu_register_owned);

void kvm_host_pmu_unregister(const struct kvm_host_pmu_event *events)
{
	free_slots(events);
	kvms_pmu_show(false);
}
EXPORT_SYMBOL_GPL(kvm_host_pmu_unregister);
