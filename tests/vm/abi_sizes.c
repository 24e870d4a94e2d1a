// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callers that were built against another version of the ABI: those that know only
 * the first version of each struct, and those that know more than the module does.
 * The sizes of the first version are numbers here, so that nobody changes them.
 * Built a second time as a 32-bit program.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "events.h"
#include "guest.h"
#include "memory.h"
#include "module.h"
#include "tap.h"

#define MOST_MORE	64		/* bytes that a newer caller knows more */
#define MAX_STRUCT	512
#define VM_RECORD	104
#define VCPU_RECORD	72
#define EVENT_RECORD	40

_Static_assert(sizeof(struct kvmstats_header) == 24, "header");
_Static_assert(sizeof(struct kvmstats_desc) == 64, "descriptor");
_Static_assert(sizeof(struct kvmstats_record) == 40, "record of a snapshot");
_Static_assert(sizeof(struct kvmstats_vm) >= VM_RECORD, "record of a VM");
_Static_assert(sizeof(struct kvmstats_vcpu) >= VCPU_RECORD, "record of a vCPU");
_Static_assert(sizeof(struct kvmstats_event) >= EVENT_RECORD, "event");

enum {
	INFO, HOOK, LIST_VMS, LIST_VCPUS, OPEN_VM, OPEN_VM_TOTAL, OPEN_VCPU, SCHEMA, SNAPSHOT,
	OPEN_HOST, OPEN_EVENTS, NR_COMMANDS
};

static const struct {
	const char *name;
	unsigned long number;
	uint32_t first;			/* bytes of the first version */
	uint32_t known;			/* bytes today */
	bool opens;
} commands[NR_COMMANDS] = {
	[INFO] = { "info", KVMSTATS_GET_INFO, 104, sizeof(struct kvmstats_info) },
	[HOOK] = { "hook", KVMSTATS_GET_HOOK, 200, sizeof(struct kvmstats_hook) },
	[LIST_VMS] = { "list of VMs", KVMSTATS_LIST_VMS, 48, sizeof(struct kvmstats_list) },
	[LIST_VCPUS] = { "list of vCPUs", KVMSTATS_LIST_VCPUS, 48, sizeof(struct kvmstats_list) },
	[OPEN_VM] = { "open VM", KVMSTATS_OPEN_VM, 24, sizeof(struct kvmstats_open), true },
	[OPEN_VM_TOTAL] = { "open VM with vCPUs", KVMSTATS_OPEN_VM, 24,
			    sizeof(struct kvmstats_open), true },
	[OPEN_VCPU] = { "open vCPU", KVMSTATS_OPEN_VCPU, 24, sizeof(struct kvmstats_open), true },
	[SCHEMA] = { "schema", KVMSTATS_GET_SCHEMA, 40, sizeof(struct kvmstats_schema) },
	[SNAPSHOT] = { "snapshot", KVMSTATS_SNAPSHOT, 72, sizeof(struct kvmstats_snapshot) },
	[OPEN_HOST] = { "open host", KVMSTATS_OPEN_HOST, 24, sizeof(struct kvmstats_open), true },
	[OPEN_EVENTS] = { "open events", KVMSTATS_OPEN_EVENTS, 16,
			  sizeof(struct kvmstats_open_events), true },
};

union argument {
	uint32_t size;
	struct kvmstats_info info;
	struct kvmstats_hook hook;
	struct kvmstats_list list;
	struct kvmstats_open open;
	struct kvmstats_schema schema;
	struct kvmstats_snapshot snapshot;
	struct kvmstats_open_events open_events;
	uint8_t bytes[MAX_STRUCT];
};

static int dev;
static uint64_t vm_id;
/* Where records go. */
static _Alignas(8) uint8_t buffer[16384];

static union argument argument_of(int command, uint32_t size)
{
	union argument argument = { 0 };

	switch (command) {
	case LIST_VMS:
	case LIST_VCPUS:
		argument.list.vm_id = command == LIST_VMS ? 0 : vm_id;
		argument.list.records = (uintptr_t)buffer;
		argument.list.record_size = command == LIST_VMS ? VM_RECORD : VCPU_RECORD;
		argument.list.capacity = 4;
		break;
	case OPEN_VM_TOTAL:
		argument.open.flags = KVMSTATS_OPEN_WITH_VCPUS;
		argument.open.vm_id = vm_id;
		break;
	case OPEN_VM:
	case OPEN_VCPU:
		argument.open.vm_id = vm_id;
		break;
	case SCHEMA:
		argument.schema.capacity = 100;
		argument.schema.descs = (uintptr_t)buffer;
		break;
	case SNAPSHOT:
		argument.snapshot.flags = KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU;
		argument.snapshot.buffer = (uintptr_t)buffer;
		argument.snapshot.buffer_size = sizeof(buffer);
		break;
	case OPEN_EVENTS:
		argument.open_events.record_size = EVENT_RECORD;
		break;
	}
	argument.size = size;
	return argument;
}

static int call(int command, union argument *argument)
{
	int ret = ioctl(dev, commands[command].number, argument);
	int err = ERRNO_OF(ret);

	if (ret >= 0 && commands[command].opens)
		close(ret);
	return err;
}

