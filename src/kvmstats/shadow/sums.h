/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sums over objects. Plain C without kernel calls: this and sums.c are also
 * compiled into the unit tests.
 */
#ifndef KVMS_SUMS_H
#define KVMS_SUMS_H

#include "schema.h"

enum kvms_how {
	KVMS_ADD,		/* counters and histograms */
	KVMS_ADD_LIVING,	/* instant values: of what is gone they are nothing */
	KVMS_LARGER,		/* peaks */
};

/**
 * kvms_how - what a total makes of a statistic
 *
 * A type that is not known is treated as an instant value, which never makes a counter
 * of it.
 */
enum kvms_how kvms_how(const struct kvmstats_desc *desc);

/**
 * struct kvms_part - values that stand side by side and are summed in one way
 * @from: place of the first in the object's data block, counted in values
 * @to: place of the first in the sum
 * @nr: how many
 * @larger: the larger one stays, else they are added
 */
struct kvms_part {
	__u32 from;
	__u32 to;
	__u32 nr;
	int larger;
};

/**
 * struct kvms_parts - what of an object goes into a sum
 * @part: the parts
 * @nr: how many
 */
struct kvms_parts {
	struct kvms_part *part;
	__u32 nr;
};

/**
 * struct kvms_plan - what a total is made of
 * @vm: of a VM that is gone, and of one that lives
 * @vcpu: the same of a vCPU
 * @vcpu_at: where in the total the values of vCPUs begin
 * @size: values of the total
 */
struct kvms_plan {
	struct kvms_parts vm[2];
	struct kvms_parts vcpu[2];
	__u32 vcpu_at;
	__u32 size;
};

/**
 * kvms_parts_make - the parts of a layout
 * @parts: filled; @parts->part has room for layout->header.num_desc
 * @layout: of the objects
 * @living: whether instant values count
 * @scalars: leave histograms out and put the others close together; else the sum looks
 *	like the data block
 */
void kvms_parts_make(struct kvms_parts *parts, const struct kvms_layout *layout, int living,
		     int scalars);

/* How many values a sum of scalars has. */
__u32 kvms_count_scalars(const struct kvms_layout *layout);

/**
 * kvms_sum_add - add an object's values to a sum
 * @parts: which, and how
 * @sum: receives
 * @values: data block of the object
 */
void kvms_sum_add(const struct kvms_parts *parts, __u64 *sum, const __u64 *values);

#endif
