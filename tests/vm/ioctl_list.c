// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two list commands: paging, records of every size, and what they refuse.
 * Built a second time as a 32-bit program.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "dev.h"
#include "guest.h"
#include "module.h"
#include "tap.h"

#define NR_VMS		(MAX_RECORDS - 1)
#define POISON		0xa5

static int dev;

static void check_list_fields(int index)
{
	union argument argument = command_good(index);
	uint32_t size = argument.list.record_size;
	const struct {
		uint32_t record_size;
		const char *text;
	} wrong[] = {
		{ 0, "record size 0" }, { 8, "record size 8" },
		{ size - 8, "record size below the first version" },
		{ size + 4, "record size that is no multiple of 8" },
		{ size + 1, "odd record size" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		argument.list.record_size = wrong[i].record_size;
		command_expect(index, argument, EINVAL, wrong[i].text);
	}
	argument.list.record_size = UINT32_MAX - 7;
	tap_ok(command_call(index, &argument), "%s: a record of 4 GB is refused", commands[index].name);

	argument = command_good(index);
	argument.list.capacity = 0;
	command_expect(index, argument, EINVAL, "capacity 0");
	argument.list.capacity = UINT32_MAX;
	command_expect(index, argument, 0, "the largest capacity");

	argument = command_good(index);
	argument.list.records = 0;
	command_expect(index, argument, EFAULT, "records at NULL");
	argument.list.records = UINT64_MAX - 7;
	command_expect(index, argument, EFAULT, "records at the end of memory");
	argument.list.records = 1ull << 40 | (uintptr_t)&command_records;
	command_expect(index, argument, EFAULT, "records above 2^40");

	argument = command_good(index);
	argument.list.cursor = UINT64_MAX;
	argument.list.count = 99;
	if (is_errno(command_call(index, &argument), 0, "%s: cursor past the end", commands[index].name))
		is_u64(argument.list.count, 0, "%s: records past the end", commands[index].name);
}

/* The second record falls off the end of memory. */
static void check_list_edge(void)
{
	union argument argument = command_good(LIST_VMS);
	size_t page = sysconf(_SC_PAGESIZE);
	uint8_t *low = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (low == MAP_FAILED || munmap(low + page, page))
		tap_bail("mmap failed");
	argument.list.records = (uintptr_t)(low + page - sizeof(struct kvmstats_vm));
	command_expect(LIST_VMS, argument, EFAULT, "room for one record of several");
	argument.list.capacity = 1;
	command_expect(LIST_VMS, argument, 0, "room for the one record asked for");
	argument.list.record_size += 8;
	command_expect(LIST_VMS, argument, EFAULT, "no room for the tail of a longer record");
	argument = command_good(LIST_VCPUS);
	argument.list.capacity = 1;
	argument.list.records = (uintptr_t)(low + page - sizeof(struct kvmstats_vcpu));
	command_expect(LIST_VCPUS, argument, 0, "room for the one record asked for");
	argument.list.record_size += 8;
	command_expect(LIST_VCPUS, argument, EFAULT, "no room for the tail of a longer record");
	munmap(low, page);
}

/* A caller who knows of longer records than the module. */
static void check_long_records(void)
{
	const uint32_t size = sizeof(struct kvmstats_vm), stride = size + 24;
	static uint8_t buffer[(NR_VMS + 1) * (sizeof(struct kvmstats_vm) + 24)];
	union argument argument = command_good(LIST_VMS);
	uint32_t nr = dev_list_vms(dev, command_records.vms, NR_VMS + 1);
	unsigned int wrong = 0;

	memset(buffer, POISON, sizeof(buffer));
	argument.list.records = (uintptr_t)buffer;
	argument.list.record_size = stride;
	command_expect(LIST_VMS, argument, 0, "longer records");
	for (uint32_t i = 0; i < nr; i++) {
		wrong += memcmp(buffer + i * stride, &command_records.vms[i], size) != 0;
		for (uint32_t j = size; j < stride; j++)
			wrong += buffer[i * stride + j] != 0;
	}
	is_u64(wrong, 0, "longer records: wrong content or tail");
	is_u64(buffer[nr * stride], POISON, "longer records: nothing written after the last");
}

static void check_paging(uint32_t capacity)
{
	union argument argument = command_good(LIST_VMS);
	struct kvmstats_vm all[NR_VMS + 1];
	uint32_t total = 0, nr = dev_list_vms(dev, all, NR_VMS + 1);
	unsigned int wrong = 0, calls = 0;

	is_u64(nr, NR_VMS, "VMs in one call");
	argument.list.capacity = capacity;
	do {
		if (command_call(LIST_VMS, &argument) || argument.list.count > capacity)
			tap_bail("cannot list");
		for (uint32_t i = 0; i < argument.list.count && total < nr; i++, total++)
			wrong += memcmp(&command_records.vms[i], &all[total], sizeof(all[0])) != 0;
		calls++;
	} while (argument.list.count && calls < 2 * NR_VMS);
	is_u64(total, nr, "VMs in steps of %u", capacity);
	is_u64(wrong, 0, "VMs in steps of %u that are not those of one call", capacity);
	in_range(calls, (nr + capacity - 1) / capacity, nr / capacity + 2, "calls in steps of %u",
		 capacity);
}

int main(void)
{
	struct guest guests[NR_VMS];

	dev = test_begin_loaded("");
	for (int i = 0; i < NR_VMS; i++) {
		guest_create(&guests[i]);
		guest_add_vcpu(&guests[i], 0);
	}
	command_init(dev, dev_vm_of(dev, getpid()).id);
	check_list_fields(LIST_VMS);
	check_list_fields(LIST_VCPUS);
	check_list_edge();
	check_long_records();
	check_paging(1);
	check_paging(2);
	check_paging(NR_VMS);
	for (int i = 0; i < NR_VMS; i++)
		guest_destroy(&guests[i]);
	return test_end_loaded(dev);
}
