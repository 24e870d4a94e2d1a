// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may open the device, what may be passed on, and that an opener in a pid
 * namespace sees the VMs made there and nothing else.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "events.h"
#include "guest.h"
#include "image.h"
#include "inside.h"
#include "module.h"
#include "snapshot.h"
#include "tap.h"
#include "total.h"

#define NOBODY	65534
#define GROUP	971
#define OUTS	17

static int dev;

/* --- DAC --- */

static void become_nobody(const gid_t *groups, size_t nr)
{
	if (setgroups(nr, groups) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		tap_bail("cannot become nobody");
}

static int in_child(void (*fn)(int socket), int fd)
{
	int sockets[2], status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		tap_bail("socketpair failed");
	child = fork();
	if (!child) {
		fn(sockets[1]);
		_exit(0);
	}
	if (fd >= 0)
		send_fd(sockets[0], fd);
	if (child < 0 || waitpid(child, &status, 0) != child)
		tap_bail("no child");
	close(sockets[0]);
	close(sockets[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static _Noreturn void exit_with_open(int flags)
{
	_exit(ERRNO_OF(open(KVMSTATS_DEVICE, flags | O_CLOEXEC)));
}

static void open_as_nobody(int socket)
{
	(void)socket;
	become_nobody(NULL, 0);
	exit_with_open(O_RDONLY);
}

static void open_as_member(int socket)
{
	const gid_t group = GROUP;

	(void)socket;
	become_nobody(&group, 1);
	exit_with_open(O_RDONLY);
}

static void write_as_member(int socket)
{
	const gid_t group = GROUP;

	(void)socket;
	become_nobody(&group, 1);
	exit_with_open(O_RDWR);
}

/* A member has all that root has: 0 when so. */
static void use_as_member(int socket)
{
	static uint64_t buffer[2048];
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, buffer, sizeof(buffer));
	const gid_t group = GROUP;
	struct kvmstats_vm vms[DEV_MAX_VMS];
	struct kvmstats_info info;
	int own;

	(void)socket;
	become_nobody(&group, 1);
	own = dev_open();
	dev_info(own, &info);
	if (info.nr_vms != 1 || dev_list_vms(own, vms, DEV_MAX_VMS) != 1)
		_exit(1);
	if (fd_value(dev_open_vcpu(own, vms[0].id, 0), "io_exits") != OUTS)
		_exit(2);
	if (fd_value(total_open_host(own), "io_exits") != OUTS)
		_exit(3);
	if (snapshot_call(own, &snapshot) || snapshot.count != 3)
		_exit(4);
	events_open(own);
}

static void set_node(gid_t group, mode_t mode)
{
	if (chown(KVMSTATS_DEVICE, 0, group) || chmod(KVMSTATS_DEVICE, mode))
		tap_bail("cannot change the node");
}

static void check_node(void)
{
	struct stat node;

	if (stat(KVMSTATS_DEVICE, &node))
		tap_bail("no node");
	is_u64(node.st_mode & 07777, 0600, "mode of a fresh node");
	is_u64(node.st_uid, 0, "owner of a fresh node");
	is_u64(node.st_gid, 0, "group of a fresh node");
	is_errno(in_child(open_as_nobody, -1), EACCES, "0600: nobody");
	is_errno(in_child(open_as_member, -1), EACCES, "0600: a member of the group");
	set_node(GROUP, 0640);
	is_errno(in_child(open_as_nobody, -1), EACCES, "0640: nobody");
	is_errno(in_child(open_as_member, -1), 0, "0640: a member of the group");
	is_errno(in_child(write_as_member, -1), EACCES, "0640: a member opens for writing");
	is_u64(in_child(use_as_member, -1), 0, "0640: a member has what root has");
	set_node(0, 0600);
	is_errno(in_child(open_as_member, -1), EACCES, "0600 again: a member of the group");
}

/* --- passing on --- */

static void read_as_nobody(int socket)
{
	struct image image;
	int fd;

	become_nobody(NULL, 0);
	fd = receive_fd(socket);
	image_read(fd, &image);
	_exit(image_value(&image, "io_exits") == OUTS ? 0 : 1);
}

static void read_events_as_nobody(int socket)
{
	struct kvmstats_event event;

	become_nobody(NULL, 0);
	_exit(read(receive_fd(socket), &event, sizeof(event)) == sizeof(event) &&
	      event.type == KVMSTATS_EVENT_VM_CREATED ? 0 : 1);
}

static void list_as_nobody(int socket)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];

	become_nobody(NULL, 0);
	_exit(dev_list_vms(receive_fd(socket), vms, DEV_MAX_VMS) == 2 ? 0 : 1);
}

static void check_passed(uint64_t vm_id)
{
	int fds[] = { dev_open_vcpu(dev, vm_id, 0), total_open_vm(dev, vm_id), total_open_host(dev) };
	static const char *const names[] = { "a vCPU", "a VM's total", "the host's total" };
	int events_fd = events_open(dev);
	struct guest guest;

	for (int i = 0; i < 3; i++) {
		is_u64(in_child(read_as_nobody, fds[i]), 0, "passed to nobody: %s", names[i]);
		close(fds[i]);
	}
	guest_create(&guest);
	is_u64(in_child(read_events_as_nobody, events_fd), 0, "passed to nobody: events");
	is_u64(in_child(list_as_nobody, dev), 0, "passed to nobody: the device itself");
	guest_destroy(&guest);
	close(events_fd);
}

/* --- namespaces --- */

static void check_inside_list(const struct inside *in, uint64_t inner, uint64_t outer)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];
	struct kvmstats_vcpu vcpus[4];
	struct kvmstats_info info;
	int fd;

	dev_info(in->dev, &info);
	is_u64(info.nr_vms, 1, "inside: VMs in info");
	is_u64(info.nr_vcpus, 2, "inside: vCPUs in info");
	if (is_u64(dev_list_vms(in->dev, vms, DEV_MAX_VMS), 1, "inside: VMs listed")) {
		is_u64(vms[0].id, inner, "inside: id of the VM");
		is_u64(vms[0].pid, INSIDE_VMM_PID, "inside: pid as it is there");
		is_u64(vms[0].uid, 0, "inside: uid as it is there");
	}
	is_u64(dev_list_vcpus(in->dev, inner, vcpus, 4), 2, "inside: vCPUs listed");
	fd = dev_open_vcpu(in->dev, inner, 1);
	is_u64(fd_value(fd, "io_exits"), OUTS, "inside: a vCPU's exits");
	close(fd);
	fd = total_open_vm(in->dev, inner);
	is_u64(fd_value(fd, "io_exits"), 2 * OUTS, "inside: the exits of its VM");
	close(fd);
	is_errno(ERRNO_OF(dev_try_open_vm(in->dev, outer)), ENOENT, "inside: open a VM outside");
	is_errno(ERRNO_OF(dev_try_open_vcpu(in->dev, outer, 0)), ENOENT,
		 "inside: open a vCPU outside");
	is_errno(ERRNO_OF(total_try_open_vm(in->dev, outer)), ENOENT,
		 "inside: open the total of a VM outside");
	is_errno(ERRNO_OF(dev_try_list_vcpus(in->dev, outer, vcpus, 4)), ENOENT,
		 "inside: list the vCPUs of a VM outside");
	is_errno(ERRNO_OF(total_try_open_host(in->dev)), EPERM, "inside: open the host's total");
}

