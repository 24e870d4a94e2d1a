// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "dev.h"
#include "tap.h"

int dev_open(void)
{
	int dev = open(KVMSTATS_DEVICE, O_RDONLY | O_CLOEXEC);

	if (dev < 0)
		tap_bail("cannot open %s", KVMSTATS_DEVICE);
	return dev;
}

void dev_info(int dev, struct kvmstats_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	if (ioctl(dev, KVMSTATS_GET_INFO, info))
		tap_bail("KVMSTATS_GET_INFO failed");
}

void dev_hook(int dev, uint32_t index, struct kvmstats_hook *hook)
{
	memset(hook, 0, sizeof(*hook));
	hook->size = sizeof(*hook);
	hook->index = index;
	if (ioctl(dev, KVMSTATS_GET_HOOK, hook))
		tap_bail("KVMSTATS_GET_HOOK %u failed", index);
}

struct kvmstats_hook dev_hook_named(int dev, const char *name)
{
	struct kvmstats_info info;
	struct kvmstats_hook hook;

	dev_info(dev, &info);
	for (uint32_t i = 0; i < info.nr_hooks; i++) {
		dev_hook(dev, i, &hook);
		if (!strcmp(hook.name, name))
			return hook;
	}
	tap_bail("no hook %s", name);
}

static uint32_t list(int dev, unsigned long command, uint64_t vm_id, void *records,
		     uint32_t record_size, uint32_t capacity)
{
	struct kvmstats_list list = {
		.size = sizeof(list),
		.vm_id = vm_id,
		.records = (uintptr_t)records,
		.record_size = record_size,
		.capacity = capacity,
	};

	/* What comes while this is read is not waited for: in a storm it never ends. */
	if (ioctl(dev, command, &list))
		tap_bail("cannot list");
	if (list.count == capacity)
		tap_bail("%u records or more", capacity);
	return list.count;
}

uint32_t dev_list_vms(int dev, struct kvmstats_vm *vms, uint32_t capacity)
{
	return list(dev, KVMSTATS_LIST_VMS, 0, vms, sizeof(*vms), capacity);
}

uint32_t dev_list_vcpus(int dev, uint64_t vm_id, struct kvmstats_vcpu *vcpus, uint32_t capacity)
{
	return list(dev, KVMSTATS_LIST_VCPUS, vm_id, vcpus, sizeof(*vcpus), capacity);
}

int dev_try_list_vcpus(int dev, uint64_t vm_id, struct kvmstats_vcpu *vcpus, uint32_t capacity)
{
	struct kvmstats_list list = {
		.size = sizeof(list),
		.vm_id = vm_id,
		.records = (uintptr_t)vcpus,
		.record_size = sizeof(*vcpus),
		.capacity = capacity,
	};

	return ioctl(dev, KVMSTATS_LIST_VCPUS, &list) ? -1 : (int)list.count;
}

bool dev_find_vm(int dev, pid_t pid, struct kvmstats_vm *vm)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];
	uint32_t nr = dev_list_vms(dev, vms, DEV_MAX_VMS);

	while (nr-- > 0) {
		if (vms[nr].pid == (uint32_t)pid) {
			*vm = vms[nr];
			return true;
		}
	}
	return false;
}

struct kvmstats_vm dev_vm_of(int dev, pid_t pid)
{
	struct kvmstats_vm vm;

	if (!dev_find_vm(dev, pid, &vm))
		tap_bail("no VM of process %d is listed", pid);
	return vm;
}

uint32_t dev_count_vms_of(int dev, pid_t pid)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];
	uint32_t nr = dev_list_vms(dev, vms, DEV_MAX_VMS), count = 0;

	while (nr-- > 0)
		count += vms[nr].pid == (uint32_t)pid;
	return count;
}

static int open_stats(int dev, unsigned long command, uint64_t vm_id, uint32_t vcpu_id)
{
	struct kvmstats_open open = {
		.size = sizeof(open),
		.vm_id = vm_id,
		.vcpu_id = vcpu_id,
	};

	return ioctl(dev, command, &open);
}

int dev_try_open_vm(int dev, uint64_t vm_id)
{
	return open_stats(dev, KVMSTATS_OPEN_VM, vm_id, 0);
}

int dev_try_open_vcpu(int dev, uint64_t vm_id, uint32_t vcpu_id)
{
	return open_stats(dev, KVMSTATS_OPEN_VCPU, vm_id, vcpu_id);
}

int dev_open_vm(int dev, uint64_t vm_id)
{
	int fd = dev_try_open_vm(dev, vm_id);

	if (fd < 0)
		tap_bail("cannot open the stats fd of VM %llu", (unsigned long long)vm_id);
	return fd;
}

int dev_open_vcpu(int dev, uint64_t vm_id, uint32_t vcpu_id)
{
	int fd = dev_try_open_vcpu(dev, vm_id, vcpu_id);

	if (fd < 0)
		tap_bail("cannot open the stats fd of VM %llu, vCPU %u",
			 (unsigned long long)vm_id, vcpu_id);
	return fd;
}

bool fd_hangs_up_within(int fd, int milliseconds)
{
	struct pollfd poll_fd = { .fd = fd };

	if (poll(&poll_fd, 1, milliseconds) < 0)
		tap_bail("poll failed");
	return poll_fd.revents & POLLHUP;
}

bool fd_is_hung_up(int fd)
{
	return fd_hangs_up_within(fd, 0);
}

uint64_t boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}
