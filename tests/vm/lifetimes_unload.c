// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmstats comes and goes under running VMs without their notice, is held by
 * open descriptors alone, never holds KVM, and follows KVM as it comes and goes.
 */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"
#include "vmm.h"

static int load(void)
{
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	return dev_open();
}

/* Functions of the kernel that something hooks by ftrace, as probes do; -1: unknown. */
static long hooked_functions(void)
{
	FILE *file = fopen(DEBUGFS "/tracing/enabled_functions", "r");
	long lines = 0;
	int c;

	if (!file)
		return -1;
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

static long hooked_before;

static void check_nothing_left(bool kvm_was_reloaded)
{
	struct utsname uts;
	long hooked = hooked_functions();

	if (uname(&uts))
		tap_bail("uname failed");
	if (hooked < 0)
		tap_skip("no list of hooked functions");
	else if (kvm_was_reloaded && hooked > hooked_before && !strncmp(uts.release, "5.10.", 5))
		tap_skip("5.10 itself leaves %ld functions hooked once a probed module is reloaded",
			 hooked - hooked_before);
	else
		is_u64(hooked, hooked_before, "functions that are hooked after the unload");
}

static void check_unload_under_vms(void)
{
	struct guest_vcpu *vcpu;
	struct guest guest;
	struct vmm vmm;
	uint64_t exits;
	int dev, fd;

	vmm_start(&vmm, "lives-on");
	vmm_do(&vmm, VMM_CREATE, 0);
	vmm_do(&vmm, VMM_ADD_VCPU, 0);
	vmm_do(&vmm, VMM_SPIN, 0);
	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	guest_spin(vcpu);
	for (int i = 0; i < 3; i++) {
		guest_spin_wait(vcpu, 50);
		dev = load();
		guest_spin_wait(vcpu, 50);
		fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, 0);
		exits = fd_value(fd, "io_exits");
		guest_spin_wait(vcpu, 10);
		in_range(fd_value(fd, "io_exits"), exits + 9, UINT64_MAX,
			 "load %d under a running guest: it is counted", i);
		close(fd);
		close(dev);
		is_errno(kvmstats_unload(), 0, "unload %d under a running guest", i);
	}
	check_nothing_left(false);
	guest_spin_wait(vcpu, 200);
	tap_ok(true, "the guest runs on after the unloads");
	guest_destroy(&guest);
	vmm_do(&vmm, VMM_SPIN_STOP, 0);
	vmm_do(&vmm, VMM_DESTROY, 0);
	vmm_kill(&vmm);
	is_errno(kvm_unload(), 0, "KVM unloads once the VMs are gone");
	kvm_load();
}

static void check_held_by_descriptors(void)
{
	struct guest guest;
	int dev, vm_fd, vcpu_fd;

	guest_create(&guest);
	guest_add_vcpu(&guest, 0);
	dev = load();
	is_errno(kvmstats_unload(), EWOULDBLOCK, "no unload while the device is open");
	vm_fd = dev_open_vm(dev, dev_vm_of(dev, getpid()).id);
	vcpu_fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, 0);
	close(dev);
	is_errno(kvmstats_unload(), EWOULDBLOCK, "no unload while two stats fds are open");
	close(vm_fd);
	is_errno(kvmstats_unload(), EWOULDBLOCK, "no unload while a vCPU's stats fd is open");
	guest_destroy(&guest);
	is_errno(kvmstats_unload(), EWOULDBLOCK, "no unload while a gone vCPU's stats fd is open");
	is_u64(fd_value(vcpu_fd, "io_exits"), 0, "the refused unload has broken no reader");
	close(vcpu_fd);
	is_errno(kvmstats_unload(), 0, "unload once all descriptors are closed");
	check_nothing_left(false);
}

static void check_hooks(int dev, bool kvm_is_there)
{
	struct kvmstats_info info;
	unsigned int wrong = 0;

	dev_info(dev, &info);
	for (uint32_t i = 0; i < info.nr_hooks; i++) {
		struct kvmstats_hook hook;

		dev_hook(dev, i, &hook);
		if (kvm_is_there && hook.need == KVMSTATS_HOOK_REQUIRED)
			wrong += hook.state != KVMSTATS_HOOK_ARMED;
		else if (kvm_is_there)
			wrong += hook.state == KVMSTATS_HOOK_IDLE;
		else
			wrong += hook.state == KVMSTATS_HOOK_ARMED;
	}
	is_u64(wrong, 0, "hooks in a wrong state %s", kvm_is_there ? "with KVM" : "without KVM");
	is_u64(!!(info.features & KVMSTATS_FEAT_KVM_PRESENT), kvm_is_there,
	       "info tells whether KVM is there");
	is_u64(info.schema_source != KVMSTATS_SCHEMA_NONE, kvm_is_there,
	       "info tells whether there is a schema");
	if (kvm_is_there) {
		in_range(info.vcpu_num_desc, 10, 1000, "info: vCPU descriptors");
		in_range(info.vm_num_desc, 5, 1000, "info: VM descriptors");
	} else {
		is_u64(info.schema_generation, 0, "info: schema generation without KVM");
		is_u64(info.nr_vms, 0, "info: VMs without KVM");
	}
}

