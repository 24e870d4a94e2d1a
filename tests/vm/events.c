// SPDX-License-Identifier: GPL-2.0-only
/*
 * An events fd tells of VMs, vCPUs and KVM as they come and go, to each reader and
 * in order; how it is read, and what it refuses. Built a second time as a 32-bit
 * program.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "events.h"
#include "guest.h"
#include "memory.h"
#include "module.h"
#include "tap.h"
#include "vmm.h"

#define EVENT_SIZE	sizeof(struct kvmstats_event)
#define CAPACITY	64

static int dev;
static struct kvmstats_event events[CAPACITY];

/* Two events. */
static void make_vm(void)
{
	struct guest guest;

	guest_create(&guest);
	guest_destroy(&guest);
}

static struct kvmstats_event vm_event(uint32_t type, uint64_t vm_id, pid_t pid)
{
	return (struct kvmstats_event){ .type = type, .vm_id = vm_id, .pid = pid };
}

static bool is_ready(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents == POLLIN;
}

static bool times_are_ordered(const struct kvmstats_event *list, uint32_t nr, uint64_t from)
{
	for (uint32_t i = 0; i < nr; i++) {
		if (list[i].time_ns < from)
			return false;
		from = list[i].time_ns;
	}
	return from <= boottime_ns();
}

static void check_one_vm(uint32_t nr, uint64_t vm_id, pid_t pid, uint64_t from)
{
	struct kvmstats_event vcpu = vm_event(KVMSTATS_EVENT_VCPU_CREATED, vm_id, pid);

	if (!is_u64(nr, 4, "events of a VM with two vCPUs"))
		return;
	is_event(&events[0], vm_event(KVMSTATS_EVENT_VM_CREATED, vm_id, pid), "first the VM");
	is_event(&events[1], vcpu, "then its vCPU 0");
	vcpu.vcpu_id = 7;
	is_event(&events[2], vcpu, "then its vCPU 7");
	is_event(&events[3], vm_event(KVMSTATS_EVENT_VM_GONE, vm_id, pid), "then its end");
	tap_ok(times_are_ordered(events, nr, from), "times lie within and are in order");
}

static void check_vm_of_ours(void)
{
	int first = events_open(dev), second = events_open(dev), late;
	struct kvmstats_event seen[CAPACITY];
	uint64_t before = boottime_ns();
	struct kvmstats_vm vm;
	struct guest guest;

	tap_ok(!is_ready(first), "poll: no events yet");
	guest_create(&guest);
	tap_ok(is_ready(first), "poll: the VM is there");
	guest_add_vcpu(&guest, 0);
	guest_add_vcpu(&guest, 7);
	vm = dev_vm_of(dev, getpid());
	late = events_open(dev);
	guest_destroy(&guest);
	check_one_vm(events_read(first, events, CAPACITY), vm.id, getpid(), before);
	in_range(events[0].time_ns, vm.start_ns, events[1].time_ns,
		 "the event is not before the VM's start");
	tap_ok(!is_ready(first), "poll: all events are read");
	is_u64(events_read(second, seen, CAPACITY), 4, "second reader: events");
	is_bytes(seen, events, 4 * EVENT_SIZE, "second reader: the same");
	is_u64(events_read(late, seen, CAPACITY), 1, "late reader: events since it came");
	is_bytes(seen, &events[3], EVENT_SIZE, "late reader: the last one");
	close(first);
	close(second);
	close(late);
}

static void check_vm_of_another(void)
{
	int fd = events_open(dev);
	uint64_t before, vm_id;
	struct vmm vmm;

	vmm_start(&vmm, "events");
	before = boottime_ns();
	vmm_do(&vmm, VMM_CREATE, 0);
	vmm_do(&vmm, VMM_ADD_VCPU, 0);
	vmm_do(&vmm, VMM_ADD_VCPU, 7);
	vm_id = dev_vm_of(dev, vmm.pid).id;
	vmm_kill(&vmm);
	check_one_vm(events_read(fd, events, CAPACITY), vm_id, vmm.pid, before);
	close(fd);
}

static uint64_t generation(void)
{
	struct kvmstats_info info;

	dev_info(dev, &info);
	return info.schema_generation;
}

