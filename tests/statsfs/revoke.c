// SPDX-License-Identifier: GPL-2.0-only
/* Letting go of what a source is over. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/workqueue.h>

#include "test.h"

static unsigned int calls;

static u64 get_counted(const struct statsfs_value *val, void *base)
{
	calls++;
	return *(u64 *)base;
}

static void clear_counted(const struct statsfs_value *val, void *base)
{
	calls++;
	*(u64 *)base = 0;
}

static const struct statsfs_type counted = { .get = get_counted, .clear = clear_counted };

static const struct statsfs_value values[] = {
	{ .name = "sum", .type = &counted, .aggregate = STATSFS_SUM },
	{ .name = "least", .type = &counted, .aggregate = STATSFS_MIN },
	{ .name = "most", .type = &counted, .aggregate = STATSFS_MAX },
	{ .name = "mean", .type = &counted, .aggregate = STATSFS_AVG },
	{ .name = "zeroes", .type = &counted, .aggregate = STATSFS_COUNT_ZERO },
	{}
};

enum { SUM, LEAST, MOST, MEAN, ZEROES, NR };

static void reads_zero(void)
{
	struct statsfs_source *src = test_source(0, "revoked"), *sub = test_source(0, "sub");
	u64 memory = 7, value = 1;

	EXPECT(statsfs_source_add_values(src, values, &memory, 0), 0);
	EXPECT(test_value(src, values), 7);
	statsfs_source_revoke(src);
	calls = 0;
	EXPECT(test_value(src, values), 0);
	EXPECT(statsfs_source_get_value_by_name(src, "most", &value), 0);
	EXPECT(value, 0);
	/* what it had is forgotten: it has everything */
	value = 1;
	EXPECT(statsfs_source_get_value_by_name(src, "unknown", &value), 0);
	EXPECT(value, 0);
	EXPECT(statsfs_source_clear(src, values), 0);
	EXPECT(statsfs_source_clear_by_name(src, "unknown"), 0);
	EXPECT(calls, 0);
	EXPECT(memory, 7);
	EXPECT(statsfs_source_add_values(src, values, &memory, 0), -ESTALE);
	EXPECT(statsfs_source_add_subordinate(src, sub), -ESTALE);
	statsfs_source_revoke(src);
	statsfs_source_put(src);
	test_end(sub);
}

/* In the tree it stays where it is, and may move. */
static void stays_in_the_tree(void)
{
	struct statsfs_source *src = test_source(0, "parent"), *sub = test_source(0, "sub");
	struct statsfs_source *below = test_source(0, "below");
	u64 memory = 7;

	EXPECT(statsfs_source_add_values(src, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(below, values, &memory, 0), 0);
	EXPECT(statsfs_source_add_subordinate(src, sub), 0);
	EXPECT(statsfs_source_add_subordinate(sub, below), 0);
	statsfs_source_revoke(sub);
	/* what is below it is not touched */
	EXPECT(test_value(below, values), 7);
	EXPECT(test_value(src, values), 7);
	EXPECT(statsfs_source_remove_subordinate(src, sub), 0);
	EXPECT(test_value(src, values), 0);
	EXPECT(statsfs_source_register(sub), 0);
	EXPECT(statsfs_source_unregister(sub), 0);
	EXPECT(statsfs_source_remove_subordinate(sub, below), 0);
	test_end(src, sub, below);
}

/* Aggregates pass it over; of nothing but revoked values they are 0. */
static void aggregates_pass_over(void)
{
	static const u64 of_none[NR] = { 0, U64_MAX, 0, 0, 0 };
	static const u64 of_both[NR] = { 10, 0, 10, 5, 1 };
	static const u64 of_one[NR] = { 10, 10, 10, 10, 0 };
	struct statsfs_source *src = test_source(0, "parent");
	struct statsfs_source *zero = test_source(0, "zero"), *ten = test_source(0, "ten");
	u64 memory[2] = { 0, 10 };
	unsigned int i;

	EXPECT(statsfs_source_add_values(src, values, NULL, 0), 0);
	for (i = 0; i < NR; i++)
		EXPECT(test_value(src, &values[i]), of_none[i]);
	EXPECT(statsfs_source_add_subordinate(src, zero), 0);
	EXPECT(statsfs_source_add_subordinate(zero, ten), 0);
	EXPECT(statsfs_source_add_values(zero, values, &memory[0], 0), 0);
	EXPECT(statsfs_source_add_values(ten, values, &memory[1], 0), 0);
	for (i = 0; i < NR; i++)
		EXPECT(test_value(src, &values[i]), of_both[i]);
	statsfs_source_revoke(zero);
	for (i = 0; i < NR; i++)
		EXPECT(test_value(src, &values[i]), of_one[i]);
	statsfs_source_revoke(ten);
	calls = 0;
	for (i = 0; i < NR; i++)
		EXPECT(test_value(src, &values[i]), 0);
	EXPECT(statsfs_source_clear(src, values), 0);
	EXPECT(calls, 0);
	/* without them it is over nothing again */
	EXPECT(statsfs_source_remove_subordinate(src, zero), 0);
	for (i = 0; i < NR; i++)
		EXPECT(test_value(src, &values[i]), of_none[i]);
	test_end(src, zero, ten);
}

static void aggregate_revoked(void)
{
	struct statsfs_source *src = test_source(0, "parent"), *sub = test_source(0, "sub");
	u64 memory = 7;

	EXPECT(statsfs_source_add_values(src, values, NULL, 0), 0);
	EXPECT(statsfs_source_add_subordinate(src, sub), 0);
	EXPECT(statsfs_source_add_values(sub, values, &memory, 0), 0);
	statsfs_source_revoke(src);
	EXPECT(test_value(src, &values[SUM]), 0);
	EXPECT(test_value(src, &values[LEAST]), 0);
	EXPECT(statsfs_source_clear(src, values), 0);
	EXPECT(test_value(sub, values), 7);
	EXPECT(memory, 7);
	test_end(src, sub);
}

static void several_at_once(void)
{
	struct statsfs_source *src[5];
	u64 memory = 7;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(src); i++) {
		src[i] = test_source(0, "revoked%u", i);
		EXPECT(statsfs_source_add_values(src[i], values, &memory, 0), 0);
	}
	statsfs_sources_revoke(src, 0);
	EXPECT(test_value(src[0], values), 7);
	statsfs_sources_revoke(src, 3);
	for (i = 0; i < ARRAY_SIZE(src); i++)
		EXPECT(test_value(src[i], values), i < 3 ? 0 : 7);
	test_end_all(src, ARRAY_SIZE(src));
}

