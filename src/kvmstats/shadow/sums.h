/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sums over objects. Plain C without kernel calls: this and sums.c are also
 * compiled into the unit tests.
 */
#ifndef KVMS_SUMS_H
#define KVMS_SUMS_H

#include "schema.h"

/**
 * kvms_sum_add - add an object's values to a sum
 * @layout: of both
 * @sum: data block that receives
 * @values: data block of the object
 * @living: whether instant values count
 *
 * Counters and histograms are added, of peaks the larger one stays. A type that is
 * not known is treated as an instant value, which never makes a counter of it.
 */
void kvms_sum_add(const struct kvms_layout *layout, __u64 *sum, const __u64 *values, int living);

#endif
