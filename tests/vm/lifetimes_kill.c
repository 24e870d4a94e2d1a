// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMMs that are killed, at any moment: readers go on, the last values stay, the
 * end is seen, and nothing is left behind.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "tap.h"
#include "vmm.h"

#define KILLS		15
#define TIMES		123
#define WAKE_MS		20000
#define NOBODY		65534

/* A VM whose guest stands still, and descriptors of it got in every way. */
enum { VM, VM_AGAIN, VM_DUP, VCPU_0, VCPU_0_DUP, VCPU_1, NR_FDS };

static const char *const fd_names[NR_FDS] = {
	"VM", "VM opened twice", "VM dup'ed", "vCPU 0", "vCPU 0 dup'ed", "vCPU 1",
};

static void open_fds(int dev, uint64_t vm_id, int *fds)
{
	fds[VM] = dev_open_vm(dev, vm_id);
	fds[VM_AGAIN] = dev_open_vm(dev, vm_id);
	fds[VM_DUP] = dup(fds[VM]);
	fds[VCPU_0] = dev_open_vcpu(dev, vm_id, 0);
	fds[VCPU_0_DUP] = dup(fds[VCPU_0]);
	fds[VCPU_1] = dev_open_vcpu(dev, vm_id, 1);
}

static void close_fds(int *fds)
{
	for (int i = 0; i < NR_FDS; i++)
		close(fds[i]);
}

/* In a process without root: 0 when @image is what the passed descriptor gives. */
static int read_as_nobody(int socket, const struct image *image)
{
	struct image seen;
	int fd;

	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return 2;
	if (!access(KVMSTATS_DEVICE, R_OK))
		return 3;
	fd = receive_fd(socket);
	image_read(fd, &seen);
	if (seen.size != image->size || memcmp(seen.bytes, image->bytes, image->size))
		return 4;
	return fd_is_hung_up(fd) ? 0 : 5;
}

static void check_passed_on(int fd, const struct image *image)
{
	int sockets[2], status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets))
		tap_bail("socketpair failed");
	child = fork();
	if (!child)
		_exit(read_as_nobody(sockets[1], image));
	send_fd(sockets[0], fd);
	if (child < 0 || waitpid(child, &status, 0) != child)
		tap_bail("no child");
	is_u64(WEXITSTATUS(status), 0, "passed to a process that may not open the device");
	close(sockets[0]);
	close(sockets[1]);
}

struct end {
	const char *text;
	bool killed;
	uint32_t unread;	/* port writes between the last read and the end */
};

/*
 * A process that is killed loses its memory before its descriptors, so the VM has
 * given its pages back when it ends: its values may have moved on.
 */
static void check_after_end(int *fds, struct image *last, const struct end *end)
{
	struct image seen, again;

	for (int i = 0; i < NR_FDS; i++) {
		image_read(fds[i], &seen);
		is_u64(seen.size, last[i].size, "%s: size after the end", fd_names[i]);
		if (end->unread || (end->killed && i <= VM_DUP))
			tap_ok(image_is_later(&seen, &last[i]), "%s: last values after the end",
			       fd_names[i]);
		else
			is_bytes(seen.bytes, last[i].bytes, last[i].size,
				 "%s: last values after the end", fd_names[i]);
		if (i > VM_DUP)
			is_u64(image_value(&seen, "io_exits"), TIMES + end->unread,
			       "%s: io_exits after the end", fd_names[i]);
		image_read(fds[i], &again);
		is_bytes(again.bytes, seen.bytes, seen.size, "%s: the last values stay",
			 fd_names[i]);
		tap_ok(fd_is_hung_up(fds[i]), "%s: hung up after the end", fd_names[i]);
	}
	check_passed_on(fds[VCPU_1], &seen);
}

