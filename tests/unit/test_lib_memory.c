// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libkvmstats when memory runs out: each allocation fails once, and is told of as -ENOMEM
 * with nothing leaked, which the sanitizer sees, and nothing broken.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "internal.h"

#define NR_VMS	100

/* --- memory --- */

static unsigned int until_failure;	/* allocations; 0: none fails any more */

static bool fails(void)
{
	return until_failure && !--until_failure;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t nr, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t nr, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t nr, size_t size)
{
	return fails() ? NULL : __real_calloc(nr, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t nr, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, nr, size);
}

/* --- the module: VMs 1 to nr_vms with one statistic, which is a page large --- */

static uint32_t nr_vms;

static int answer_schema(struct kvmstats_schema *arg)
{
	const struct kvmstats_desc desc = {
		.flags = KVMSTATS_TYPE_LINEAR_HIST, .size = 512, .bucket_size = 1, .name = "hist",
	};

	arg->count = 1;
	arg->data_size = 4096;
	arg->generation = 1;
	if (arg->capacity)
		memcpy((void *)(uintptr_t)arg->descs, &desc, sizeof(desc));
	return 0;
}

static int answer_list(struct kvmstats_list *arg)
{
	struct kvmstats_vm *to = (void *)(uintptr_t)arg->records;

	for (arg->count = 0; arg->count < arg->capacity && arg->cursor < nr_vms; arg->count++)
		*to++ = (struct kvmstats_vm){ .id = ++arg->cursor, .comm = "vm" };
	return 0;
}

static int answer_snapshot(struct kvmstats_snapshot *arg)
{
	const uint32_t length = sizeof(struct kvmstats_record) + 4096;

	arg->used = arg->count = arg->more = 0;
	for (; arg->vm_cursor < nr_vms; arg->vm_cursor++) {
		struct kvmstats_record *to = (void *)(uintptr_t)(arg->buffer + arg->used);

		arg->more = arg->buffer_size - arg->used < length;
		if (arg->more)
			break;
		memset(to, 0, length);
		to->length = length;
		to->vm_id = arg->vm_cursor + 1;
		to->generation = 1;
		arg->used += length;
		arg->count++;
	}
	return 0;
}

int __wrap_ioctl(int fd, unsigned long cmd, void *arg);

int __wrap_ioctl(int fd, unsigned long cmd, void *arg)
{
	switch (cmd) {
	case KVMSTATS_GET_SCHEMA:
		return answer_schema(arg);
	case KVMSTATS_LIST_VMS:
		return answer_list(arg);
	case KVMSTATS_SNAPSHOT:
		return answer_snapshot(arg);
	case KVMSTATS_OPEN_EVENTS:
		return dup(fd);
	}
	return 0;
}

/* --- the library's part --- */

static char names[64];

static int use_sampler(struct kvmstats *ks, struct kvmstats_sampler *s)
{
	const uint64_t ids[] = { 2, 1 };
	int ret;

	(void)ks;
	nr_vms = 2;
	ret = kvmstats_sampler_take(s, ids, 2);
	if (ret)
		return ret;
	nr_vms = NR_VMS;
	ret = kvmstats_sampler_take(s, NULL, 0);
	/* The last take stands. */
	assert_int_equal(kvmstats_sampler_count(s), ret ? 2 : NR_VMS);
	assert_int_equal(kvmstats_sampler_get(s, 1)->values[511], 0);
	return ret;
}

static int use_inventory(struct kvmstats *ks, struct kvmstats_inventory *inv)
{
	int ret;

	(void)ks;
	nr_vms = 2;
	ret = kvmstats_inventory_refresh(inv);
	if (!ret)
		ret = kvmstats_inventory_names(inv, names, NULL);
	if (ret)
		return ret;
	nr_vms = NR_VMS;
	ret = kvmstats_inventory_refresh(inv);
	/* The VMs are as they were. */
	assert_int_equal(kvmstats_inventory_count(inv), ret ? 2 : NR_VMS);
	assert_string_equal(kvmstats_inventory_name(inv, 1)->name, "web");
	return ret;
}

static int use_all(void)
{
	struct kvmstats_inventory *inv = NULL;
	struct kvmstats_sampler *s = NULL;
	struct kvmstats_events *ev = NULL;
	struct kvmstats *ks;
	int ret;

	ret = kvmstats_open("/dev/null", &ks);
	if (ret)
		return ret;
	ret = kvmstats_sampler_new(ks, KVMSTATS_SNAPSHOT_VM, &s);
	if (!ret)
		ret = use_sampler(ks, s);
	if (!ret)
		ret = kvmstats_inventory_new(ks, &inv);
	if (!ret)
		ret = use_inventory(ks, inv);
	if (!ret)
		ret = kvmstats_events_open(ks, &ev);
	kvmstats_events_close(ev);
	kvmstats_inventory_free(inv);
	kvmstats_sampler_free(s);
	kvmstats_close(ks);
	return ret;
}

static void every_allocation_may_fail(void **state)
{
	unsigned int nth, ret;
	int fd;

	(void)state;
	strcpy(names, "/tmp/test_lib_memory.XXXXXX");
	fd = mkstemp(names);
	assert_int_equal(write(fd, "name=vm web\nname=x y\n", 21), 21);
	close(fd);
	for (nth = 1; ; nth++) {
		until_failure = nth;
		ret = -use_all();
		if (until_failure)
			break;
		assert_int_equal(ret, ENOMEM);
	}
	until_failure = 0;
	assert_int_equal(ret, 0);
	assert_in_range(nth, 2 * NR_VMS, 10 * NR_VMS);
	unlink(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests_name("libkvmstats: memory", tests, NULL, NULL);
}
