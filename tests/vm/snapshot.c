// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVMSTATS_SNAPSHOT: what it gives is what the stats fds give, in order, each
 * object once, whatever the buffer. Built a second time as a 32-bit program.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "memory.h"
#include "module.h"
#include "snapshot.h"
#include "tap.h"

/* Without the sums a VM is written in one piece. */
#define BOTH		(KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU)
#define NR_GUESTS	3
#define BUFFER_PAGES	16
#define BUFFER_SIZE	(BUFFER_PAGES * 4096)
#define MAX_CALLS	64

static int dev;
static struct guest guests[NR_GUESTS];
static uint64_t ids[NR_GUESTS];
static _Alignas(8) uint8_t buffer[BUFFER_SIZE];
static struct truth truth;

static void make_guests(void)
{
	static const uint32_t vcpu_ids[NR_GUESTS][3] = { { 5, 0 }, { 0 }, { 1, 0, 7 } };
	static const unsigned int nr_vcpus[NR_GUESTS] = { 2, 0, 3 };

	for (unsigned int i = 0; i < NR_GUESTS; i++) {
		guest_create(&guests[i]);
		ids[i] = dev_vm_of(dev, getpid()).id;
		for (unsigned int j = 0; j < nr_vcpus[i]; j++) {
			struct guest_vcpu *vcpu = guest_add_vcpu(&guests[i], vcpu_ids[i][j]);

			for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++)
				guest_run(vcpu, work, 3 + 10 * i + 4 * j + work);
		}
	}
}

static void truth_of_all(uint32_t flags)
{
	truth.nr = 0;
	for (unsigned int i = 0; i < NR_GUESTS; i++)
		truth_add_vm(&truth, dev, ids[i], flags);
}

/* Calls until there is no more; everything is the truth, and nothing else touched. */
static void check_resumed(struct kvmstats_snapshot snapshot, const char *text)
{
	size_t size = snapshot.buffer_size;
	unsigned int wrong = 0, calls = 0;
	uint32_t nr = 0;
	int err;

	do {
		memset(buffer, POISON, sizeof(buffer));
		err = snapshot_call(dev, &snapshot);
		if (err)
			break;
		wrong += snapshot_wrong(&snapshot, &truth, nr);
		nr += snapshot.count;
		wrong += snapshot.used > size || snapshot.more > 1 ||
			 (snapshot.more && !snapshot.count) ||
			 bytes_unlike(buffer + snapshot.used, POISON,
				      sizeof(buffer) - snapshot.used);
	} while (snapshot.more && ++calls < MAX_CALLS);
	is_errno(err, 0, "%s, %zu bytes at a time", text, size);
	is_u64(wrong, 0, "%s, %zu bytes at a time: wrong records", text, size);
	is_u64(nr, truth.nr, "%s, %zu bytes at a time: records", text, size);
}

static void check_flags(void)
{
	for (uint32_t flags = 1; flags <= SNAPSHOT_ALL; flags++) {
		struct kvmstats_snapshot snapshot = snapshot_of(flags, buffer, BUFFER_SIZE);
		char text[32];

		truth_of_all(flags);
		snprintf(text, sizeof(text), "flags %#x", flags);
		check_resumed(snapshot, text);
		snapshot.vm_ids = (uintptr_t)&ids[0];
		snapshot.nr_vm_ids = NR_GUESTS;
		snprintf(text, sizeof(text), "flags %#x, by id", flags);
		check_resumed(snapshot, text);
	}
}

static void check_sizes(struct kvmstats_snapshot snapshot, const char *text)
{
	const size_t longest = truth_longest(&truth), whole = truth_size(&truth, 0);
	const size_t sizes[] = {
		longest, longest + 1, longest + 7, longest + 8, longest + 43, 2 * longest - 1,
		2 * longest, whole - 8, whole - 1, whole, whole + 1, whole + 8,
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snapshot.buffer_size = sizes[i];
		check_resumed(snapshot, text);
	}
}

