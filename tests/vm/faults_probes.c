// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs and vCPUs come and go while allocations fail in turn: those that the probes
 * make, of which KVM must not notice anything, and those that KVM makes itself. What
 * a probe had no memory for is a miss of its hook, and is found later as the hook
 * table says.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "fault.h"
#include "module.h"
#include "tap.h"
#include "total.h"

#define SWEEP		"sweep_interval_ms=10"
#define PATIENCE_MS	5000
#define CREATE_HOOK	"kvm_dev_ioctl"
#define VCPU_HOOK	"kvm_arch_vcpu_postcreate"
/* Not 0: the first of an array that needs memory for its place. */
#define VCPU_ID		1
#define NEXT_VCPU_ID	2

static int dev, kvm_fd;
static int vm_fd, vcpu_fd, next_vcpu_fd;
static int stats_fd, total_fd;
static uint64_t misses;
static long nr_kvm_refs;
static struct {
	unsigned int vms;
	unsigned int vcpus;
	unsigned int late_vms;
} missed;

static int create_vm(void)
{
	vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
	return ERRNO_OF(vm_fd);
}

static int create_vcpu(int *fd, int id)
{
	*fd = ioctl(vm_fd, KVM_CREATE_VCPU, id);
	return ERRNO_OF(*fd);
}

static void must(int err, const char *what)
{
	errno = err;
	if (err)
		tap_bail("cannot create the %s", what);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Nothing is left of any VM, neither here nor in KVM. */
static bool end_vm(void)
{
	struct kvmstats_info info;
	long refs = 0;

	close_one(&next_vcpu_fd);
	close_one(&vcpu_fd);
	close_one(&vm_fd);
	dev_info(dev, &info);
	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		refs = module_refs("kvm_amd");
		if (refs == nr_kvm_refs)
			break;
		usleep(10000);
	}
	if (!info.nr_vms && !info.nr_vcpus && refs == nr_kvm_refs)
		return true;
	tap_note("at the end: %llu VMs, %llu vCPUs, %ld references to KVM expected %ld",
		 (unsigned long long)info.nr_vms, (unsigned long long)info.nr_vcpus, refs,
		 nr_kvm_refs);
	return false;
}

/* The VM with so many vCPUs, in the end. */
static bool is_listed(uint32_t nr_vcpus)
{
	struct kvmstats_vm vm;
	bool listed = dev_find_vm(dev, getpid(), &vm);

	for (int i = 0; listed && vm.nr_vcpus != nr_vcpus && i < PATIENCE_MS / 10; i++) {
		usleep(10000);
		listed = dev_find_vm(dev, getpid(), &vm);
	}
	if (listed && vm.nr_vcpus == nr_vcpus)
		return true;
	tap_note("listed %d, %u vCPUs expected %u", listed, listed ? vm.nr_vcpus : 0, nr_vcpus);
	return false;
}

static bool misses_are(const char *hook, bool expected)
{
	uint64_t now = dev_hook_named(dev, hook).misses;

	if (now - misses == expected)
		return true;
	tap_note("%s: misses %llu expected %d", hook, (unsigned long long)(now - misses), expected);
	return false;
}

/* --- a VM comes --- */

static void before_vm(void *context)
{
	(void)context;
	misses = dev_hook_named(dev, CREATE_HOOK).misses;
}

static int call_vm(void *context)
{
	(void)context;
	return create_vm();
}

/* A VM whose creation was missed is there with its first vCPU. */
static bool after_vm(void *context, int err)
{
	struct kvmstats_vm vm;
	bool listed = dev_find_vm(dev, getpid(), &vm), right;

	(void)context;
	right = misses_are(CREATE_HOOK, !listed && !err);
	if (err) {
		if (listed)
			tap_note("a VM that KVM could not create is listed");
		return end_vm() && right && !listed;
	}
	missed.vms += !listed;
	must(create_vcpu(&vcpu_fd, VCPU_ID), "vCPU");
	right &= is_listed(1);
	return end_vm() && right;
}

/* --- a vCPU comes --- */

static void before_vcpu(void *context)
{
	(void)context;
	must(create_vm(), "VM");
	misses = dev_hook_named(dev, VCPU_HOOK).misses;
}

static int call_vcpu(void *context)
{
	(void)context;
	return create_vcpu(&vcpu_fd, VCPU_ID);
}

