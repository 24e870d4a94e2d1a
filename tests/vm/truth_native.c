// SPDX-License-Identifier: GPL-2.0-only
/*
 * Our stats fd against that of KVM_GET_STATS_FD of the same living VM: the same bytes
 * while the guest stands still, and never out of step while it runs. Where kvmstats
 * serves both, ours may go on behind: what upstream has no name for is at the end.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define NR_BRACKETS	30
#define EXITS_BETWEEN	5

static const uint32_t vcpu_ids[] = { 0, 5, 2 };

#define NR_VCPUS	(sizeof(vcpu_ids) / sizeof(vcpu_ids[0]))

/* The kernel has KVM_GET_STATS_FD without kvmstats. */
static bool is_native;

/* One thing with two stats fds. */
struct pair {
	char name[16];
	int native;
	int ours;
};

static void check_head(const struct pair *pair, const struct image *native,
		       const struct image *ours)
{
	struct kvmstats_header expected = native->header;

	expected.num_desc = ours->header.num_desc;
	expected.data_offset = ours->header.data_offset;
	in_range(expected.num_desc, native->header.num_desc,
		 is_native ? native->header.num_desc : UINT32_MAX, "%s: descriptors", pair->name);
	is_bytes(&ours->header, &expected, sizeof(expected), "%s: all else of the header",
		 pair->name);
	is_str(image_id(ours), image_id(native), "%s: id", pair->name);
	is_bytes(image_descs(ours), image_descs(native),
		 native->header.num_desc * sizeof(struct kvmstats_desc), "%s: descriptors' content",
		 pair->name);
}

static void check_equal(const struct pair *pair, const char *when)
{
	struct image native, ours;

	image_read(pair->native, &native);
	image_read(pair->ours, &ours);
	check_head(pair, &native, &ours);
	is_bytes(ours.bytes + ours.header.data_offset, native.bytes + native.header.data_offset,
		 image_data_size(&native), "%s, %s: values", pair->name, when);
	is_u64(image_broken_rules(&native, image_id(&ours)), 0, "%s: native keeps the rules",
	       pair->name);
	is_u64(image_broken_rules(&ours, image_id(&native)), 0, "%s: ours keeps the rules",
	       pair->name);
	if (is_native)
		is_u64(ours.size, native.size, "%s, %s: size", pair->name, when);
}

/* Gives how many values are out of step; adds to @moved how many the bracket saw move. */
static unsigned int count_outside(const struct image *before, const struct image *ours,
				  const struct image *after, unsigned int *moved)
{
	const struct kvmstats_desc *desc = image_descs(before);
	unsigned int outside = 0;

	for (uint32_t i = 0; i < before->header.num_desc; i++, desc++) {
		const uint64_t *low = image_values(before, desc);
		const uint64_t *mid = image_values(ours, desc);
		const uint64_t *high = image_values(after, desc);

		if (!desc_is_monotone(desc))
			continue;
		for (uint16_t j = 0; j < desc->size; j++) {
			*moved += low[j] != high[j];
			if (low[j] <= mid[j] && mid[j] <= high[j])
				continue;
			tap_note("%s[%u]: seen %llu expected %llu to %llu", desc->name, j,
				 (unsigned long long)mid[j], (unsigned long long)low[j],
				 (unsigned long long)high[j]);
			outside++;
		}
	}
	return outside;
}

static void check_brackets(const struct pair *pair, struct guest_vcpu *runs)
{
	static struct image before, ours, after;
	unsigned int outside = 0, moved = 0;

	image_read(pair->native, &before);
	image_read(pair->ours, &ours);
	image_read(pair->native, &after);
	for (int i = 0; i < NR_BRACKETS; i++) {
		image_read_data(pair->native, &before);
		guest_spin_wait(runs, EXITS_BETWEEN);
		image_read_data(pair->ours, &ours);
		guest_spin_wait(runs, EXITS_BETWEEN);
		image_read_data(pair->native, &after);
		outside += count_outside(&before, &ours, &after, &moved);
	}
	is_u64(outside, 0, "%s, running: values outside native <= ours <= native", pair->name);
	if (strcmp(pair->name, "VM"))
		tap_ok(moved >= NR_BRACKETS, "%s, running: %u values moved in %u brackets",
		       pair->name, moved, NR_BRACKETS);
}

