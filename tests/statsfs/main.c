// SPDX-License-Identifier: GPL-2.0-only
/* Uses statsfs the way a subsystem would, and says in the kernel log what came of it. */
#define pr_fmt(fmt) "statsfs_test: " fmt

#include <linux/module.h>

#include "test.h"

static unsigned int storm_seconds;
module_param(storm_seconds, uint, 0444);
MODULE_PARM_DESC(storm_seconds, "instead of the tests, change everything for so long");

static unsigned int storm_threads = 8;
module_param(storm_threads, uint, 0444);
MODULE_PARM_DESC(storm_threads, "from so many threads");

static const struct suite *const suites[] = {
	&sources_suite,
	&bad_names_suite,
	&bad_values_suite,
	&good_values_suite,
	&types_suite,
	&percpu_suite,
	&values_suite,
	&tree_suite,
	&nesting_suite,
	&aggregates_suite,
	&revoke_suite,
};

/* The case that runs. */
static char case_name[96];
static bool has_failed;

void test_name(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(case_name, sizeof(case_name), fmt, args);
	va_end(args);
}

bool test_expect(u64 seen, u64 expected, const char *what, const char *file, int line)
{
	if (seen == expected)
		return true;
	has_failed = true;
	pr_info("# %s:%d: %s is %lld (%#llx), expected %lld (%#llx)\n", kbasename(file), line,
		what, seen, seen, expected, expected);
	return false;
}

struct statsfs_source *test_source(u32 flags, const char *fmt, ...)
{
	struct statsfs_source *src;
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	src = statsfs_source_create(flags, "%pV", &vaf);
	va_end(args);
	EXPECT(PTR_ERR_OR_ZERO(src), 0);
	return src;
}

void test_end_all(struct statsfs_source **srcs, unsigned int nr)
{
	unsigned int i;

	statsfs_sources_revoke(srcs, nr);
	for (i = 0; i < nr; i++)
		statsfs_source_put(srcs[i]);
}

void test_store(void *to, unsigned int size, u64 value)
{
	switch (size) {
	case 1:
		*(u8 *)to = value;
		break;
	case 2:
		*(u16 *)to = value;
		break;
	case 4:
		*(u32 *)to = value;
		break;
	default:
		*(u64 *)to = value;
	}
}

u64 test_value(struct statsfs_source *src, const struct statsfs_value *val)
{
	u64 value = 0;

	EXPECT(statsfs_source_get_value(src, val, &value), 0);
	return value;
}

static void run_all(void)
{
	unsigned int total = 0, done = 0, failed = 0, s, i;
	const char *verdict;

	for (s = 0; s < ARRAY_SIZE(suites); s++)
		total += suites[s]->nr;
	pr_info("KTAP version 1\n");
	pr_info("1..%u\n", total);
	for (s = 0; s < ARRAY_SIZE(suites); s++) {
		for (i = 0; i < suites[s]->nr; i++) {
			has_failed = false;
			if (suites[s]->cases) {
				test_name("%s", suites[s]->cases[i].name);
				suites[s]->cases[i].run();
			} else {
				suites[s]->run(i);
			}
			failed += has_failed;
			verdict = has_failed ? "not ok" : "ok";
			pr_info("%s %u %s: %s\n", verdict, ++done, suites[s]->name, case_name);
		}
	}
	pr_info("# totals: pass:%u fail:%u\n", total - failed, failed);
}

static int __init statsfs_test_init(void)
{
	if (storm_seconds)
		return storm_start(storm_seconds, storm_threads);
	run_all();
	return shown_begin();
}

static void __exit statsfs_test_exit(void)
{
	if (storm_seconds)
		storm_stop();
	else
		shown_end();
}

module_init(statsfs_test_init);
module_exit(statsfs_test_exit);

MODULE_DESCRIPTION("Test of statsfs");
MODULE_LICENSE("GPL");
