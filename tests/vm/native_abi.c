// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_GET_STATS_FD on KVM's own VM and vCPU fds: the same contract where the kernel
 * serves it, with kvmstats and without, and where kvmstats does in its place. Built a
 * second time as a 32-bit program.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "contract.h"
#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define NR_OPENS	300
#define VCPU_ID		3
#define OUTS		13
#define JUNK		0xdeadbeeful

/* Who answers. */
static bool is_native;

static int get_stats_fd(int kvm_object_fd)
{
	return ioctl(kvm_object_fd, KVM_GET_STATS_FD, JUNK);
}

/* --- one stats fd --- */

static void check_link(int fd, const char *expected)
{
	char path[64], link[128] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		tap_bail("readlink failed");
	is_str(link, expected, "name of the file");
}

/* It has a position, which reads move and nothing else does. */
static void check_position(int fd)
{
	static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE };
	static struct image image;
	uint8_t buffer[20];

	image_read(fd, &image);
	is_u64(lseek(fd, 0, SEEK_CUR), 0, "position at first, and after pread");
	is_u64(read(fd, buffer, 13), 13, "first read");
	is_bytes(buffer, image.bytes, 13, "content of the first read");
	for (size_t i = 0; i < sizeof(whences) / sizeof(whences[0]); i++) {
		is_u64(lseek(fd, 5, whences[i]), 13, "lseek from %d tells the position", whences[i]);
		is_u64(lseek(fd, -99, whences[i]), 13, "lseek back from %d too", whences[i]);
	}
	is_errno(ERRNO_OF(lseek(fd, 0, 99)), EINVAL, "lseek from nowhere");
	is_u64(read(fd, buffer, sizeof(buffer)), sizeof(buffer), "second read");
	is_bytes(buffer, image.bytes + 13, sizeof(buffer), "it goes on where the first ended");
}

static void check_foreign_ioctls(int fd)
{
	struct kvm_stats_info info;

	is_errno(ERRNO_OF(ioctl(fd, KVM_STATS_GET_INFO, &info)), ENOTTY, "no flat arrays");
	is_errno(ERRNO_OF(ioctl(fd, KVM_GET_STATS_FD, 0)), ENOTTY, "no stats fd of a stats fd");
	is_errno(ERRNO_OF(ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD)), ENOTTY,
		 "no extensions");
}

static void check_stats_fd(int object_fd, const char *id, const char *link)
{
	static struct image image;
	int fd = get_stats_fd(object_fd);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	tap_note("the stats fd of %s", id);
	if (!tap_ok(fd >= 0, "KVM_GET_STATS_FD, whatever its argument"))
		return;
	image_read(fd, &image);
	is_u64(image_broken_rules(&image, id), 0, "rules of the format that are broken");
	check_link(fd, link);
	check_position(fd);
	contract_check(fd);
	check_foreign_ioctls(fd);
	is_u64(poll(&poll_fd, 1, 0), 1, "poll");
	is_u64(poll_fd.revents, POLLIN, "it can be read");
	close(fd);
}

/* --- many --- */

static void check_many(int object_fd, const char *text)
{
	static struct image first, last;
	int fds[NR_OPENS];
	unsigned int nr = 0;

	while (nr < NR_OPENS && (fds[nr] = get_stats_fd(object_fd)) >= 0)
		nr++;
	is_u64(nr, NR_OPENS, "%s: opens", text);
	image_read(fds[0], &first);
	image_read(fds[nr - 1], &last);
	is_bytes(last.bytes, first.bytes, first.size, "%s: the last reads as the first", text);
	while (nr-- > 0)
		close(fds[nr]);
}

