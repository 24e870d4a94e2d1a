// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where lockdown closes debugfs, the stats fds still tell everything. There is
 * no way back for this boot: named so that it runs last.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define SECURITYFS	"/sys/kernel/security"
#define LOCKDOWN	SECURITYFS "/lockdown"

struct subject {
	struct guest guest;
	char debugfs_path[64];
	int vm_fd;
	int vcpu_fd;
};

static void check_debugfs(const struct subject *subject, int expected, const char *when)
{
	uint64_t value;

	if (access(subject->debugfs_path, F_OK)) {
		tap_skip("this kernel has no %s", subject->debugfs_path);
		return;
	}
	is_errno(-debugfs_read(subject->debugfs_path, "io_exits", &value), expected,
		 "%s: io_exits of debugfs", when);
}

/* Behind ours there may be what upstream has no name for. */
static void check_native(int kvm_object_fd, int our_fd, const char *text, const char *when)
{
	int fd = native_stats_fd(kvm_object_fd);
	struct image native, ours;

	image_read(fd, &native);
	image_read(our_fd, &ours);
	is_bytes(ours.bytes + ours.header.data_offset, native.bytes + native.header.data_offset,
		 image_data_size(&native), "%s: %s as KVM_GET_STATS_FD tells", when, text);
	close(fd);
}

static void check_reads(struct subject *subject, const char *when)
{
	struct guest_vcpu *vcpu = &subject->guest.vcpus[0];
	struct image before, after;

	image_read(subject->vcpu_fd, &before);
	guest_run(vcpu, GUEST_OUT, 31);
	image_read(subject->vcpu_fd, &after);
	is_u64(image_value(&after, "io_exits") - image_value(&before, "io_exits"), 31,
	       "%s: growth of io_exits", when);
	check_native(vcpu->fd, subject->vcpu_fd, "vCPU", when);
	check_native(subject->guest.vm_fd, subject->vm_fd, "VM", when);
}

/* VMs that come after the lockdown are seen as well. */
static void check_new_vm(int dev, const char *when)
{
	struct guest guest;
	int fd;

	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 8);
	fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, 0);
	is_u64(fd_value(fd, "io_exits"), 8, "%s: a new VM is counted", when);
	guest_destroy(&guest);
	tap_ok(fd_is_hung_up(fd), "%s: a new VM's end is seen", when);
	close(fd);
}

static void lock_down(const char *level)
{
	char text[128], bracketed[32];

	errno = -write_text(LOCKDOWN, level);
	if (errno)
		tap_bail("cannot lock down to %s", level);
	read_text(LOCKDOWN, text, sizeof(text));
	snprintf(bracketed, sizeof(bracketed), "[%s]", level);
	if (!strstr(text, bracketed))
		tap_bail("lockdown is %s after %s", text, level);
}

int main(void)
{
	struct subject subject;
	struct kvmstats_vm vm;
	char text[128];
	int dev;

	mount_once("securityfs", SECURITYFS);
	if (read_text(LOCKDOWN, text, sizeof(text)) < 0)
		tap_skip_all("this kernel has no lockdown");
	if (!strstr(text, "[none]"))
		tap_skip_all("this boot is locked down already");
	mount_once("debugfs", DEBUGFS);

	dev = test_begin_loaded("");
	guest_create(&subject.guest);
	guest_add_vcpu(&subject.guest, 0);
	debugfs_vm_path(subject.debugfs_path, sizeof(subject.debugfs_path), gettid(),
			subject.guest.vm_fd);
	vm = dev_vm_of(dev, getpid());
	subject.vm_fd = dev_open_vm(dev, vm.id);
	subject.vcpu_fd = dev_open_vcpu(dev, vm.id, 0);

	check_debugfs(&subject, 0, "not locked down");
	check_reads(&subject, "not locked down");
	lock_down("integrity");
	check_debugfs(&subject, EPERM, "integrity");
	check_reads(&subject, "integrity");
	check_new_vm(dev, "integrity");
	lock_down("confidentiality");
	check_debugfs(&subject, EPERM, "confidentiality");
	check_reads(&subject, "confidentiality");
	check_new_vm(dev, "confidentiality");

	close(subject.vm_fd);
	close(subject.vcpu_fd);
	guest_destroy(&subject.guest);
	return test_end_loaded(dev);
}
