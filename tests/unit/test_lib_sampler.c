// SPDX-License-Identifier: GPL-2.0-or-later
/* libkvmstats: descriptors and samples, on a stand-in for the module's ioctl(). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "internal.h"

#define MAX_VMS		700
#define ALL		(KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU | KVMSTATS_SNAPSHOT_VCPU_SUM)
#define RECORD		sizeof(struct kvmstats_record)

/* The VMs of the stand-in: ids 10, 20, ..., two vCPUs each. */
static struct {
	uint64_t generation;		/* 0: kvm is not loaded */
	uint32_t nr_desc;		/* of either kind; values are in reverse order */
	uint32_t nr_vms;
	uint64_t hidden_vm;		/* an id that has ended */
	uint64_t gone_vm;		/* an id that has ended and kept its values */
	uint64_t gone_generation;
	uint64_t time_ns;
	uint64_t add;			/* to all values */
	unsigned int reloads;		/* of kvm, one after each GET_SCHEMA of a count */
	unsigned int calls, snapshots;
	int error;			/* of KVMSTATS_SNAPSHOT */
	void (*spoil)(struct kvmstats_record *record);
} module;

static uint64_t value(uint64_t vm_id, uint32_t kind, uint32_t vcpu_id, uint32_t i)
{
	return vm_id * 1000 + kind * 100 + vcpu_id * 10 + i + module.add;
}

static int fails(int error)
{
	errno = error;
	return -1;
}

static int answer_schema(struct kvmstats_schema *arg)
{
	struct kvmstats_desc *desc = (void *)(uintptr_t)arg->descs;

	if (arg->kind > KVMSTATS_KIND_VCPU)
		return fails(EINVAL);
	if (!module.generation)
		return fails(ENODEV);
	arg->count = module.nr_desc;
	arg->data_size = module.nr_desc * 8;
	arg->generation = module.generation;
	if (!arg->capacity) {
		if (module.reloads) {
			module.reloads--;
			module.generation++;
			module.nr_desc += 3;
		}
		return 0;
	}
	if (arg->capacity < arg->count)
		return fails(ENOSPC);
	for (uint32_t i = 0; i < arg->count; i++) {
		desc[i] = (struct kvmstats_desc){ .size = 1, .offset = (arg->count - 1 - i) * 8 };
		snprintf(desc[i].name, sizeof(desc[i].name), "%s%c", arg->kind ? "vcpu" : "vm",
			 'a' + i);
	}
	return 0;
}

static int put(struct kvmstats_snapshot *arg, const struct kvmstats_record *head, size_t data_size)
{
	struct kvmstats_record *to = (void *)(uintptr_t)(arg->buffer + arg->used);
	uint64_t *data = (void *)(to + 1);

	if (arg->buffer_size - arg->used < RECORD + data_size)
		return -1;
	*to = *head;
	to->length = RECORD + data_size;
	for (uint32_t i = 0; i < data_size / 8; i++)
		data[i] = value(head->vm_id, head->kind, head->vcpu_id, i);
	if (module.spoil)
		module.spoil(to);
	arg->used += RECORD + data_size;
	arg->count++;
	return 0;
}

/* @arg->vcpu_cursor counts the records of the VM: its own, the sum, then vCPUs. */
static int put_vm(struct kvmstats_snapshot *arg, uint64_t id)
{
	static const uint32_t flags[] = { KVMSTATS_SNAPSHOT_VM, KVMSTATS_SNAPSHOT_VCPU_SUM,
		KVMSTATS_SNAPSHOT_VCPU, KVMSTATS_SNAPSHOT_VCPU };
	static const uint16_t kinds[] = { KVMSTATS_KIND_VM, KVMSTATS_KIND_VCPU_SUM,
		KVMSTATS_KIND_VCPU, KVMSTATS_KIND_VCPU };
	bool gone = id == module.gone_vm;

	if (id == module.hidden_vm || id % 10 || id / 10 > module.nr_vms) {
		struct kvmstats_record head = { .state = KVMSTATS_STATE_GONE, .vm_id = id };

		return put(arg, &head, 0);
	}
	for (; arg->vcpu_cursor < 4; arg->vcpu_cursor++) {
		struct kvmstats_record head = {
			.kind = kinds[arg->vcpu_cursor],
			.state = gone ? KVMSTATS_STATE_GONE : KVMSTATS_STATE_LIVE,
			.vm_id = id,
			.vcpu_id = arg->vcpu_cursor == 3,
			.time_ns = module.time_ns,
			.generation = gone ? module.gone_generation : module.generation,
		};

		if (arg->flags & flags[arg->vcpu_cursor] && put(arg, &head, module.nr_desc * 8))
			return -1;
	}
	return 0;
}

