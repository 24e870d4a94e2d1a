// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "farm.h"
#include "native.h"
#include "tap.h"

/* Others that a test opens: a stats fd for each VM and a few. */
#define SPARE_FDS	64
#define MANY_VMS	100
#define NR_CLOSERS	16

static int *slot(const struct farm *farm, uint32_t vm)
{
	return farm->fds + (size_t)vm * (1 + farm->nr_vcpus);
}

int farm_vm_fd(const struct farm *farm, uint32_t vm)
{
	return slot(farm, vm)[0];
}

int farm_vcpu_fd(const struct farm *farm, uint32_t vm, uint32_t vcpu)
{
	return slot(farm, vm)[1 + vcpu];
}

uint32_t farm_objects(const struct farm *farm)
{
	return farm->nr_vms * (1 + farm->nr_vcpus);
}

static void close_vm(const struct farm *farm, uint32_t vm)
{
	for (uint32_t i = 0; i < 1 + farm->nr_vcpus; i++) {
		if (slot(farm, vm)[i] >= 0)
			close(slot(farm, vm)[i]);
	}
}

static bool create_vm(struct farm *farm, uint32_t vm)
{
	int *fds = slot(farm, vm);
	uint32_t i;

	memset(fds, -1, sizeof(*fds) * (1 + farm->nr_vcpus));
	fds[0] = ioctl(farm->kvm_fd, KVM_CREATE_VM, 0);
	for (i = 0; fds[i] >= 0 && i < farm->nr_vcpus; i++)
		fds[1 + i] = ioctl(fds[0], KVM_CREATE_VCPU, i);
	if (fds[i] >= 0)
		return true;
	i = errno;
	close_vm(farm, vm);
	errno = i;
	return false;
}

void farm_reserve(struct farm *farm, uint32_t nr_vms, uint32_t nr_vcpus)
{
	rlim_t nr_fds = (rlim_t)nr_vms * (2 + nr_vcpus) + SPARE_FDS;
	struct rlimit limit;

	/* On top of those that others have open. */
	if (getrlimit(RLIMIT_NOFILE, &limit))
		tap_bail("getrlimit failed");
	limit.rlim_cur = limit.rlim_max = limit.rlim_cur + nr_fds;
	*farm = (struct farm){ .nr_vcpus = nr_vcpus };
	farm->fds = calloc(nr_fds, sizeof(*farm->fds));
	farm->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (!farm->fds || farm->kvm_fd < 0 || setrlimit(RLIMIT_NOFILE, &limit))
		tap_bail("no room for %u VMs", nr_vms);
}

void farm_grow(struct farm *farm, uint32_t nr_vms)
{
	while (farm->nr_vms < nr_vms && create_vm(farm, farm->nr_vms))
		farm->nr_vms++;
}

void farm_create_most(struct farm *farm, uint32_t nr_vms, uint32_t nr_vcpus)
{
	farm_reserve(farm, nr_vms, nr_vcpus);
	farm_grow(farm, nr_vms);
}

void farm_create(struct farm *farm, uint32_t nr_vms, uint32_t nr_vcpus)
{
	farm_create_most(farm, nr_vms, nr_vcpus);
	if (farm->nr_vms < nr_vms)
		tap_bail("only %u VMs can be made", farm->nr_vms);
}

struct closer {
	const struct farm *farm;
	uint32_t first;
	pthread_t thread;
};

static void *close_some(void *argument)
{
	const struct closer *closer = argument;

	for (uint32_t i = closer->first; i < closer->farm->nr_vms; i += NR_CLOSERS)
		close_vm(closer->farm, i);
	return NULL;
}

/* The end of a VM is mostly waiting, so many are waited for at a time. */
static void close_side_by_side(const struct farm *farm)
{
	struct closer closers[NR_CLOSERS];

	for (uint32_t i = 0; i < NR_CLOSERS; i++) {
		closers[i] = (struct closer){ .farm = farm, .first = i };
		if (pthread_create(&closers[i].thread, NULL, close_some, &closers[i]))
			tap_bail("pthread_create failed");
	}
	for (uint32_t i = 0; i < NR_CLOSERS; i++)
		pthread_join(closers[i].thread, NULL);
}

void farm_destroy(struct farm *farm)
{
	if (farm->nr_vms >= MANY_VMS)
		close_side_by_side(farm);
	else
		for (uint32_t i = 0; i < farm->nr_vms; i++)
			close_vm(farm, i);
	close(farm->kvm_fd);
	free(farm->fds);
	*farm = (struct farm){ 0 };
}

void *snapshot_buffer(uint64_t *size, int dev, uint32_t nr_vms, uint32_t nr_vcpus)
{
	struct kvmstats_info info;
	void *buffer;

	dev_info(dev, &info);
	*size = (uint64_t)nr_vms * (sizeof(struct kvmstats_record) + info.vm_data_size) +
		(uint64_t)nr_vcpus * (sizeof(struct kvmstats_record) + info.vcpu_data_size);
	buffer = mmap(NULL, *size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (buffer == MAP_FAILED)
		tap_bail("no memory for a snapshot");
	return buffer;
}

long meminfo_kb(const char *field)
{
	char text[8192], *at;

	if (read_text("/proc/meminfo", text, sizeof(text)) < 0)
		tap_bail("cannot read /proc/meminfo");
	at = strstr(text, field);
	if (!at)
		tap_bail("no %s in /proc/meminfo", field);
	return strtol(at + strlen(field) + 1, NULL, 10);
}