static void check_last_values(int dev, const struct end *end)
{
	static struct image last[NR_FDS];
	struct kvmstats_vm vm, gone;
	struct kvmstats_vcpu vcpu;
	struct vmm vmm;
	int fds[NR_FDS];

	tap_note("%s", end->text);
	vmm_start(&vmm, "last-values");
	vmm_make_vm(&vmm, 2, TIMES);
	vm = dev_vm_of(dev, vmm.pid);
	open_fds(dev, vm.id, fds);
	for (int i = 0; i < NR_FDS; i++) {
		tap_ok(!fd_is_hung_up(fds[i]), "%s: not hung up while the VM lives", fd_names[i]);
		image_read(fds[i], &last[i]);
	}
	is_u64(image_value(&last[VCPU_0], "io_exits"), TIMES, "vCPU 0: io_exits before the end");
	if (end->unread)
		vmm_do(&vmm, VMM_RUN, end->unread);

	if (end->killed)
		vmm_kill(&vmm);
	else
		vmm_do(&vmm, VMM_DESTROY, 0);
	tap_ok(!dev_find_vm(dev, vm.pid, &gone), "gone from the list");
	is_errno(ERRNO_OF(dev_try_open_vm(dev, vm.id)), ENOENT, "open of a VM that is gone");
	is_errno(ERRNO_OF(dev_try_open_vcpu(dev, vm.id, 0)), ENOENT,
		 "open of a vCPU that is gone");
	is_errno(ERRNO_OF(dev_try_list_vcpus(dev, vm.id, &vcpu, 1)), ENOENT,
		 "list of vCPUs of a VM that is gone");
	check_after_end(fds, last, end);
	if (!end->killed)
		vmm_kill(&vmm);
	close_fds(fds);
}

/* A poll that sleeps is woken by the end. */
static void check_poll_wakes(int dev)
{
	struct vmm vmm;
	int fd, status;
	uint64_t start;
	pid_t child;

	vmm_start(&vmm, "poll");
	vmm_make_vm(&vmm, 1, 1);
	fd = dev_open_vm(dev, dev_vm_of(dev, vmm.pid).id);
	child = fork();
	if (!child) {
		close(vmm.socket);
		_exit(fd_hangs_up_within(fd, WAKE_MS) ? 0 : 1);
	}
	usleep(100000);
	is_u64(waitpid(child, &status, WNOHANG), 0, "poll sleeps while the VM lives");
	vmm_kill(&vmm);
	start = boottime_ns();
	if (waitpid(child, &status, 0) != child)
		tap_bail("no child");
	is_u64(status, 0, "poll tells the end of the VM");
	/* A poll that nobody wakes tells it too, but when its time is over. */
	in_range((boottime_ns() - start) / 1000000, 0, WAKE_MS / 2, "poll is woken, in ms");
	close(fd);
}

/* Values only grow, up to the end and after it. */
static void check_kills_amid_reads(int dev)
{
	unsigned int shrunk = 0, listed = 0;

	for (int i = 0; i < KILLS; i++) {
		struct image before, now;
		struct kvmstats_vm vm;
		int vm_fd, vcpu_fd;
		struct vmm vmm;
		uint64_t end;
		pid_t killer;

		vmm_start(&vmm, "kill-me");
		vmm_do(&vmm, VMM_CREATE, 0);
		vmm_do(&vmm, VMM_ADD_VCPU, 0);
		vmm_do(&vmm, VMM_SPIN, 0);
		vm = dev_vm_of(dev, vmm.pid);
		vm_fd = dev_open_vm(dev, vm.id);
		vcpu_fd = dev_open_vcpu(dev, vm.id, 0);
		killer = fork();
		if (!killer) {
			usleep(1500 * (i + 1));
			kill(vmm.pid, SIGKILL);
			_exit(0);
		}
		image_read(vcpu_fd, &before);
		end = boottime_ns() + 50000000;
		do {
			image_read(vm_fd, &now);
			image_read(vcpu_fd, &now);
			shrunk += image_value(&now, "exits") < image_value(&before, "exits");
			before = now;
		} while (boottime_ns() < end);
		vmm_kill(&vmm);
		image_read(vcpu_fd, &now);
		shrunk += image_value(&now, "exits") < image_value(&before, "exits");
		listed += dev_find_vm(dev, vmm.pid, &vm);
		listed += !fd_is_hung_up(vm_fd) + !fd_is_hung_up(vcpu_fd);
		waitpid(killer, NULL, 0);
		close(vm_fd);
		close(vcpu_fd);
	}
	is_u64(shrunk, 0, "values that shrank over %u kills amid reads", KILLS);
	is_u64(listed, 0, "VMs that outlived their VMM over %u kills amid reads", KILLS);
}