static int answer_snapshot(struct kvmstats_snapshot *arg)
{
	const uint64_t *ids = (void *)(uintptr_t)arg->vm_ids;
	uint32_t nr = ids ? arg->nr_vm_ids : module.nr_vms;

	module.snapshots++;
	if (module.error)
		return fails(module.error);
	assert_true(arg->buffer && arg->buffer % 8 == 0);
	arg->used = arg->count = arg->more = 0;
	for (; arg->vm_cursor < nr; arg->vm_cursor++, arg->vcpu_cursor = 0) {
		uint64_t id = ids ? ids[arg->vm_cursor] : (arg->vm_cursor + 1) * 10;

		if (!ids && (id == module.hidden_vm || id == module.gone_vm))
			continue;
		if (put_vm(arg, id)) {
			if (!arg->count)
				return fails(ENOSPC);
			arg->more = 1;
			return 0;
		}
	}
	return 0;
}

int __wrap_ioctl(int fd, unsigned long cmd, void *arg);

int __wrap_ioctl(int fd, unsigned long cmd, void *arg)
{
	assert_true(fd >= 0);
	module.calls++;
	switch (cmd) {
	case KVMSTATS_GET_INFO:
		return 0;
	case KVMSTATS_GET_SCHEMA:
		return answer_schema(arg);
	case KVMSTATS_SNAPSHOT:
		return answer_snapshot(arg);
	}
	return fails(ENOTTY);
}

static struct kvmstats *ks;
static struct kvmstats_sampler *s;

static int setup(void **state)
{
	(void)state;
	memset(&module, 0, sizeof(module));
	module.generation = 7;
	module.nr_desc = 5;
	module.nr_vms = 3;
	module.time_ns = 1000;
	return kvmstats_open("/dev/null", &ks) || kvmstats_sampler_new(ks, ALL, &s);
}

static int teardown(void **state)
{
	(void)state;
	kvmstats_sampler_free(s);
	kvmstats_close(ks);
	return 0;
}

static void take(void)
{
	assert_int_equal(kvmstats_sampler_take(s, NULL, 0), 0);
}

static const struct kvmstats_sample *vcpu(uint64_t vm_id, uint32_t vcpu_id)
{
	return kvmstats_sampler_find(s, KVMSTATS_KIND_VCPU, vm_id, vcpu_id);
}

/* --- descriptors --- */

static void descriptors_come_with_the_place_of_their_values(void **state)
{
	struct kvmstats_descs *d;

	(void)state;
	assert_int_equal(kvmstats_descs_new(ks, KVMSTATS_KIND_VCPU_SUM, &d), 0);
	assert_int_equal(kvmstats_descs_generation(d), 7);
	assert_int_equal(kvmstats_descs_count(d), 5);
	assert_string_equal(kvmstats_descs_stat(d, 4)->name, "vcpue");
	assert_null(kvmstats_descs_stat(d, 5));
	assert_int_equal(kvmstats_descs_find(d, "vcpuc"), 2);
	assert_int_equal(kvmstats_descs_find(d, "vcpu"), -ENOENT);
	assert_int_equal(kvmstats_descs_value(d, 0), 4);
	assert_int_equal(kvmstats_descs_value(d, 4), 0);
	assert_int_equal(kvmstats_descs_value(d, 5), 0);
	kvmstats_descs_free(d);
	kvmstats_descs_free(NULL);
}

static void descriptors_need_kvm_and_a_kind(void **state)
{
	struct kvmstats_descs *d = NULL;

	(void)state;
	assert_int_equal(kvmstats_descs_new(ks, 3, &d), -EINVAL);
	module.generation = 0;
	assert_int_equal(kvmstats_descs_new(ks, KVMSTATS_KIND_VM, &d), -ENODEV);
	assert_null(d);
}

static void descriptors_that_grow_meanwhile_are_asked_for_again(void **state)
{
	struct kvmstats_descs *d;

	(void)state;
	module.reloads = 2;
	assert_int_equal(kvmstats_descs_new(ks, KVMSTATS_KIND_VM, &d), 0);
	assert_int_equal(kvmstats_descs_generation(d), 9);
	assert_int_equal(kvmstats_descs_count(d), 11);
	kvmstats_descs_free(d);
}

