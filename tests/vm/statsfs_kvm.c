// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KVM view: values at every level are those of the stats fds, clearing makes a zero
 * point and leaves KVM's own alone, and directories have the names of KVM's and come and
 * go with VMs and vCPUs.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"
#include "total.h"
#include "view.h"
#include "vmm.h"

#define STAT		"io_exits"

static void check_values(int dev)
{
	struct guest guests[2];
	char dir[VIEW_PATH];
	struct vmm vmm;
	uint64_t host;

	view_guest(&guests[0], 3, 11);
	vmm_start(&vmm, "other");
	vmm_make_vm(&vmm, 2, 19);
	view_dir(dir, getpid(), guests[0].vm_fd);
	view_comes(true, "%s/vcpu6", dir);
	view_comes(true, VIEW "/%d-%d/vcpu1", vmm.pid, VMM_VM_FD);
	view_is(dev, getpid(), guests[0].vm_fd, "two VMs");
	view_guest(&guests[1], 0, 0);
	guest_run(guest_add_vcpu(&guests[0], 77), GUEST_OUT, 5);
	view_comes(true, "%s/vcpu77", dir);
	view_comes(true, VIEW "/%d-%d", getpid(), guests[1].vm_fd);
	is_u64(statsfs_subdirs(VIEW), 3, "three VMs: directories");
	is_u64(view_value(VIEW "/", STAT), view_value(dir, STAT) + 2 * 19, "host: " STAT);
	host = view_value(VIEW, STAT);

	guest_destroy(&guests[0]);
	guest_destroy(&guests[1]);
	view_comes(false, "%s", dir);
	vmm_kill(&vmm);
	view_comes(false, VIEW "/%d-%d", vmm.pid, VMM_VM_FD);
	is_u64(view_value(VIEW, STAT), host, "host: counters of VMs that are gone stay");
	view_dir_is(VIEW, total_open_host(dev), "no VM: host");
}

