// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "exits.h"
#include "halter.h"
#include "native.h"
#include "tap.h"

#define IRQ		1
#define IRQ_BASE	8
#define PROGRAM		0x3000
#define HANDLER		0x3010
#define COUNT		0x3020
#define STACK		0x4000
#define KICK_US		2000		/* between two signals for one halt */
#define LONG_POLL_NS	20000000ull
#define PATIENCE_NS	5000000000ull
#define LOST		"QEMU lost the halting guest"

/*
 * again:
 *	sti
 *	hlt
 *	jmp again
 */
static const uint8_t program[] = { 0xfb, 0xf4, 0xeb, 0xfc };
/*
 *	inc word [COUNT]
 *	iret
 */
static const uint8_t handler[] = { 0xff, 0x06, COUNT & 0xff, COUNT >> 8, 0xcf };

static void must(int ret, const char *what)
{
	if (ret < 0)
		tap_bail("%s failed", what);
}

#define KVM_CALL(fd, command, argument)	must(ioctl(fd, command, argument), #command)

void halter_create(struct halter *halter)
{
	memset(halter, 0, sizeof(*halter));
	guest_create(&halter->guest);
	KVM_CALL(halter->guest.vm_fd, KVM_CREATE_IRQCHIP, 0);
	halter->vcpu = guest_add_vcpu(&halter->guest, 0);
}

void halter_destroy(struct halter *halter)
{
	guest_destroy(&halter->guest);
}

/* Whether the thread sleeps, which it does nowhere but in a halt. */
static bool sleeps(const struct halter *halter)
{
	char path[64], text[256];
	int tid = atomic_load(&halter->tid);

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	if (!tid || read_text(path, text, sizeof(text)) < 0)
		return false;
	return strstr(text, ") S ");
}

static void nothing(int number)
{
	(void)number;
}

static void start(struct halter *halter, void *(*run)(void *))
{
	struct sigaction action = { .sa_handler = nothing };

	must(sigaction(SIGUSR1, &action, NULL), "sigaction");
	atomic_store(&halter->tid, 0);
	atomic_store(&halter->stop, false);
	if (pthread_create(&halter->thread, NULL, run, halter))
		tap_bail("no thread");
}

/* --- halts without a guest's code --- */

static void set_halted(const struct halter *halter)
{
	struct kvm_mp_state state = { KVM_MP_STATE_HALTED };

	KVM_CALL(halter->vcpu->fd, KVM_SET_MP_STATE, &state);
}

static void *halt_once(void *argument)
{
	struct halter *halter = argument;
	uint64_t start = boottime_ns();

	atomic_store(&halter->tid, gettid());
	if (ioctl(halter->vcpu->fd, KVM_RUN, 0) != -1 || errno != EINTR)
		tap_bail("the halt was not ended by a signal");
	halter->called_ns = boottime_ns() - start;
	atomic_fetch_add(&halter->done, 1);
	return NULL;
}

/* Whether it does, before it has polled for so long that it need not wait. */
static bool falls_asleep(const struct halter *halter)
{
	uint64_t until = boottime_ns() + (halter->may_poll ? LONG_POLL_NS : PATIENCE_NS);

	while (boottime_ns() < until) {
		if (sleeps(halter))
			return true;
	}
	return false;
}

struct halter_bounds halter_halt(struct halter *halter, unsigned int microseconds,
				 void (*asleep)(void *context), void *context)
{
	unsigned int done = atomic_load(&halter->done);
	struct halter_bounds bounds = { 0 };
	uint64_t start_ns;

	set_halted(halter);
	start(halter, halt_once);
	if (falls_asleep(halter)) {
		start_ns = boottime_ns();
		if (asleep)
			asleep(context);
		usleep(microseconds);
		bounds.least_ns = boottime_ns() - start_ns;
	}
	while (atomic_load(&halter->done) == done) {
		pthread_kill(halter->thread, SIGUSR1);
		usleep(KICK_US);
	}
	pthread_join(halter->thread, NULL);
	bounds.most_ns = halter->called_ns;
	return bounds;
}

