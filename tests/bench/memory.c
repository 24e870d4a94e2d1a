// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kvmstats keeps in memory for each VM and vCPU beyond their values: what the
 * allocator's general caches hold more, with kvmstats than without, once the same VMs
 * are made. VMs without vCPUs tell the one, VMs with vCPUs the other.
 */
#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "dev.h"
#include "farm.h"
#include "kmem.h"
#include "module.h"
#include "tap.h"

#define NR_VMS		200
#define NR_VCPUS	4

static double taken_by_vms(uint32_t nr_vcpus)
{
	struct farm farm;
	double before, after;

	before = kmem_settled_bytes();
	farm_create(&farm, NR_VMS, nr_vcpus);
	after = kmem_settled_bytes();
	farm_destroy(&farm);
	return after - before;
}

int main(void)
{
	double bare, full, vm, vcpu;
	struct kvmstats_info info;
	int dev;

	test_begin();
	/* What the first VMs make for good is no cost of one. */
	taken_by_vms(NR_VCPUS);
	bare = taken_by_vms(0);
	full = taken_by_vms(NR_VCPUS);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	taken_by_vms(NR_VCPUS);
	vm = taken_by_vms(0) - bare;
	vcpu = taken_by_vms(NR_VCPUS) - full - vm;
	vm /= NR_VMS;
	vcpu /= NR_VMS * NR_VCPUS;
	dev_info(dev, &info);
	printf("# raw memory_of_vm %.0f\n# raw memory_of_vcpu %.0f\n", vm, vcpu);
	bench_figure("memory_of_vm_beyond_data", vm - info.vm_data_size, 4096);
	bench_figure("memory_of_vcpu_beyond_data", vcpu - info.vcpu_data_size, 2048);
	close(dev);
	if (kvmstats_unload())
		tap_bail("kvmstats cannot be unloaded");
	return bench_done();
}
