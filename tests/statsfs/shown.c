// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree for userland to read while the module is loaded:
 *
 *   statsfs_test/	aggregates of what is in many/
 *     many/		40 values v0, v1, ... that are read together: 3 times their number;
 *			one that is read alone; and how they were asked for
 */
#include <linux/atomic.h>
#include <linux/moduleparam.h>

#include "test.h"

#define MANY	40

/* Most values that were asked for at once. */
static atomic_t largest_run = ATOMIC_INIT(0);

static u64 get_one(const struct statsfs_value *val, void *base)
{
	return 3 * val->offset;
}

static void get_many(const struct statsfs_value *first, unsigned int nr, void *base, u64 *to)
{
	unsigned int i;

	if (nr > atomic_read(&largest_run))
		atomic_set(&largest_run, nr);
	for (i = 0; i < nr; i++)
		to[i] = get_one(&first[i], base);
}

static const struct statsfs_type together = { .get = get_one, .get_many = get_many };

static struct statsfs_value many_values[MANY + 2];
static char many_names[MANY][8];
static u64 alone = 1000;

static const struct statsfs_value run_values[] = {
	{ .name = "largest_run", .type = &statsfs_type_s32, .flags = STATSFS_FLOATING },
	{}
};

static struct statsfs_source *top, *many;

static void define_many(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		snprintf(many_names[i], sizeof(many_names[i]), "v%u", i);
		many_values[i].name = many_names[i];
		many_values[i].offset = i;
		many_values[i].type = &together;
		many_values[i].aggregate = STATSFS_SUM;
	}
	many_values[MANY].name = "alone";
	many_values[MANY].type = &statsfs_type_u64;
	many_values[MANY].aggregate = STATSFS_SUM;
}

int shown_begin(void)
{
	int err;

	define_many();
	top = test_source(0, "statsfs_test");
	many = test_source(0, "many");
	err = statsfs_source_add_values(top, many_values, NULL, 0);
	err = err ?: statsfs_source_add_values(many, many_values, &alone, 0);
	err = err ?: statsfs_source_add_values(many, run_values, &largest_run, 0);
	err = err ?: statsfs_source_add_subordinate(top, many);
	err = err ?: statsfs_source_register(top);
	if (err)
		test_end(top, many);
	return err;
}

void shown_end(void)
{
	statsfs_source_unregister(top);
	statsfs_source_remove_subordinate(top, many);
	test_end(top, many);
}

/* Written while userland has files open. */
static int revoke_many(const char *text, const struct kernel_param *param)
{
	statsfs_source_revoke(many);
	return 0;
}

static const struct kernel_param_ops revoke_ops = { .set = revoke_many };
module_param_cb(revoke, &revoke_ops, NULL, 0200);
MODULE_PARM_DESC(revoke, "written, it revokes the source many");
