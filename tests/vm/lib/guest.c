// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"

#define MEMORY_SIZE	0x8000
#define PROGRAM(work)	(0x1000 + (work) * 0x40)
#define MMIO_ADDRESS	0xe000		/* in reach of real mode, not in the memory slot */
#define BURST		16		/* exits between two rests of a spinning guest */
#define RUN_PATIENCE	10		/* seconds for all of a program ... */
#define TRY_PATIENCE	1		/* ... where a kick more is no matter ... */
#define SPIN_PATIENCE	3		/* ... and for an exit of a spinning guest */
#define LOST_PATIENCE	30		/* seconds of kicks until it counts as lost */
#define LOST		"QEMU lost the guest's place, so its counts mean nothing"
#define WORK_PORT	0x10
#define END_PORT	0xf1

#define LOW(x)	((x) & 0xff)
#define HIGH(x)	((x) >> 8)

const char *const guest_work_names[GUEST_NR_WORKS] = {
	[GUEST_OUT]		= "port writes",
	[GUEST_MMIO_READ]	= "MMIO reads",
	[GUEST_MMIO_WRITE]	= "MMIO writes",
	[GUEST_HLT]		= "halts",
	[GUEST_VMMCALL]		= "hypercalls",
};

const char *const guest_work_stats[GUEST_NR_WORKS] = {
	[GUEST_OUT]		= "io_exits",
	[GUEST_MMIO_READ]	= "mmio_exits",
	[GUEST_MMIO_WRITE]	= "mmio_exits",
	[GUEST_HLT]		= "halt_exits",
	[GUEST_VMMCALL]		= "hypercalls",
};

static const struct {
	uint8_t bytes[3];
	uint8_t size;
} work_code[GUEST_NR_WORKS] = {
	[GUEST_OUT]		= { { 0xe6, WORK_PORT }, 2 },
	[GUEST_MMIO_READ]	= { { 0xa0, LOW(MMIO_ADDRESS), HIGH(MMIO_ADDRESS) }, 3 },
	[GUEST_MMIO_WRITE]	= { { 0xa2, LOW(MMIO_ADDRESS), HIGH(MMIO_ADDRESS) }, 3 },
	[GUEST_HLT]		= { { 0xf4 }, 1 },
	[GUEST_VMMCALL]		= { { 0x0f, 0x01, 0xd9 }, 3 },
};

const char *guest_end_stat(enum guest_work work)
{
	return work == GUEST_HLT ? "io_exits" : "halt_exits";
}

static int kvm_call(int fd, unsigned long command, unsigned long argument, const char *name)
{
	int ret = ioctl(fd, command, argument);

	if (ret < 0)
		tap_bail("%s failed", name);
	return ret;
}

#define KVM_CALL(fd, command, argument)	\
	kvm_call(fd, command, (unsigned long)(argument), #command)

/*
 * One program for each work, in 16-bit code, with the number of times in ecx:
 *
 *	jecxz end
 * again:
 *	<work>
 *	dec ecx
 *	jnz again
 * end:
 *	hlt, or for GUEST_HLT: out END_PORT, al
 *
 * They are laid down once and all vCPUs share them: an emulated host may go on
 * with the old code where code is written anew.
 */
static void write_program(void *memory, enum guest_work work)
{
	uint8_t *code = (uint8_t *)memory + PROGRAM(work);
	uint8_t body = work_code[work].size;

	*code++ = 0x67;
	*code++ = 0xe3;
	*code++ = body + 4;
	memcpy(code, work_code[work].bytes, body);
	code += body;
	*code++ = 0x66;
	*code++ = 0x49;
	*code++ = 0x75;
	*code++ = -(body + 4);
	if (work == GUEST_HLT) {
		*code++ = 0xe6;
		*code = END_PORT;
	} else {
		*code = 0xf4;
	}
}

void guest_create_on(struct guest *guest, int kvm_fd)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY_SIZE };

	memset(guest, 0, sizeof(*guest));
	guest->kvm_fd = kvm_fd;
	guest->vm_fd = KVM_CALL(kvm_fd, KVM_CREATE_VM, 0);
	guest->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (guest->memory == MAP_FAILED)
		tap_bail("mmap of guest memory failed");
	for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++)
		write_program(guest->memory, work);
	region.userspace_addr = (uintptr_t)guest->memory;
	KVM_CALL(guest->vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
}

void guest_create(struct guest *guest)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		tap_bail("cannot open /dev/kvm");
	guest_create_on(guest, fd);
}

