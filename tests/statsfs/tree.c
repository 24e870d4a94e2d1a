// SPDX-License-Identifier: GPL-2.0-only
/* Sources in sources. */
#include "test.h"

#define DEPTH_MAX	32

static u64 memory = 1;

static const struct statsfs_value values[] = {
	{ .name = "count", .type = &statsfs_type_u64, .aggregate = STATSFS_SUM },
	{}
};

static void add_and_remove(void)
{
	struct statsfs_source *src = test_source(0, "parent"), *sub = test_source(0, "sub");
	struct statsfs_source *other = test_source(0, "other");

	EXPECT(statsfs_source_remove_subordinate(src, sub), -ENOENT);
	EXPECT(statsfs_source_add_subordinate(src, sub), 0);
	EXPECT(statsfs_source_add_subordinate(src, sub), -EBUSY);
	EXPECT(statsfs_source_add_subordinate(other, sub), -EBUSY);
	EXPECT(statsfs_source_remove_subordinate(other, sub), -ENOENT);
	EXPECT(statsfs_source_remove_subordinate(sub, src), -ENOENT);
	EXPECT(statsfs_source_remove_subordinate(src, sub), 0);
	EXPECT(statsfs_source_remove_subordinate(src, sub), -ENOENT);
	EXPECT(statsfs_source_add_subordinate(other, sub), 0);
	EXPECT(statsfs_source_remove_subordinate(other, sub), 0);
	EXPECT(statsfs_source_add_subordinate(src, sub), 0);
	test_end(src, sub, other);
}

static void names_taken(void)
{
	struct statsfs_source *src = test_source(0, "parent"), *sub = test_source(0, "count");
	struct statsfs_source *same = test_source(0, "count");
	struct statsfs_source *hidden = test_source(STATSFS_HIDDEN, "count");

	EXPECT(statsfs_source_add_subordinate(src, sub), 0);
	EXPECT(statsfs_source_add_subordinate(src, same), -EEXIST);
	EXPECT(statsfs_source_add_subordinate(src, hidden), -EEXIST);
	EXPECT(statsfs_source_add_values(src, values, &memory, 0), -EEXIST);
	EXPECT(statsfs_source_remove_subordinate(src, sub), 0);
	EXPECT(statsfs_source_add_subordinate(src, same), 0);
	EXPECT(statsfs_source_remove_subordinate(src, same), 0);
	EXPECT(statsfs_source_add_values(src, values, &memory, STATSFS_HIDDEN), 0);
	EXPECT(statsfs_source_add_subordinate(src, sub), -EEXIST);
	/* the same name elsewhere is another */
	EXPECT(statsfs_source_add_subordinate(same, sub), 0);
	test_end(src, sub, same, hidden);
}

static void loops(void)
{
	struct statsfs_source *a = test_source(0, "a"), *b = test_source(0, "b");
	struct statsfs_source *c = test_source(0, "c");

	EXPECT(statsfs_source_add_subordinate(a, a), -ELOOP);
	EXPECT(statsfs_source_add_subordinate(a, b), 0);
	EXPECT(statsfs_source_add_subordinate(b, a), -ELOOP);
	EXPECT(statsfs_source_add_subordinate(b, c), 0);
	EXPECT(statsfs_source_add_subordinate(c, a), -ELOOP);
	EXPECT(statsfs_source_remove_subordinate(a, b), 0);
	EXPECT(statsfs_source_add_subordinate(c, a), 0);
	test_end(a, b, c);
}

