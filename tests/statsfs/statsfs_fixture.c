// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree that stands still until it is told to change: for the tests of the file system.
 * Commands are written to the parameter "do".
 *
 *   fixture/		aggregates over all that is below, and a hidden array
 *     a/		simple values, a shown one, and one that cannot be cleared
 *     b/		simple values
 *       c/		simple values
 *     names/		x and y
 *     secret/		hidden, with a source in it
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/statsfs.h>

struct memory {
	u64 calls;
	s64 balance;
	u32 kilobytes;
	bool on;
	u64 level;
	u64 most;
	u64 ns;
	u8 state;
	u64 fixed;
};

static struct memory a_memory = { 1, -5, 10, true, 100, 1000, 10000, 1, 7 };
static struct memory b_memory = { 2, -6, 20, false, 200, 2000, 20000 };
static struct memory c_memory = { 3, 4, 30, false, 300, 3000, U64_MAX };
static u64 numbers[] = { 1, 2, 3, 4, 5 };

#define MEMBER(name, kind, ...) \
	{ #name, offsetof(struct memory, name), &statsfs_type_##kind, ##__VA_ARGS__ }

static const struct statsfs_value values[] = {
	MEMBER(calls, u64, STATSFS_SUM, .desc = "how often"),
	MEMBER(balance, s64, STATSFS_SUM),
	MEMBER(kilobytes, u32, STATSFS_MAX, 0, STATSFS_UNIT_BYTES | STATSFS_BASE_POW2, 10),
	MEMBER(on, bool, STATSFS_COUNT_ZERO),
	MEMBER(level, u64, STATSFS_MIN, STATSFS_FLOATING, .desc = "a\ttab"),
	MEMBER(most, u64, STATSFS_MAX, STATSFS_PEAK),
	MEMBER(ns, u64, STATSFS_SUM, 0, STATSFS_UNIT_SECONDS, -9, "time spent"),
	{}
};

static const char *show_state(u64 value)
{
	return value == 1 ? "running" : "stopped";
}

static u64 get_fixed(const struct statsfs_value *val, void *base)
{
	return *(u64 *)(base + val->offset);
}

static const struct statsfs_type fixed_type = { .get = get_fixed };

static const struct statsfs_value a_values[] = {
	MEMBER(state, u8, .show = show_state),
	{ "fixed", offsetof(struct memory, fixed), &fixed_type },
	{}
};

static const struct statsfs_value names_first[] = {
	{ "x", 0 * sizeof(u64), &statsfs_type_u64 },
	{ "y", 1 * sizeof(u64), &statsfs_type_u64 },
	{}
};

static const struct statsfs_value names_second[] = {
	{ "y", 2 * sizeof(u64), &statsfs_type_u64 },
	{ "z", 3 * sizeof(u64), &statsfs_type_u64 },
	{}
};

static const struct statsfs_value hidden_values[] = {
	{ "unseen", 4 * sizeof(u64), &statsfs_type_u64 },
	{}
};

enum { TOP, A, B, C, NAMES, SECRET, IN_SECRET, NR_FIXED };

#define NR_MADE	512

static struct statsfs_source *fixed[NR_FIXED];
static struct statsfs_source *made[NR_MADE];

static const struct {
	const char *name;
	int parent;
	u32 flags;
} fixed_sources[NR_FIXED] = {
	[TOP] = { "fixture", -1 },
	[A] = { "a", TOP },
	[B] = { "b", TOP },
	[C] = { "c", B },
	[NAMES] = { "names", TOP },
	[SECRET] = { "secret", TOP, STATSFS_HIDDEN },
	[IN_SECRET] = { "inner", SECRET },
};

static const struct {
	int source;
	const struct statsfs_value *values;
	void *base;
	u32 flags;
} fixed_arrays[] = {
	{ TOP, values, NULL },
	{ TOP, hidden_values, numbers, STATSFS_HIDDEN },
	{ A, values, &a_memory },
	{ A, a_values, &a_memory },
	{ B, values, &b_memory },
	{ C, values, &c_memory },
	{ NAMES, names_first, numbers },
	{ SECRET, hidden_values, numbers },
	{ IN_SECRET, hidden_values, numbers },
};

/* --- commands --- */

static int make(unsigned int nr)
{
	struct statsfs_source *src;
	int err;

	if (nr >= NR_MADE || made[nr])
		return -EINVAL;
	src = statsfs_source_create(0, "made%u", nr);
	if (IS_ERR(src))
		return PTR_ERR(src);
	err = statsfs_source_add_values(src, names_first, numbers, 0);
	if (!err)
		err = statsfs_source_add_subordinate(fixed[TOP], src);
	if (err)
		statsfs_source_put(src);
	else
		made[nr] = src;
	return err;
}

static int unmake(unsigned int nr)
{
	struct statsfs_source *src;
	int err;

	if (nr >= NR_MADE || !made[nr])
		return -EINVAL;
	src = made[nr];
	made[nr] = NULL;
	err = statsfs_source_remove_subordinate(fixed[TOP], src);
	statsfs_source_revoke(src);
	statsfs_source_put(src);
	return err;
}

static int find_fixed(const char *name)
{
	int i;

	for (i = 0; i < NR_FIXED; i++)
		if (!strcmp(fixed_sources[i].name, name))
			return i;
	return -ENOENT;
}

static int do_command(const char *text, const struct kernel_param *kp)
{
	char command[16], name[16] = "";
	unsigned int nr = 0;
	int which;

	if (sscanf(text, "%15s %15s", command, name) < 1)
		return -EINVAL;
	if (!strcmp(command, "count")) {
		a_memory.calls++;
		return 0;
	}
	if (!strcmp(command, "more-names"))
		return statsfs_source_add_values(fixed[NAMES], names_second, numbers, 0);
	if (!strcmp(command, "make"))
		return kstrtouint(name, 10, &nr) ?: make(nr);
	if (!strcmp(command, "unmake"))
		return kstrtouint(name, 10, &nr) ?: unmake(nr);

	which = find_fixed(name);
	if (which <= TOP)
		return -EINVAL;
	if (!strcmp(command, "add"))
		return statsfs_source_add_subordinate(fixed[fixed_sources[which].parent],
						      fixed[which]);
	if (!strcmp(command, "remove"))
		return statsfs_source_remove_subordinate(fixed[fixed_sources[which].parent],
							 fixed[which]);
	if (!strcmp(command, "revoke")) {
		statsfs_source_revoke(fixed[which]);
		return 0;
	}
	return -EINVAL;
}

static const struct kernel_param_ops do_ops = { .set = do_command };

module_param_cb(do, &do_ops, NULL, 0200);
MODULE_PARM_DESC(do, "count, more-names, make N, unmake N, or add, remove or revoke NAME");

/* --- the whole --- */

static void take_away(void)
{
	unsigned int i;

	for (i = 0; i < NR_MADE; i++)
		if (made[i])
			unmake(i);
	if (!IS_ERR_OR_NULL(fixed[TOP]))
		statsfs_source_unregister(fixed[TOP]);
	for (i = 0; i < NR_FIXED; i++) {
		if (IS_ERR_OR_NULL(fixed[i]))
			continue;
		statsfs_source_revoke(fixed[i]);
		statsfs_source_put(fixed[i]);
	}
}

static int __init fixture_init(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < NR_FIXED; i++) {
		fixed[i] = statsfs_source_create(fixed_sources[i].flags, "%s",
						 fixed_sources[i].name);
		err = PTR_ERR_OR_ZERO(fixed[i]);
		if (!err && i != TOP)
			err = statsfs_source_add_subordinate(fixed[fixed_sources[i].parent],
							     fixed[i]);
	}
	for (i = 0; !err && i < ARRAY_SIZE(fixed_arrays); i++)
		err = statsfs_source_add_values(fixed[fixed_arrays[i].source],
						fixed_arrays[i].values, fixed_arrays[i].base,
						fixed_arrays[i].flags);
	if (!err)
		err = statsfs_source_register(fixed[TOP]);
	if (err)
		take_away();
	return err;
}

static void __exit fixture_exit(void)
{
	take_away();
}

module_init(fixture_init);
module_exit(fixture_exit);

MODULE_DESCRIPTION("A tree for the tests of statsfs");
MODULE_LICENSE("GPL");
