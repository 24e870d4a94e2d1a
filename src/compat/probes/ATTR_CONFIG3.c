// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.3: a fourth word of configuration. */
#include <linux/perf_event.h>

__u64 probe(const struct perf_event_attr *attr);
__u64 probe(const struct perf_event_attr *attr)
{
	return attr->config3;
}
