// SPDX-License-Identifier: GPL-2.0-only
/* Reading and clearing by definition and by name. */
#include "test.h"

struct memory {
	u64 count;
	u64 level;
	u64 peak;
};

static u64 get_twice(const struct statsfs_value *val, void *base)
{
	return 2 * *(u64 *)(base + val->offset);
}

static const struct statsfs_type twice = { .get = get_twice };

#define TYPED(n) \
	.name = #n, .offset = offsetof(struct memory, n), .type = &statsfs_type_u64
#define VALUE(n)	TYPED(n), .aggregate = STATSFS_SUM

static const struct statsfs_value values[] = {
	{ VALUE(count) },
	{ VALUE(level), .flags = STATSFS_FLOATING },
	{ VALUE(peak), .flags = STATSFS_PEAK },
	{ .name = "twice", .offset = offsetof(struct memory, count), .type = &twice },
	{ .name = "count", .offset = offsetof(struct memory, peak), .type = &statsfs_type_u64 },
	{}
};

enum { COUNT, LEVEL, PEAK, TWICE, COUNT_AGAIN };

/* Other definitions of the same names. */
static const struct statsfs_value others[] = {
	{ VALUE(level) },
	{ .name = "count", .offset = offsetof(struct memory, level), .type = &statsfs_type_u64 },
	{}
};

static u64 by_name(struct statsfs_source *src, const char *name)
{
	u64 value = 0;

	EXPECT(statsfs_source_get_value_by_name(src, name, &value), 0);
	return value;
}

static void unknown(void)
{
	struct statsfs_source *src = test_source(0, "values");
	u64 value = 5;

	EXPECT(statsfs_source_get_value(src, values, &value), -ENOENT);
	EXPECT(value, 0);
	value = 5;
	EXPECT(statsfs_source_get_value_by_name(src, "count", &value), -ENOENT);
	EXPECT(value, 0);
	EXPECT(statsfs_source_clear(src, values), -ENOENT);
	EXPECT(statsfs_source_clear_by_name(src, "count"), -ENOENT);
	EXPECT(statsfs_source_add_values(src, values, &(struct memory){}, 0), 0);
	EXPECT(statsfs_source_get_value(src, others, &value), -ENOENT);
	EXPECT(statsfs_source_get_value_by_name(src, "coun", &value), -ENOENT);
	EXPECT(statsfs_source_get_value_by_name(src, "counts", &value), -ENOENT);
	EXPECT(statsfs_source_get_value_by_name(src, "", &value), -ENOENT);
	/* what ends the array is no value */
	EXPECT(statsfs_source_get_value(src, &values[COUNT_AGAIN + 1], &value), -ENOENT);
	test_end(src);
}

static void reading(void)
{
	struct memory memory = { .count = 3, .level = 4, .peak = 5 };
	struct statsfs_source *src = test_source(0, "values");

	EXPECT(statsfs_source_add_values(src, values, &memory, 0), 0);
	EXPECT(test_value(src, &values[COUNT]), 3);
	EXPECT(test_value(src, &values[LEVEL]), 4);
	EXPECT(test_value(src, &values[PEAK]), 5);
	EXPECT(test_value(src, &values[TWICE]), 6);
	EXPECT(test_value(src, &values[COUNT_AGAIN]), 5);
	EXPECT(by_name(src, "level"), 4);
	EXPECT(by_name(src, "twice"), 6);
	memory.level = 7;
	EXPECT(by_name(src, "level"), 7);
	test_end(src);
}

/* In an array the first, and of arrays the last. */
static void repeated_names(void)
{
	struct memory memory = { .count = 3, .level = 4, .peak = 5 };
	struct memory hidden = { .count = 6, .level = 7, .peak = 8 };
	struct statsfs_source *src = test_source(0, "values");

	EXPECT(statsfs_source_add_values(src, values, &memory, 0), 0);
	EXPECT(by_name(src, "count"), 3);
	EXPECT(statsfs_source_add_values(src, others, &memory, 0), 0);
	EXPECT(by_name(src, "count"), 4);
	EXPECT(by_name(src, "peak"), 5);
	EXPECT(test_value(src, &values[COUNT]), 3);
	EXPECT(statsfs_source_add_values(src, values, &hidden, STATSFS_HIDDEN), 0);
	EXPECT(by_name(src, "count"), 6);
	EXPECT(by_name(src, "peak"), 8);
	EXPECT(test_value(src, &values[COUNT]), 6);
	test_end(src);
}

static void same_array(void)
{
	struct memory one = { .count = 1 }, two = { .count = 2 };
	struct statsfs_source *src = test_source(0, "values");

	EXPECT(statsfs_source_add_values(src, others, &one, 0), 0);
	EXPECT(statsfs_source_add_values(src, others, &one, 0), -EEXIST);
	EXPECT(statsfs_source_add_values(src, others, &one, STATSFS_HIDDEN), -EEXIST);
	EXPECT(statsfs_source_add_values(src, others, &two, 0), 0);
	EXPECT(statsfs_source_add_values(src, others, &two, 0), -EEXIST);
	test_end(src);
}

