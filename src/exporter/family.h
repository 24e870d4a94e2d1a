/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the schema to metric families: names, types, and all text but the values. */
#ifndef EXPORTER_FAMILY_H
#define EXPORTER_FAMILY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "number.h"

enum format {
	FORMAT_PROMETHEUS,	/* text format 0.0.4 */
	FORMAT_OPENMETRICS,	/* 1.0.0 */
	NR_FORMATS,
};

enum family_type {
	FAMILY_COUNTER,
	FAMILY_GAUGE,
	FAMILY_HISTOGRAM,
};

/* One statistic of the schema; @value is where its first value is in an object's. */
struct descriptor {
	const struct kvmstats_stat *stat;
	uint32_t value;
};

/* A line is: before, labels of the object, after, value, newline. */
struct line {
	char *before;
	char *after;
	uint16_t before_length;
	uint16_t after_length;
	uint32_t bucket;	/* of a histogram: the value counts up to this one */
	bool is_sum;
};

struct family {
	char *name;		/* without _total */
	char *stat;		/* as KVM calls it */
	enum family_type type;
	uint32_t value;		/* index of the first value */
	uint32_t size;		/* number of values */
	uint32_t sum;		/* index of the value that is a histogram's sum */
	bool has_sum;
	struct scale scale;	/* of the value, or of the histogram's sum */
	struct line *lines;
	uint32_t nr_lines;
	char *head[NR_FORMATS];	/* HELP, TYPE and UNIT */
};

struct families {
	struct family *all;
	uint32_t count;
	uint32_t left_out;	/* of a type that is not known */
};

/*
 * families_make() - the families of VMs or of vCPUs
 * @out: receives them, in the order of the schema; families_free() frees
 * @scope: "vm" or "vcpu"
 * @wanted: is asked for each statistic's name, NULL for all
 *
 * The rule of names is in docs/EXPORTER.md. False without memory.
 */
bool families_make(struct families *out, const char *scope,
		   const struct descriptor *descriptors, uint32_t count,
		   bool (*wanted)(const void *context, const char *name), const void *context);
void families_free(struct families *families);

/* What the lines of a family show for an object; @to has nr_lines entries. */
static inline void family_values(const struct family *family, const uint64_t *values,
				 uint64_t *to)
{
	uint64_t sum = 0;
	uint32_t bucket = 0;

	if (family->type != FAMILY_HISTOGRAM) {
		to[0] = values[family->value];
		return;
	}
	for (uint32_t i = 0; i < family->nr_lines; i++) {
		const struct line *line = &family->lines[i];

		if (line->is_sum) {
			to[i] = values[family->sum];
			continue;
		}
		for (; bucket <= line->bucket; bucket++)
			sum += values[family->value + bucket];
		to[i] = sum;
	}
}

static inline const struct scale *line_scale(const struct family *family,
					     const struct line *line)
{
	return family->type != FAMILY_HISTOGRAM || line->is_sum ? &family->scale : &scale_one;
}

#endif /* EXPORTER_FAMILY_H */
