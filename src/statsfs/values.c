// SPDX-License-Identifier: GPL-2.0-only
/* Reading and clearing values. */
#include <linux/math64.h>
#include <linux/sched.h>

#include "model.h"

/* As many values of an array are read at a time. */
#define CHUNK	64

/* --- simple values --- */

static void read_simple(const struct statsfs_array *array, unsigned int first, unsigned int nr,
			u64 *to)
{
	const struct statsfs_value *val = array->values + first, *end = val + nr;
	unsigned int n;

	for (; val < end; val += n, to += n) {
		n = 1;
		while (val->type->get_many && val + n < end && val[n].type == val->type)
			n++;
		if (n > 1)
			val->type->get_many(val, n, array->base, to);
		else
			*to = val->type->get(val, array->base);
	}
}

/* --- aggregates --- */

/**
 * struct walk - through a source and all that is below it
 * @values: the array that is looked for
 * @first: of the values wanted
 * @nr: how many of them
 * @to: what is made of them, or NULL to clear them
 * @count: how often the array was found
 * @revoked: it was found in a source that is revoked
 */
struct walk {
	const struct statsfs_value *values;
	unsigned int first;
	unsigned int nr;
	u64 *to;
	unsigned int count;
	bool revoked;
};

static u64 fold_start(const struct statsfs_value *val)
{
	switch (val->aggregate) {
	case STATSFS_MIN:
		return val->type->sign ? S64_MAX : U64_MAX;
	case STATSFS_MAX:
		return val->type->sign ? S64_MIN : 0;
	default:
		return 0;
	}
}

static u64 fold(const struct statsfs_value *val, u64 so_far, u64 value)
{
	bool less = val->type->sign ? (s64)value < (s64)so_far : value < so_far;

	switch (val->aggregate) {
	case STATSFS_MIN:
		return less ? value : so_far;
	case STATSFS_MAX:
		return less ? so_far : value;
	case STATSFS_COUNT_ZERO:
		return so_far + !value;
	default:
		return so_far + value;
	}
}

static u64 fold_end(const struct statsfs_value *val, u64 so_far, const struct walk *walk)
{
	if (!walk->count)
		return walk->revoked ? 0 : so_far;
	if (val->aggregate != STATSFS_AVG)
		return so_far;
	return val->type->sign ? div64_s64(so_far, walk->count) : div64_u64(so_far, walk->count);
}

static void fold_one(struct walk *walk, const struct statsfs_array *array)
{
	const struct statsfs_value *val = array->values + walk->first;

	*walk->to = fold(val, *walk->to, val->type->get(val, array->base));
	walk->count++;
}

/* Not part of walk_source(), which calls itself: its chunk is large. */
static noinline_for_stack void fold_many(struct walk *walk, const struct statsfs_array *array)
{
	unsigned int done, n, i;
	u64 chunk[CHUNK];

	for (done = 0; done < walk->nr; done += n) {
		const struct statsfs_value *val = array->values + walk->first + done;
		u64 *to = walk->to + done;

		n = min_t(unsigned int, walk->nr - done, CHUNK);
		read_simple(array, walk->first + done, n, chunk);
		for (i = 0; i < n; i++)
			to[i] = fold(&val[i], to[i], chunk[i]);
	}
	walk->count++;
}

static void clear_array(struct walk *walk, const struct statsfs_array *array)
{
	const struct statsfs_value *val = array->values + walk->first;

	val->type->clear(val, array->base);
}

static void walk_source(struct walk *walk, struct statsfs_source *src, unsigned int depth)
{
	bool revoked = statsfs_revoked(src);
	struct statsfs_array *array;
	struct statsfs_link *link;

	list_for_each_entry_srcu(array, &src->arrays, node, statsfs_tree_held()) {
		if (array->values != walk->values || !array->base)
			continue;
		if (revoked)
			walk->revoked = true;
		else if (!walk->to)
			clear_array(walk, array);
		else if (walk->nr == 1)
			fold_one(walk, array);
		else
			fold_many(walk, array);
	}
	if (need_resched())
		cond_resched();
	/* Deeper than this it only is while sources move about. */
	if (depth == STATSFS_DEPTH_MAX)
		return;
	list_for_each_entry_srcu(link, &src->subs, node, statsfs_tree_held())
		walk_source(walk, link->sub, depth + 1);
}

