// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probes are disarmed behind kvmstats' back while a VM ends or a vCPU is
 * made. No pointer may dangle, and the sweep finds what was missed.
 *
 * KVM is not reloaded before the end of this test, nor should it be before it in
 * the same boot: 5.10 forgets to disarm probes of a module that was reloaded.
 */
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define SWEEP		"sweep_interval_ms=200"
#define PATIENCE_MS	5000
#define UNREAD		23	/* port writes since the last read */
#define RELEASE_HOOK	"kvm_vm_release"
#define VCPU_HOOK	"kvm_arch_vcpu_postcreate"
#define SWITCH		DEBUGFS "/kprobes/enabled"

static void switch_probes(bool on)
{
	errno = -write_text(SWITCH, on ? "1" : "0");
	if (errno)
		tap_bail("cannot switch probes");
}

static uint64_t hook_hits(int dev, const char *name)
{
	return dev_hook_named(dev, name).hits;
}

static bool eventually_gone(int dev)
{
	struct kvmstats_vm vm;

	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		if (!dev_find_vm(dev, getpid(), &vm))
			return true;
		usleep(10000);
	}
	return false;
}

/* Each VM holds a reference to kvm_amd. One that the sweep found takes a moment. */
static long eventual_kvm_refs(void)
{
	long refs = module_refs("kvm_amd");

	for (int i = 0; i < PATIENCE_MS / 10 && refs; i++) {
		usleep(10000);
		refs = module_refs("kvm_amd");
	}
	return refs;
}

static uint32_t eventual_vcpus(int dev, uint32_t expected)
{
	struct kvmstats_vm vm = dev_vm_of(dev, getpid());

	for (int i = 0; i < PATIENCE_MS / 10 && vm.nr_vcpus != expected; i++) {
		usleep(10000);
		vm = dev_vm_of(dev, getpid());
	}
	return vm.nr_vcpus;
}

static void check_missed_end(int dev, bool reads_amid)
{
	struct image last, now, vcpu_last;
	struct kvmstats_vm vm;
	struct guest guest;
	uint64_t hits;
	int vm_fd, vcpu_fd;

	tap_note("an end that is missed%s", reads_amid ? ", with reads before it is found" : "");
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 77);
	vm = dev_vm_of(dev, getpid());
	vm_fd = dev_open_vm(dev, vm.id);
	vcpu_fd = dev_open_vcpu(dev, vm.id, 0);
	image_read(vm_fd, &last);
	image_read(vcpu_fd, &vcpu_last);

	if (!reads_amid)
		guest_run(&guest.vcpus[0], GUEST_OUT, UNREAD);
	hits = hook_hits(dev, RELEASE_HOOK);
	switch_probes(false);
	guest_destroy(&guest);
	is_u64(hook_hits(dev, RELEASE_HOOK), hits, "the end is missed indeed");
	if (reads_amid) {
		image_read(vcpu_fd, &now);
		is_bytes(now.bytes, vcpu_last.bytes, vcpu_last.size,
			 "vCPU values before the end is found");
	}
	switch_probes(true);

	tap_ok(fd_hangs_up_within(vm_fd, PATIENCE_MS), "VM: hung up in the end");
	tap_ok(fd_hangs_up_within(vcpu_fd, PATIENCE_MS), "vCPU: hung up in the end");
	tap_ok(eventually_gone(dev), "gone from the list in the end");
	is_errno(ERRNO_OF(dev_try_open_vm(dev, vm.id)), ENOENT, "open of the VM");
	/* Until it was found, the VM gave back its pages, which counts. */
	image_read(vm_fd, &now);
	tap_ok(image_is_later(&now, &last), "VM: the last values stay");
	image_read(vcpu_fd, &now);
	if (reads_amid)
		is_bytes(now.bytes, vcpu_last.bytes, vcpu_last.size, "vCPU: the last values stay");
	is_u64(image_value(&now, "io_exits"), 77 + (reads_amid ? 0 : UNREAD),
	       "vCPU: io_exits at the end");
	close(vm_fd);
	close(vcpu_fd);
	is_u64(eventual_kvm_refs(), 0, "VMs that hold KVM after the sweep");
}

static void check_missed_vcpu(int dev)
{
	struct guest guest;
	uint64_t hits;
	int fd;

	tap_note("a vCPU that is missed");
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 1);
	switch_probes(false);
	hits = hook_hits(dev, VCPU_HOOK);
	guest_run(guest_add_vcpu(&guest, 1), GUEST_OUT, 13);
	is_u64(hook_hits(dev, VCPU_HOOK), hits, "the vCPU is missed indeed");
	switch_probes(true);
	if (is_u64(eventual_vcpus(dev, 2), 2, "vCPUs listed in the end")) {
		fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, 1);
		is_u64(fd_value(fd, "io_exits"), 13, "io_exits of the vCPU that was missed");
		close(fd);
	}
	guest_destroy(&guest);
	tap_ok(eventually_gone(dev), "gone from the list");
}

/* Its creation is missed; its next vCPU gives it away. */
static void check_missed_creation(int dev)
{
	struct kvmstats_vm vm;
	struct guest guest;

	tap_note("a VM whose creation is missed");
	switch_probes(false);
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 3);
	tap_ok(!dev_find_vm(dev, getpid(), &vm), "not listed: the creation is missed indeed");
	switch_probes(true);
	guest_run(guest_add_vcpu(&guest, 4), GUEST_OUT, 4);
	if (tap_ok(dev_find_vm(dev, getpid(), &vm), "listed once it gets a vCPU"))
		is_u64(eventual_vcpus(dev, 2), 2, "both its vCPUs are listed in the end");
	guest_destroy(&guest);
	tap_ok(eventually_gone(dev), "gone from the list");
	is_u64(eventual_kvm_refs(), 0, "VMs that hold KVM once it is gone");
}

/* The unload has to let go of a VM whose end was missed. */
static void check_unload_finds(int dev)
{
	struct guest guest;

	tap_note("an end that is missed, and the module goes before the sweep");
	close(dev);
	errno = kvmstats_unload();
	if (!errno)
		errno = kvmstats_load("sweep_interval_ms=60000");
	if (errno)
		tap_bail("cannot load kvmstats anew");
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 1);
	switch_probes(false);
	guest_destroy(&guest);
	switch_probes(true);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads");
	is_u64(eventual_kvm_refs(), 0, "VMs that hold KVM after the unload");
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
}

int main(void)
{
	int dev;

	mount_once("debugfs", DEBUGFS);
	if (access(SWITCH, W_OK))
		tap_skip_all("no %s to disarm probes with", SWITCH);
	dev = test_begin_loaded(SWEEP);
	check_missed_vcpu(dev);
	check_missed_creation(dev);
	check_missed_end(dev, false);
	check_missed_end(dev, true);
	check_unload_finds(dev);
	return tap_done();
}