/* What lies behind the caller's struct is not the module's to touch. */
static void check_first_version(int command)
{
	uint32_t size = commands[command].first;
	union argument argument = argument_of(command, size);
	const char *name = commands[command].name;

	memset(argument.bytes + size, POISON, MAX_STRUCT - size);
	is_errno(call(command, &argument), 0, "%s: a caller of the first version", name);
	is_u64(argument.size, size, "%s: a caller of the first version: size", name);
	is_u64(bytes_unlike(argument.bytes + size, POISON, MAX_STRUCT - size), 0,
	       "%s: a caller of the first version: nothing behind is written", name);

	argument = argument_of(command, size - 1);
	is_errno(call(command, &argument), EINVAL, "%s: a byte less than the first version", name);
	argument = argument_of(command, size - 4);
	is_errno(call(command, &argument), EINVAL, "%s: a field less than the first version", name);
}

/* All callers get the same, as far as they know of it. */
static void check_newer(int command)
{
	const uint32_t first = commands[command].first, known = commands[command].known;
	const char *name = commands[command].name;
	union argument plain = argument_of(command, first), argument;
	unsigned int refused = 0, wrong_size = 0, other = 0, not_zero = 0, taken = 0;

	is_errno(call(command, &plain), 0, "%s", name);
	for (uint32_t size = known + 8; size <= known + MOST_MORE; size += 8) {
		argument = argument_of(command, size);
		refused += call(command, &argument) != 0;
		wrong_size += argument.size != known;
		argument.size = plain.size;
		/* Times of a snapshot are in its records. */
		other += memcmp(&argument, &plain, first) != 0;
		not_zero += bytes_unlike(argument.bytes + known, 0, MAX_STRUCT - known) != 0;

		argument = argument_of(command, size);
		argument.bytes[size - 1] = 1;
		taken += call(command, &argument) != E2BIG;
	}
	is_u64(refused, 0, "%s: newer callers that are refused", name);
	is_u64(wrong_size, 0, "%s: newer callers that are told a wrong size", name);
	is_u64(other, 0, "%s: newer callers that are told something else", name);
	is_u64(not_zero, 0, "%s: newer callers with something in their tail", name);
	is_u64(taken, 0, "%s: newer callers that ask for what is not known and are heard", name);
}

/* @nr records lie @stride bytes apart: each is @plain's, then zeros, then nothing. */
static void check_records(const uint8_t *plain, uint32_t nr, uint32_t first, uint32_t known,
			  uint32_t stride, const char *name)
{
	unsigned int other = 0, not_zero = 0;

	for (uint32_t i = 0; i < nr; i++) {
		const uint8_t *record = buffer + i * stride;

		other += memcmp(record, plain + i * first, first) != 0;
		if (stride > known)
			not_zero += bytes_unlike(record + known, 0, stride - known) != 0;
	}
	is_u64(other, 0, "%s of %u bytes: with other content", name, stride);
	is_u64(not_zero, 0, "%s of %u bytes: with something behind what is known", name, stride);
	is_u64(bytes_unlike(buffer + nr * stride, POISON, 64), 0,
	       "%s of %u bytes: nothing behind the last is written", name, stride);
}

static void check_lists(int command, uint32_t first, uint32_t known, const char *name)
{
	uint8_t plain[4 * MAX_STRUCT];
	union argument argument = argument_of(command, commands[command].first);

	memset(buffer, POISON, sizeof(buffer));
	is_errno(call(command, &argument), 0, "%s of the first version", name);
	is_u64(argument.list.count, 2, "%s of the first version: count", name);
	memcpy(plain, buffer, 2 * first);
	for (uint32_t stride = first; stride <= known + MOST_MORE; stride += 8) {
		argument = argument_of(command, commands[command].first);
		argument.list.record_size = stride;
		memset(buffer, POISON, sizeof(buffer));
		if (is_errno(call(command, &argument), 0, "%s of %u bytes", name, stride))
			check_records(plain, argument.list.count, first, known, stride, name);
	}
	argument = argument_of(command, commands[command].first);
	argument.list.record_size = first - 8;
	is_errno(call(command, &argument), EINVAL, "%s that are too short", name);
}

static void check_events(void)
{
	const uint32_t known = sizeof(struct kvmstats_event);
	int fds[1 + MOST_MORE / 8], nr = 0;
	uint8_t plain[2 * EVENT_RECORD];
	struct guest guest;

	for (uint32_t stride = EVENT_RECORD; stride <= EVENT_RECORD + MOST_MORE; stride += 8) {
		fds[nr] = events_try_open(dev, stride);
		if (!tap_ok(fds[nr++] >= 0, "events of %u bytes", stride))
			return;
	}
	guest_create(&guest);
	guest_destroy(&guest);
	for (int i = 0; i < nr; i++) {
		uint32_t stride = EVENT_RECORD + 8 * i;

		memset(buffer, POISON, sizeof(buffer));
		is_u64(read(fds[i], buffer, 4 * stride), 2 * stride, "events of %u bytes: read",
		       stride);
		if (!i)
			memcpy(plain, buffer, sizeof(plain));
		check_records(plain, 2, EVENT_RECORD, known, stride, "events");
		close(fds[i]);
	}
}

int main(void)
{
	struct guest guests[2];

	dev = test_begin_loaded("");
	for (int i = 0; i < 2; i++) {
		guest_create(&guests[i]);
		guest_add_vcpu(&guests[i], 0);
		guest_add_vcpu(&guests[i], 1);
	}
	vm_id = dev_vm_of(dev, getpid()).id;
	for (int i = 0; i < NR_COMMANDS; i++) {
		check_first_version(i);
		check_newer(i);
	}
	check_lists(LIST_VMS, VM_RECORD, sizeof(struct kvmstats_vm), "VMs");
	check_lists(LIST_VCPUS, VCPU_RECORD, sizeof(struct kvmstats_vcpu), "vCPUs");
	check_events();
	for (int i = 0; i < 2; i++)
		guest_destroy(&guests[i]);
	return test_end_loaded(dev);
}
