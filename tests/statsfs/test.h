/* SPDX-License-Identifier: GPL-2.0-only */
/* Results in the Kernel Test Anything Protocol, and what all the subjects use. */
#ifndef STATSFS_TEST_H
#define STATSFS_TEST_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/statsfs.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

/**
 * struct suite - the cases of a subject
 * @name: begins their names
 * @nr: how many
 * @cases: them, or NULL when they come from a table of the subject's own
 * @run: then runs one of them, and names it first
 */
struct suite {
	const char *name;
	unsigned int nr;
	const struct test_case *cases;
	void (*run)(unsigned int i);
};

#define SUITE(subject)						\
	{							\
		.name = #subject,				\
		.nr = ARRAY_SIZE(subject##_cases),		\
		.cases = subject##_cases,			\
	}

extern const struct suite aggregates_suite, bad_names_suite, bad_values_suite,
	good_values_suite, nesting_suite, percpu_suite, revoke_suite, sources_suite,
	tree_suite, types_suite, values_suite;

__printf(1, 2) void test_name(const char *fmt, ...);

/* The case fails when the two differ. */
#define EXPECT(seen, expected) \
	test_expect((u64)(seen), (u64)(expected), #seen, __FILE__, __LINE__)
bool test_expect(u64 seen, u64 expected, const char *what, const char *file, int line);

/* Checked to be there. */
__printf(2, 3) struct statsfs_source *test_source(u32 flags, const char *fmt, ...);

/* Revoke them, and give them back. */
#define test_end(...)							\
	do {								\
		struct statsfs_source *srcs_[] = { __VA_ARGS__ };	\
									\
		test_end_all(srcs_, ARRAY_SIZE(srcs_));			\
	} while (0)
void test_end_all(struct statsfs_source **srcs, unsigned int nr);

/* Checks that it can be read. */
u64 test_value(struct statsfs_source *src, const struct statsfs_value *val);

/* A number into a member of 1, 2, 4 or 8 bytes. */
void test_store(void *to, unsigned int size, u64 value);

/* The tree for userland. */
int shown_begin(void);
void shown_end(void);

int storm_start(unsigned int seconds, unsigned int threads);
void storm_stop(void);

#endif
