// SPDX-License-Identifier: GPL-2.0-only
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "pmu_parts.h"

/* NAME, NAME.unit and NAME.scale */
#define FILES_PER_STAT	3

/**
 * struct line - a file of one line
 * @attr: the file
 * @name: of the file
 * @description: what it says, a copy, or else @text
 * @text: what it says
 */
struct line {
	struct device_attribute attr;
	char name[KVMSTATS_NAME_LEN + sizeof(".scale")];
	char *description;
	char text[24];
};

/**
 * struct names - the files of both PMUs that change
 * @events: of "kvm": KVM's statistics and other modules' events
 * @host: of "kvm_host": KVM's statistics
 * @descriptions: of other modules' events
 * @lines: all files
 * @attrs: of the three groups, NULL behind the last of each
 * @nr_lines: files
 * @nr_events: files of @events
 * @nr_descriptions: files of @descriptions
 * @clash: an event of another module has a name that is taken, and is not there
 * @incomplete: for want of memory
 */
struct names {
	struct attribute_group events;
	struct attribute_group host;
	struct attribute_group descriptions;
	struct line *lines;
	struct attribute **attrs;
	unsigned int nr_lines;
	unsigned int nr_events;
	unsigned int nr_descriptions;
	bool clash;
	bool incomplete;
};

static DEFINE_MUTEX(names_lock);
static struct names *shown;

/* --- making them --- */

static ssize_t show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct line *line = container_of(attr, struct line, attr);

	return sysfs_emit(buf, "%s\n", line->description ?: line->text);
}

static struct line *make_line(struct names *names, const char *name, const char *suffix)
{
	struct line *line = &names->lines[names->nr_lines++];

	sysfs_attr_init(&line->attr.attr);
	snprintf(line->name, sizeof(line->name), "%s%s", name, suffix);
	line->attr.attr.name = line->name;
	line->attr.attr.mode = 0444;
	line->attr.show = show;
	return line;
}

static struct line *add_event_line(struct names *names, const char *name, const char *suffix)
{
	struct line *line = make_line(names, name, suffix);

	names->events.attrs[names->nr_events++] = &line->attr.attr;
	return line;
}

static bool is_taken(const struct names *names, const char *name)
{
	unsigned int i;

	for (i = 0; i < names->nr_events; i++)
		if (!strcmp(names->events.attrs[i]->name, name))
			return true;
	return false;
}

static void add_event(struct names *names, const char *name, u32 config)
{
	struct line *line = add_event_line(names, name, "");

	snprintf(line->text, sizeof(line->text), "event=0x%04x", config);
}

/* Times in milliseconds, as perf shows its own: it prints two digits behind the point. */
static void add_unit(struct names *names, const struct kvmstats_desc *desc)
{
	static const char *const units[] = { NULL, "bytes", "msec", "cycles" };
	u32 unit = desc->flags & KVMSTATS_UNIT_MASK;
	int exponent = desc->exponent + (unit == KVMSTATS_UNIT_SECONDS ? 3 : 0);
	struct line *line;

	unit /= KVMSTATS_UNIT_BYTES;
	if (unit < ARRAY_SIZE(units) && units[unit]) {
		line = add_event_line(names, desc->name, ".unit");
		strscpy(line->text, units[unit], sizeof(line->text));
	}
	if (!exponent)
		return;
	line = add_event_line(names, desc->name, ".scale");
	if ((desc->flags & KVMSTATS_BASE_MASK) == KVMSTATS_BASE_POW10)
		snprintf(line->text, sizeof(line->text), "1e%d", exponent);
	else
		snprintf(line->text, sizeof(line->text), "%llu", 1ULL << (desc->exponent & 63));
}

static void add_layout(struct names *names, const struct kvms_layout *layout, u32 kind)
{
	u32 i;

	for (i = 0; i < layout->header.num_desc; i++) {
		if (!kvms_desc_counts(&layout->desc[i]) || is_taken(names, layout->desc[i].name))
			continue;
		add_event(names, layout->desc[i].name, kind | i);
		add_unit(names, &layout->desc[i]);
	}
}