static void too_many_descriptors_are_refused(void **state)
{
	struct kvmstats_descs *d = NULL;

	(void)state;
	module.nr_desc = KVMSTATS_MAX_DESC + 1;
	assert_int_equal(kvmstats_descs_new(ks, KVMSTATS_KIND_VM, &d), -EBADMSG);
	assert_null(d);
}

static void schema_without_statistics_is_accepted(void **state)
{
	struct kvmstats_descs *d;

	(void)state;
	module.nr_desc = 0;
	assert_int_equal(kvmstats_descs_new(ks, KVMSTATS_KIND_VM, &d), 0);
	assert_int_equal(kvmstats_descs_count(d), 0);
	kvmstats_descs_free(d);
}

/* --- samples --- */

static void samples_come_in_order_with_their_values(void **state)
{
	static const uint32_t kinds[] = { KVMSTATS_KIND_VM, KVMSTATS_KIND_VCPU_SUM,
		KVMSTATS_KIND_VCPU, KVMSTATS_KIND_VCPU };

	(void)state;
	assert_int_equal(kvmstats_sampler_count(s), 0);
	assert_null(kvmstats_sampler_get(s, 0));
	assert_null(kvmstats_sampler_descs(s, KVMSTATS_KIND_VM));
	assert_null(kvmstats_sampler_find(s, KVMSTATS_KIND_VM, 10, 0));
	take();
	assert_int_equal(kvmstats_sampler_count(s), 12);
	for (uint32_t i = 0; i < 12; i++) {
		const struct kvmstats_sample *sample = kvmstats_sampler_get(s, i);
		uint64_t vm_id = (i / 4 + 1) * 10;

		assert_int_equal(sample->kind, kinds[i % 4]);
		assert_int_equal(sample->state, KVMSTATS_STATE_LIVE);
		assert_int_equal(sample->vm_id, vm_id);
		assert_int_equal(sample->vcpu_id, i % 4 == 3);
		assert_int_equal(sample->time_ns, 1000);
		assert_int_equal(sample->elapsed_ns, 0);
		assert_null(sample->before);
		for (uint32_t n = 0; n < 5; n++)
			assert_int_equal(sample->values[n],
					 value(vm_id, sample->kind, sample->vcpu_id, n));
		assert_ptr_equal(kvmstats_sampler_find(s, sample->kind, vm_id, sample->vcpu_id),
				 sample);
	}
	assert_null(kvmstats_sampler_get(s, 12));
	assert_null(vcpu(10, 2));
	assert_null(vcpu(15, 0));
	assert_string_equal(kvmstats_descs_stat(kvmstats_sampler_descs(s, KVMSTATS_KIND_VM), 0)->name,
			    "vma");
	assert_ptr_equal(kvmstats_sampler_descs(s, KVMSTATS_KIND_VCPU),
			 kvmstats_sampler_descs(s, KVMSTATS_KIND_VCPU_SUM));
}

static void only_what_is_wanted_is_sampled(void **state)
{
	struct kvmstats_sampler *vms;

	(void)state;
	assert_int_equal(kvmstats_sampler_new(ks, 0, &vms), -EINVAL);
	assert_int_equal(kvmstats_sampler_new(ks, 8, &vms), -EINVAL);
	assert_int_equal(kvmstats_sampler_new(ks, KVMSTATS_SNAPSHOT_VM, &vms), 0);
	assert_int_equal(kvmstats_sampler_take(vms, NULL, 0), 0);
	assert_int_equal(kvmstats_sampler_count(vms), 3);
	kvmstats_sampler_free(vms);
	kvmstats_sampler_free(NULL);
}

