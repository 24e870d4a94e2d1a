// SPDX-License-Identifier: GPL-2.0-only
/* What sources and values may be called, and may be. */
#include "test.h"

#define NAME_47		"a-name-of-as-many-bytes-as-a-name-may-have-4567"
#define NAME_48		NAME_47 "8"

static u64 memory;

/* --- names --- */

static const struct {
	const char *what;
	const char *name;
	int err;
} names[] = {
	{ "one byte", "a", 0 },
	{ "the longest", NAME_47, 0 },
	{ "a byte too long", NAME_48, -ENAMETOOLONG },
	{ "much too long", NAME_47 NAME_47 NAME_47, -ENAMETOOLONG },
	{ "empty", "", -EINVAL },
	{ "a slash", "a/b", -EINVAL },
	{ "a slash alone", "/", -EINVAL },
	{ "a dot", ".", -EINVAL },
	{ "two dots", "..", -EINVAL },
	{ "hidden by a dot", ".stats", -EINVAL },
	{ "a dot inside", "a.b", -EINVAL },
	{ "a newline", "a\nb", -EINVAL },
	{ "a tab", "\ta", -EINVAL },
	{ "delete", "a\x7f", -EINVAL },
	{ "UTF-8", "\xc3\xa4", 0 },
	{ "a percent sign", "100%s%n", 0 },
};

/* Of a source, and of a value. */
static void bad_names_run(unsigned int i)
{
	const struct statsfs_value values[] = {
		{ .name = names[i].name, .type = &statsfs_type_u64 },
		{}
	};
	struct statsfs_source *src;

	test_name("%s", names[i].what);
	src = statsfs_source_create(0, "%s", names[i].name);
	EXPECT(PTR_ERR_OR_ZERO(src), names[i].err);
	statsfs_source_put(src);

	src = test_source(0, "names");
	EXPECT(statsfs_source_add_values(src, values, &memory, 0), names[i].err);
	EXPECT(statsfs_source_get_value(src, values, &(u64){ 0 }), names[i].err ? -ENOENT : 0);
	test_end(src);
}

const struct suite bad_names_suite = {
	.name = "names",
	.nr = ARRAY_SIZE(names),
	.run = bad_names_run,
};

/* --- values --- */

static u64 get_nothing(const struct statsfs_value *val, void *base)
{
	return 0;
}

static const struct statsfs_type only_get = { .get = get_nothing };
static const struct statsfs_type no_get = {};

#define TYPED	.name = "v", .type = &statsfs_type_u64
#define GOOD	TYPED, .aggregate = STATSFS_SUM

struct definition {
	const char *what;
	struct statsfs_value values[2];
};

static const struct definition bad[] = {
	{ "no type", { { .name = "v" } } },
	{ "a type that cannot be read", { { .name = "v", .type = &no_get } } },
	{ "an unknown flag", { { GOOD, .flags = 1u << 2 } } },
	{ "the last flag", { { GOOD, .flags = 1u << 31 } } },
	{ "an unknown aggregate", { { TYPED, .aggregate = STATSFS_COUNT_ZERO + 1 } } },
	{ "a negative aggregate", { { TYPED, .aggregate = -1 } } },
	{ "an unknown unit", { { GOOD, .unit = 0x50 } } },
	{ "an unknown base", { { GOOD, .unit = 0x200 } } },
	{ "a kind as unit", { { GOOD, .unit = 1 } } },
	{ "a unit beyond", { { GOOD, .unit = 0x1000 } } },
	{ "seconds by the thousand", { { GOOD, .unit = STATSFS_UNIT_SECONDS, .exponent = 3 } } },
	{ "parts of a byte", { { GOOD, .unit = STATSFS_UNIT_BYTES, .exponent = -1 } } },
	{ "parts of a cycle", { { GOOD, .unit = STATSFS_UNIT_CYCLES, .exponent = -3 } } },
	{ "parts of one", { { GOOD, .exponent = -3 } } },
	{ "ten booleans", { { GOOD, .unit = STATSFS_UNIT_BOOLEAN, .exponent = 1 } } },
	{ "ten of a boolean type",
	  { { .name = "v", .type = &statsfs_type_bool, .exponent = 1 } } },
};

/* Also behind a value that is good, of which nothing is left then. */
static void bad_values_run(unsigned int i)
{
	const struct statsfs_value second[] = {
		{ .name = "good", .type = &statsfs_type_u64 },
		bad[i].values[0],
		{}
	};
	struct statsfs_source *src = test_source(0, "bad");
	u64 value = 1;

	test_name("%s", bad[i].what);
	EXPECT(statsfs_source_add_values(src, bad[i].values, &memory, 0), -EINVAL);
	EXPECT(statsfs_source_add_values(src, second, &memory, 0), -EINVAL);
	EXPECT(statsfs_source_get_value_by_name(src, "good", &value), -ENOENT);
	EXPECT(value, 0);
	test_end(src);
}