static uint64_t generation(int dev)
{
	struct kvmstats_info info;

	dev_info(dev, &info);
	return info.schema_generation;
}

/* A VM that is made now is seen, counted and let go. */
static void check_serves(int dev, uint64_t *last_id)
{
	struct kvmstats_vm vm, gone;
	struct guest guest;
	int fd;

	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 21);
	vm = dev_vm_of(dev, getpid());
	in_range(vm.id, *last_id + 1, UINT64_MAX, "a new VM has a new id");
	*last_id = vm.id;
	is_u64(vm.schema_generation, generation(dev), "a new VM has the current schema");
	is_u64(vm.flags, 0, "a new VM is not marked as adopted");
	fd = dev_open_vcpu(dev, vm.id, 0);
	is_u64(fd_value(fd, "io_exits"), 21, "a new VM is counted");
	guest_destroy(&guest);
	tap_ok(fd_is_hung_up(fd), "a new VM's end is seen");
	tap_ok(!dev_find_vm(dev, getpid(), &gone), "a new VM's end takes it from the list");
	close(fd);
}

static void check_kvm_reloads(void)
{
	struct image last, now;
	uint64_t last_id = 0, first, second;
	struct kvmstats_vm vm;
	struct guest guest;
	int dev = load(), fd;

	check_hooks(dev, true);
	check_serves(dev, &last_id);
	first = generation(dev);
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 5);
	vm = dev_vm_of(dev, getpid());
	fd = dev_open_vcpu(dev, vm.id, 0);
	image_read(fd, &last);
	guest_destroy(&guest);

	is_errno(kvm_unload(), 0, "KVM unloads under kvmstats, the device and a stats fd");
	check_hooks(dev, false);
	image_read(fd, &now);
	is_u64(now.size, last.size, "a stats fd outlives KVM: size");
	is_bytes(now.bytes, last.bytes, last.size, "a stats fd outlives KVM: content");

	kvm_load();
	check_hooks(dev, true);
	second = generation(dev);
	tap_ok(second != first && second, "generation: %llu, then %llu",
	       (unsigned long long)first, (unsigned long long)second);
	check_serves(dev, &last_id);
	image_read(fd, &now);
	is_bytes(now.bytes, last.bytes, last.size, "a stats fd outlives KVM's reload");
	close(fd);

	is_errno(kvm_unload(), 0, "KVM unloads again");
	kvm_load();
	check_serves(dev, &last_id);
	/* Only the vendor module: kvm.ko and so the hooks stay. */
	is_errno(module_unload("kvm_amd"), 0, "kvm_amd alone unloads");
	kvm_load();
	check_serves(dev, &last_id);
	close(dev);
	is_errno(kvmstats_unload(), 0, "unload after KVM's reloads");
	check_nothing_left(true);
}

static void check_loads_before_kvm(void)
{
	uint64_t last_id = 0;
	int dev;

	errno = kvm_unload();
	if (errno)
		tap_bail("cannot unload KVM");
	is_errno(kvmstats_load(""), 0, "kvmstats loads without KVM");
	dev = dev_open();
	check_hooks(dev, false);
	kvm_load();
	check_hooks(dev, true);
	check_serves(dev, &last_id);
	errno = kvm_unload();
	if (errno)
		tap_bail("cannot unload KVM");
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads without KVM");
	is_errno(kvmstats_load(""), 0, "kvmstats loads without KVM again");
	is_errno(kvmstats_unload(), 0, "kvmstats unloads without having seen KVM");
	kvm_load();
}

int main(void)
{
	test_begin();
	mount_once("debugfs", DEBUGFS);
	hooked_before = hooked_functions();
	check_unload_under_vms();
	check_held_by_descriptors();
	check_kvm_reloads();
	check_loads_before_kvm();
	return tap_done();
}