static void next_take_knows_the_one_before(void **state)
{
	const struct kvmstats_sample *sample;

	(void)state;
	take();
	module.time_ns += 2000000000;
	module.add = 50;
	take();
	sample = vcpu(20, 1);
	assert_int_equal(sample->elapsed_ns, 2000000000);
	assert_int_equal(sample->before[3], sample->values[3] - 50);
	assert_int_equal(kvmstats_sample_delta(sample, 3), 50);
	assert_true(kvmstats_sample_rate(sample, 3) == 25.0);
	module.time_ns += 1000000000;
	module.add = 40;
	take();
	sample = vcpu(20, 1);
	assert_int_equal(sample->before[3], sample->values[3] + 10);
	assert_int_equal(kvmstats_sample_delta(sample, 3), 0);
	assert_true(kvmstats_sample_rate(sample, 3) == 0);
	module.add = 60;	/* and no time has passed */
	take();
	assert_int_equal(kvmstats_sample_delta(vcpu(20, 1), 3), 20);
	assert_true(kvmstats_sample_rate(vcpu(20, 1), 3) == 0);
}

static void object_that_was_not_there_has_no_before(void **state)
{
	(void)state;
	module.hidden_vm = 20;
	take();
	module.nr_vms = 4;
	module.hidden_vm = 10;
	module.time_ns++;
	take();
	assert_null(vcpu(10, 0));
	assert_null(vcpu(20, 0)->before);
	assert_int_equal(kvmstats_sample_delta(vcpu(20, 0), 0), 0);
	assert_non_null(vcpu(30, 1)->before);
	assert_null(vcpu(40, 1)->before);
	module.hidden_vm = 0;
	take();
	assert_null(vcpu(10, 0)->before);	/* not in the one before, though in an earlier one */
	assert_non_null(vcpu(20, 0)->before);
}

static void chosen_vms_are_read_once_and_sorted(void **state)
{
	const uint64_t ids[] = { 30, 77, 10, 30 };

	(void)state;
	assert_int_equal(kvmstats_sampler_take(s, ids, 0), -EINVAL);
	assert_int_equal(kvmstats_sampler_take(s, NULL, 4), -EINVAL);
	take();
	assert_int_equal(kvmstats_sampler_take(s, ids, 4), 0);
	assert_int_equal(kvmstats_sampler_count(s), 9);
	assert_non_null(vcpu(30, 1)->before);
	assert_null(vcpu(20, 0));
	assert_int_equal(kvmstats_sampler_get(s, 8)->vm_id, 77);
	assert_int_equal(kvmstats_sampler_get(s, 8)->state, KVMSTATS_STATE_GONE);
	assert_null(kvmstats_sampler_get(s, 8)->values);
	assert_int_equal(kvmstats_sampler_take(s, ids, 4), 0);
	assert_null(kvmstats_sampler_find(s, KVMSTATS_KIND_VM, 77, 0)->before);
}

static void gone_vm_has_its_last_values_while_its_kvm_is_loaded(void **state)
{
	const uint64_t id = 20;

	(void)state;
	module.gone_vm = 20;
	module.gone_generation = 7;
	assert_int_equal(kvmstats_sampler_take(s, &id, 1), 0);
	assert_int_equal(vcpu(20, 0)->state, KVMSTATS_STATE_GONE);
	assert_int_equal(vcpu(20, 0)->values[0], value(20, KVMSTATS_KIND_VCPU, 0, 0));
	module.gone_generation = 6;
	assert_int_equal(kvmstats_sampler_take(s, &id, 1), 0);
	assert_non_null(vcpu(20, 0));
	assert_null(vcpu(20, 0)->values);
}

static void without_kvm_there_are_no_samples(void **state)
{
	(void)state;
	take();
	module.generation = 0;
	module.nr_vms = 0;
	take();
	assert_int_equal(kvmstats_sampler_count(s), 0);
	assert_null(kvmstats_sampler_descs(s, KVMSTATS_KIND_VM));
}

static void new_kvm_has_nothing_before_it(void **state)
{
	(void)state;
	take();
	module.generation = 8;
	module.nr_desc = 6;
	module.time_ns++;
	take();
	assert_null(vcpu(10, 0)->before);
	assert_int_equal(vcpu(10, 0)->values[5], value(10, KVMSTATS_KIND_VCPU, 0, 5));
	assert_int_equal(kvmstats_descs_generation(kvmstats_sampler_descs(s, KVMSTATS_KIND_VM)), 8);
	take();
	assert_non_null(vcpu(10, 0)->before);
}