/* An open file of what has gone. */
static void check_open_files(void)
{
	char dir[VIEW_PATH], path[2 * VIEW_PATH], text[16] = "";
	struct guest guest;
	int fd;

	view_guest(&guest, 1, 9);
	view_dir(dir, getpid(), guest.vm_fd);
	view_comes(true, "%s/vcpu0", dir);
	snprintf(path, sizeof(path), "%s/vcpu0/" STAT, dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	in_range(pread(fd, text, sizeof(text), 0), 2, 9, "open file of a vCPU: length");
	is_errno(kvmstats_unload(), EWOULDBLOCK, "kvmstats while a file of it is open");
	guest_destroy(&guest);
	view_comes(false, "%s", dir);
	/* Revoked behind that, in the same piece of work. */
	for (int i = 0; i < 100 && pread(fd, text, sizeof(text), 0) == 2 && text[0] != '0'; i++)
		usleep(10000);
	usleep(100000);
	is_u64(pread(fd, text, sizeof(text), 0), 2, "open file of a vCPU that is gone: length");
	is_bytes(text, "0\n", 2, "open file of a vCPU that is gone");
	close(fd);
}

/* --- zero points --- */

static uint64_t fd_sum(int dev, const char *name)
{
	int fd = total_open_vm(dev, dev_vm_of(dev, getpid()).id);
	uint64_t sum = fd_value(fd, name);

	close(fd);
	return sum;
}

static void check_refused(const char *dir, int fd)
{
	const struct kvmstats_desc *desc;
	unsigned int seen = 0, wrong = 0;
	struct image image;

	image_read(fd, &image);
	close(fd);
	desc = image_descs(&image);
	for (uint32_t i = 0; i < image.header.num_desc; i++, desc++) {
		uint32_t type = desc->flags & KVMSTATS_TYPE_MASK;

		if (type != KVMSTATS_TYPE_INSTANT && type != KVMSTATS_TYPE_PEAK)
			continue;
		seen++;
		wrong += view_clear(dir, desc->name) != EPERM;
	}
	in_range(seen, 1, 99, "%s: instant values and peaks", dir);
	is_u64(wrong, 0, "%s: those that can be cleared", dir);
}

static void check_zero(int dev)
{
	char dir[VIEW_PATH], vcpu0[2 * VIEW_PATH], vcpu3[2 * VIEW_PATH];
	uint64_t in_kvm, host;
	struct guest guest;

	view_guest(&guest, 2, 20);
	view_dir(dir, getpid(), guest.vm_fd);
	view_comes(true, "%s/vcpu3", dir);
	snprintf(vcpu0, sizeof(vcpu0), "%s/vcpu0", dir);
	snprintf(vcpu3, sizeof(vcpu3), "%s/vcpu3", dir);
	in_kvm = fd_sum(dev, STAT);
	host = view_value(VIEW, STAT);

	is_errno(view_clear(vcpu0, STAT), 0, "clear of a vCPU");
	is_u64(view_value(vcpu0, STAT), 0, "clear of a vCPU: it");
	is_u64(view_value(dir, STAT), view_value(vcpu3, STAT), "clear of a vCPU: its VM");
	is_u64(view_value(VIEW, STAT), host, "clear of a vCPU: the host");
	is_u64(fd_sum(dev, STAT), in_kvm, "clear of a vCPU: KVM's own");
	guest_run(&guest.vcpus[0], GUEST_OUT, 6);
	is_u64(view_value(vcpu0, STAT), 6, "since a vCPU was cleared: it");
	is_u64(view_value(VIEW, STAT), host + 6, "since a vCPU was cleared: the host");

	is_errno(view_clear(dir, STAT), 0, "clear of a VM");
	is_u64(view_value(dir, STAT), 0, "clear of a VM: it");
	is_u64(view_value(vcpu3, STAT), 0, "clear of a VM: its vCPU");
	guest_run(&guest.vcpus[1], GUEST_OUT, 4);
	is_u64(view_value(dir, STAT), 4, "since a VM was cleared: it");

	is_errno(view_clear(VIEW, STAT), 0, "clear of the host");
	is_u64(view_value(VIEW, STAT), 0, "clear of the host: it");
	is_u64(view_value(dir, STAT), 0, "clear of the host: its VM");
	is_u64(view_value(vcpu3, STAT), 0, "clear of the host: its vCPU");
	is_u64(fd_sum(dev, STAT), in_kvm + 10, "clear of the host: KVM's own");
	guest_run(&guest.vcpus[1], GUEST_OUT, 3);
	is_u64(view_value(VIEW, STAT), 3, "since the host was cleared: it");
	is_u64(view_value(vcpu3, STAT), 3, "since the host was cleared: its vCPU");
	is_errno(view_clear(VIEW, "remote_tlb_flush"), 0, "clear of a VM's counter by the host");
	is_u64(view_value(dir, "remote_tlb_flush"), 0, "clear of a VM's counter by the host: it");

	check_refused(dir, total_open_vm(dev, dev_vm_of(dev, getpid()).id));
	check_refused(VIEW, total_open_host(dev));
	guest_destroy(&guest);
	view_comes(false, "%s", dir);
	is_u64(view_value(VIEW, STAT), 3, "host: the zero point stays");
}

/* --- names --- */

static void *create_in_thread(void *argument)
{
	guest_create(argument);
	return (void *)(intptr_t)gettid();
}

/* KVM calls its directory in debugfs by the thread; so does the id of the stats fds. */
static void check_thread(void)
{
	struct guest guest;
	pthread_t thread;
	void *tid;

	if (pthread_create(&thread, NULL, create_in_thread, &guest) || pthread_join(thread, &tid))
		tap_bail("no thread");
	view_comes(true, VIEW "/%d-%d", (int)(intptr_t)tid, guest.vm_fd);
	guest_destroy(&guest);
}

static void check_names(int dev)
{
	struct guest first, second;
	char dir[VIEW_PATH];
	int number, copy, kvm_fd;
	uint64_t id;

	view_guest(&first, 1, 5);
	number = first.vm_fd;
	view_dir(dir, getpid(), number);
	view_comes(true, "%s/vcpu0", dir);
	/* Again at once: the new one has the name of the old one. */
	guest_destroy(&first);
	view_guest(&second, 2, 3);
	is_u64(second.vm_fd, number, "the number of a descriptor is used again");
	view_comes(true, "%s/vcpu3", dir);
	view_is(dev, getpid(), number, "name used again");

	/* Two that live and have one name. */
	kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	copy = fcntl(number, F_DUPFD_CLOEXEC, 100);
	close(number);
	guest_create_on(&first, kvm_fd);
	is_u64(first.vm_fd, number, "the number of a descriptor is used while its VM lives");
	id = dev_vm_of(dev, getpid()).id;
	view_comes(true, "%s-vm%" PRIu64, dir, id);
	is_u64(statsfs_subdirs(VIEW), 2, "two VMs: directories");
	guest_destroy(&first);
	view_comes(false, "%s-vm%" PRIu64, dir, id);
	second.vm_fd = copy;
	guest_destroy(&second);
	view_comes(false, "%s", dir);
}

int main(void)
{
	int dev;

	if (!mount_once("debugfs", DEBUGFS))
		tap_note("no debugfs");
	dev = test_begin_loaded("");
	statsfs_begin();
	check_values(dev);
	check_names(dev);
	check_thread();
	check_zero(dev);
	close(dev);
	check_open_files();
	is_errno(kvmstats_unload(), 0, "kvmstats unloads");
	statsfs_end();
	return tap_done();
}