static void check_inside_snapshot(const struct inside *in, uint64_t inner, uint64_t outer)
{
	static uint64_t buffer[4096];
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, buffer, sizeof(buffer));
	const uint64_t ids[] = { outer, inner };
	static struct truth truth;

	truth.nr = 0;
	truth_add_vm(&truth, dev, inner, SNAPSHOT_ALL);
	is_errno(snapshot_call(in->dev, &snapshot), 0, "inside: snapshot");
	is_u64(snapshot.count, 4, "inside: snapshot: records");
	is_u64(snapshot_wrong(&snapshot, &truth, 0), 0, "inside: snapshot: wrong records");

	truth.nr = 0;
	truth_add_unknown(&truth, outer);
	truth_add_vm(&truth, dev, inner, SNAPSHOT_ALL);
	snapshot = snapshot_of(SNAPSHOT_ALL, buffer, sizeof(buffer));
	snapshot.vm_ids = (uintptr_t)ids;
	snapshot.nr_vm_ids = 2;
	is_errno(snapshot_call(in->dev, &snapshot), 0, "inside: snapshot by id");
	is_u64(snapshot.count, 5, "inside: snapshot by id: records");
	is_u64(snapshot_wrong(&snapshot, &truth, 0), 0, "inside: snapshot by id: wrong records");
}

