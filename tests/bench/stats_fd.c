// SPDX-License-Identifier: GPL-2.0-only
/* What one pread of a whole stats fd costs, ours against the kernel's own. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

struct reading {
	int fd;
	size_t size;
	off_t offset;
};

static char buffer[IMAGE_MAX];

static void read_once(void *arg)
{
	const struct reading *reading = arg;

	if (pread(reading->fd, buffer, reading->size, reading->offset) <= 0)
		tap_bail("pread: %m");
}

static double ratio(const char *name, int ours, int native, size_t size, off_t offset)
{
	struct reading reading = { ours, size, offset };
	char raw[64];
	uint64_t a, b;

	snprintf(raw, sizeof(raw), "%s_ours", name);
	a = bench_count(raw, read_once, &reading);
	reading.fd = native;
	snprintf(raw, sizeof(raw), "%s_native", name);
	b = bench_count(raw, read_once, &reading);
	return (double)a / b;
}

static void empty_syscall(void *arg)
{
	(void)arg;
	getppid();
}

int main(void)
{
	struct guest guest;
	struct guest_vcpu *vcpu;
	struct kvmstats_vm vm;
	struct image image;
	int dev, ours, native;

	dev = test_begin_loaded("");
	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	if (!native_has_stats_fd(guest.kvm_fd))
		tap_skip_all("this kernel has no stats fd of its own");
	guest_run(vcpu, GUEST_OUT, 100);

	bench_count("empty_syscall", empty_syscall, NULL);

	vm = dev_vm_of(dev, getpid());
	ours = dev_open_vcpu(dev, vm.id, 0);
	native = native_stats_fd(vcpu->fd);
	image_read(ours, &image);
	bench_figure("pread_vcpu_whole_vs_native",
		     ratio("pread_vcpu_whole", ours, native, image.size, 0), 1.05);
	ratio("pread_vcpu_data", ours, native, image_data_size(&image), image.header.data_offset);
	close(ours);
	close(native);

	ours = dev_open_vm(dev, vm.id);
	native = native_stats_fd(guest.vm_fd);
	image_read(ours, &image);
	bench_figure("pread_vm_whole_vs_native",
		     ratio("pread_vm_whole", ours, native, image.size, 0), 1.05);
	close(ours);
	close(native);

	guest_destroy(&guest);
	close(dev);
	if (kvmstats_unload())
		tap_bail("kvmstats cannot be unloaded");
	return bench_done();
}