static void add_module_event(void *data, u32 slot, const struct kvm_host_pmu_event *event)
{
	struct names *names = data;
	struct line *line;

	if (is_taken(names, event->name)) {
		names->clash = true;
		return;
	}
	add_event(names, event->name, KVMS_PMU_MODULE | slot);
	line = make_line(names, event->name, "");
	line->description = kstrdup(event->description, GFP_KERNEL);
	if (!line->description)
		names->incomplete = true;
	names->descriptions.attrs[names->nr_descriptions++] = &line->attr.attr;
}

static void names_free(struct names *names)
{
	unsigned int i;

	for (i = 0; i < names->nr_lines; i++)
		kfree(names->lines[i].description);
	kvfree(names->attrs);
	kvfree(names->lines);
	kfree(names);
}

static struct names *names_make(const struct kvms_schema *schema)
{
	struct names *names = kzalloc(sizeof(*names), GFP_KERNEL);
	u32 nr_stats = schema ? schema->both.header.num_desc : 0;
	u32 nr = FILES_PER_STAT * nr_stats + KVMS_PMU_SLOTS;

	if (!names)
		return NULL;
	names->lines = kvcalloc(nr + KVMS_PMU_SLOTS, sizeof(*names->lines), GFP_KERNEL);
	names->attrs = kvcalloc(3 * (nr + 1), sizeof(*names->attrs), GFP_KERNEL);
	if (!names->lines || !names->attrs)
		goto fail;
	names->events = (struct attribute_group){ .name = "events", .attrs = names->attrs };
	names->host = (struct attribute_group){ .name = "events", .attrs = names->attrs + nr + 1 };
	names->descriptions = (struct attribute_group){
		.name = "descriptions", .attrs = names->attrs + 2 * (nr + 1)
	};
	if (schema) {
		add_layout(names, &schema->vcpu, KVMS_PMU_VCPU);
		add_layout(names, &schema->vm, KVMS_PMU_VM);
	}
	memcpy(names->host.attrs, names->events.attrs, names->nr_events * sizeof(*names->attrs));
	kvms_pmu_module_each(add_module_event, names);
	if (!names->incomplete)
		return names;
fail:
	names_free(names);
	return NULL;
}

/* --- showing them: under names_lock --- */

static void remove(struct names *names)
{
	struct kobject *thread = &kvms_pmu_thread_dev()->kobj;

	sysfs_remove_group(&kvms_pmu_host_dev()->kobj, &names->host);
	sysfs_remove_group(thread, &names->descriptions);
	sysfs_remove_group(thread, &names->events);
}

static int create(struct names *names)
{
	struct kobject *thread = &kvms_pmu_thread_dev()->kobj;
	int err;

	err = sysfs_create_group(thread, &names->events);
	if (err)
		return err;
	err = sysfs_create_group(thread, &names->descriptions);
	if (err)
		goto remove_events;
	err = sysfs_create_group(&kvms_pmu_host_dev()->kobj, &names->host);
	if (err)
		goto remove_descriptions;
	return 0;

remove_descriptions:
	sysfs_remove_group(thread, &names->descriptions);
remove_events:
	sysfs_remove_group(thread, &names->events);
	return err;
}

static int replace(struct names *names)
{
	int err;

	if (shown)
		remove(shown);
	err = create(names);
	if (!err) {
		swap(shown, names);
	} else if (shown && create(shown)) {
		names_free(shown);
		shown = NULL;
	}
	if (names)
		names_free(names);
	return err;
}

static int show_names(const struct kvms_schema *schema, bool all)
{
	struct names *names = names_make(schema);

	if (!names)
		return -ENOMEM;
	if (!names->clash || !all)
		return replace(names);
	names_free(names);
	return -EEXIST;
}

int kvms_pmu_show(bool all)
{
	struct kvms_schema *schema;
	int err;

	if (!kvms_pmu_thread_dev() || !kvms_pmu_host_dev())
		return -ENODEV;
	mutex_lock(&names_lock);
	schema = kvms_schema_get();
	err = show_names(schema, all);
	if (schema)
		kvms_schema_put(schema);
	mutex_unlock(&names_lock);
	return err;
}

void kvms_pmu_hide(void)
{
	mutex_lock(&names_lock);
	if (shown) {
		remove(shown);
		names_free(shown);
		shown = NULL;
	}
	mutex_unlock(&names_lock);
}