/* Known and unknown ids, some of them twice. */
static void check_id_list(void)
{
	const uint64_t list[] = {
		ids[2], 0, ids[0], ids[0], ids[2] + 1, ids[1], 1ull << 32 | ids[0], UINT64_MAX, ids[2],
	};
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, buffer, BUFFER_SIZE);

	truth.nr = 0;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (list[i] == ids[0] || list[i] == ids[1] || list[i] == ids[2])
			truth_add_vm(&truth, dev, list[i], SNAPSHOT_ALL);
		else
			truth_add_unknown(&truth, list[i]);
	}
	snapshot.vm_ids = (uintptr_t)list;
	snapshot.nr_vm_ids = sizeof(list) / sizeof(list[0]);
	check_sizes(snapshot, "ids in a list");
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void check_times(void)
{
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, buffer, BUFFER_SIZE);
	const struct kvmstats_record *record = NULL;
	uint64_t before = monotonic_ns(), last = before, last_vm = 0;
	unsigned int backward = 0, apart = 0;
	int err = snapshot_call(dev, &snapshot);
	uint64_t after = monotonic_ns();

	is_errno(err, 0, "times: snapshot");
	while ((record = snapshot_next(&snapshot, record))) {
		backward += record->time_ns < last;
		apart += record->vm_id == last_vm && record->time_ns != last;
		last = record->time_ns;
		last_vm = record->vm_id;
	}
	in_range(last, before, after, "times lie within the call");
	is_u64(backward, 0, "times that go backward");
	is_u64(apart, 0, "times that differ within a VM");
}

/* Pages that are not there yet, and records over the edges of pages. */
static void check_unfaulted(uint32_t flags)
{
	static const size_t before_edge[] = { 0, 8, 16, 32, 40, 48, 256, 4096 - 8 };

	truth_of_all(flags);
	for (size_t i = 0; i < sizeof(before_edge) / sizeof(before_edge[0]); i++) {
		uint8_t *pages = memory_map(BUFFER_PAGES + 1);
		uint8_t *start = pages + page_size() - before_edge[i];
		struct kvmstats_snapshot snapshot = snapshot_of(flags, start, BUFFER_SIZE);

		is_errno(snapshot_call(dev, &snapshot), 0, "fresh memory, %zu bytes before a page",
			 before_edge[i]);
		is_u64(snapshot_wrong(&snapshot, &truth, 0), 0,
		       "fresh memory, %zu bytes before a page: wrong records", before_edge[i]);
		is_u64(snapshot.count, truth.nr, "fresh memory, %zu bytes before a page: records",
		       before_edge[i]);
		is_u64(bytes_unlike(start + snapshot.used, 0, BUFFER_SIZE - snapshot.used), 0,
		       "fresh memory, %zu bytes before a page: nothing behind", before_edge[i]);
		memory_unmap(pages, BUFFER_PAGES + 1);
	}
}

/* The truth holds what these flags ask for. */
static void check_hole(uint32_t flags)
{
	size_t whole = truth_size(&truth, 0), first = truth.records[0].head.length;
	const struct {
		size_t before_hole;
		int expected;
		const char *text;
	} cases[] = {
		{ 0, EFAULT, "all of it" },
		{ 16, EFAULT, "a part of the first record" },
		{ sizeof(struct kvmstats_record), EFAULT, "the first data block" },
		{ first, EFAULT, "all but the first record" },
		{ whole - 8, EFAULT, "the last value" },
		{ whole, 0, "what would come behind the last record" },
	};
	uint8_t *edge = memory_edge(BUFFER_PAGES);
	struct kvmstats_snapshot snapshot;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snapshot = snapshot_of(flags, edge - cases[i].before_hole, BUFFER_SIZE);
		is_errno(snapshot_call(dev, &snapshot), cases[i].expected, "unmapped is %s",
			 cases[i].text);
		if (cases[i].expected)
			is_u64(snapshot.count | snapshot.used | snapshot.vm_cursor, 0,
			       "unmapped is %s: the struct stays", cases[i].text);
	}
	snapshot = snapshot_of(flags, edge - whole + 8, whole - 8);
	is_errno(snapshot_call(dev, &snapshot), 0, "a buffer that ends where memory ends");
	is_u64(snapshot.more, 1, "a buffer that ends where memory ends: there is more");
	memory_unmap(edge - BUFFER_PAGES * page_size(), BUFFER_PAGES);
}