const struct suite bad_values_suite = {
	.name = "bad values",
	.nr = ARRAY_SIZE(bad),
	.run = bad_values_run,
};

static const struct definition good[] = {
	{ "the least", { { .name = "v", .type = &only_get } } },
	{ "nanoseconds", { { GOOD, .unit = STATSFS_UNIT_SECONDS, .exponent = -9 } } },
	{ "mebibytes", { { GOOD, .unit = STATSFS_UNIT_BYTES | STATSFS_BASE_POW2, .exponent = 20 } } },
	{ "kilocycles", { { GOOD, .unit = STATSFS_UNIT_CYCLES, .exponent = 3 } } },
	{ "a boolean", { { GOOD, .unit = STATSFS_UNIT_BOOLEAN } } },
	{ "a boolean type", { { .name = "v", .type = &statsfs_type_bool } } },
	{ "a floating peak", { { GOOD, .flags = STATSFS_FLOATING | STATSFS_PEAK } } },
	{ "no value at all", {} },
};

static void good_values_run(unsigned int i)
{
	struct statsfs_source *src = test_source(0, "good");

	test_name("%s", good[i].what);
	EXPECT(statsfs_source_add_values(src, good[i].values, &memory, 0), 0);
	EXPECT(statsfs_source_add_values(src, good[i].values, &memory, 0), -EEXIST);
	test_end(src);
}

const struct suite good_values_suite = {
	.name = "good values",
	.nr = ARRAY_SIZE(good),
	.run = good_values_run,
};

/* --- sources --- */

static void unknown_flags(void)
{
	struct statsfs_source *src = test_source(0, "flags");

	EXPECT(PTR_ERR(statsfs_source_create(STATSFS_HIDDEN | 2, "flags")), -EINVAL);
	EXPECT(statsfs_source_add_values(src, good[0].values, &memory, 2), -EINVAL);
	test_end(src);
}

static void made_of_parts(void)
{
	struct statsfs_source *src = test_source(0, "%s-%d", "part", 2);
	struct statsfs_source *same = test_source(0, "part-2");

	EXPECT(statsfs_source_register(src), 0);
	EXPECT(statsfs_source_register(same), -EEXIST);
	EXPECT(statsfs_source_unregister(src), 0);
	test_end(src, same);
}

static void references(void)
{
	struct statsfs_source *src = test_source(0, "references");

	EXPECT(statsfs_source_get(src) == src, true);
	statsfs_source_put(src);
	EXPECT(statsfs_source_add_values(src, good[0].values, &memory, 0), 0);
	test_end(src);
	statsfs_source_put(NULL);
	statsfs_source_put(ERR_PTR(-ENOMEM));
}

static void registration(void)
{
	struct statsfs_source *src = test_source(0, "registered");
	struct statsfs_source *parent = test_source(0, "parent");
	struct statsfs_source *hidden = test_source(STATSFS_HIDDEN, "hidden");

	EXPECT(statsfs_source_unregister(src), -ENOENT);
	EXPECT(statsfs_source_register(hidden), -EINVAL);
	EXPECT(statsfs_source_register(src), 0);
	EXPECT(statsfs_source_register(src), -EBUSY);
	EXPECT(statsfs_source_add_subordinate(parent, src), -EBUSY);
	EXPECT(statsfs_source_unregister(src), 0);
	EXPECT(statsfs_source_unregister(src), -ENOENT);
	EXPECT(statsfs_source_add_subordinate(parent, src), 0);
	EXPECT(statsfs_source_register(src), -EBUSY);
	EXPECT(statsfs_source_unregister(src), -ENOENT);
	test_end(src, parent, hidden);
}

/* Its creator's reference is gone, the root's is not. */
static void registered_alone(void)
{
	struct statsfs_source *src = test_source(0, "alone");

	EXPECT(statsfs_source_add_values(src, good[1].values, &memory, 0), 0);
	EXPECT(statsfs_source_register(src), 0);
	statsfs_source_put(src);
	EXPECT(test_value(src, good[1].values), 0);
	statsfs_source_revoke(src);
	EXPECT(statsfs_source_unregister(src), 0);
}

static const struct test_case sources_cases[] = {
	{ "unknown flags", unknown_flags },
	{ "a name made of parts", made_of_parts },
	{ "references", references },
	{ "into the root and out of it", registration },
	{ "held by the root alone", registered_alone },
};

const struct suite sources_suite = SUITE(sources);
