// SPDX-License-Identifier: GPL-2.0-only
/* The types that are ready-made. */
#include <linux/percpu.h>

#include "statsfs.h"

#define MEMBER_TYPE(name, is_signed, is_boolean)					\
static u64 get_##name(const struct statsfs_value *val, void *base)			\
{											\
	return READ_ONCE(*(name *)(base + val->offset));				\
}											\
											\
static void clear_##name(const struct statsfs_value *val, void *base)			\
{											\
	WRITE_ONCE(*(name *)(base + val->offset), 0);					\
}											\
											\
const struct statsfs_type statsfs_type_##name = {					\
	.get = get_##name,								\
	.clear = clear_##name,								\
	.sign = is_signed,								\
	.boolean = is_boolean,								\
};											\
EXPORT_SYMBOL_GPL(statsfs_type_##name)

MEMBER_TYPE(u8, false, false);
MEMBER_TYPE(s8, true, false);
MEMBER_TYPE(u16, false, false);
MEMBER_TYPE(s16, true, false);
MEMBER_TYPE(u32, false, false);
MEMBER_TYPE(s32, true, false);
MEMBER_TYPE(u64, false, false);
MEMBER_TYPE(s64, true, false);
MEMBER_TYPE(bool, false, true);

#define PERCPU_TYPE(name)								\
static name *on_cpu_##name(const struct statsfs_value *val, void *base, int cpu)	\
{											\
	return per_cpu_ptr((__force name __percpu *)(unsigned long)(base + val->offset), cpu);		\
}											\
											\
static u64 get_percpu_##name(const struct statsfs_value *val, void *base)		\
{											\
	u64 sum = 0;									\
	int cpu;									\
											\
	for_each_possible_cpu(cpu)							\
		sum += READ_ONCE(*on_cpu_##name(val, base, cpu));			\
	return sum;									\
}											\
											\
static void clear_percpu_##name(const struct statsfs_value *val, void *base)		\
{											\
	int cpu;									\
											\
	for_each_possible_cpu(cpu)							\
		WRITE_ONCE(*on_cpu_##name(val, base, cpu), 0);				\
}											\
											\
const struct statsfs_type statsfs_type_percpu_##name = {				\
	.get = get_percpu_##name,							\
	.clear = clear_percpu_##name,							\
};											\
EXPORT_SYMBOL_GPL(statsfs_type_percpu_##name)

PERCPU_TYPE(u32);
PERCPU_TYPE(u64);
