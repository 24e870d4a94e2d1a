// SPDX-License-Identifier: GPL-2.0-only
#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stddef.h>
#endif

#include "sums.h"

enum kvms_how kvms_how(const struct kvmstats_desc *desc)
{
	switch (desc->flags & KVMSTATS_TYPE_MASK) {
	case KVMSTATS_TYPE_CUMULATIVE:
	case KVMSTATS_TYPE_LINEAR_HIST:
	case KVMSTATS_TYPE_LOG_HIST:
		return KVMS_ADD;
	case KVMSTATS_TYPE_PEAK:
		return KVMS_LARGER;
	default:
		return KVMS_ADD_LIVING;
	}
}

__u32 kvms_count_scalars(const struct kvms_layout *layout)
{
	__u32 i, nr = 0;

	for (i = 0; i < layout->header.num_desc; i++)
		nr += kvms_desc_is_scalar(&layout->desc[i]);
	return nr;
}

static int follows(const struct kvms_part *last, const struct kvms_part *part)
{
	return last->larger == part->larger && last->from + last->nr == part->from &&
	       last->to + last->nr == part->to;
}

static void add_part(struct kvms_parts *parts, const struct kvms_part *part)
{
	struct kvms_part *last = parts->nr ? &parts->part[parts->nr - 1] : NULL;

	if (last && follows(last, part))
		last->nr += part->nr;
	else
		parts->part[parts->nr++] = *part;
}

void kvms_parts_make(struct kvms_parts *parts, const struct kvms_layout *layout, int living,
		     int scalars)
{
	__u32 i, next = 0;

	parts->nr = 0;
	for (i = 0; i < layout->header.num_desc; i++) {
		const struct kvmstats_desc *desc = &layout->desc[i];
		enum kvms_how how = kvms_how(desc);
		struct kvms_part part = {
			.from = desc->offset / sizeof(__u64), .nr = desc->size,
			.larger = how == KVMS_LARGER,
		};

		if (scalars && !kvms_desc_is_scalar(desc))
			continue;
		part.to = scalars ? next++ : part.from;
		if (living || how != KVMS_ADD_LIVING)
			add_part(parts, &part);
	}
}

/* The total of a large host is nothing but this, so eight at a time. */
static void add(__u64 *sum, const __u64 *values, __u32 nr)
{
	for (; nr >= 8; nr -= 8, sum += 8, values += 8) {
		sum[0] += values[0];
		sum[1] += values[1];
		sum[2] += values[2];
		sum[3] += values[3];
		sum[4] += values[4];
		sum[5] += values[5];
		sum[6] += values[6];
		sum[7] += values[7];
	}
	while (nr--)
		*sum++ += *values++;
}

static void keep_larger(__u64 *sum, const __u64 *values, __u32 nr)
{
	for (; nr--; sum++, values++)
		if (*sum < *values)
			*sum = *values;
}

void kvms_sum_add(const struct kvms_parts *parts, __u64 *sum, const __u64 *values)
{
	const struct kvms_part *part = parts->part, *end = part + parts->nr;

	for (; part < end; part++) {
		if (part->larger)
			keep_larger(sum + part->to, values + part->from, part->nr);
		else
			add(sum + part->to, values + part->from, part->nr);
	}
}
