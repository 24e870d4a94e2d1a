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

static const __u64 a[9] = { 5, 1, 7, 1, 2, 3, 10, 20, 4 };
static const __u64 b[9] = { 6, 1, 3, 4, 0, 1, 1, 2, 4 };

static void living_objects_are_summed_by_type(void **state)
{
	static const __u64 expected[9] = { 11, 2, 7, 5, 2, 4, 11, 22, 8 };
	__u64 sum[9] = { 0 };

	(void)state;
	kvms_sum_add(&layout, sum, a, 1);
	kvms_sum_add(&layout, sum, b, 1);
	assert_memory_equal(sum, expected, sizeof(sum));
}

static void instant_values_of_the_gone_are_nothing(void **state)
{
	static const __u64 expected[9] = { 11, 1, 7, 5, 2, 4, 11, 22, 4 };
	__u64 sum[9] = { 0 };

	(void)state;
	kvms_sum_add(&layout, sum, a, 0);
	kvms_sum_add(&layout, sum, b, 1);
	assert_memory_equal(sum, expected, sizeof(sum));
}

static void peak_is_the_larger_in_any_order(void **state)
{
	__u64 sum[9] = { 0 };

	(void)state;
	kvms_sum_add(&layout, sum, b, 1);
	kvms_sum_add(&layout, sum, a, 1);
	assert_int_equal(sum[2], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(living_objects_are_summed_by_type),
		cmocka_unit_test(instant_values_of_the_gone_are_nothing),
		cmocka_unit_test(peak_is_the_larger_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
