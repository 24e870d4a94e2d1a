// SPDX-License-Identifier: GPL-2.0-only
/* Arrays of values in a source. */
#include <linux/slab.h>

#include "model.h"

#define UNIT_MASK	0x0f0
#define BASE_MASK	0xf00

/* --- definitions --- */

static bool unit_is_good(const struct statsfs_value *val)
{
	u32 base = val->unit & BASE_MASK;

	if (val->unit & ~(UNIT_MASK | BASE_MASK))
		return false;
	if (base != STATSFS_BASE_POW10 && base != STATSFS_BASE_POW2)
		return false;
	if (!val->unit && val->type->boolean)
		return !val->exponent;
	switch (val->unit & UNIT_MASK) {
	case STATSFS_UNIT_NONE:
	case STATSFS_UNIT_BYTES:
	case STATSFS_UNIT_CYCLES:
		return val->exponent >= 0;
	case STATSFS_UNIT_SECONDS:
		return val->exponent <= 0;
	case STATSFS_UNIT_BOOLEAN:
		return !val->exponent;
	default:
		return false;
	}
}

static int check_value(const struct statsfs_value *val, const void *base)
{
	int err = statsfs_check_name(val->name);

	if (err)
		return err;
	if (!val->type || !val->type->get || !unit_is_good(val))
		return -EINVAL;
	if (val->flags & ~(STATSFS_FLOATING | STATSFS_PEAK))
		return -EINVAL;
	switch (val->aggregate) {
	case STATSFS_NONE:
		return base ? 0 : -EINVAL;
	case STATSFS_SUM:
	case STATSFS_MIN:
	case STATSFS_MAX:
	case STATSFS_AVG:
	case STATSFS_COUNT_ZERO:
		return 0;
	default:
		return -EINVAL;
	}
}

/*
 * The array that was found good as aggregates last: many objects of a kind have the same.
 * As long as a source has it that is not revoked, it stays as it is. Under statsfs_lock.
 */
static const struct statsfs_value *good;
static unsigned int good_nr;

/* Under statsfs_lock. Counts them too. */
static int check_values(struct statsfs_array *array)
{
	const struct statsfs_value *val;
	int err;

	array->nr = good_nr;
	if (array->values == good)
		return 0;
	for (val = array->values; val->name; val++) {
		err = check_value(val, array->base);
		if (err)
			return err;
	}
	array->nr = val - array->values;
	return 0;
}

static void remember_good(const struct statsfs_array *array)
{
	if (array->base)
		return;
	good = array->values;
	good_nr = array->nr;
}

void statsfs_forget_good(struct statsfs_source *src)
{
	struct statsfs_array *array;

	list_for_each_entry(array, &src->arrays, node)
		if (array->values == good)
			good = NULL;
}

/* --- names --- */

bool statsfs_find_value(struct statsfs_source *src, struct list_head *behind,
			const char *name, unsigned int len, bool hidden,
			struct statsfs_entry *entry)
{
	struct statsfs_array *array = list_entry(behind, struct statsfs_array, node);
	unsigned int i;

	list_for_each_entry_continue_rcu(array, &src->arrays, node) {
		if (array->flags & STATSFS_HIDDEN && !hidden)
			continue;
		for (i = 0; i < array->nr; i++) {
			const char *other = array->values[i].name;

			if (*other != *name || strncmp(other, name, len) || other[len])
				continue;
			entry->array = array;
			entry->index = i;
			return true;
		}
	}
	return false;
}

bool statsfs_has_file(struct statsfs_source *src, struct statsfs_array *array,
		      unsigned int index)
{
	const char *name = array->values[index].name;
	struct statsfs_entry entry;

	if (array->flags & STATSFS_HIDDEN)
		return false;
	return statsfs_find_value(src, &src->arrays, name, strlen(name), false, &entry) &&
	       entry.array == array && entry.index == index;
}

/* --- telling who watches --- */

static void tell_added(struct statsfs_source *src, struct statsfs_array *array)
{
	struct statsfs_entry old;
	unsigned int i;

	for (i = 0; i < array->nr; i++) {
		const char *name = array->values[i].name;

		if (!statsfs_has_file(src, array, i))
			continue;
		if (statsfs_find_value(src, &array->node, name, strlen(name), false, &old))
			statsfs_fs_removed(src, name, NULL, old.array->ino + old.index);
		statsfs_fs_added(src, name, false);
	}
}

void statsfs_tell_revoked(struct statsfs_source *src)
{
	struct statsfs_array *array;
	unsigned int i;

	if (!statsfs_visible(src))
		return;
	list_for_each_entry(array, &src->arrays, node)
		for (i = 0; i < array->nr; i++)
			if (statsfs_has_file(src, array, i))
				statsfs_fs_removed(src, array->values[i].name, NULL,
						   array->ino + i);
}

/* --- adding --- */

/* Under statsfs_lock. */
static int may_add(struct statsfs_source *src, const struct statsfs_array *new)
{
	struct statsfs_array *array;
	unsigned int i;

	if (src->revoked)
		return -ESTALE;
	list_for_each_entry(array, &src->arrays, node)
		if (array->values == new->values && array->base == new->base)
			return -EEXIST;
	if (list_empty(&src->subs))
		return 0;
	for (i = 0; i < new->nr; i++)
		if (statsfs_find_sub(src, new->values[i].name, strlen(new->values[i].name)))
			return -EEXIST;
	return 0;
}

int statsfs_source_add_values(struct statsfs_source *src, const struct statsfs_value *values,
			      void *base, u32 flags)
{
	struct statsfs_array *array;
	int err;

	if (flags & ~STATSFS_HIDDEN)
		return -EINVAL;
	array = kzalloc(sizeof(*array), GFP_KERNEL);
	if (!array)
		return -ENOMEM;
	array->values = values;
	array->base = base;
	array->flags = flags;

	mutex_lock(&statsfs_lock);
	err = check_values(array) ?: may_add(src, array);
	if (!err) {
		array->ino = statsfs_inos(array->nr);
		array->pos = src->next_pos;
		src->next_pos += array->nr;
		list_add_rcu(&array->node, &src->arrays);
		remember_good(array);
		statsfs_changed();
		if (statsfs_visible(src))
			tell_added(src, array);
	}
	mutex_unlock(&statsfs_lock);
	if (err)
		kfree(array);
	return err;
}
EXPORT_SYMBOL_GPL(statsfs_source_add_values);

void statsfs_free_arrays(struct statsfs_source *src)
{
	struct statsfs_array *array, *next;

	list_for_each_entry_safe(array, next, &src->arrays, node)
		kfree(array);
}
