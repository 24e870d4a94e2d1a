// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "schema.h"

void schema_free(struct schema *schema)
{
	for (uint32_t i = 0; i < schema->count; i++) {
		free((char *)schema->all[i].stat->name);
		free((void *)schema->all[i].stat);
	}
	free(schema->all);
	free(schema->peaks);
	*schema = (struct schema){ 0 };
}

static bool same_stat(const struct kvmstats_stat *a, const struct kvmstats_stat *b)
{
	return a->flags == b->flags && a->size == b->size && a->exponent == b->exponent &&
	       a->bucket_size == b->bucket_size && !strcmp(a->name, b->name);
}

bool schema_is(const struct schema *schema, const struct kvmstats_descs *descs)
{
	if (!schema->all || schema->count != kvmstats_descs_count(descs))
		return false;
	for (uint32_t i = 0; i < schema->count; i++) {
		if (!same_stat(schema->all[i].stat, kvmstats_descs_stat(descs, i)) ||
		    schema->all[i].value != kvmstats_descs_value(descs, i))
			return false;
	}
	return true;
}

static struct kvmstats_stat *copy_stat(const struct kvmstats_stat *stat)
{
	struct kvmstats_stat *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = (struct kvmstats_stat){
		.name = strdup(stat->name), .flags = stat->flags, .size = stat->size,
		.bucket_size = stat->bucket_size, .exponent = stat->exponent,
	};
	if (!copy->name) {
		free(copy);
		return NULL;
	}
	return copy;
}

bool schema_copy(struct schema *schema, const struct kvmstats_descs *descs)
{
	uint32_t count = kvmstats_descs_count(descs), end;

	schema_free(schema);
	schema->all = calloc(count + 1, sizeof(*schema->all));
	if (!schema->all)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct descriptor *d = &schema->all[i];

		d->stat = copy_stat(kvmstats_descs_stat(descs, i));
		d->value = kvmstats_descs_value(descs, i);
		if (!d->stat)
			return false;
		schema->count++;
		end = d->value + d->stat->size;
		if (end > schema->nr_values)
			schema->nr_values = end;
	}
	schema->peaks = calloc(count + 1, sizeof(*schema->peaks));
	if (!schema->peaks)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct kvmstats_stat *stat = schema->all[i].stat;

		if ((stat->flags & KVMSTATS_TYPE_MASK) == KVMSTATS_TYPE_PEAK && stat->size == 1)
			schema->peaks[schema->nr_peaks++] = schema->all[i].value;
	}
	return true;
}
