// SPDX-License-Identifier: GPL-2.0-or-later
/* libkvmstats: the commands of the device, on a stand-in for ioctl(). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "internal.h"

#define NR_VMS	150

/* The stand-in for the module, as far as the library can see it. */
static struct {
	int error;		/* errno of the next commands */
	uint32_t known;		/* bytes of a struct that the module knows, 0 for all */
	uint32_t count;		/* answer of a list command, 0 for the truth */
	unsigned int calls;
	unsigned long cmd;
	struct kvmstats_open open;
	uint64_t listed_vm;
} module;

static uint32_t known(uint32_t size)
{
	return module.known && module.known < size ? module.known : size;
}

static void answer_info(struct kvmstats_info *arg)
{
	struct kvmstats_info info = { .size = known(arg->size), .abi_version = 1, .nr_vms = NR_VMS,
				      .vcpu_data_size = 1104 };

	memset(info.package_version, 'v', sizeof(info.package_version));
	memcpy(arg, &info, info.size);
}

static int answer_hook(struct kvmstats_hook *arg)
{
	struct kvmstats_hook hook = { .size = known(arg->size), .index = arg->index, .hits = 5 };

	if (arg->index >= 2) {
		errno = ENOENT;
		return -1;
	}
	memset(hook.name, 'n', sizeof(hook.name));
	memset(hook.lost, 'l', sizeof(hook.lost));
	memcpy(arg, &hook, hook.size);
	return 0;
}

/* VMs are 10, 20, ..., every one has vCPUs 0 to NR_VMS - 1. */
static void answer_list(struct kvmstats_list *list, int vcpus)
{
	char *record = (char *)(uintptr_t)list->records;

	module.listed_vm = list->vm_id;
	for (list->count = 0; list->count < list->capacity && list->cursor < NR_VMS;
	     list->count++, list->cursor++, record += list->record_size) {
		memset(record, 'x', list->record_size);
		if (vcpus)
			((struct kvmstats_vcpu *)record)->vcpu_id = list->cursor;
		else
			((struct kvmstats_vm *)record)->id = (list->cursor + 1) * 10;
	}
	if (module.count)
		list->count = module.count;
}

int __wrap_ioctl(int fd, unsigned long cmd, void *arg);

int __wrap_ioctl(int fd, unsigned long cmd, void *arg)
{
	assert_true(fd >= 0);
	module.calls++;
	module.cmd = cmd;
	if (module.error) {
		errno = module.error;
		return -1;
	}
	switch (cmd) {
	case KVMSTATS_GET_INFO:
		answer_info(arg);
		return 0;
	case KVMSTATS_GET_HOOK:
		return answer_hook(arg);
	case KVMSTATS_LIST_VMS:
	case KVMSTATS_LIST_VCPUS:
		answer_list(arg, cmd == KVMSTATS_LIST_VCPUS);
		return 0;
	case KVMSTATS_OPEN_VM:
	case KVMSTATS_OPEN_VCPU:
	case KVMSTATS_OPEN_HOST:
		memcpy(&module.open, arg, sizeof(module.open));
		return 77;
	}
	errno = ENOTTY;
	return -1;
}

static int open_device(void **state)
{
	struct kvmstats *ks;

	memset(&module, 0, sizeof(module));
	if (kvmstats_open("/dev/null", &ks))
		return -1;
	*state = ks;
	return 0;
}

static int close_device(void **state)
{
	kvmstats_close(*state);
	return 0;
}

static void open_reports_what_is_wrong(void **state)
{
	struct kvmstats *ks = NULL;

	(void)state;
	memset(&module, 0, sizeof(module));
	assert_int_equal(kvmstats_open("/nonexistent", &ks), -ENOENT);
	module.error = ENOTTY;
	assert_int_equal(kvmstats_open("/dev/null", &ks), -ENOTTY);
	assert_null(ks);
}

static void nothing_is_closed_or_freed_for_null(void **state)
{
	(void)state;
	kvmstats_close(NULL);
	kvmstats_vm_iter_free(NULL);
	kvmstats_vcpu_iter_free(NULL);
	kvmstats_reader_close(NULL);
}