void halter_do_not_wait(struct halter *halter, uint32_t halts)
{
	set_halted(halter);
	exits_make(halter->vcpu->fd, halts);
}

/* --- halts of a guest --- */

/* How often the thread has gone off the CPU of its own will. */
static unsigned long rests(const struct halter *halter)
{
	static const char name[] = "\nvoluntary_ctxt_switches:";
	char path[64], text[4096], *at;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", atomic_load(&halter->tid));
	if (read_text(path, text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, name);
	if (!at)
		tap_bail("no voluntary_ctxt_switches in %s", path);
	return strtoul(at + sizeof(name) - 1, NULL, 10);
}

/* Of the old interrupt controller, which a starting CPU listens to. */
static void open_irq(const struct halter *halter)
{
	struct kvm_irqchip chip = { .chip_id = KVM_IRQCHIP_PIC_MASTER };

	KVM_CALL(halter->guest.vm_fd, KVM_GET_IRQCHIP, &chip);
	chip.chip.pic.irq_base = IRQ_BASE;
	chip.chip.pic.imr = (uint8_t)~(1 << IRQ);
	chip.chip.pic.init_state = 0;
	chip.chip.pic.auto_eoi = 1;
	KVM_CALL(halter->guest.vm_fd, KVM_SET_IRQCHIP, &chip);
}

static void *run_guest(void *argument)
{
	struct halter *halter = argument;

	atomic_store(&halter->tid, gettid());
	while (!atomic_load(&halter->stop)) {
		if (ioctl(halter->vcpu->fd, KVM_RUN, 0) < 0 && errno == EINTR)
			continue;
		tap_again(LOST);
	}
	return NULL;
}

void halter_boot(struct halter *halter)
{
	struct kvm_regs regs = { .rip = PROGRAM, .rsp = STACK, .rflags = 2 };
	struct kvm_mp_state state = { KVM_MP_STATE_RUNNABLE };
	uint8_t *memory = halter->guest.memory;
	const uint16_t vector[] = { HANDLER, 0 };

	memcpy(memory + PROGRAM, program, sizeof(program));
	memcpy(memory + HANDLER, handler, sizeof(handler));
	memcpy(memory + (IRQ_BASE + IRQ) * sizeof(vector), vector, sizeof(vector));
	open_irq(halter);
	KVM_CALL(halter->vcpu->fd, KVM_SET_REGS, &regs);
	KVM_CALL(halter->vcpu->fd, KVM_SET_MP_STATE, &state);
	start(halter, run_guest);
}

uint16_t halter_count(const struct halter *halter)
{
	return *(volatile uint16_t *)((uint8_t *)halter->guest.memory + COUNT);
}

void halter_interrupt(struct halter *halter)
{
	struct kvm_irq_level line = { .irq = IRQ, .level = 1 };
	uint16_t count = halter_count(halter);
	uint64_t start = boottime_ns();

	KVM_CALL(halter->guest.vm_fd, KVM_IRQ_LINE, &line);
	line.level = 0;
	KVM_CALL(halter->guest.vm_fd, KVM_IRQ_LINE, &line);
	while (halter_count(halter) == count) {
		sched_yield();
		if (boottime_ns() - start > PATIENCE_NS)
			tap_again(LOST);
	}
}

/* A thread that is about to sleep looks as if it did, and may still be kept from it. */
void halter_wait(struct halter *halter)
{
	uint64_t start = boottime_ns();

	while (!sleeps(halter) || rests(halter) == halter->rests) {
		usleep(100);
		if (boottime_ns() - start > PATIENCE_NS)
			tap_again(LOST);
	}
	halter->rests = rests(halter);
}

void halter_stop(struct halter *halter)
{
	atomic_store(&halter->stop, true);
	while (pthread_tryjoin_np(halter->thread, NULL)) {
		pthread_kill(halter->thread, SIGUSR1);
		usleep(KICK_US);
	}
}