/* --- for the file system --- */

void statsfs_read_values(struct statsfs_source *src, struct statsfs_array *array,
			 unsigned int first, unsigned int nr, u64 *to)
{
	struct walk walk = { .first = first, .nr = nr, .to = to };
	unsigned int i;

	if (statsfs_revoked(src)) {
		memset(to, 0, nr * sizeof(*to));
		return;
	}
	if (array->base) {
		read_simple(array, first, nr, to);
		return;
	}
	walk.values = array->values;
	for (i = 0; i < nr; i++)
		to[i] = fold_start(&array->values[first + i]);
	walk_source(&walk, src, 0);
	for (i = 0; i < nr; i++)
		to[i] = fold_end(&array->values[first + i], to[i], &walk);
}

int statsfs_clear_value(struct statsfs_source *src, struct statsfs_array *array,
			unsigned int index)
{
	struct walk walk = { .first = index, .nr = 1 };
	const struct statsfs_value *val;

	if (statsfs_revoked(src))
		return 0;
	val = &array->values[index];
	if (val->flags & STATSFS_FLOATING || !val->type->clear)
		return -EPERM;
	walk.values = array->values;
	if (array->base)
		clear_array(&walk, array);
	else
		walk_source(&walk, src, 0);
	return 0;
}

/* --- for owners --- */

/* By definition, or by name. Not in a revoked source. */
static bool find(struct statsfs_source *src, const struct statsfs_value *val, const char *name,
		 struct statsfs_entry *entry)
{
	struct statsfs_array *array;

	if (!val)
		return statsfs_find_value(src, &src->arrays, name, strlen(name), true, entry);
	list_for_each_entry_srcu(array, &src->arrays, node, statsfs_tree_held()) {
		if (val < array->values || val >= array->values + array->nr)
			continue;
		entry->array = array;
		entry->index = val - array->values;
		return true;
	}
	return false;
}

static int get_value(struct statsfs_source *src, const struct statsfs_value *val,
		     const char *name, u64 *value)
{
	struct statsfs_entry entry;
	int section, err = 0;

	*value = 0;
	section = srcu_read_lock(&statsfs_srcu);
	if (!statsfs_revoked(src)) {
		if (find(src, val, name, &entry))
			statsfs_read_values(src, entry.array, entry.index, 1, value);
		else
			err = -ENOENT;
	}
	srcu_read_unlock(&statsfs_srcu, section);
	return err;
}

int statsfs_source_get_value(struct statsfs_source *src, const struct statsfs_value *val,
			     u64 *value)
{
	return get_value(src, val, NULL, value);
}
EXPORT_SYMBOL_GPL(statsfs_source_get_value);

int statsfs_source_get_value_by_name(struct statsfs_source *src, const char *name, u64 *value)
{
	return get_value(src, NULL, name, value);
}
EXPORT_SYMBOL_GPL(statsfs_source_get_value_by_name);

static int clear_value(struct statsfs_source *src, const struct statsfs_value *val,
		       const char *name)
{
	struct statsfs_entry entry;
	int section, err = 0;

	section = srcu_read_lock(&statsfs_srcu);
	if (!statsfs_revoked(src)) {
		if (find(src, val, name, &entry))
			err = statsfs_clear_value(src, entry.array, entry.index);
		else
			err = -ENOENT;
	}
	srcu_read_unlock(&statsfs_srcu, section);
	return err;
}

int statsfs_source_clear(struct statsfs_source *src, const struct statsfs_value *val)
{
	return clear_value(src, val, NULL);
}
EXPORT_SYMBOL_GPL(statsfs_source_clear);

int statsfs_source_clear_by_name(struct statsfs_source *src, const char *name)
{
	return clear_value(src, NULL, name);
}
EXPORT_SYMBOL_GPL(statsfs_source_clear_by_name);