static void info_is_passed_on_and_terminated(void **state)
{
	struct kvmstats_info info;

	assert_int_equal(kvmstats_get_info(*state, &info, sizeof(info)), 0);
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.nr_vms, NR_VMS);
	assert_int_equal(info.vcpu_data_size, 1104);
	assert_int_equal(strlen(info.package_version), sizeof(info.package_version) - 1);
}

static void fields_that_the_module_does_not_know_are_0(void **state)
{
	struct kvmstats_info info;

	memset(&info, 0xff, sizeof(info));
	module.known = offsetof(struct kvmstats_info, vm_data_size);
	assert_int_equal(kvmstats_get_info(*state, &info, sizeof(info)), 0);
	assert_int_equal(info.size, module.known);
	assert_int_equal(info.nr_vms, NR_VMS);
	assert_int_equal(info.vcpu_data_size, 0);
	assert_string_equal(info.package_version, "");
}

static void older_caller_gets_no_more_than_it_has_room_for(void **state)
{
	const size_t room = offsetof(struct kvmstats_info, nr_hooks);
	unsigned char buf[sizeof(struct kvmstats_info)];
	struct kvmstats_info info;

	memset(buf, 0xaa, sizeof(buf));
	assert_int_equal(kvmstats_get_info(*state, (void *)buf, room), 0);
	memcpy(&info, buf, sizeof(info));
	assert_int_equal(info.size, room);
	assert_int_equal(info.nr_vms, NR_VMS);
	for (size_t i = room; i < sizeof(buf); i++)
		assert_int_equal(buf[i], 0xaa);
}

static void newer_caller_gets_0_in_what_the_library_does_not_know(void **state)
{
	struct {
		struct kvmstats_hook hook;
		char more[40];
	} newer;

	memset(&newer, 0xff, sizeof(newer));
	assert_int_equal(kvmstats_get_hook(*state, 1, &newer.hook, sizeof(newer)), 0);
	assert_int_equal(newer.hook.size, sizeof(newer.hook));
	assert_int_equal(newer.hook.hits, 5);
	for (size_t i = 0; i < sizeof(newer.more); i++)
		assert_int_equal(newer.more[i], 0);
}

static void size_that_holds_no_size_is_refused(void **state)
{
	struct kvmstats_info info;
	struct kvmstats_hook hook;

	assert_int_equal(kvmstats_get_info(*state, &info, 3), -EINVAL);
	assert_int_equal(kvmstats_get_hook(*state, 0, &hook, 0), -EINVAL);
}

static void hook_is_passed_on_and_terminated(void **state)
{
	struct kvmstats_hook hook;

	assert_int_equal(kvmstats_get_hook(*state, 1, &hook, sizeof(hook)), 0);
	assert_int_equal(hook.index, 1);
	assert_int_equal(strlen(hook.name), sizeof(hook.name) - 1);
	assert_int_equal(strlen(hook.lost), sizeof(hook.lost) - 1);
	assert_int_equal(kvmstats_get_hook(*state, 2, &hook, sizeof(hook)), -ENOENT);
}

static void every_vm_is_seen_once_across_batches(void **state)
{
	const struct kvmstats_vm *vm;
	struct kvmstats_vm_iter *it;
	unsigned int seen = 0;

	assert_int_equal(kvmstats_vm_iter_new(*state, &it), 0);
	module.calls = 0;
	while (kvmstats_vm_iter_next(it, &vm) == 1) {
		assert_int_equal(vm->id, ++seen * 10);
		assert_int_equal(strlen(vm->comm), sizeof(vm->comm) - 1);
		assert_int_equal(strlen(vm->stats_id), sizeof(vm->stats_id) - 1);
	}
	assert_int_equal(seen, NR_VMS);
	assert_in_range(module.calls, 1, 5);
	assert_int_equal(module.listed_vm, 0);
	assert_int_equal(kvmstats_vm_iter_next(it, &vm), 0);
	kvmstats_vm_iter_free(it);
}

