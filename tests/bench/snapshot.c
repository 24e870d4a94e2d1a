// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a snapshot of a whole host costs for each VM and vCPU: against the kernel's
 * own stats fds, against debugfs, and as the host grows.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "dev.h"
#include "farm.h"
#include "image.h"
#include "least.h"
#include "module.h"
#include "native.h"
#include "reading.h"
#include "snapshot.h"
#include "tap.h"

#define NR_VMS		100
#define NR_VCPUS	4
#define FEW_VMS		10
#define MANY_VMS	1000
#define GROWTH_VCPUS	2

#define BOTH		(KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU)

/* --- the snapshot --- */

struct shot {
	int dev;
	struct kvmstats_snapshot arg;
};

static void take(void *argument)
{
	const struct shot *shot = argument;
	struct kvmstats_snapshot arg = shot->arg;

	if (ioctl(shot->dev, KVMSTATS_SNAPSHOT, &arg) || arg.more)
		tap_bail("KVMSTATS_SNAPSHOT failed");
}

static double per_object(const char *name, int dev, const struct farm *farm, uint32_t flags)
{
	struct shot shot = { .dev = dev };
	uint64_t size, cost;
	void *buffer;

	buffer = snapshot_buffer(&size, dev, farm->nr_vms, farm->nr_vms * farm->nr_vcpus);
	shot.arg = snapshot_of(flags, buffer, size);
	cost = bench_count(name, take, &shot);
	munmap(buffer, size);
	return (double)cost / farm_objects(farm);
}

/* What the parts of a snapshot of so many VMs come to. */
static void show_parts(int dev, const struct farm *farm)
{
	struct shot shot = { .dev = dev };
	struct kvmstats_info info;
	uint64_t ids[1] = { UINT64_MAX }, size;
	void *buffer;

	dev_info(dev, &info);
	printf("# raw data_size_vm %u\n# raw data_size_vcpu %u\n", info.vm_data_size,
	       info.vcpu_data_size);
	buffer = snapshot_buffer(&size, dev, farm->nr_vms, farm->nr_vms * farm->nr_vcpus);
	shot.arg = snapshot_of(KVMSTATS_SNAPSHOT_VM, buffer, size);
	bench_count("snapshot_vms_alone", take, &shot);
	shot.arg.flags = KVMSTATS_SNAPSHOT_VCPU;
	bench_count("snapshot_vcpus_alone", take, &shot);
	shot.arg.flags = KVMSTATS_SNAPSHOT_VCPU_SUM;
	bench_count("snapshot_sums_alone", take, &shot);
	shot.arg.vm_ids = (uintptr_t)ids;
	shot.arg.nr_vm_ids = 1;
	bench_count("snapshot_of_nothing", take, &shot);
	munmap(buffer, size);
}

/* --- the kernel's own stats fd --- */

static uint64_t native_read(const char *name, int kvm_object_fd)
{
	struct reading reading = { .fd = native_stats_fd(kvm_object_fd) };
	struct image image;
	uint64_t cost;

	image_read(reading.fd, &image);
	reading.size = image_data_size(&image);
	reading.offset = image.header.data_offset;
	cost = bench_count(name, reading_once, &reading);
	close(reading.fd);
	return cost;
}

/* --- debugfs --- */

static void read_directory(const char *path, bool enter)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	static char text[IMAGE_MAX];
	char name[512];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_type != DT_DIR)
			read_text(name, text, sizeof(text));
		else if (enter)
			read_directory(name, false);
	}
	if (dir)
		closedir(dir);
}

static void read_vm_directory(void *path)
{
	read_directory(path, true);
}

/* All of a VM's files there, which hold the sums of its vCPUs. */
static uint64_t debugfs_read_vm(const struct farm *farm)
{
	char path[128];

	if (!mount_once("debugfs", DEBUGFS))
		tap_bail("no debugfs");
	debugfs_vm_path(path, sizeof(path), getpid(), farm_vm_fd(farm, 0));
	if (access(path, R_OK))
		tap_bail("no %s", path);
	return bench_count("debugfs_of_a_vm", read_vm_directory, path);
}

static double growth_at(const char *name, int dev, uint32_t nr_vms)
{
	struct farm farm;
	double cost;

	farm_create(&farm, nr_vms, GROWTH_VCPUS);
	cost = per_object(name, dev, &farm, BOTH);
	farm_destroy(&farm);
	return cost;
}

int main(void)
{
	double ours, native, few;
	struct farm farm;
	int dev;

	dev = test_begin_loaded("");
	farm_create(&farm, NR_VMS, NR_VCPUS);
	ours = per_object("snapshot_of_500", dev, &farm, BOTH);
	show_parts(dev, &farm);
	if (native_has_stats_fd(farm.kvm_fd)) {
		native = native_read("pread_native_vm", farm_vm_fd(&farm, 0)) +
			 NR_VCPUS * native_read("pread_native_vcpu", farm_vcpu_fd(&farm, 0, 0));
		bench_figure("snapshot_per_object_vs_native_pread",
			     ours / (native / (1 + NR_VCPUS)), 0.20);
	}
	bench_figure_at_least("debugfs_vs_snapshot", debugfs_read_vm(&farm) / ours, 500);
	farm_destroy(&farm);

	few = growth_at("snapshot_of_10_vms", dev, FEW_VMS);
	ours = growth_at("snapshot_of_1000_vms", dev, MANY_VMS) / few;
	bench_figure("snapshot_growth_10_to_1000", ours, 1.10);

	close(dev);
	if (kvmstats_unload())
		tap_bail("kvmstats cannot be unloaded");
	return bench_done();
}
