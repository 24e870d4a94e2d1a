// SPDX-License-Identifier: GPL-2.0-only
/* Each type that is ready-made: read, sign, cleared. */
#include <linux/percpu.h>

#include "test.h"

/* Neighbours, that must stay as they are. */
static struct {
	u8 before;
	u8 u8;
	s8 s8;
	bool yes;
	u16 u16;
	s16 s16;
	u32 u32;
	s32 s32;
	u64 u64;
	s64 s64;
	u64 behind;
} memory;

#define TYPE(member, most, least, is_signed)					\
	{									\
		.value = {							\
			{							\
				.name = #member,				\
				.offset = offsetof(typeof(memory), member),	\
				.type = &statsfs_type_##member,			\
			},							\
			{}							\
		},								\
		.size = sizeof(memory.member),					\
		.highest = most,						\
		.lowest = least,						\
		.sign = is_signed,						\
	}

static const struct {
	struct statsfs_value value[2];
	size_t size;
	u64 highest;
	u64 lowest;
	bool sign;
} rows[] = {
	TYPE(u8, U8_MAX, 0, false),
	TYPE(s8, S8_MAX, S8_MIN, true),
	TYPE(u16, U16_MAX, 0, false),
	TYPE(s16, S16_MAX, S16_MIN, true),
	TYPE(u32, U32_MAX, 0, false),
	TYPE(s32, S32_MAX, S32_MIN, true),
	TYPE(u64, U64_MAX, 0, false),
	TYPE(s64, S64_MAX, S64_MIN, true),
};

static void set(unsigned int i, u64 value)
{
	memset(&memory, 0xa5, sizeof(memory));
	test_store((void *)&memory + rows[i].value->offset, rows[i].size, value);
}

/* Has only the member changed from what set() left? */
static bool rest_is_whole(unsigned int i)
{
	const u8 *byte = (void *)&memory;
	size_t at;

	for (at = 0; at < sizeof(memory); at++) {
		if (at >= rows[i].value->offset && at < rows[i].value->offset + rows[i].size)
			continue;
		if (byte[at] != 0xa5)
			return false;
	}
	return true;
}

static void types_run(unsigned int i)
{
	struct statsfs_source *src = test_source(0, "types");
	const struct statsfs_value *val = rows[i].value;

	test_name("%s", val->name);
	EXPECT(val->type->sign, rows[i].sign);
	EXPECT(val->type->boolean, false);
	EXPECT(statsfs_source_add_values(src, val, &memory, 0), 0);
	set(i, rows[i].highest);
	EXPECT(test_value(src, val), rows[i].highest);
	set(i, rows[i].lowest);
	EXPECT(test_value(src, val), rows[i].lowest);
	set(i, 1);
	EXPECT(test_value(src, val), 1);
	EXPECT(statsfs_source_clear(src, val), 0);
	EXPECT(test_value(src, val), 0);
	EXPECT(rest_is_whole(i), true);
	test_end(src);
}

const struct suite types_suite = {
	.name = "types",
	.nr = ARRAY_SIZE(rows),
	.run = types_run,
};

/* --- the others --- */

static void boolean(void)
{
	static const struct statsfs_value values[] = {
		{ .name = "yes", .offset = offsetof(typeof(memory), yes),
		  .type = &statsfs_type_bool },
		{}
	};
	struct statsfs_source *src = test_source(0, "types");

	EXPECT(statsfs_type_bool.boolean, true);
	EXPECT(statsfs_type_bool.sign, false);
	EXPECT(statsfs_source_add_values(src, values, &memory, 0), 0);
	memory.yes = true;
	EXPECT(test_value(src, values), 1);
	EXPECT(statsfs_source_clear(src, values), 0);
	EXPECT(memory.yes, false);
	EXPECT(test_value(src, values), 0);
	test_end(src);
}

struct on_cpu {
	u32 narrow;
	u64 wide;
};

static const struct statsfs_value percpu_values[] = {
	{ .name = "narrow", .offset = offsetof(struct on_cpu, narrow),
	  .type = &statsfs_type_percpu_u32, .aggregate = STATSFS_SUM },
	{ .name = "wide", .offset = offsetof(struct on_cpu, wide),
	  .type = &statsfs_type_percpu_u64, .aggregate = STATSFS_MAX },
	{}
};

/* A sum of 32-bit numbers has 64 bits. */
static void percpu_sums(void)
{
	struct statsfs_source *src = test_source(0, "percpu"), *sub = test_source(0, "sub");
	struct on_cpu __percpu *counts = alloc_percpu(struct on_cpu);
	void *base = STATSFS_PERCPU(counts);
	u64 narrow = 0, wide = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		narrow += per_cpu_ptr(counts, cpu)->narrow = U32_MAX - cpu;
		wide += per_cpu_ptr(counts, cpu)->wide = (1ull << 40) + cpu;
	}
	EXPECT(statsfs_source_add_values(src, percpu_values, NULL, 0), 0);
	EXPECT(statsfs_source_add_values(sub, percpu_values, base, 0), 0);
	EXPECT(statsfs_source_add_subordinate(src, sub), 0);
	EXPECT(test_value(sub, &percpu_values[0]), narrow);
	EXPECT(test_value(sub, &percpu_values[1]), wide);
	EXPECT(test_value(src, &percpu_values[0]), narrow);
	EXPECT(test_value(src, &percpu_values[1]), wide);
	EXPECT(statsfs_source_clear(src, &percpu_values[0]), 0);
	EXPECT(test_value(sub, &percpu_values[0]), 0);
	EXPECT(test_value(sub, &percpu_values[1]), wide);
	EXPECT(statsfs_source_clear(sub, &percpu_values[1]), 0);
	EXPECT(test_value(src, &percpu_values[1]), 0);
	test_end(src, sub);
	free_percpu(counts);
}

static const struct test_case percpu_cases[] = {
	{ "bool", boolean },
	{ "per CPU", percpu_sums },
};

const struct suite percpu_suite = {
	.name = "types",
	.nr = ARRAY_SIZE(percpu_cases),
	.cases = percpu_cases,
};