static void expect(struct kvmstats_snapshot snapshot, int expected, const char *text)
{
	is_errno(snapshot_call(dev, &snapshot), expected, "%s", text);
}

static void check_buffers(void)
{
	uint8_t *pages = memory_map(BUFFER_PAGES);
	struct kvmstats_snapshot snapshot;

	mprotect(pages, BUFFER_SIZE, PROT_READ);
	expect(snapshot_of(SNAPSHOT_ALL, pages, BUFFER_SIZE), EFAULT, "a read-only buffer");
	memory_unmap(pages, BUFFER_PAGES);
	expect(snapshot_of(SNAPSHOT_ALL, NULL, BUFFER_SIZE), EFAULT, "a buffer at NULL");
	for (unsigned int i = 1; i < 8; i++)
		expect(snapshot_of(SNAPSHOT_ALL, buffer + i, BUFFER_SIZE - 8), EINVAL,
		       "a buffer that is no multiple of 8");
	snapshot = snapshot_of(SNAPSHOT_ALL, NULL, BUFFER_SIZE);
	snapshot.buffer = UINT64_MAX - BUFFER_SIZE - 7;
	expect(snapshot, EFAULT, "a buffer at a kernel address");
	snapshot.buffer = 1ull << 40 | (uintptr_t)buffer;
	expect(snapshot, EFAULT, "a buffer above 2^40");

	expect(snapshot_of(SNAPSHOT_ALL, buffer, 1ull << 32), 0, "a buffer of 4 GB");
	expect(snapshot_of(SNAPSHOT_ALL, buffer, UINT64_MAX), EFAULT, "the largest buffer");
	expect(snapshot_of(SNAPSHOT_ALL, buffer, UINT64_MAX - (uintptr_t)buffer), EFAULT,
	       "a buffer to the end of memory");
	expect(snapshot_of(SNAPSHOT_ALL, buffer, 0), ENOSPC, "a buffer of nothing");
	expect(snapshot_of(SNAPSHOT_ALL, NULL, 0), ENOSPC, "no buffer");
	expect(snapshot_of(SNAPSHOT_ALL, buffer, 40), ENOSPC, "a buffer without room for data");
	expect(snapshot_of(SNAPSHOT_ALL, buffer, truth.records[0].head.length - 1), ENOSPC,
	       "a buffer that lacks one byte for the first record");
	snapshot = snapshot_of(SNAPSHOT_ALL, buffer, truth.records[0].head.length);
	is_errno(snapshot_call(dev, &snapshot), 0, "a buffer for the first record alone");
	is_u64(snapshot.count, 1, "a buffer for the first record alone: records");
	snapshot.buffer_size = 8;
	expect(snapshot, ENOSPC, "no room for the second when it is resumed");
}