static void kvm_that_is_reloaded_meanwhile_is_read_again(void **state)
{
	(void)state;
	module.reloads = 1;
	take();
	assert_int_equal(kvmstats_descs_generation(kvmstats_sampler_descs(s, KVMSTATS_KIND_VM)), 8);
	assert_int_equal(vcpu(10, 0)->values[7], value(10, KVMSTATS_KIND_VCPU, 0, 7));
	module.reloads = 1;	/* between the question and the snapshot */
	take();
	assert_int_equal(kvmstats_descs_generation(kvmstats_sampler_descs(s, KVMSTATS_KIND_VM)), 9);
	module.reloads = UINT32_MAX;
	assert_int_equal(kvmstats_sampler_take(s, NULL, 0), -EBADMSG);
	assert_int_equal(vcpu(10, 0)->values[7], value(10, KVMSTATS_KIND_VCPU, 0, 7));
}

static void after_an_error_the_last_take_stands(void **state)
{
	const struct kvmstats_sample *sample;

	(void)state;
	take();
	module.add = 1;
	take();
	module.add = 2;
	module.error = EINTR;
	assert_int_equal(kvmstats_sampler_take(s, NULL, 0), -EINTR);
	module.error = 0;
	sample = vcpu(30, 1);
	assert_int_equal(kvmstats_sampler_count(s), 12);
	assert_int_equal(sample->values[0] - sample->before[0], 1);
	take();
	assert_int_equal(kvmstats_sample_delta(vcpu(30, 1), 0), 1);
}

static void many_vms_take_two_calls_once_they_are_known(void **state)
{
	(void)state;
	module.nr_vms = 600;
	module.nr_desc = 25;
	take();
	assert_in_range(module.snapshots, 2, 12);
	assert_int_equal(kvmstats_sampler_count(s), 2400);
	for (int i = 0; i < 3; i++) {
		module.calls = 0;
		module.add++;
		take();
		assert_int_equal(module.calls, 2);
	}
	for (uint64_t id = 10; id <= 6000; id += 10)
		assert_int_equal(kvmstats_sample_delta(vcpu(id, 1), 24), 1);
	module.nr_vms = 700;
	take();
	assert_int_equal(kvmstats_sampler_count(s), 2800);
	assert_non_null(vcpu(6000, 1)->before);
	assert_null(vcpu(6010, 0)->before);
}

/* --- answers that make no sense --- */

static void cut(struct kvmstats_record *record)
{
	record->length -= 8;
}

static void empty(struct kvmstats_record *record)
{
	record->length = 0;
}

static void huge(struct kvmstats_record *record)
{
	record->length = 0xfffffff8;
}

static void odd(struct kvmstats_record *record)
{
	record->length -= 4;
}

static void of_new_kind(struct kvmstats_record *record)
{
	record->kind = KVMSTATS_KIND_VCPU_SUM + 1;
}

static void all_the_same(struct kvmstats_record *record)
{
	record->vm_id = 10;
	record->kind = KVMSTATS_KIND_VM;
}

static void nonsense_is_refused(void **state)
{
	void (*const spoilers[])(struct kvmstats_record *) = {
		cut, empty, huge, odd, of_new_kind, all_the_same,
	};

	(void)state;
	take();
	for (size_t i = 0; i < sizeof(spoilers) / sizeof(*spoilers); i++) {
		module.spoil = spoilers[i];
		assert_int_equal(kvmstats_sampler_take(s, NULL, 0), -EBADMSG);
		assert_int_equal(kvmstats_sampler_count(s), 12);
	}
	module.spoil = NULL;
	take();
}

#define sampler_test(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sampler_test(descriptors_come_with_the_place_of_their_values),
		sampler_test(descriptors_need_kvm_and_a_kind),
		sampler_test(descriptors_that_grow_meanwhile_are_asked_for_again),
		sampler_test(too_many_descriptors_are_refused),
		sampler_test(schema_without_statistics_is_accepted),
		sampler_test(samples_come_in_order_with_their_values),
		sampler_test(only_what_is_wanted_is_sampled),
		sampler_test(next_take_knows_the_one_before),
		sampler_test(object_that_was_not_there_has_no_before),
		sampler_test(chosen_vms_are_read_once_and_sorted),
		sampler_test(gone_vm_has_its_last_values_while_its_kvm_is_loaded),
		sampler_test(without_kvm_there_are_no_samples),
		sampler_test(new_kvm_has_nothing_before_it),
		sampler_test(kvm_that_is_reloaded_meanwhile_is_read_again),
		sampler_test(after_an_error_the_last_take_stands),
		sampler_test(many_vms_take_two_calls_once_they_are_known),
		sampler_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests_name("libkvmstats: samples", tests, NULL, NULL);
}
