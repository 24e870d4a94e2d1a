// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fault.h"
#include "fault_flat.h"
#include "kvmstats.h"
#include "memory.h"
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

static void check(int fd, unsigned long command, const char *text, const char *of)
{
	char name[64];
	struct call call = { .fd = fd, .command = command };
	const struct fault_case fault = {
		.name = name, .before = before, .call = try, .after = after, .context = &call,
		.allowed = { EFAULT, ENOMEM }, .least = 2,
	};

	snprintf(name, sizeof(name), "%s of %s", text, of);
	before(&call);
	is_errno(try(&call), 0, "%s", name);
	memcpy(call.expected, call.buffer, ROOM);
	fault_run(&fault);
}

void fault_flat(int fd, const char *text)
{
	check(fd, KVM_STATS_GET_NAMES, "GET_NAMES", text);
	check(fd, KVM_STATS_GET_DATA, "GET_DATA", text);
}