static void check_kvm_reloads(void)
{
	struct kvmstats_event kvm = { .type = KVMSTATS_EVENT_KVM_UNLOADED, .value = generation() };
	uint64_t before = boottime_ns(), vm_id;
	int fd = events_open(dev);
	struct guest guest;

	is_errno(kvm_unload(), 0, "KVM unloads under an events fd");
	tap_ok(is_ready(fd), "poll: KVM is gone");
	kvm_load();
	guest_create(&guest);
	vm_id = dev_vm_of(dev, getpid()).id;
	if (is_u64(events_read(fd, events, CAPACITY), 3, "events of a reload of KVM")) {
		is_event(&events[0], kvm, "first KVM goes");
		kvm.type = KVMSTATS_EVENT_KVM_LOADED;
		kvm.value = generation();
		is_event(&events[1], kvm, "then KVM comes");
		is_event(&events[2], vm_event(KVMSTATS_EVENT_VM_CREATED, vm_id, getpid()),
			 "then a VM comes");
		tap_ok(times_are_ordered(events, 3, before), "times of a reload of KVM");
	}
	guest_destroy(&guest);
	close(fd);
	is_errno(kvmstats_unload(), EWOULDBLOCK, "no unload while the device is open");
	fd = events_open(dev);
	close(dev);
	is_errno(kvmstats_unload(), EWOULDBLOCK, "no unload while an events fd is open");
	make_vm();
	is_u64(events_read(fd, events, CAPACITY), 2, "events when the device is closed");
	close(fd);
	dev = dev_open();
}

/* --- reading --- */

static void check_lengths(void)
{
	uint8_t buffer[3 * EVENT_SIZE];
	int fd = events_open(dev);

	make_vm();
	is_errno(ERRNO_OF(read(fd, buffer, 0)), EINVAL, "read of 0 bytes");
	is_errno(ERRNO_OF(read(fd, buffer, 1)), EINVAL, "read of 1 byte");
	is_errno(ERRNO_OF(read(fd, buffer, EVENT_SIZE - 1)), EINVAL, "read of less than a record");
	tap_ok(is_ready(fd), "a refused read takes nothing");
	memset(buffer, POISON, sizeof(buffer));
	is_u64(read(fd, buffer, 2 * EVENT_SIZE - 1), EVENT_SIZE, "read of almost two records");
	is_u64(bytes_unlike(buffer + EVENT_SIZE, POISON, 2 * EVENT_SIZE), 0,
	       "read of almost two records: nothing behind the first");
	memcpy(events, buffer, EVENT_SIZE);
	is_u64(events[0].type, KVMSTATS_EVENT_VM_CREATED, "the first event");
	memset(buffer, POISON, sizeof(buffer));
	is_u64(read(fd, buffer, sizeof(buffer)), EVENT_SIZE, "read of more than there is");
	is_u64(bytes_unlike(buffer + EVENT_SIZE, POISON, 2 * EVENT_SIZE), 0,
	       "read of more than there is: nothing behind the last");
	memcpy(events, buffer, EVENT_SIZE);
	is_u64(events[0].type, KVMSTATS_EVENT_VM_GONE, "the second event");
	is_errno(ERRNO_OF(read(fd, buffer, sizeof(buffer))), EAGAIN, "read when there is none");
	is_errno(ERRNO_OF(read(fd, buffer, 1)), EINVAL, "read of 1 byte when there is none");
	close(fd);
}

static void check_record_size(uint32_t size)
{
	int fd = events_try_open(dev, size), plain = events_open(dev);
	static uint8_t buffer[2 * 4096 + 1];

	if (!tap_ok(fd >= 0, "records of %u bytes", size))
		return;
	make_vm();
	is_u64(events_read(plain, events, CAPACITY), 2, "records of %u bytes: events", size);
	memset(buffer, POISON, sizeof(buffer));
	is_u64(read(fd, buffer, sizeof(buffer)), 2 * size, "records of %u bytes: read", size);
	for (int i = 0; i < 2; i++) {
		is_bytes(buffer + i * size, &events[i], EVENT_SIZE,
			 "records of %u bytes: content", size);
		is_u64(bytes_unlike(buffer + i * size + EVENT_SIZE, 0, size - EVENT_SIZE), 0,
		       "records of %u bytes: zeros behind", size);
	}
	is_u64(buffer[2 * size], POISON, "records of %u bytes: nothing behind the last", size);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	is_errno(ERRNO_OF(read(fd, buffer, size - 1)), EINVAL,
		 "records of %u bytes: read of less", size);
	close(fd);
	close(plain);
}

