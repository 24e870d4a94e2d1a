// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>

#include "answers.h"
#include "kvmstats.h"
#include "tap.h"

#define ROOM		8192
#define MANY		0x10000

enum { DEV, VM, VCPU };

#define COMMAND(of, number, first)	{ #number, of, number, first }

/* The argument is memory that begins with @first. None of them changes anything. */
static const struct {
	const char *name;
	int of;
	unsigned long number;
	uint32_t first;
} commands[] = {
	COMMAND(DEV, KVM_GET_API_VERSION, 0),
	COMMAND(DEV, KVM_GET_MSR_INDEX_LIST, 0),
	COMMAND(DEV, KVM_GET_SUPPORTED_CPUID, 0),
	COMMAND(DEV, KVM_GET_STATS_FD, 0),
	COMMAND(DEV, _IO(KVMIO, 0xff), 0),

	COMMAND(VM, KVM_GET_NR_MMU_PAGES, 0),
	COMMAND(VM, KVM_GET_IRQCHIP, 0),
	COMMAND(VM, KVM_GET_PIT2, 0),
	COMMAND(VM, KVM_GET_DIRTY_LOG, 0),
	COMMAND(VM, KVM_GET_LAPIC, 0),
	COMMAND(VM, KVM_RUN, 0),
	COMMAND(VM, _IO(KVMIO, 0xcc), 0),
	COMMAND(VM, _IO(KVMIO, 0xcd), 0),
	COMMAND(VM, _IO(KVMIO, 0xcf), 0),
	COMMAND(VM, _IOW(KVMIO, 0xce, uint64_t), 0),
	COMMAND(VM, _IO(KVMIO, 0xff), 0),
	COMMAND(VM, KVMSTATS_GET_INFO, 0),

	COMMAND(VCPU, KVM_GET_REGS, 0),
	COMMAND(VCPU, KVM_GET_MP_STATE, 0),
	COMMAND(VCPU, KVM_GET_LAPIC, 0),
	COMMAND(VCPU, KVM_GET_MSRS, 1),
	COMMAND(VCPU, KVM_GET_MSRS, MANY),
	COMMAND(VCPU, KVM_GET_VCPU_EVENTS, 0),
	COMMAND(VCPU, KVM_GET_DEBUGREGS, 0),
	COMMAND(VCPU, KVM_GET_XCRS, 0),
	COMMAND(VCPU, KVM_GET_TSC_KHZ, 0),
	COMMAND(VCPU, KVM_GET_CPUID2, 0),
	COMMAND(VCPU, KVM_KVMCLOCK_CTRL, 0),
	COMMAND(VCPU, KVM_INTERRUPT, MANY),
	COMMAND(VCPU, KVM_GET_IRQCHIP, 0),
	COMMAND(VCPU, _IO(KVMIO, 0xcc), 0),
	COMMAND(VCPU, _IO(KVMIO, 0xcd), 0),
	COMMAND(VCPU, _IO(KVMIO, 0xcf), 0),
	COMMAND(VCPU, _IOW(KVMIO, 0xce, uint64_t), 0),
	COMMAND(VCPU, _IO(KVMIO, 0xff), 0),
	COMMAND(VCPU, KVMSTATS_GET_INFO, 0),
};

#define NR_COMMANDS	(sizeof(commands) / sizeof(commands[0]))

_Static_assert(NR_COMMANDS <= ANSWERS_MAX, "room for all answers");

static uint64_t sum_of(const uint64_t *words)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ROOM / sizeof(uint64_t); i++)
		sum = sum * 31 + words[i];
	return sum;
}

void answers_take(struct answers *answers, const struct guest *guest)
{
	const int fds[] = { guest->kvm_fd, guest->vm_fd, guest->vcpus[0].fd };
	static uint64_t room[ROOM / sizeof(uint64_t)];

	memset(answers, 0, sizeof(*answers));
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		struct answer *answer = &answers->commands[i];

		memset(room, 0, sizeof(room));
		memcpy(room, &commands[i].first, sizeof(commands[i].first));
		answer->ret = ioctl(fds[commands[i].of], commands[i].number, room);
		answer->err = ERRNO_OF(answer->ret);
		answer->content = sum_of(room);
	}
	for (int i = 0; i < ANSWERS_EXTENSIONS; i++) {
		if (i == KVM_CAP_BINARY_STATS_FD)
			continue;
		answers->dev[i] = ioctl(guest->kvm_fd, KVM_CHECK_EXTENSION, i);
		answers->vm[i] = ioctl(guest->vm_fd, KVM_CHECK_EXTENSION, i);
	}
}

unsigned int answers_unlike(const struct answers *seen, const struct answers *expected)
{
	unsigned int unlike = 0;

	for (size_t i = 0; i < NR_COMMANDS; i++) {
		const struct answer *a = &seen->commands[i], *b = &expected->commands[i];

		if (a->ret == b->ret && a->err == b->err && a->content == b->content)
			continue;
		unlike++;
		tap_note("%s: seen %d, errno %d expected %d, errno %d%s", commands[i].name, a->ret,
			 a->err, b->ret, b->err,
			 a->content == b->content ? "" : "; and another content");
	}
	for (int i = 0; i < ANSWERS_EXTENSIONS; i++) {
		if (seen->dev[i] == expected->dev[i] && seen->vm[i] == expected->vm[i])
			continue;
		unlike++;
		tap_note("extension %d: seen %d and %d expected %d and %d", i, seen->dev[i],
			 seen->vm[i], expected->dev[i], expected->vm[i]);
	}
	return unlike;
}
