// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading kvmstats while a VM runs, with each of its allocations failed in turn.
 * Either nothing is left of the load, or the hook table tells what is lost.
 */
#include <stdio.h>
#include <unistd.h>

#include "dev.h"
#include "fault.h"
#include "guest.h"
#include "module.h"
#include "rows.h"
#include "tap.h"

#define PARAMETERS	"sweep_interval_ms=50 aggregate_abi=on"
#define PATIENCE_MS	5000
#define ADOPTION_HOOK	"vm_list"
#define NR_VCPUS	2

static unsigned int nr_probes;
static long nr_kvm_refs;
static struct {
	unsigned int refused;
	unsigned int degraded;
	unsigned int unadopted;
	unsigned int late_vcpus;
} seen;

static bool nothing_left(void)
{
	bool loaded = module_is_loaded("kvmstats"), device = !access(KVMSTATS_DEVICE, F_OK);
	unsigned int probes = count_probes();
	long refs = module_refs("kvm_amd");

	if (!loaded && !device && probes == nr_probes && refs == nr_kvm_refs)
		return true;
	tap_note("module %d, device %d, probes %u expected %u, references to KVM %ld expected %ld",
		 loaded, device, probes, nr_probes, refs, nr_kvm_refs);
	return false;
}

static int call_load(void *context)
{
	(void)context;
	return kvmstats_load(PARAMETERS);
}

/* The running VM, with all its vCPUs in the end, or the table tells that it is lost. */
static bool is_adopted(int dev)
{
	struct kvmstats_vm vm;

	if (!dev_find_vm(dev, getpid(), &vm)) {
		seen.unadopted++;
		if (dev_hook_named(dev, ADOPTION_HOOK).misses == 1)
			return true;
		tap_note("the VM is not listed, and the table does not tell");
		return false;
	}
	seen.late_vcpus += vm.nr_vcpus != NR_VCPUS;
	for (int i = 0; i < PATIENCE_MS / 10 && vm.nr_vcpus != NR_VCPUS; i++) {
		usleep(10000);
		vm = dev_vm_of(dev, getpid());
	}
	if (vm.nr_vcpus != NR_VCPUS)
		tap_note("%u vCPUs", vm.nr_vcpus);
	return vm.nr_vcpus == NR_VCPUS;
}

static bool after_load(void *context, int err)
{
	struct rows rows;
	bool right;
	int dev;

	(void)context;
	if (err) {
		seen.refused++;
		return nothing_left();
	}
	dev = dev_open();
	rows_read(dev, ENOMEM, &rows);
	seen.degraded += !!rows.failed;
	right = rows_attached(&rows);
	right &= is_adopted(dev);
	close(dev);
	errno = kvmstats_unload();
	if (errno)
		tap_bail("kvmstats does not unload");
	return nothing_left() && right;
}

int main(void)
{
	const struct fault_case fault = {
		.name = "load of kvmstats", .call = call_load, .after = after_load,
		.allowed = { ENOMEM }, .least = 20,
		/* then come the names of perf's events */
		.dense = 90,
	};
	struct guest guest;

	test_begin();
	fault_begin();
	guest_create(&guest);
	for (int i = 0; i < NR_VCPUS; i++)
		guest_run(guest_add_vcpu(&guest, i), GUEST_OUT, 1);
	nr_probes = count_probes();
	nr_kvm_refs = module_refs("kvm_amd");
	fault_within_modules();
	fault_run(&fault);
	in_range(seen.refused, 1, UINT32_MAX, "loads that were refused: %u", seen.refused);
	in_range(seen.degraded, 1, UINT32_MAX, "loads without a hook: %u", seen.degraded);
	in_range(seen.unadopted, 1, UINT32_MAX, "loads that could not adopt the VM: %u",
		 seen.unadopted);
	tap_note("loads whose vCPUs came late: %u", seen.late_vcpus);
	guest_destroy(&guest);
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	fault_report();
	return tap_done();
}
