// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "tap.h"

#define COMMAND(command, type, ...)	\
	{ .name = #command, .number = command, .size = sizeof(struct type), __VA_ARGS__ }

const struct command commands[NR_COMMANDS] = {
	[INFO] = COMMAND(KVMSTATS_GET_INFO, kvmstats_info,
			 .flags = offsetof(struct kvmstats_info, flags), .reserved = NO_FIELD),
	[HOOK] = COMMAND(KVMSTATS_GET_HOOK, kvmstats_hook, .flags = NO_FIELD,
			 .reserved = NO_FIELD),
	[LIST_VMS] = COMMAND(KVMSTATS_LIST_VMS, kvmstats_list,
			     .flags = offsetof(struct kvmstats_list, flags),
			     .reserved = offsetof(struct kvmstats_list, reserved)),
	[LIST_VCPUS] = COMMAND(KVMSTATS_LIST_VCPUS, kvmstats_list,
			       .flags = offsetof(struct kvmstats_list, flags),
			       .reserved = offsetof(struct kvmstats_list, reserved)),
	[OPEN_VM] = COMMAND(KVMSTATS_OPEN_VM, kvmstats_open, .opens = true,
			    .flags = offsetof(struct kvmstats_open, flags),
			    .reserved = offsetof(struct kvmstats_open, reserved)),
	[OPEN_VCPU] = COMMAND(KVMSTATS_OPEN_VCPU, kvmstats_open, .opens = true,
			      .flags = offsetof(struct kvmstats_open, flags),
			      .reserved = offsetof(struct kvmstats_open, reserved)),
};

union command_records command_records;

static int dev;
static uint64_t vm_id;

void command_init(int device, uint64_t vm)
{
	dev = device;
	vm_id = vm;
}

union argument command_good(int index)
{
	union argument argument;

	memset(&argument, 0, sizeof(argument));
	argument.size = commands[index].size;
	switch (index) {
	case LIST_VMS:
	case LIST_VCPUS:
		argument.list.records = (uintptr_t)&command_records;
		argument.list.record_size = index == LIST_VMS ? sizeof(struct kvmstats_vm) :
								sizeof(struct kvmstats_vcpu);
		argument.list.capacity = MAX_RECORDS;
		argument.list.vm_id = index == LIST_VMS ? 0 : vm_id;
		break;
	case OPEN_VM:
	case OPEN_VCPU:
		argument.open.vm_id = vm_id;
		break;
	}
	return argument;
}

int command_call(int index, void *argument)
{
	int ret = ioctl(dev, commands[index].number, argument);
	int err = ERRNO_OF(ret);

	if (ret >= 0 && commands[index].opens)
		close(ret);
	else if (ret > 0)
		tap_ok(false, "%s returned %d", commands[index].name, ret);
	return err;
}

void command_expect(int index, union argument argument, int expected, const char *text)
{
	is_errno(command_call(index, &argument), expected, "%s: %s", commands[index].name, text);
}

int lowest_free_fd(void)
{
	int fd = dup(STDOUT_FILENO);

	close(fd);
	return fd;
}