static void check_no_room(int object_fd, const char *text)
{
	struct rlimit limit, none;
	int lowest = lowest_free_fd(), fd;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		tap_bail("getrlimit failed");
	none = (struct rlimit){ lowest, limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	is_errno(ERRNO_OF(get_stats_fd(object_fd)), EMFILE, "%s: no descriptor is free", text);
	setrlimit(RLIMIT_NOFILE, &limit);
	is_u64(lowest_free_fd(), lowest, "%s: none is lost", text);
	fd = get_stats_fd(object_fd);
	is_u64(fd, lowest, "%s: the lowest one comes", text);
	close(fd);
}

/* --- from a foreign address space --- */

/* In a child: its errnos for both, and whether it reads what its parent does. */
static void check_foreign(const struct guest *guest)
{
	static struct image image, seen;
	int vcpu_fd = guest->vcpus[0].fd, fd = get_stats_fd(vcpu_fd), status;
	int seen_errnos[3] = { 0 }, pipes[2];
	pid_t child;

	image_read(fd, &image);
	if (pipe(pipes))
		tap_bail("pipe failed");
	child = fork();
	if (!child) {
		seen_errnos[0] = ERRNO_OF(get_stats_fd(guest->vm_fd));
		seen_errnos[1] = ERRNO_OF(get_stats_fd(vcpu_fd));
		image_read(fd, &seen);
		seen_errnos[2] = !!memcmp(seen.bytes, image.bytes, image.size);
		_exit(write(pipes[1], seen_errnos, sizeof(seen_errnos)) < 0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status ||
	    read(pipes[0], seen_errnos, sizeof(seen_errnos)) != sizeof(seen_errnos))
		tap_bail("no child");
	is_errno(seen_errnos[0], EIO, "KVM_GET_STATS_FD of a VM in a child");
	is_errno(seen_errnos[1], EIO, "KVM_GET_STATS_FD of a vCPU in a child");
	is_u64(seen_errnos[2], 0, "a stats fd that a child inherits reads as here");
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

/* --- values --- */

static void check_counts(struct guest_vcpu *vcpu)
{
	int fd = native_stats_fd(vcpu->fd);

	for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++) {
		uint64_t before = fd_value(fd, guest_work_stats[work]);

		guest_run(vcpu, work, OUTS + work);
		is_u64(fd_value(fd, guest_work_stats[work]) - before, OUTS + work,
		       "%s over %u %s", guest_work_stats[work], OUTS + work,
		       guest_work_names[work]);
	}
	close(fd);
}

/* --- ends --- */

/* A VM holds the one, and since 6.8 its files the other. */
static long kvm_refs(void)
{
	return module_refs("kvm_amd") + module_refs("kvm");
}

/* Closes all of the guest. @refs_before: from before it was made */
static void check_ends(struct guest *guest, long refs_before)
{
	static struct image vm_last, vcpu_last, now;
	int vm = native_stats_fd(guest->vm_fd), vcpu = native_stats_fd(guest->vcpus[0].fd), late;

	image_read(vm, &vm_last);
	image_read(vcpu, &vcpu_last);
	close(guest->vm_fd);
	guest->vm_fd = -1;
	late = get_stats_fd(guest->vcpus[0].fd);
	is_errno(ERRNO_OF(late), is_native ? 0 : ENODEV,
		 "KVM_GET_STATS_FD of a vCPU once the VM's fd is closed");
	close(late);
	image_read(vm, &now);
	tap_ok(image_is_later(&now, &vm_last), "the VM's, once the VM's fd is closed");
	image_read(vcpu, &now);
	is_bytes(now.bytes, vcpu_last.bytes, vcpu_last.size,
		 "the vCPU's, once the VM's fd is closed");
	guest_destroy(guest);
	if (is_native && kvm_refs() == refs_before) {
		/* As of a kernel before 6.5, it would be read from memory that is free. */
		tap_skip("a stats fd of this kernel does not hold its VM");
	} else {
		image_read(vm, &now);
		tap_ok(image_is_later(&now, &vm_last), "the VM's, once the VM is gone");
		image_read(vcpu, &now);
		is_bytes(now.bytes, vcpu_last.bytes, vcpu_last.size,
			 "the vCPU's, once the VM is gone");
		tap_ok(!fd_is_hung_up(vcpu), "poll() does not tell of it");
	}
	close(vm);
	close(vcpu);
}

static void check_extension(const struct guest *guest)
{
	is_u64(ioctl(guest->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD), 1,
	       "extension of /dev/kvm");
	is_u64(ioctl(guest->vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD), 1,
	       "extension of the VM");
}

static void make_guest(struct guest *guest)
{
	guest_create(guest);
	guest_run(guest_add_vcpu(guest, VCPU_ID), GUEST_OUT, OUTS);
}

/* The contract, of a VM that ends with it. */
static void check_contract(struct guest *guest, long refs_before, const char *text)
{
	char vm_id[KVMSTATS_ID_LEN], vcpu_id[KVMSTATS_ID_LEN];
	struct guest_vcpu *vcpu = &guest->vcpus[0];

	tap_note("%s", text);
	snprintf(vm_id, sizeof(vm_id), "kvm-%d", gettid());
	snprintf(vcpu_id, sizeof(vcpu_id), "kvm-%d/vcpu-%d", gettid(), VCPU_ID);
	check_extension(guest);
	check_stats_fd(guest->vm_fd, vm_id, "anon_inode:kvm-vm-stats");
	check_stats_fd(vcpu->fd, vcpu_id, "anon_inode:kvm-vcpu-stats:3");
	check_many(guest->vm_fd, "a VM");
	check_many(vcpu->fd, "a vCPU");
	check_no_room(guest->vm_fd, "a VM");
	check_no_room(vcpu->fd, "a vCPU");
	check_foreign(guest);
	check_counts(vcpu);
	check_ends(guest, refs_before);
}

/* A stats fd of ours holds the module, the kernel's own does not. */
static void check_hold(void)
{
	struct guest guest;
	int fd;

	make_guest(&guest);
	fd = native_stats_fd(guest.vcpus[0].fd);
	is_errno(kvmstats_unload(), is_native ? 0 : EWOULDBLOCK, "kvmstats unloads with one open");
	close(fd);
	if (!is_native)
		is_errno(kvmstats_unload(), 0, "kvmstats unloads once it is closed");
	is_u64(native_has_stats_fd(guest.kvm_fd), is_native, "extension without kvmstats");
	guest_destroy(&guest);
}

static void must_load(void)
{
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
}

/*
 * Who was told that there are stats fds has them until its VMs end, unless they are
 * switched off; who was told only that KVM has them itself holds nothing.
 */
static void check_promise(int (*fd_of)(const struct guest *), const char *text)
{
	int held = is_native ? 0 : EWOULDBLOCK;
	struct guest guest, second;

	tap_note("asked through %s", text);
	make_guest(&guest);
	must_load();
	make_guest(&second);
	is_u64(native_has_stats_fd(fd_of(&guest)), 1, "the extension is there");
	is_errno(kvmstats_unload(), held, "kvmstats unloads under two VMs of who was told");
	if (is_native)
		must_load();
	guest_destroy(&guest);
	is_errno(kvmstats_unload(), held, "and under one");
	guest_destroy(&second);
	if (!is_native)
		is_errno(kvmstats_unload(), 0, "kvmstats unloads when both have ended");

	must_load();
	make_guest(&guest);
	is_u64(native_has_stats_fd(fd_of(&guest)), 1, "the extension is there");
	is_errno(kvmstats_set("native_abi", "off"), 0, "it is switched off");
	is_u64(native_has_stats_fd(fd_of(&guest)), is_native, "the extension then");
	is_errno(kvmstats_unload(), 0, "kvmstats unloads under a VM of who was told");
	guest_destroy(&guest);
}

static int dev_of(const struct guest *guest)
{
	return guest->kvm_fd;
}

static int vm_of(const struct guest *guest)
{
	return guest->vm_fd;
}

int main(void)
{
	struct guest guest;
	long refs;

	test_begin();
	refs = kvm_refs();
	make_guest(&guest);
	is_native = native_has_stats_fd(guest.kvm_fd);
	if (is_native) {
		check_contract(&guest, refs, "the kernel's own, without kvmstats");
		make_guest(&guest);
	}
	must_load();
	check_contract(&guest, refs, "a VM from before kvmstats was loaded");
	make_guest(&guest);
	check_contract(&guest, refs, "a VM made under kvmstats");
	check_hold();
	check_promise(dev_of, "/dev/kvm");
	check_promise(vm_of, "a VM");
	return tap_done();
}
