/* SPDX-License-Identifier: GPL-2.0-only */
/* How kernels differ in what a PMU is made of. As compat.h. */
#ifndef KVMS_COMPAT_PERF_H
#define KVMS_COMPAT_PERF_H

#include <linux/perf_event.h>

#include "have.h"

/**
 * compat_attr_spare - whether a word of configuration is set that comes after config1
 * @attr: of an event
 */
static inline bool compat_attr_spare(const struct perf_event_attr *attr)
{
	__u64 spare = attr->config2;

#ifdef HAVE_ATTR_CONFIG3
	spare |= attr->config3;
#endif
#ifdef HAVE_ATTR_CONFIG4
	spare |= attr->config4;
#endif
	return spare;
}

#endif
