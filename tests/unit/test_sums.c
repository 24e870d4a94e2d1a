// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sums.h"

static struct kvmstats_desc descs[] = {
	{ .flags = KVMSTATS_TYPE_CUMULATIVE, .size = 1, .offset = 0 },
	{ .flags = KVMSTATS_TYPE_INSTANT | KVMSTATS_UNIT_BOOLEAN, .size = 1, .offset = 8 },
	{ .flags = KVMSTATS_TYPE_PEAK, .size = 1, .offset = 16 },
	{ .flags = KVMSTATS_TYPE_LOG_HIST, .size = 3, .offset = 24 },
	{ .flags = KVMSTATS_TYPE_LINEAR_HIST, .size = 2, .offset = 48 },
	{ .flags = 0xf, .size = 1, .offset = 64 },
};

static struct kvms_layout layout = {
	.header.num_desc = 6, .data_size = 72, .desc = descs,
};

static struct kvms_part room[6];
static struct kvms_parts parts = { .part = room };

static void sum_add(__u64 *sum, const __u64 *values, int living, int scalars)
{
	kvms_parts_make(&parts, &layout, living, scalars);
	kvms_sum_add(&parts, sum, values);
}

static const __u64 a[9] = { 5, 1, 7, 1, 2, 3, 10, 20, 4 };
static const __u64 b[9] = { 6, 1, 3, 4, 0, 1, 1, 2, 4 };

static void living_objects_are_summed_by_type(void **state)
{
	static const __u64 expected[9] = { 11, 2, 7, 5, 2, 4, 11, 22, 8 };
	__u64 sum[9] = { 0 };

	(void)state;
	sum_add(sum, a, 1, 0);
	sum_add(sum, b, 1, 0);
	assert_memory_equal(sum, expected, sizeof(sum));
}

static void instant_values_of_the_gone_are_nothing(void **state)
{
	static const __u64 expected[9] = { 11, 1, 7, 5, 2, 4, 11, 22, 4 };
	__u64 sum[9] = { 0 };

	(void)state;
	sum_add(sum, a, 0, 0);
	sum_add(sum, b, 1, 0);
	assert_memory_equal(sum, expected, sizeof(sum));
}

static void peak_is_the_larger_in_any_order(void **state)
{
	__u64 sum[9] = { 0 };

	(void)state;
	sum_add(sum, b, 1, 0);
	sum_add(sum, a, 1, 0);
	assert_int_equal(sum[2], 7);
}

static void neighbours_of_one_kind_are_one_part(void **state)
{
	(void)state;
	kvms_parts_make(&parts, &layout, 1, 0);
	assert_int_equal(parts.nr, 3);
	assert_int_equal(parts.part[2].nr, 6);
	kvms_parts_make(&parts, &layout, 0, 0);
	assert_int_equal(parts.nr, 3);
	assert_int_equal(parts.part[2].nr, 5);
}

static void scalars_stand_close_together(void **state)
{
	static const __u64 expected[4] = { 11, 2, 7, 8 };
	__u64 sum[4] = { 0 };

	(void)state;
	assert_int_equal(kvms_count_scalars(&layout), 4);
	sum_add(sum, a, 1, 1);
	sum_add(sum, b, 1, 1);
	assert_memory_equal(sum, expected, sizeof(sum));
}

/* What is added eight at a time, and what is left over. */
static void long_parts_are_summed_whole(void **state)
{
	static struct kvmstats_desc hist = { .flags = KVMSTATS_TYPE_LOG_HIST, .size = 11 };
	const struct kvms_layout one = {
		.header.num_desc = 1, .data_size = sizeof(__u64) * 11, .desc = &hist,
	};
	__u64 sum[11] = { 0 }, values[11];

	(void)state;
	for (__u64 i = 0; i < 11; i++)
		values[i] = i + 1;
	kvms_parts_make(&parts, &one, 1, 0);
	kvms_sum_add(&parts, sum, values);
	assert_memory_equal(sum, values, sizeof(sum));
}

static void only_lone_counters_are_events(void **state)
{
	static const int expected[6] = { 1, 0, 0, 0, 0, 0 };
	struct kvmstats_desc many = { .flags = KVMSTATS_TYPE_CUMULATIVE, .size = 2 };
	int i;

	(void)state;
	for (i = 0; i < 6; i++)
		assert_int_equal(kvms_desc_counts(&descs[i]), expected[i]);
	assert_int_equal(kvms_desc_counts(&many), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(living_objects_are_summed_by_type),
		cmocka_unit_test(instant_values_of_the_gone_are_nothing),
		cmocka_unit_test(peak_is_the_larger_in_any_order),
		cmocka_unit_test(neighbours_of_one_kind_are_one_part),
		cmocka_unit_test(scalars_stand_close_together),
		cmocka_unit_test(long_parts_are_summed_whole),
		cmocka_unit_test(only_lone_counters_are_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
