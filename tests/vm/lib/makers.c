// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exits.h"
#include "makers.h"
#include "tap.h"

struct makers_shared {
	atomic_bool go;
	atomic_bool stop;
	atomic_ulong made[NR_MAKERS];
};

static int create(int fd, unsigned long command, unsigned long argument)
{
	int new_fd = ioctl(fd, command, argument);

	if (new_fd < 0)
		tap_bail("a maker cannot make a %s", command == KVM_CREATE_VM ? "VM" : "vCPU");
	return new_fd;
}

struct made_vm {
	int vm_fd;
	int vcpu_fds[MAKER_VCPUS];
};

static void make_vm(struct made_vm *vm, int kvm_fd)
{
	vm->vm_fd = create(kvm_fd, KVM_CREATE_VM, 0);
	exits_allow(vm->vm_fd);
	for (int i = 0; i < MAKER_VCPUS; i++) {
		vm->vcpu_fds[i] = create(vm->vm_fd, KVM_CREATE_VCPU, i);
		exits_make(vm->vcpu_fds[i], MAKER_EXITS(i));
	}
}

/* Every other VM lives on in its vCPUs for a moment. */
static void end_vm(const struct made_vm *vm, bool vm_first)
{
	if (vm_first)
		close(vm->vm_fd);
	for (int i = 0; i < MAKER_VCPUS; i++)
		close(vm->vcpu_fds[i]);
	if (!vm_first)
		close(vm->vm_fd);
}

/* A new VM comes before the oldest goes. */
static void make_vms(struct makers_shared *shared, int index, int kvm_fd)
{
	struct made_vm vms[MAKER_ALIVE + 1];
	unsigned long made = 0, ended = 0;

	while (!atomic_load(&shared->stop)) {
		make_vm(&vms[made++ % (MAKER_ALIVE + 1)], kvm_fd);
		atomic_store(&shared->made[index], made);
		if (made - ended > MAKER_ALIVE) {
			end_vm(&vms[ended % (MAKER_ALIVE + 1)], ended % 2);
			ended++;
		}
	}
	for (; ended < made; ended++)
		end_vm(&vms[ended % (MAKER_ALIVE + 1)], ended % 2);
}

/* On a machine with fewer CPUs the makers go where they like. */
static void stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static _Noreturn void maker(struct makers_shared *shared, int index)
{
	int kvm_fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "maker");
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0);
	stay_on_cpu(index % NR_MAKER_CPUS);
	kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm_fd < 0)
		tap_bail("cannot open /dev/kvm");
	exits_prepare();
	while (!atomic_load(&shared->go))
		usleep(1000);
	make_vms(shared, index, kvm_fd);
	_exit(0);
}

void makers_start(struct makers *makers)
{
	makers->shared = mmap(NULL, sizeof(*makers->shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (makers->shared == MAP_FAILED)
		tap_bail("no shared memory");
	for (int i = 0; i < NR_MAKERS; i++) {
		makers->pids[i] = fork();
		if (makers->pids[i] < 0)
			tap_bail("fork failed");
		if (!makers->pids[i])
			maker(makers->shared, i);
	}
}

static bool are_all_busy(const struct makers *makers)
{
	int status;

	for (int i = 0; i < NR_MAKERS; i++) {
		if (waitpid(makers->pids[i], &status, WNOHANG))
			tap_bail("a maker of VMs has failed, status %#x", status);
		if (atomic_load(&makers->shared->made[i]) < MAKER_ALIVE)
			return false;
	}
	return true;
}

void makers_go(struct makers *makers)
{
	atomic_store(&makers->shared->go, true);
	while (!are_all_busy(makers))
		usleep(1000);
}

static uint64_t sum_made(const struct makers *makers)
{
	uint64_t sum = 0;

	for (int i = 0; i < NR_MAKERS; i++)
		sum += atomic_load(&makers->shared->made[i]);
	return sum;
}

uint64_t makers_stop(struct makers *makers)
{
	uint64_t made;
	int status;

	atomic_store(&makers->shared->stop, true);
	for (int i = 0; i < NR_MAKERS; i++)
		if (waitpid(makers->pids[i], &status, 0) != makers->pids[i] || status)
			tap_bail("a maker of VMs has failed, status %#x", status);
	made = sum_made(makers);
	munmap(makers->shared, sizeof(*makers->shared));
	return made;
}