/* --- waiting --- */

static DECLARE_COMPLETION(inside);
static DECLARE_COMPLETION(let_go);
static DECLARE_COMPLETION(revoked);

static u64 get_slowly(const struct statsfs_value *val, void *base)
{
	complete(&inside);
	wait_for_completion(&let_go);
	return 7;
}

static const struct statsfs_type slow = { .get = get_slowly };

static const struct statsfs_value slow_values[] = {
	{ .name = "slow", .type = &slow, .aggregate = STATSFS_SUM },
	{}
};

static struct statsfs_source *waited_for;
static u64 seen;

static void read_work(struct work_struct *work)
{
	statsfs_source_get_value(waited_for, slow_values, &seen);
}

static void revoke_work(struct work_struct *work)
{
	statsfs_source_revoke(waited_for);
	complete(&revoked);
}

/* Revoking waits for who is inside, and nothing else has to wait. */
static void waits(void)
{
	struct workqueue_struct *queue = alloc_workqueue("statsfs_test", WQ_UNBOUND, 0);
	struct statsfs_source *other = test_source(0, "other");
	u64 memory = 3, value;
	struct work_struct reader, revoker;

	if (!EXPECT(!queue, false))
		return;
	INIT_WORK_ONSTACK(&reader, read_work);
	INIT_WORK_ONSTACK(&revoker, revoke_work);
	reinit_completion(&inside);
	reinit_completion(&let_go);
	reinit_completion(&revoked);
	waited_for = test_source(0, "slow");
	EXPECT(statsfs_source_add_values(waited_for, slow_values, &memory, 0), 0);
	queue_work(queue, &reader);
	wait_for_completion(&inside);
	queue_work(queue, &revoker);
	msleep(100);
	EXPECT(completion_done(&revoked), false);
	EXPECT(statsfs_source_get_value(waited_for, slow_values, &value), 0);
	EXPECT(value, 0);
	EXPECT(statsfs_source_add_values(other, values, &memory, 0), 0);
	EXPECT(statsfs_source_register(other), 0);
	EXPECT(test_value(other, values), 3);
	EXPECT(statsfs_source_unregister(other), 0);
	complete(&let_go);
	wait_for_completion(&revoked);
	flush_work(&reader);
	flush_work(&revoker);
	EXPECT(seen, 7);
	destroy_work_on_stack(&reader);
	destroy_work_on_stack(&revoker);
	destroy_workqueue(queue);
	test_end(waited_for, other);
}

static const struct test_case revoke_cases[] = {
	{ "reads 0", reads_zero },
	{ "stays in the tree", stays_in_the_tree },
	{ "passed over by aggregates", aggregates_pass_over },
	{ "an aggregate", aggregate_revoked },
	{ "several at once", several_at_once },
	{ "waits for who is inside", waits },
};

const struct suite revoke_suite = SUITE(revoke);
