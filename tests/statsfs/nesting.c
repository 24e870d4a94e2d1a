// SPDX-License-Identifier: GPL-2.0-only
/* What an aggregate is over. */
#include "test.h"

static const struct statsfs_value values[] = {
	{ .name = "sum", .type = &statsfs_type_s32, .aggregate = STATSFS_SUM },
	{ .name = "least", .type = &statsfs_type_s32, .aggregate = STATSFS_MIN },
	{}
};

/* The same to the letter, and other values. */
static const struct statsfs_value twins[] = {
	{ .name = "sum", .type = &statsfs_type_s32, .aggregate = STATSFS_SUM },
	{ .name = "least", .type = &statsfs_type_s32, .aggregate = STATSFS_MIN },
	{}
};

/* a, with b in it, with c in it */
static s32 memory[6];
static struct statsfs_source *a, *b, *c;

static void begin(u32 flags_of_b)
{
	a = test_source(0, "a");
	b = test_source(flags_of_b, "b");
	c = test_source(0, "c");
	EXPECT(statsfs_source_add_subordinate(a, b), 0);
	EXPECT(statsfs_source_add_subordinate(b, c), 0);
	memory[0] = 1;
	memory[1] = 10;
	memory[2] = 100;
	memory[3] = 1000;
	memory[4] = -7;
	memory[5] = 4;
}

static void end(void)
{
	test_end(a, b, c);
}

static void own_values_count(void)
{
	begin(0);
	EXPECT(statsfs_source_add_values(a, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(a, values, &memory[0], 0), 0);
	/* the last one added is found */
	EXPECT(test_value(a, values), 1);
	end();

	begin(0);
	EXPECT(statsfs_source_add_values(a, values, &memory[0], 0), 0);
	EXPECT(statsfs_source_add_values(a, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(c, values, &memory[2], 0), 0);
	EXPECT(test_value(a, values), 101);
	end();
}

static void no_aggregate_counts(void)
{
	begin(0);
	EXPECT(statsfs_source_add_values(c, values, &memory[2], 0), 0);
	EXPECT(statsfs_source_add_values(c, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(b, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(a, values, NULL, 0), 0);
	EXPECT(test_value(a, values), 100);
	EXPECT(test_value(b, values), 100);
	EXPECT(test_value(c, values), 100);
	end();
}

static void several_bases(void)
{
	begin(0);
	EXPECT(statsfs_source_add_values(a, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(b, values, &memory[1], 0), 0);
	EXPECT(statsfs_source_add_values(b, values, &memory[2], 0), 0);
	EXPECT(statsfs_source_add_values(c, values, &memory[3], 0), 0);
	EXPECT(statsfs_source_add_values(c, values, &memory[4], 0), 0);
	EXPECT(test_value(a, values), 1103);
	EXPECT(test_value(a, &values[1]), -7);
	/* in two sources at once it counts twice */
	EXPECT(statsfs_source_add_values(c, values, &memory[1], 0), 0);
	EXPECT(test_value(a, values), 1113);
	end();
}

static void twins_do_not_count(void)
{
	begin(0);
	EXPECT(statsfs_source_add_values(a, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(a, twins, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(b, values, &memory[1], 0), 0);
	EXPECT(statsfs_source_add_values(c, twins, &memory[2], 0), 0);
	EXPECT(test_value(a, values), 10);
	EXPECT(test_value(a, twins), 100);
	end();
}

static void nothing_above_or_beside(void)
{
	struct statsfs_source *beside = test_source(0, "beside");

	begin(0);
	EXPECT(statsfs_source_add_subordinate(a, beside), 0);
	EXPECT(statsfs_source_add_values(a, values, &memory[0], 0), 0);
	EXPECT(statsfs_source_add_values(beside, values, &memory[3], 0), 0);
	EXPECT(statsfs_source_add_values(b, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(c, values, &memory[2], 0), 0);
	EXPECT(test_value(b, values), 100);
	EXPECT(test_value(b, &values[1]), 100);
	end();
	test_end(beside);
}

static void hidden_count(void)
{
	begin(STATSFS_HIDDEN);
	EXPECT(statsfs_source_add_values(a, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(a, values, &memory[0], STATSFS_HIDDEN), 0);
	EXPECT(statsfs_source_add_values(b, values, &memory[1], 0), 0);
	EXPECT(statsfs_source_add_values(c, values, &memory[2], STATSFS_HIDDEN), 0);
	EXPECT(statsfs_source_add_values(c, values, &memory[3], 0), 0);
	EXPECT(test_value(a, values), 1);
	EXPECT(statsfs_source_add_values(b, values, NULL, STATSFS_HIDDEN), 0);
	EXPECT(test_value(b, values), 1110);
	EXPECT(statsfs_source_register(a), 0);
	EXPECT(test_value(b, values), 1110);
	EXPECT(statsfs_source_unregister(a), 0);
	end();
}

static void removed_and_added_again(void)
{
	begin(0);
	EXPECT(statsfs_source_add_values(a, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(b, values, &memory[1], 0), 0);
	EXPECT(statsfs_source_add_values(c, values, &memory[2], 0), 0);
	EXPECT(test_value(a, values), 110);
	EXPECT(statsfs_source_remove_subordinate(b, c), 0);
	EXPECT(test_value(a, values), 10);
	EXPECT(test_value(c, values), 100);
	EXPECT(statsfs_source_add_subordinate(a, c), 0);
	EXPECT(test_value(a, values), 110);
	EXPECT(statsfs_source_remove_subordinate(a, b), 0);
	EXPECT(test_value(a, values), 100);
	EXPECT(statsfs_source_add_subordinate(c, b), 0);
	EXPECT(test_value(a, values), 110);
	EXPECT(statsfs_source_remove_subordinate(a, c), 0);
	EXPECT(test_value(a, values), 0);
	EXPECT(test_value(a, &values[1]), S64_MAX);
	end();
}

static void values_follow_memory(void)
{
	begin(0);
	EXPECT(statsfs_source_add_values(a, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(c, values, &memory[5], 0), 0);
	EXPECT(test_value(a, values), 4);
	memory[5] = -4;
	EXPECT(test_value(a, values), -4);
	EXPECT(test_value(a, &values[1]), -4);
	end();
}

static const struct test_case nesting_cases[] = {
	{ "a source's own values count", own_values_count },
	{ "aggregates below do not", no_aggregate_counts },
	{ "one array, several bases", several_bases },
	{ "equal definitions are not the same", twins_do_not_count },
	{ "nothing above or beside", nothing_above_or_beside },
	{ "hidden ones count", hidden_count },
	{ "removed and added again", removed_and_added_again },
	{ "values follow the memory", values_follow_memory },
};

const struct suite nesting_suite = SUITE(nesting);