/* Two halves that are too high together, and fit without one. */
static void depth(void)
{
	struct statsfs_source *src[DEPTH_MAX + 1];
	unsigned int i;

	for (i = 0; i <= DEPTH_MAX; i++) {
		src[i] = test_source(0, "deep%u", i);
		EXPECT(statsfs_source_add_values(src[i], values, i ? &memory : NULL, 0), 0);
		if (i && i != DEPTH_MAX / 2)
			EXPECT(statsfs_source_add_subordinate(src[i - 1], src[i]), 0);
	}
	EXPECT(statsfs_source_add_subordinate(src[DEPTH_MAX / 2 - 1], src[DEPTH_MAX / 2]), -ELOOP);
	EXPECT(statsfs_source_remove_subordinate(src[DEPTH_MAX - 1], src[DEPTH_MAX]), 0);
	EXPECT(statsfs_source_add_subordinate(src[DEPTH_MAX / 2 - 1], src[DEPTH_MAX / 2]), 0);
	EXPECT(statsfs_source_add_subordinate(src[DEPTH_MAX - 1], src[DEPTH_MAX]), -ELOOP);
	EXPECT(test_value(src[0], values), DEPTH_MAX - 1);
	EXPECT(statsfs_source_register(src[0]), 0);
	EXPECT(test_value(src[0], values), DEPTH_MAX - 1);
	EXPECT(statsfs_source_unregister(src[0]), 0);
	test_end_all(src, DEPTH_MAX + 1);
}

/* A parent that goes lets its subordinates go, not what they hold. */
static void parent_put(void)
{
	struct statsfs_source *src = test_source(0, "parent"), *sub = test_source(0, "sub");
	struct statsfs_source *below = test_source(0, "below");

	EXPECT(statsfs_source_add_subordinate(src, sub), 0);
	EXPECT(statsfs_source_add_subordinate(sub, below), 0);
	EXPECT(statsfs_source_add_values(sub, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(below, values, &memory, 0), 0);
	test_end(src);
	EXPECT(test_value(sub, values), 1);
	EXPECT(statsfs_source_register(sub), 0);
	EXPECT(statsfs_source_unregister(sub), 0);
	test_end(below);
	EXPECT(test_value(sub, values), 0);
	test_end(sub);
}

/* Held by their parents alone, a whole tree goes with its top. */
static void tree_put(void)
{
	struct statsfs_source *top = test_source(0, "top"), *mid = test_source(0, "mid"), *sub;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		sub = test_source(0, "sub%u", i);
		EXPECT(statsfs_source_add_values(sub, values, &memory, 0), 0);
		EXPECT(statsfs_source_add_subordinate(mid, sub), 0);
		statsfs_source_put(sub);
	}
	EXPECT(statsfs_source_add_subordinate(top, mid), 0);
	statsfs_source_put(mid);
	EXPECT(statsfs_source_add_values(top, values, NULL, 0), 0);
	EXPECT(test_value(top, values), 4);
	test_end(top);
}

static void many(void)
{
	struct statsfs_source *src = test_source(0, "many"), *sub[100];
	unsigned int i;

	EXPECT(statsfs_source_add_values(src, values, NULL, 0), 0);
	EXPECT(statsfs_source_register(src), 0);
	for (i = 0; i < ARRAY_SIZE(sub); i++) {
		sub[i] = test_source(0, "sub%u", i);
		EXPECT(statsfs_source_add_values(sub[i], values, &memory, 0), 0);
		EXPECT(statsfs_source_add_subordinate(src, sub[i]), 0);
	}
	EXPECT(test_value(src, values), ARRAY_SIZE(sub));
	for (i = 0; i < ARRAY_SIZE(sub); i += 2)
		EXPECT(statsfs_source_remove_subordinate(src, sub[i]), 0);
	EXPECT(test_value(src, values), ARRAY_SIZE(sub) / 2);
	for (i = 0; i < ARRAY_SIZE(sub); i += 2)
		EXPECT(statsfs_source_add_subordinate(src, sub[i]), 0);
	EXPECT(test_value(src, values), ARRAY_SIZE(sub));
	EXPECT(statsfs_source_unregister(src), 0);
	test_end_all(sub, ARRAY_SIZE(sub));
	EXPECT(test_value(src, values), 0);
	test_end(src);
}

static const struct test_case tree_cases[] = {
	{ "added and removed", add_and_remove },
	{ "names that are taken", names_taken },
	{ "loops", loops },
	{ "as deep as it may be", depth },
	{ "a parent that goes", parent_put },
	{ "a tree that goes", tree_put },
	{ "many", many },
};

const struct suite tree_suite = SUITE(tree);
