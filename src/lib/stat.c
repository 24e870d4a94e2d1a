// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the values of a statistic mean. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

double kvmstats_scale(const struct kvmstats_stat *stat)
{
	unsigned int exponent = abs(stat->exponent);
	double scale = 1, power;

	switch (stat->flags & KVMSTATS_BASE_MASK) {
	case KVMSTATS_BASE_POW10:
		power = 10;
		break;
	case KVMSTATS_BASE_POW2:
		power = 2;
		break;
	default:
		return 1;
	}
	for (; exponent; exponent /= 2, power *= power)
		if (exponent % 2)
			scale *= power;
	return stat->exponent < 0 ? 1 / scale : scale;
}

int kvmstats_bucket_bounds(const struct kvmstats_stat *stat, uint32_t bucket,
			   uint64_t *low, uint64_t *high)
{
	uint64_t lo, hi;

	if (bucket >= stat->size)
		return -EINVAL;

	switch (stat->flags & KVMSTATS_TYPE_MASK) {
	case KVMSTATS_TYPE_LINEAR_HIST:
		lo = (uint64_t)stat->bucket_size * bucket;
		hi = lo + stat->bucket_size;
		break;
	case KVMSTATS_TYPE_LOG_HIST:
		if (bucket >= KVMSTATS_MAX_LOG_HIST)
			return -EINVAL;
		lo = bucket ? 1ull << (bucket - 1) : 0;
		hi = bucket < 64 ? 1ull << bucket : UINT64_MAX;
		break;
	default:
		return -EINVAL;
	}

	*low = lo;
	*high = bucket == stat->size - 1u ? UINT64_MAX : hi;
	return 0;
}
