/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy of the library's descriptors, to tell when they become other ones. */
#ifndef EXPORTER_SCHEMA_H
#define EXPORTER_SCHEMA_H

#include "family.h"

struct schema {
	struct descriptor *all;
	uint32_t count;
	uint32_t nr_values;
	uint32_t *peaks;	/* values that are peaks */
	uint32_t nr_peaks;
};

bool schema_is(const struct schema *schema, const struct kvmstats_descs *descs);
/* Replaces what @schema holds. False without memory. */
bool schema_copy(struct schema *schema, const struct kvmstats_descs *descs);
void schema_free(struct schema *schema);

#endif /* EXPORTER_SCHEMA_H */