static void check_inside_events(struct inside *in)
{
	struct kvmstats_event seen[8], expected = { .type = KVMSTATS_EVENT_VM_CREATED };
	int inner_fd = events_open(in->dev), outer_fd = events_open(dev);
	struct guest guest;
	uint64_t outer;

	guest_create(&guest);
	outer = dev_vm_of(dev, getpid()).id;
	guest_destroy(&guest);
	is_u64(events_read(inner_fd, seen, 8), 0, "inside: events of a VM outside");
	is_u64(events_read(outer_fd, seen, 8), 2, "outside: events of a VM outside");
	is_errno(ERRNO_OF(dev_try_open_vm(in->dev, outer)), ENOENT,
		 "inside: open a VM outside that a reader outside retains");

	vmm_do(&in->vmm, VMM_DESTROY, 0);
	vmm_do(&in->vmm, VMM_CREATE, 0);
	expected.vm_id = dev_vm_of(dev, in->vmm.pid).id;
	expected.pid = in->vmm.pid;
	if (is_u64(events_read(outer_fd, seen, 8), 2, "outside: events of a VM inside"))
		is_event(&seen[1], expected, "outside: pid as it is there");
	expected.pid = INSIDE_VMM_PID;
	if (is_u64(events_read(inner_fd, seen, 8), 2, "inside: events of a VM inside"))
		is_event(&seen[1], expected, "inside: pid as it is there");
	close(inner_fd);
	close(outer_fd);
}

/* @sibling: another namespace, with a VM of its own */
static void check_inside(uint64_t outer, int flags, const struct inside *sibling)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];
	struct kvmstats_info info;
	struct inside in;
	uint64_t inner;

	inside_start(&in, flags);
	is_u64(dev_list_vms(in.dev, vms, DEV_MAX_VMS), 0, "inside: no VM yet");
	vmm_make_vm(&in.vmm, 2, OUTS);
	inner = dev_vm_of(dev, in.vmm.pid).id;
	tap_ok(inner != outer, "outside: the VM inside is seen with the pid outside");
	check_inside_list(&in, inner, outer);
	check_inside_snapshot(&in, inner, outer);
	is_errno(ERRNO_OF(dev_try_open_vm(sibling->dev, inner)), ENOENT,
		 "in another namespace: open the VM");
	is_u64(dev_list_vms(sibling->dev, vms, DEV_MAX_VMS), 1, "in another namespace: VMs listed");
	dev_info(dev, &info);
	is_u64(info.nr_vms, 3, "outside: VMs in info");
	check_inside_events(&in);
	inside_kill(&in);
	is_u64(dev_list_vms(in.dev, vms, DEV_MAX_VMS), 0, "inside: no VM after the namespace's end");
	is_errno(ERRNO_OF(dev_try_open_vm(in.dev, outer)), ENOENT,
		 "inside: open a VM outside after the namespace's end");
	close(in.dev);
}

int main(void)
{
	struct inside sibling;
	struct guest guest;
	uint64_t vm_id;

	dev = test_begin_loaded("");
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, OUTS);
	vm_id = dev_vm_of(dev, getpid()).id;
	check_node();
	check_passed(vm_id);
	if (inside_supported(CLONE_NEWPID)) {
		inside_start(&sibling, CLONE_NEWPID);
		vmm_make_vm(&sibling.vmm, 1, 1);
		tap_note("a pid namespace");
		check_inside(vm_id, CLONE_NEWPID, &sibling);
		tap_note("a pid namespace in a user namespace");
		if (inside_supported(CLONE_NEWPID | CLONE_NEWUSER))
			check_inside(vm_id, CLONE_NEWPID | CLONE_NEWUSER, &sibling);
		else
			tap_skip("this kernel has no user namespaces");
		inside_kill(&sibling);
		close(sibling.dev);
	} else {
		tap_skip("this kernel has no pid namespaces");
	}
	guest_destroy(&guest);
	return test_end_loaded(dev);
}
