// SPDX-License-Identifier: GPL-2.0-only
/* Every aggregate over every type: what is made of known sets of numbers. */
#define pr_fmt(fmt) "statsfs_test: " fmt

#include "test.h"

#define MEMBERS_MAX	4

/* One definition of each kind over one member. */
enum { SUM, MIN, MAX, AVG, COUNT_ZERO, NR_KINDS };

static const char *const kind_names[] = { "sum", "min", "max", "avg", "count_zero" };

/* Types that a set is for. */
#define BOOL		(1u << 0)
#define UNSIGNED	(1u << 1)
#define SIGNED		(1u << 2)
#define WIDE_UNSIGNED	(1u << 3)
#define WIDE_SIGNED	(1u << 4)
#define NUMBERS		(UNSIGNED | SIGNED)
#define ALL		(BOOL | NUMBERS)

static const struct {
	const char *name;
	const struct statsfs_type *type;
	unsigned int size;
	u32 takes;
} types[] = {
	{ "u8", &statsfs_type_u8, 1, UNSIGNED },
	{ "s8", &statsfs_type_s8, 1, SIGNED },
	{ "u16", &statsfs_type_u16, 2, UNSIGNED },
	{ "s16", &statsfs_type_s16, 2, SIGNED },
	{ "u32", &statsfs_type_u32, 4, UNSIGNED },
	{ "s32", &statsfs_type_s32, 4, SIGNED },
	{ "u64", &statsfs_type_u64, 8, UNSIGNED | WIDE_UNSIGNED },
	{ "s64", &statsfs_type_s64, 8, SIGNED | WIDE_SIGNED },
	{ "bool", &statsfs_type_bool, 1, BOOL },
};

static const struct {
	u32 types;
	unsigned int nr;
	s64 members[MEMBERS_MAX];
	u64 expected[NR_KINDS];
} sets[] = {
	{ UNSIGNED | BOOL, 0, {}, { 0, U64_MAX, 0, 0, 0 } },
	{ SIGNED, 0, {}, { 0, S64_MAX, S64_MIN, 0, 0 } },
	{ ALL, 1, { 0 }, { 0, 0, 0, 0, 1 } },
	{ ALL, 1, { 1 }, { 1, 1, 1, 1, 0 } },
	{ ALL, 4, { 1, 0, 1, 1 }, { 3, 0, 1, 0, 1 } },
	{ ALL, 4, { 0, 0, 0, 0 }, { 0, 0, 0, 0, 4 } },
	{ NUMBERS, 3, { 1, 2, 6 }, { 9, 1, 6, 3, 0 } },
	{ NUMBERS, 3, { 7, 0, 100 }, { 107, 0, 100, 35, 1 } },
	{ NUMBERS, 4, { 127, 127, 127, 127 }, { 508, 127, 127, 127, 0 } },
	{ UNSIGNED, 3, { 200, 255, 0 }, { 455, 0, 255, 151, 1 } },
	{ SIGNED, 1, { -1 }, { -1, -1, -1, -1, 0 } },
	{ SIGNED, 3, { -1, -2, -6 }, { -9, -6, -1, -3, 0 } },
	{ SIGNED, 3, { -7, 4, 0 }, { -3, -7, 4, -1, 1 } },
	{ SIGNED, 2, { -128, 127 }, { -1, -128, 127, 0, 0 } },
	{ SIGNED, 4, { -3, -3, -3, -2 }, { -11, -3, -2, -2, 0 } },
	{ WIDE_UNSIGNED, 2, { U64_MAX, 1 }, { 0, 1, U64_MAX, 0, 0 } },
	{ WIDE_UNSIGNED, 2, { S64_MIN, S64_MAX },
	  { U64_MAX, S64_MAX, S64_MIN, U64_MAX / 2, 0 } },
	{ WIDE_SIGNED, 2, { S64_MIN, S64_MAX }, { -1, S64_MIN, S64_MAX, 0, 0 } },
};

static void define(struct statsfs_value values[NR_KINDS + 1], const struct statsfs_type *type)
{
	unsigned int k;

	memset(values, 0, (NR_KINDS + 1) * sizeof(*values));
	for (k = 0; k < NR_KINDS; k++) {
		values[k].name = kind_names[k];
		values[k].type = type;
		values[k].aggregate = STATSFS_SUM + k;
	}
}

/* A source for each member, in the one before it or all in the first: three deep, or wide. */
static void check_set(unsigned int t, unsigned int s, unsigned int kind, bool deep)
{
	struct statsfs_source *src[MEMBERS_MAX];
	struct statsfs_value values[NR_KINDS + 1];
	u64 memory[MEMBERS_MAX];
	unsigned int i;

	define(values, types[t].type);
	for (i = 0; i < MEMBERS_MAX; i++) {
		src[i] = test_source(0, "member%u", i);
		if (i < sets[s].nr) {
			test_store(&memory[i], types[t].size, sets[s].members[i]);
			EXPECT(statsfs_source_add_values(src[i], values, &memory[i], 0), 0);
		}
		if (i)
			EXPECT(statsfs_source_add_subordinate(src[deep ? i - 1 : 0], src[i]), 0);
	}
	/* The last one added goes before the first source's own member. */
	EXPECT(statsfs_source_add_values(src[0], values, NULL, 0), 0);
	if (!EXPECT(test_value(src[0], &values[kind]), sets[s].expected[kind]))
		pr_info("# that is set %u\n", s);
	test_end_all(src, MEMBERS_MAX);
}

static void aggregates_run(unsigned int i)
{
	unsigned int t = i / 2 / NR_KINDS, kind = i / 2 % NR_KINDS, s;
	bool deep = i % 2;

	test_name("%s of %s, %s", kind_names[kind], types[t].name,
		  deep ? "below each other" : "side by side");
	for (s = 0; s < ARRAY_SIZE(sets); s++)
		if (sets[s].types & types[t].takes)
			check_set(t, s, kind, deep);
}

const struct suite aggregates_suite = {
	.name = "aggregates",
	.nr = ARRAY_SIZE(types) * NR_KINDS * 2,
	.run = aggregates_run,
};