struct guest_vcpu *guest_add_vcpu(struct guest *guest, uint32_t id)
{
	struct guest_vcpu *vcpu = &guest->vcpus[guest->nr_vcpus];
	int run_size = KVM_CALL(guest->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct kvm_sregs sregs;

	if (guest->nr_vcpus == GUEST_MAX_VCPUS)
		tap_bail("too many vCPUs");
	vcpu->guest = guest;
	vcpu->id = id;
	vcpu->fd = KVM_CALL(guest->vm_fd, KVM_CREATE_VCPU, id);
	vcpu->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		tap_bail("mmap of the run area failed");
	KVM_CALL(vcpu->fd, KVM_GET_SREGS, &sregs);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	KVM_CALL(vcpu->fd, KVM_SET_SREGS, &sregs);
	guest->nr_vcpus++;
	return vcpu;
}

void guest_destroy(struct guest *guest)
{
	int run_size = KVM_CALL(guest->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	for (unsigned int i = 0; i < guest->nr_vcpus; i++) {
		guest_spin_stop(&guest->vcpus[i]);
		munmap(guest->vcpus[i].run, run_size);
		close(guest->vcpus[i].fd);
	}
	close(guest->vm_fd);
	close(guest->kvm_fd);
	munmap(guest->memory, MEMORY_SIZE);
	memset(guest, 0, sizeof(*guest));
}

static void start_program(struct guest_vcpu *vcpu, enum guest_work work, uint32_t times)
{
	struct kvm_regs regs = { .rip = PROGRAM(work), .rcx = times, .rflags = 2 };

	KVM_CALL(vcpu->fd, KVM_SET_REGS, &regs);
}

/*
 * Rarely, once in some million exits, QEMU's emulation of SVM loses a guest's
 * place: it goes on at an address of the host's kernel, with the host's segments,
 * and never leaves to userland again. No kvmstats is needed for that.
 * So threads that run guests are kicked now and then, to look.
 */
static bool is_astray(struct guest_vcpu *vcpu)
{
	struct kvm_sregs sregs;
	struct kvm_regs regs;

	KVM_CALL(vcpu->fd, KVM_GET_REGS, &regs);
	KVM_CALL(vcpu->fd, KVM_GET_SREGS, &sregs);
	return regs.rip >= MEMORY_SIZE || sregs.cs.selector;
}

static void on_kick(int number)
{
	(void)number;
}

/* The signal is to interrupt system calls from now on, and nothing else. */
static void expect_kicks(void)
{
	struct sigaction action = { .sa_handler = on_kick };

	sigaction(SIGUSR1, &action, NULL);
}

/* Kicks this very thread, other vCPUs have theirs. */
static timer_t kicks_start(int seconds)
{
	const struct itimerspec patience = {
		.it_value.tv_sec = seconds,
		.it_interval.tv_sec = 1,
	};
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGUSR1,
		._sigev_un._tid = syscall(SYS_gettid),
	};
	timer_t timer;

	expect_kicks();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &patience, NULL))
		tap_bail("cannot set a timer");
	return timer;
}

enum stop { STOP_WORK, STOP_END, STOP_KICKED, STOP_ASTRAY };

/* Runs to the next exit to userland, or to a kick. */
static enum stop run_once(struct guest_vcpu *vcpu, enum guest_work work)
{
	struct kvm_run *run = vcpu->run;

	if (ioctl(vcpu->fd, KVM_RUN, 0) < 0) {
		if (errno != EINTR)
			tap_bail("KVM_RUN failed");
		return is_astray(vcpu) ? STOP_ASTRAY : STOP_KICKED;
	}
	switch (run->exit_reason) {
	case KVM_EXIT_HLT:
		return work == GUEST_HLT ? STOP_WORK : STOP_END;
	case KVM_EXIT_IO:
		return run->io.port == END_PORT ? STOP_END : STOP_WORK;
	case KVM_EXIT_MMIO:
		return STOP_WORK;
	}
	tap_note("guest left with unexpected exit reason %u", run->exit_reason);
	return STOP_ASTRAY;
}

static bool run(struct guest_vcpu *vcpu, enum guest_work work, uint32_t times, int patience)
{
	timer_t kicks = kicks_start(patience);
	int nr_kicks = 0;
	enum stop stop;

	start_program(vcpu, work, times);
	do {
		stop = run_once(vcpu, work);
		nr_kicks += stop == STOP_KICKED;
	} while (stop == STOP_WORK || (stop == STOP_KICKED && nr_kicks < LOST_PATIENCE));
	timer_delete(kicks);
	return stop == STOP_END;
}

bool guest_try_run(struct guest_vcpu *vcpu, enum guest_work work, uint32_t times)
{
	return run(vcpu, work, times, TRY_PATIENCE);
}

void guest_run(struct guest_vcpu *vcpu, enum guest_work work, uint32_t times)
{
	if (!run(vcpu, work, times, RUN_PATIENCE))
		tap_again(LOST);
}

static void *spin(void *argument)
{
	struct guest_vcpu *vcpu = argument;

	while (!atomic_load(&vcpu->stop)) {
		enum stop stop = run_once(vcpu, GUEST_OUT);

		if (stop == STOP_KICKED)
			continue;
		if (stop != STOP_WORK) {
			atomic_store(&vcpu->lost, true);
			break;
		}
		if (atomic_fetch_add(&vcpu->rounds, 1) % BURST == 0)
			usleep(100);
	}
	return NULL;
}

void guest_spin(struct guest_vcpu *vcpu)
{
	expect_kicks();
	start_program(vcpu, GUEST_OUT, UINT32_MAX);
	atomic_store(&vcpu->stop, false);
	atomic_store(&vcpu->lost, false);
	if (pthread_create(&vcpu->thread, NULL, spin, vcpu))
		tap_bail("pthread_create failed");
	vcpu->spinning = true;
}

void guest_spin_stop(struct guest_vcpu *vcpu)
{
	struct timespec until;

	if (!vcpu->spinning)
		return;
	atomic_store(&vcpu->stop, true);
	do {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += SPIN_PATIENCE;
		pthread_kill(vcpu->thread, SIGUSR1);
	} while (pthread_timedjoin_np(vcpu->thread, NULL, &until));
	vcpu->spinning = false;
}

void guest_spin_wait(struct guest_vcpu *vcpu, unsigned long exits)
{
	unsigned long start = atomic_load(&vcpu->rounds), seen = start, rounds;
	time_t moved = time(NULL), kicked = moved;

	while ((rounds = atomic_load(&vcpu->rounds)) - start < exits) {
		time_t now = time(NULL);

		usleep(100);
		if (rounds != seen)
			moved = kicked = now;
		seen = rounds;
		if (atomic_load(&vcpu->lost) || now - moved > LOST_PATIENCE)
			tap_again(LOST);
		if (now - kicked > SPIN_PATIENCE) {
			pthread_kill(vcpu->thread, SIGUSR1);
			kicked = now;
		}
	}
}