static void every_vcpu_is_seen_once_across_batches(void **state)
{
	const struct kvmstats_vcpu *vcpu;
	struct kvmstats_vcpu_iter *it;
	unsigned int seen = 0;

	assert_int_equal(kvmstats_vcpu_iter_new(*state, 30, &it), 0);
	while (kvmstats_vcpu_iter_next(it, &vcpu) == 1) {
		assert_int_equal(vcpu->vcpu_id, seen++);
		assert_int_equal(strlen(vcpu->stats_id), sizeof(vcpu->stats_id) - 1);
	}
	assert_int_equal(seen, NR_VMS);
	assert_int_equal(module.listed_vm, 30);
	kvmstats_vcpu_iter_free(it);
}

static void walk_goes_on_after_an_error(void **state)
{
	const struct kvmstats_vcpu *vcpu = NULL;
	struct kvmstats_vcpu_iter *it;

	assert_int_equal(kvmstats_vcpu_iter_new(*state, 30, &it), 0);
	module.error = ENOENT;
	assert_int_equal(kvmstats_vcpu_iter_next(it, &vcpu), -ENOENT);
	assert_null(vcpu);
	module.error = 0;
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(kvmstats_vcpu_iter_next(it, &vcpu), 1);
	module.error = EFAULT;
	assert_int_equal(kvmstats_vcpu_iter_next(it, &vcpu), -EFAULT);
	module.error = 0;
	assert_int_equal(kvmstats_vcpu_iter_next(it, &vcpu), 1);
	assert_int_equal(vcpu->vcpu_id, 64);
	kvmstats_vcpu_iter_free(it);
}

static void more_records_than_asked_for_are_refused(void **state)
{
	const struct kvmstats_vm *vm;
	struct kvmstats_vm_iter *it;

	assert_int_equal(kvmstats_vm_iter_new(*state, &it), 0);
	module.count = 100000;
	assert_int_equal(kvmstats_vm_iter_next(it, &vm), -EBADMSG);
	kvmstats_vm_iter_free(it);
}

static void stats_fds_are_opened_by_id(void **state)
{
	assert_int_equal(kvmstats_open_vm(*state, 1ull << 40), 77);
	assert_int_equal(module.cmd, KVMSTATS_OPEN_VM);
	assert_int_equal(module.open.size, sizeof(module.open));
	assert_int_equal(module.open.vm_id, 1ull << 40);
	assert_int_equal(module.open.vcpu_id, 0);

	assert_int_equal(kvmstats_open_vcpu(*state, 3, 9), 77);
	assert_int_equal(module.cmd, KVMSTATS_OPEN_VCPU);
	assert_int_equal(module.open.vm_id, 3);
	assert_int_equal(module.open.vcpu_id, 9);

	assert_int_equal(kvmstats_open_vm_total(*state, 3), 77);
	assert_int_equal(module.cmd, KVMSTATS_OPEN_VM);
	assert_int_equal(module.open.flags, KVMSTATS_OPEN_WITH_VCPUS);
	assert_int_equal(module.open.vm_id, 3);

	assert_int_equal(kvmstats_open_host(*state), 77);
	assert_int_equal(module.cmd, KVMSTATS_OPEN_HOST);
	assert_int_equal(module.open.flags, 0);
	assert_int_equal(module.open.vm_id, 0);

	module.error = ENOENT;
	assert_int_equal(kvmstats_open_vm(*state, 3), -ENOENT);
	assert_int_equal(kvmstats_open_host(*state), -ENOENT);
}

#define device_test(name)	cmocka_unit_test_setup_teardown(name, open_device, close_device)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_reports_what_is_wrong),
		cmocka_unit_test(nothing_is_closed_or_freed_for_null),
		device_test(info_is_passed_on_and_terminated),
		device_test(fields_that_the_module_does_not_know_are_0),
		device_test(older_caller_gets_no_more_than_it_has_room_for),
		device_test(newer_caller_gets_0_in_what_the_library_does_not_know),
		device_test(size_that_holds_no_size_is_refused),
		device_test(hook_is_passed_on_and_terminated),
		device_test(every_vm_is_seen_once_across_batches),
		device_test(every_vcpu_is_seen_once_across_batches),
		device_test(walk_goes_on_after_an_error),
		device_test(more_records_than_asked_for_are_refused),
		device_test(stats_fds_are_opened_by_id),
	};

	return cmocka_run_group_tests_name("libkvmstats: device", tests, NULL, NULL);
}