/* The sweep finds a vCPU that was missed, and marks it. */
static bool after_vcpu(void *context, int err)
{
	struct kvmstats_vcpu vcpu = { 0 };
	bool right = is_listed(!err);

	(void)context;
	if (!err && dev_list_vcpus(dev, dev_vm_of(dev, getpid()).id, &vcpu, 2) != 1)
		tap_bail("the vCPU cannot be listed");
	right &= misses_are(VCPU_HOOK, vcpu.flags & KVMSTATS_VM_ADOPTED);
	missed.vcpus += !!(vcpu.flags & KVMSTATS_VM_ADOPTED);
	return end_vm() && right;
}

/* The same for a VM whose own creation was missed, unless it is pages that fail. */
static void before_late_vcpu(void *context)
{
	struct kvmstats_vm vm;

	(void)context;
	fault_arm(1);
	must(create_vm(), "VM");
	fault_disarm();
	missed.late_vms += !dev_find_vm(dev, getpid(), &vm);
	misses = dev_hook_named(dev, VCPU_HOOK).misses;
}

static bool after_late_vcpu(void *context, int err)
{
	struct kvmstats_vm vm;
	bool listed = dev_find_vm(dev, getpid(), &vm), right = true;

	(void)context;
	if (!listed && !err)
		right = misses_are(VCPU_HOOK, true);
	must(create_vcpu(&next_vcpu_fd, NEXT_VCPU_ID), "next vCPU");
	right &= is_listed(1 + !err);
	return end_vm() && right;
}

/* --- a VM ends --- */

static void before_end(void *context)
{
	uint64_t id;

	(void)context;
	must(create_vm(), "VM");
	must(create_vcpu(&vcpu_fd, VCPU_ID), "vCPU");
	id = dev_vm_of(dev, getpid()).id;
	stats_fd = dev_open_vm(dev, id);
	total_fd = total_open_vm(dev, id);
}

static int call_end(void *context)
{
	(void)context;
	close_one(&vcpu_fd);
	close_one(&vm_fd);
	return 0;
}

static bool after_end(void *context, int err)
{
	bool right = fd_is_hung_up(stats_fd) && fd_is_hung_up(total_fd);

	(void)context;
	(void)err;
	if (!right)
		tap_note("a stats fd is not hung up");
	close_one(&stats_fd);
	close_one(&total_fd);
	return end_vm() && right;
}

/* --- */

static void check_own(void)
{
	/* No errno is allowed: KVM does what it does without kvmstats. */
	static const struct fault_case faults[] = {
		{ .name = "probes: a VM comes", .before = before_vm, .call = call_vm,
		  .after = after_vm, .least = 1 },
		{ .name = "probes: a vCPU comes", .before = before_vcpu, .call = call_vcpu,
		  .after = after_vcpu, .least = 1 },
		{ .name = "probes: a vCPU comes of a VM that was missed",
		  .before = before_late_vcpu, .call = call_vcpu, .after = after_late_vcpu,
		  .least = 2 },
		{ .name = "probes: a VM ends", .before = before_end, .call = call_end,
		  .after = after_end },
	};

	fault_within("kvmstats");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		fault_run(&faults[i]);
	in_range(missed.vms, 1, UINT32_MAX, "VMs that were missed and found: %u", missed.vms);
	in_range(missed.late_vms, 3, UINT32_MAX, "VMs that were missed before their vCPU: %u",
		 missed.late_vms);
	in_range(missed.vcpus, 1, UINT32_MAX, "vCPUs that were missed and found: %u",
		 missed.vcpus);
}

static void check_kvm(void)
{
	static const struct fault_case faults[] = {
		{ .name = "KVM: a VM comes", .before = before_vm, .call = call_vm,
		  .after = after_vm, .allowed = { ENOMEM, EFAULT }, .least = 20 },
		{ .name = "KVM: a vCPU comes", .before = before_vcpu, .call = call_vcpu,
		  .after = after_vcpu, .allowed = { ENOMEM, EFAULT }, .least = 20 },
		{ .name = "KVM: a VM ends", .before = before_end, .call = call_end,
		  .after = after_end },
	};

	fault_anywhere();
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		fault_run(&faults[i]);
}

int main(void)
{
	vm_fd = vcpu_fd = next_vcpu_fd = stats_fd = total_fd = -1;
	fault_begin();
	dev = test_begin_loaded(SWEEP);
	kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm_fd < 0)
		tap_bail("cannot open /dev/kvm");
	nr_kvm_refs = module_refs("kvm_amd");

	check_own();
	check_kvm();

	close(kvm_fd);
	return fault_end_loaded(dev);
}