/* As an aggregate once, and each value of it must be of some kind. */
static void aggregates_twice(void)
{
	static const struct statsfs_value sums[] = { { VALUE(count) }, {} };
	struct statsfs_source *src = test_source(0, "values");

	EXPECT(statsfs_source_add_values(src, values, NULL, 0), -EINVAL);
	EXPECT(statsfs_source_add_values(src, sums, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(src, sums, NULL, 0), -EEXIST);
	EXPECT(statsfs_source_add_values(src, sums, &(struct memory){}, 0), 0);
	test_end(src);
}

static void clearing(void)
{
	struct memory memory = { .count = 3, .level = 4, .peak = 5 };
	struct statsfs_source *src = test_source(0, "values");

	EXPECT(statsfs_source_add_values(src, values, &memory, 0), 0);
	EXPECT(statsfs_source_clear(src, &values[COUNT]), 0);
	EXPECT(memory.count, 0);
	EXPECT(memory.peak, 5);
	EXPECT(statsfs_source_clear(src, &values[PEAK]), 0);
	EXPECT(memory.peak, 0);
	EXPECT(statsfs_source_clear(src, &values[LEVEL]), -EPERM);
	EXPECT(statsfs_source_clear_by_name(src, "level"), -EPERM);
	EXPECT(statsfs_source_clear(src, &values[TWICE]), -EPERM);
	EXPECT(memory.level, 4);
	memory.count = 9;
	EXPECT(statsfs_source_clear_by_name(src, "count"), 0);
	EXPECT(memory.count, 0);
	test_end(src);
}

static const struct statsfs_value sums[] = {
	{ VALUE(count) },
	{ VALUE(level), .flags = STATSFS_FLOATING },
	{ TYPED(peak), .aggregate = STATSFS_MAX, .flags = STATSFS_PEAK },
	{}
};

/* An aggregate clears all below, one value of it, and nothing beside it or above. */
static void clearing_levels(void)
{
	struct memory memory[4], *bottom = &memory[3];
	struct statsfs_source *src[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		memory[i] = (struct memory){ .count = i + 1, .level = i + 1, .peak = i + 1 };
		src[i] = test_source(0, "level%u", i);
		EXPECT(statsfs_source_add_values(src[i], sums, &memory[i], 0), 0);
		EXPECT(statsfs_source_add_values(src[i], sums, NULL, 0), 0);
		if (i)
			EXPECT(statsfs_source_add_subordinate(src[i - 1], src[i]), 0);
	}
	EXPECT(test_value(src[0], &sums[COUNT]), 10);
	EXPECT(statsfs_source_clear(src[3], &sums[COUNT]), 0);
	EXPECT(test_value(src[0], &sums[COUNT]), 6);
	EXPECT(statsfs_source_clear(src[1], &sums[COUNT]), 0);
	EXPECT(test_value(src[0], &sums[COUNT]), 1);
	EXPECT(statsfs_source_clear(src[0], &sums[LEVEL]), -EPERM);
	EXPECT(test_value(src[0], &sums[LEVEL]), 10);
	EXPECT(test_value(src[0], &sums[PEAK]), 4);
	EXPECT(statsfs_source_clear_by_name(src[0], "peak"), 0);
	EXPECT(test_value(src[0], &sums[PEAK]), 0);
	EXPECT(bottom->peak, 0);
	EXPECT(bottom->level, 4);
	test_end_all(src, 4);
}

/* Once no source has it, its owner may make something else of it: it is checked again. */
static void array_reused(void)
{
	struct statsfs_value reused[3] = { { VALUE(count) }, {}, {} };
	struct statsfs_source *src = test_source(0, "values");

	EXPECT(statsfs_source_add_values(src, reused, NULL, 0), 0);
	test_end(src);
	reused[0].name = "a.b";
	src = test_source(0, "values");
	EXPECT(statsfs_source_add_values(src, reused, NULL, 0), -EINVAL);
	reused[0].name = "count";
	reused[1] = values[LEVEL];
	EXPECT(statsfs_source_add_values(src, reused, NULL, 0), 0);
	EXPECT(by_name(src, "level"), 0);
	test_end(src);
}

static const struct test_case values_cases[] = {
	{ "unknown ones", unknown },
	{ "reading", reading },
	{ "repeated names", repeated_names },
	{ "the same array", same_array },
	{ "aggregates", aggregates_twice },
	{ "an array that changed", array_reused },
	{ "clearing", clearing },
	{ "clearing at each level", clearing_levels },
};

const struct suite values_suite = SUITE(values);