static void check_refused(void)
{
	static const uint32_t sizes[] = {
		0, 8, EVENT_SIZE - 8, EVENT_SIZE - 1, EVENT_SIZE + 1, EVENT_SIZE + 4, UINT32_MAX,
		UINT32_MAX - 7, 1 << 20,
	};
	struct kvmstats_open_events open = { .size = sizeof(open), .record_size = EVENT_SIZE };
	int fd;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		is_errno(ERRNO_OF(events_try_open(dev, sizes[i])), EINVAL, "records of %u bytes",
			 sizes[i]);
	open.flags = 1;
	is_errno(ERRNO_OF(ioctl(dev, KVMSTATS_OPEN_EVENTS, &open)), EINVAL, "a flag");
	open.flags = 0;
	open.reserved = 1;
	is_errno(ERRNO_OF(ioctl(dev, KVMSTATS_OPEN_EVENTS, &open)), EINVAL, "reserved field set");
	open.reserved = 0;
	open.size--;
	is_errno(ERRNO_OF(ioctl(dev, KVMSTATS_OPEN_EVENTS, &open)), EINVAL, "size too small");

	fd = events_open(dev);
	is_u64(fcntl(fd, F_GETFD), FD_CLOEXEC, "close-on-exec");
	is_u64(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY, "access mode");
	is_errno(ERRNO_OF(write(fd, &open, sizeof(open))), EBADF, "write");
	is_errno(ERRNO_OF(ioctl(fd, KVMSTATS_GET_INFO, &open)), ENOTTY,
		 "a device command on an events fd");
	close(fd);
}

static void check_blocking(void)
{
	int fd = events_try_open(dev, EVENT_SIZE), status;
	struct kvmstats_event event;
	pid_t child;

	if (fd < 0)
		tap_bail("cannot open an events fd");
	child = fork();
	if (!child)
		_exit(read(fd, &event, sizeof(event)) == sizeof(event) &&
		      event.type == KVMSTATS_EVENT_VM_CREATED ? 0 : 1);
	usleep(50000);
	is_u64(waitpid(child, &status, WNOHANG), 0, "read sleeps while there is no event");
	make_vm();
	if (waitpid(child, &status, 0) != child)
		tap_bail("no child");
	is_u64(status, 0, "read is woken by an event");
	is_u64(read(fd, &event, sizeof(event)), sizeof(event), "read of what is there");
	is_u64(event.type, KVMSTATS_EVENT_VM_GONE, "the event behind it");
	close(fd);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void check_interrupted(void)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
	const struct sigaction action = { .sa_handler = on_alarm };
	int fd = events_try_open(dev, EVENT_SIZE);

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	is_errno(ERRNO_OF(read(fd, events, EVENT_SIZE)), EINTR, "a signal ends a read that sleeps");
	close(fd);
}

/* What a read could not hand over is told of, or comes with the next one. */
static void check_bad_buffer(size_t room, const char *text)
{
	uint8_t *edge = memory_edge(1);
	int fd = events_open(dev);
	uint64_t told = 0, lost = 0;
	uint32_t nr;

	make_vm();
	make_vm();
	if (room)
		is_u64(read(fd, edge - room, 4 * EVENT_SIZE), room / EVENT_SIZE * EVENT_SIZE,
		       "%s: the events that fit", text);
	else
		is_errno(ERRNO_OF(read(fd, edge, 4 * EVENT_SIZE)), EFAULT, "%s", text);
	nr = events_read(fd, events, CAPACITY);
	for (uint32_t i = 0; i < nr; i++) {
		bool is_loss = events[i].type == KVMSTATS_EVENT_LOST;

		told += !is_loss;
		lost += is_loss ? events[i].value : 0;
	}
	is_u64(room / EVENT_SIZE + told + lost, 4, "%s: no event is lost in silence", text);
	tap_note("%s: %llu more were read, %llu told as lost", text, (unsigned long long)told,
		 (unsigned long long)lost);
	tap_ok(times_are_ordered(events, nr, 0), "%s: events and loss are in order", text);
	close(fd);
	memory_unmap(edge - page_size(), 1);
}

/* The event has room, the rest of a longer record has not. */
static void check_bad_tail(void)
{
	const uint32_t size = EVENT_SIZE + 8;
	uint8_t *edge = memory_edge(1);
	int fd = events_try_open(dev, size);

	if (fd < 0)
		tap_bail("cannot open an events fd with longer records");
	make_vm();
	is_errno(ERRNO_OF(read(fd, edge - EVENT_SIZE, size)), EFAULT, "the tail of a record in a hole");
	is_u64(read(fd, edge - 2 * size, 2 * size), 2 * size, "no event is lost by it");
	close(fd);
	memory_unmap(edge - page_size(), 1);
}

static void check_bad_buffers(void)
{
	check_bad_tail();
	check_bad_buffer(0, "a read into a hole");
	check_bad_buffer(EVENT_SIZE, "a read with room for one event before a hole");
	check_bad_buffer(2 * EVENT_SIZE + 16, "a read with a hole in its third event");
}

int main(void)
{
	dev = test_begin_loaded("");
	check_vm_of_ours();
	check_vm_of_another();
	check_kvm_reloads();
	check_lengths();
	check_record_size(EVENT_SIZE);
	check_record_size(EVENT_SIZE + 8);
	check_record_size(EVENT_SIZE + 64);
	check_record_size(4096);
	check_refused();
	check_blocking();
	check_interrupted();
	check_bad_buffers();
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads when all is closed");
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	return tap_done();
}