static void open_pairs(int dev, struct guest *guest, struct pair *pairs)
{
	struct kvmstats_vm vm = dev_vm_of(dev, getpid());

	strcpy(pairs[0].name, "VM");
	pairs[0].native = native_stats_fd(guest->vm_fd);
	pairs[0].ours = dev_open_vm(dev, vm.id);
	for (unsigned int i = 0; i < guest->nr_vcpus; i++) {
		uint32_t id = guest->vcpus[i].id;

		snprintf(pairs[i + 1].name, sizeof(pairs->name), "vCPU %u", id);
		pairs[i + 1].native = native_stats_fd(guest->vcpus[i].fd);
		pairs[i + 1].ours = dev_open_vcpu(dev, vm.id, id);
	}
}

static void compare_all(const struct pair *pairs, unsigned int nr, const char *when)
{
	for (unsigned int i = 0; i < nr; i++)
		check_equal(&pairs[i], when);
}

static void compare_life(int dev, struct guest *guest, const char *which)
{
	struct pair pairs[NR_VCPUS + 1];
	unsigned int nr = guest->nr_vcpus + 1;

	tap_note("a VM %s", which);
	open_pairs(dev, guest, pairs);
	compare_all(pairs, nr, "at first");
	for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++) {
		for (unsigned int i = 0; i < guest->nr_vcpus; i++)
			guest_run(&guest->vcpus[i], work, 10 * work + i);
	}
	compare_all(pairs, nr, "after known work");

	for (unsigned int i = 0; i < guest->nr_vcpus; i++)
		guest_spin(&guest->vcpus[i]);
	for (unsigned int i = 0; i < nr; i++)
		check_brackets(&pairs[i], &guest->vcpus[i ? i - 1 : 0]);
	for (unsigned int i = 0; i < guest->nr_vcpus; i++)
		guest_spin_stop(&guest->vcpus[i]);
	compare_all(pairs, nr, "stopped again");

	for (unsigned int i = 0; i < nr; i++) {
		close(pairs[i].native);
		close(pairs[i].ours);
	}
}

static void make_guest(struct guest *guest)
{
	guest_create(guest);
	for (unsigned int i = 0; i < NR_VCPUS; i++)
		guest_run(guest_add_vcpu(guest, vcpu_ids[i]), GUEST_OUT, 100 + i);
}

/* The id of a stats fd names the thread, which is not the process here. */
static void *make_guest_in_thread(void *guest)
{
	make_guest(guest);
	return NULL;
}

static void check_info(int dev)
{
	struct kvmstats_info info;

	dev_info(dev, &info);
	is_u64(!!(info.features & KVMSTATS_FEAT_NATIVE_STATS_FD), is_native,
	       "feature bit of the native stats fd");
	is_u64(info.schema_source, is_native ? KVMSTATS_SCHEMA_NATIVE : KVMSTATS_SCHEMA_DEBUGFS,
	       "source of the schema");
	tap_ok(info.features & KVMSTATS_FEAT_KVM_PRESENT, "feature bit of KVM");
}

int main(void)
{
	struct guest old, young;
	pthread_t thread;
	int dev;

	test_begin();
	make_guest(&old);
	is_native = native_has_stats_fd(old.kvm_fd);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	check_info(dev);
	compare_life(dev, &old, "from before kvmstats was loaded");
	guest_destroy(&old);
	if (pthread_create(&thread, NULL, make_guest_in_thread, &young) ||
	    pthread_join(thread, NULL))
		tap_bail("no thread");
	compare_life(dev, &young, "made by a thread under kvmstats");
	guest_destroy(&young);
	return test_end_loaded(dev);
}