static void check_late_vcpus(int dev)
{
	struct kvmstats_vcpu vcpus[4];
	struct kvmstats_vm vm;
	struct vmm vmm;
	uint32_t nr;

	vmm_start(&vmm, "late");
	vmm_make_vm(&vmm, 1, 1);
	vm = dev_vm_of(dev, vmm.pid);
	is_errno(ERRNO_OF(dev_try_open_vcpu(dev, vm.id, 7)), ENOENT, "vCPU not there yet");
	vmm_do(&vmm, VMM_ADD_VCPU, 7);
	vmm_do(&vmm, VMM_ADD_VCPU, 3);
	nr = dev_list_vcpus(dev, vm.id, vcpus, 4);
	if (is_u64(nr, 3, "vCPUs with two added late")) {
		is_u64(vcpus[0].vcpu_id, 0, "vCPUs in ascending order: first");
		is_u64(vcpus[1].vcpu_id, 3, "vCPUs in ascending order: second");
		is_u64(vcpus[2].vcpu_id, 7, "vCPUs in ascending order: third");
	}
	vmm_do(&vmm, VMM_RUN, 11);
	for (uint32_t i = 0; i < nr; i++) {
		int fd = dev_open_vcpu(dev, vm.id, vcpus[i].vcpu_id);

		is_u64(fd_value(fd, "io_exits"), vcpus[i].vcpu_id ? 11 : 12,
		       "vCPU %u: io_exits", vcpus[i].vcpu_id);
		close(fd);
	}
	vmm_kill(&vmm);
}

/* The VM's descriptor is closed and its vCPU runs on: nobody may be harmed. */
static void check_vm_closed_under_vcpu(int dev)
{
	struct guest_vcpu *vcpu;
	struct kvmstats_vm vm;
	struct guest guest;
	uint64_t first;
	int fd;

	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, 0);
	guest_spin(vcpu);
	guest_spin_wait(vcpu, 100);
	first = fd_value(fd, "io_exits");
	close(guest.vm_fd);
	guest.vm_fd = -1;
	guest_spin_wait(vcpu, 100);
	in_range(fd_value(fd, "io_exits"), first, UINT64_MAX,
		 "VM descriptor closed under a running vCPU: still readable");
	guest_destroy(&guest);
	in_range(fd_value(fd, "io_exits"), first, UINT64_MAX,
		 "VM descriptor closed, then the vCPU: still readable");
	tap_ok(!dev_find_vm(dev, getpid(), &vm), "VM descriptor closed, then the vCPU: gone");
	tap_ok(fd_is_hung_up(fd), "VM descriptor closed, then the vCPU: hung up");
	close(fd);
}

int main(void)
{
	static const struct end ends[] = {
		{ "a VM that is killed with its VMM", true, 0 },
		{ "a VM that its VMM closes", false, 0 },
		{ "a VM that is killed and was not read since it ran", true, 45 },
		{ "a VM that is closed and was not read since it ran", false, 45 },
	};
	int dev = test_begin_loaded("");

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		check_last_values(dev, &ends[i]);
	check_poll_wakes(dev);
	check_kills_amid_reads(dev);
	check_late_vcpus(dev);
	check_vm_closed_under_vcpu(dev);
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads when all is closed");
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	return tap_done();
}