static void check_fields(void)
{
	const struct kvmstats_snapshot good = snapshot_of(SNAPSHOT_ALL, buffer, BUFFER_SIZE);
	uint8_t *edge = memory_edge(1);
	struct kvmstats_snapshot snapshot;

	expect(snapshot_of(0, buffer, BUFFER_SIZE), EINVAL, "no flags");
	for (uint32_t flag = SNAPSHOT_ALL + 1; flag; flag <<= 1)
		expect(snapshot_of(SNAPSHOT_ALL | flag, buffer, BUFFER_SIZE), EINVAL,
		       "an unknown flag");
	snapshot = good;
	snapshot.size = 0;
	expect(snapshot, EINVAL, "size 0");
	snapshot.size = sizeof(snapshot) - 1;
	expect(snapshot, EINVAL, "size below the first version");
	snapshot = good;
	snapshot.reserved = 1;
	expect(snapshot, EINVAL, "reserved field set");
	snapshot = good;
	snapshot.nr_vm_ids = 1;
	expect(snapshot, EINVAL, "a number of ids and no ids");
	snapshot.nr_vm_ids = 0;
	snapshot.vm_ids = (uintptr_t)ids;
	expect(snapshot, EINVAL, "ids and no number of them");
	snapshot.nr_vm_ids = 2;
	snapshot.vm_ids = (uintptr_t)edge;
	expect(snapshot, EFAULT, "ids in unmapped memory");
	snapshot.vm_ids = (uintptr_t)edge - 8;
	memcpy(edge - 8, ids, 8);
	expect(snapshot, EFAULT, "only the first of two ids is mapped");
	snapshot.nr_vm_ids = 1;
	expect(snapshot, 0, "ids end where memory ends");
	snapshot.vm_ids = (uintptr_t)edge - 13;
	memcpy(edge - 13, ids, 8);
	expect(snapshot, 0, "ids at an odd address");
	snapshot.vm_ids = UINT64_MAX - 7;
	expect(snapshot, EFAULT, "ids at a kernel address");
	memory_unmap(edge - page_size(), 1);

	snapshot = good;
	snapshot.count = UINT32_MAX;
	snapshot.used = UINT64_MAX;
	snapshot.more = UINT32_MAX;
	truth_of_all(SNAPSHOT_ALL);
	check_resumed(snapshot, "what is to come back set before");
	snapshot.vm_cursor = UINT64_MAX;
	truth.nr = 0;
	check_resumed(snapshot, "a cursor past the end");
	snapshot.vm_cursor = ids[0];
	snapshot.vcpu_cursor = UINT64_MAX;
	truth_add_vm(&truth, dev, ids[1], SNAPSHOT_ALL);
	truth_add_vm(&truth, dev, ids[2], SNAPSHOT_ALL);
	check_resumed(snapshot, "a vCPU cursor past the end");
}

/* One record of the first VM, then it ends and another comes. */
static void check_changes_between_calls(bool by_id)
{
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, buffer, 0);
	const char *text = by_id ? "a list whose VM ends" : "a walk whose VM ends";
	uint64_t list[NR_GUESTS];

	memcpy(list, ids, sizeof(list));
	truth_of_all(SNAPSHOT_ALL);
	if (by_id) {
		snapshot.vm_ids = (uintptr_t)list;
		snapshot.nr_vm_ids = NR_GUESTS;
	}
	snapshot.buffer_size = truth.records[0].head.length;
	is_errno(snapshot_call(dev, &snapshot), 0, "%s: first record", text);
	is_u64(snapshot_wrong(&snapshot, &truth, 0), 0, "%s: first record is right", text);
	is_u64(snapshot.more, 1, "%s: there is more", text);

	guest_destroy(&guests[0]);
	guest_create(&guests[0]);
	guest_run(guest_add_vcpu(&guests[0], 0), GUEST_OUT, 6);
	truth.nr = 0;
	if (by_id)
		truth_add_unknown(&truth, ids[0]);
	truth_add_vm(&truth, dev, ids[1], SNAPSHOT_ALL);
	truth_add_vm(&truth, dev, ids[2], SNAPSHOT_ALL);
	ids[0] = dev_vm_of(dev, getpid()).id;
	if (!by_id)
		truth_add_vm(&truth, dev, ids[0], SNAPSHOT_ALL);
	snapshot.buffer_size = truth_longest(&truth);
	check_resumed(snapshot, text);
}

int main(void)
{
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, buffer, BUFFER_SIZE);

	dev = test_begin_loaded("");
	truth.nr = 0;
	check_resumed(snapshot, "a host without VMs");
	make_guests();
	check_flags();
	truth_of_all(BOTH);
	check_sizes(snapshot_of(BOTH, buffer, BUFFER_SIZE), "VMs and vCPUs");
	truth_of_all(SNAPSHOT_ALL);
	check_sizes(snapshot, "all");
	check_id_list();
	check_times();
	check_unfaulted(BOTH);
	check_hole(BOTH);
	check_unfaulted(SNAPSHOT_ALL);
	check_hole(SNAPSHOT_ALL);
	check_buffers();
	check_fields();
	check_changes_between_calls(false);
	check_changes_between_calls(true);
	for (int i = 0; i < NR_GUESTS; i++)
		guest_destroy(&guests[i]);
	return test_end_loaded(dev);
}
