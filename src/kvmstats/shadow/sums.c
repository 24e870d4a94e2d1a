// SPDX-License-Identifier: GPL-2.0-only
#include "sums.h"

static void add(__u64 *sum, const __u64 *values, __u32 nr)
{
	__u32 i;

	for (i = 0; i < nr; i++)
		sum[i] += values[i];
}

static void keep_larger(__u64 *sum, const __u64 *values, __u32 nr)
{
	__u32 i;

	for (i = 0; i < nr; i++)
		if (sum[i] < values[i])
			sum[i] = values[i];
}

void kvms_sum_add(const struct kvms_layout *layout, __u64 *sum, const __u64 *values, int living)
{
	const struct kvmstats_desc *desc = layout->desc;
	const struct kvmstats_desc *end = desc + layout->header.num_desc;

	for (; desc < end; desc++) {
		__u32 at = desc->offset / sizeof(__u64);

		switch (desc->flags & KVMSTATS_TYPE_MASK) {
		case KVMSTATS_TYPE_CUMULATIVE:
		case KVMSTATS_TYPE_LINEAR_HIST:
		case KVMSTATS_TYPE_LOG_HIST:
			add(sum + at, values + at, desc->size);
			break;
		case KVMSTATS_TYPE_PEAK:
			keep_larger(sum + at, values + at, desc->size);
			break;
		default:
			if (living)
				add(sum + at, values + at, desc->size);
		}
	}
}
