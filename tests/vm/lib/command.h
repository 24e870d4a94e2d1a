/* SPDX-License-Identifier: GPL-2.0-only */
/* The device's commands as a table, for tests that try every one. */
#ifndef VMTEST_COMMAND_H
#define VMTEST_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvmstats.h"

#define NO_FIELD	SIZE_MAX
#define MAX_RECORDS	6

union argument {
	uint32_t size;
	struct kvmstats_info info;
	struct kvmstats_hook hook;
	struct kvmstats_list list;
	struct kvmstats_open open;
};

struct command {
	const char *name;
	unsigned long number;
	uint32_t size;			/* of the first version of its struct */
	size_t flags;			/* offsets of fields that must be 0 */
	size_t reserved;
	bool opens;
};

enum { INFO, HOOK, LIST_VMS, LIST_VCPUS, OPEN_VM, OPEN_VCPU, NR_COMMANDS };

extern const struct command commands[NR_COMMANDS];

/* Where the arguments of command_good have their records go. */
extern union command_records {
	struct kvmstats_vm vms[MAX_RECORDS];
	struct kvmstats_vcpu vcpus[MAX_RECORDS];
} command_records;

/* The device that command_call uses and the VM that command_good names. */
void command_init(int device, uint64_t vm_id);
/* An argument that command @index takes. */
union argument command_good(int index);
/* The errno; a descriptor that comes is closed. */
int command_call(int index, void *argument);
/* Checks the errno of a call with a copy of @argument. */
void command_expect(int index, union argument argument, int expected, const char *text);

int lowest_free_fd(void);

#endif
