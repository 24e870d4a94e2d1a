// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flat arrays of stats fds, with each allocation and each user copy failed in
 * turn: what fails has written nothing, and works the next time.
 */
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "fault.h"
#include "guest.h"
#include "memory.h"
#include "module.h"
#include "tap.h"

#define ROOM	8192

struct call {
	int fd;
	unsigned long command;
	uint8_t buffer[ROOM];
	uint8_t expected[ROOM];
};

static void before(void *context)
{
	struct call *call = context;
	uint32_t size = ROOM - 8;

	memset(call->buffer, POISON, ROOM);
	memcpy(call->buffer, &size, sizeof(size));
}

static int try(void *context)
{
	struct call *call = context;

	return ERRNO_OF(ioctl(call->fd, call->command, call->buffer));
}

static bool after(void *context, int err)
{
	struct call *call = context;

	if (err) {
		if (bytes_unlike(call->buffer + 4, POISON, ROOM - 4))
			return false;
		err = try(call);
	}
	return !err && !memcmp(call->buffer, call->expected, ROOM);
}

static void check(const char *name, int fd, unsigned long command)
{
	struct call call = { .fd = fd, .command = command };
	const struct fault_case fault = {
		.name = name, .before = before, .call = try, .after = after, .context = &call,
		.allowed = { EFAULT, ENOMEM }, .least = 2,
	};

	before(&call);
	is_errno(try(&call), 0, "%s", name);
	memcpy(call.expected, call.buffer, ROOM);
	fault_run(&fault);
}

int main(void)
{
	struct guest guest;
	int dev, vm, vcpu;
	uint64_t id;

	fault_begin();
	dev = test_begin_loaded("");
	fault_anywhere();
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 9);
	id = dev_vm_of(dev, getpid()).id;
	vm = dev_open_vm(dev, id);
	vcpu = dev_open_vcpu(dev, id, 0);
	check("GET_NAMES of a VM", vm, KVM_STATS_GET_NAMES);
	check("GET_DATA of a VM", vm, KVM_STATS_GET_DATA);
	check("GET_NAMES of a vCPU", vcpu, KVM_STATS_GET_NAMES);
	check("GET_DATA of a vCPU", vcpu, KVM_STATS_GET_DATA);
	close(vm);
	close(vcpu);
	guest_destroy(&guest);
	return fault_end_loaded(dev);
}
