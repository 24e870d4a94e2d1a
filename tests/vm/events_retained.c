// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader of events can ask for the last values of a VM whose end it has read,
 * until it reads on; and a reader that is too slow is told what it lost, and where.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "events.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "snapshot.h"
#include "tap.h"
#include "total.h"

#define RING_SIZE	2048
#define CAPACITY	(2 * RING_SIZE)
/* A VM with so many vCPUs is a batch of 250 events. */
#define BATCH		250
#define NR_BATCHES	9
#define OUTS		33

static int dev;
static struct kvmstats_event events[CAPACITY];

static void make_vm(void)
{
	struct guest guest;

	guest_create(&guest);
	guest_destroy(&guest);
}

/* --- VMs that are gone --- */

enum { VM, VCPU, TOTAL, NR_IMAGES };

static int open_image(int kind, uint64_t vm_id)
{
	switch (kind) {
	case VM:
		return dev_try_open_vm(dev, vm_id);
	case VCPU:
		return dev_try_open_vcpu(dev, vm_id, 2);
	default:
		return total_try_open_vm(dev, vm_id);
	}
}

/* A VM that has lived, and what it told last. */
static uint64_t gone_vm(struct image *last)
{
	struct guest guest;
	uint64_t vm_id;

	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 2), GUEST_OUT, OUTS);
	vm_id = dev_vm_of(dev, getpid()).id;
	for (int i = 0; last && i < NR_IMAGES; i++) {
		int fd = open_image(i, vm_id);

		image_read(fd, &last[i]);
		close(fd);
	}
	guest_destroy(&guest);
	return vm_id;
}

static void expect_no_fd(int fd, const char *text, const char *what)
{
	is_errno(ERRNO_OF(fd), ENOENT, "%s: open %s", text, what);
	if (fd >= 0)
		close(fd);
}

static void expect_unknown(uint64_t vm_id, const char *text)
{
	struct kvmstats_vcpu vcpu;

	expect_no_fd(dev_try_open_vm(dev, vm_id), text, "the VM");
	expect_no_fd(dev_try_open_vcpu(dev, vm_id, 2), text, "the vCPU");
	expect_no_fd(total_try_open_vm(dev, vm_id), text, "the total");
	is_errno(ERRNO_OF(dev_try_list_vcpus(dev, vm_id, &vcpu, 1)), ENOENT, "%s: list", text);
}

static void expect_known(uint64_t vm_id, const char *text)
{
	int fd = dev_try_open_vm(dev, vm_id);

	if (tap_ok(fd >= 0, "%s: open the VM", text))
		close(fd);
}

/* Takes one read, and no more: the next would let go of VMs that are gone. */
static uint32_t read_once(int fd)
{
	ssize_t n = read(fd, events, sizeof(events));

	if (n < (ssize_t)sizeof(events[0]))
		tap_bail("no events");
	return n / sizeof(events[0]);
}

static void read_gone(int fd, uint64_t vm_id)
{
	is_u64(read_once(fd), 3, "events of the VM");
	is_event(&events[2], (struct kvmstats_event){ .type = KVMSTATS_EVENT_VM_GONE,
						      .vm_id = vm_id, .pid = getpid() },
		 "the last is its end");
}

static void check_last_values(uint64_t vm_id, const struct image *last)
{
	for (int i = 0; i < NR_IMAGES; i++) {
		int fd = open_image(i, vm_id);
		struct image now;

		if (!tap_ok(fd >= 0, "end was read: image %d can be opened", i))
			continue;
		image_read(fd, &now);
		is_bytes(now.bytes, last[i].bytes, last[i].size, "end was read: last values of image %d",
			 i);
		tap_ok(fd_is_hung_up(fd), "end was read: image %d is hung up", i);
		close(fd);
	}
}

static void check_snapshot(uint64_t vm_id, const struct image *last)
{
	static uint64_t buffer[2048];
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, buffer, sizeof(buffer));
	const struct kvmstats_record *record = NULL;
	static const uint16_t kinds[] = {
		KVMSTATS_KIND_VM, KVMSTATS_KIND_VCPU_SUM, KVMSTATS_KIND_VCPU,
	};
	static const int images[] = { VM, VCPU, VCPU };

	is_errno(snapshot_call(dev, &snapshot), 0, "end was read: snapshot of all");
	is_u64(snapshot.count, 0, "end was read: it is not in a snapshot of all");
	snapshot.vm_ids = (uintptr_t)&vm_id;
	snapshot.nr_vm_ids = 1;
	snapshot.vm_cursor = 0;
	snapshot.vcpu_cursor = 0;
	is_errno(snapshot_call(dev, &snapshot), 0, "end was read: snapshot by id");
	if (!is_u64(snapshot.count, 3, "end was read: records by id"))
		return;
	for (int i = 0; i < 3; i++) {
		const struct image *image = &last[images[i]];

		record = snapshot_next(&snapshot, record);
		is_u64(record->kind, kinds[i], "end was read: kind of record %d", i);
		is_u64(record->state, KVMSTATS_STATE_GONE, "end was read: state of record %d", i);
		is_u64(record->length, sizeof(*record) + image_data_size(image),
		       "end was read: length of record %d", i);
		is_bytes(record + 1, image->bytes + image->header.data_offset,
			 image_data_size(image), "end was read: last values of record %d", i);
	}
}

static void check_retained(void)
{
	static struct image last[NR_IMAGES];
	int fd = events_open(dev), held;
	struct kvmstats_vcpu vcpu;
	struct kvmstats_info info;
	struct kvmstats_vm vm;
	uint64_t vm_id = gone_vm(last);

	while (events[0].type != KVMSTATS_EVENT_VM_GONE)
		if (read(fd, events, sizeof(events[0])) != sizeof(events[0]))
			tap_bail("no end of the VM");
	tap_ok(!dev_find_vm(dev, getpid(), &vm), "end was read: it is not listed");
	dev_info(dev, &info);
	is_u64(info.nr_vms + info.nr_vcpus, 0, "end was read: it is not counted");
	check_last_values(vm_id, last);
	check_snapshot(vm_id, last);
	is_u64(dev_try_list_vcpus(dev, vm_id, &vcpu, 1), 1, "end was read: its vCPUs are listed");
	held = dev_open_vm(dev, vm_id);
	make_vm();
	expect_known(vm_id, "before the next read");
	read_once(fd);
	expect_unknown(vm_id, "after the next read");
	is_u64(fd_value(held, "remote_tlb_flush"), image_value(&last[VM], "remote_tlb_flush"),
	       "a stats fd outlives the next read");
	close(held);
	close(fd);
}

static void check_until_when(void)
{
	int fd = events_open(dev), other = events_open(dev);
	uint64_t vm_id = gone_vm(NULL);

	read_gone(fd, vm_id);
	expect_known(vm_id, "two readers, one has not read");
	read_gone(other, vm_id);
	make_vm();
	read_once(fd);
	expect_known(vm_id, "two readers, one has read on");
	close(other);
	expect_unknown(vm_id, "two readers, the other has closed");

	vm_id = gone_vm(NULL);
	read_once(fd);
	expect_known(vm_id, "before the close");
	close(fd);
	expect_unknown(vm_id, "after the close");
	expect_unknown(gone_vm(NULL), "nobody reads events");

	fd = events_open(dev);
	vm_id = gone_vm(NULL);
	read_gone(fd, vm_id);
	is_errno(ERRNO_OF(read(fd, events, sizeof(events))), EAGAIN, "read when there is no event");
	expect_unknown(vm_id, "after a read that found no event");
	close(fd);

	fd = events_open(dev);
	vm_id = gone_vm(NULL);
	close(fd);
	expect_unknown(vm_id, "closed before its end was read");
}

/* --- too many events --- */

static void make_batch(int kvm_fd)
{
	int vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);

	if (vm_fd < 0)
		tap_bail("KVM_CREATE_VM failed");
	for (int i = 0; i < BATCH - 2; i++) {
		int vcpu_fd = ioctl(vm_fd, KVM_CREATE_VCPU, i);

		if (vcpu_fd < 0)
			tap_bail("KVM_CREATE_VCPU %d failed", i);
		close(vcpu_fd);
	}
	close(vm_fd);
}

static void check_lost(const struct kvmstats_event *lost, uint64_t value, uint64_t from,
		       const char *text)
{
	is_event(lost, (struct kvmstats_event){ .type = KVMSTATS_EVENT_LOST, .value = value }, text);
	in_range(lost->time_ns, from, boottime_ns(), "%s: time", text);
}

static void check_vm(const struct kvmstats_event *seen, const char *text)
{
	tap_ok(seen[0].type == KVMSTATS_EVENT_VM_CREATED && seen[1].type == KVMSTATS_EVENT_VM_GONE &&
	       seen[0].vm_id == seen[1].vm_id, "%s", text);
}

/* @nr events of batches, none of them missing. */
static void check_stored(uint32_t skipped, uint32_t nr, const char *text)
{
	unsigned int wrong = 0;

	for (uint32_t i = 0; i < nr; i++) {
		uint32_t at = (skipped + i) % BATCH;
		uint32_t type = at == 0 ? KVMSTATS_EVENT_VM_CREATED :
				at == BATCH - 1 ? KVMSTATS_EVENT_VM_GONE :
						  KVMSTATS_EVENT_VCPU_CREATED;

		wrong += events[i].type != type ||
			 (type == KVMSTATS_EVENT_VCPU_CREATED && events[i].vcpu_id != at - 1) ||
			 (i && events[i].time_ns < events[i - 1].time_ns);
	}
	is_u64(wrong, 0, "%s: stored events that are wrong", text);
}

static void check_overflow(void)
{
	const uint32_t lost = NR_BATCHES * BATCH - RING_SIZE;
	int full = events_open(dev), one_less = events_open(dev), ten_less = events_open(dev);
	int unread = events_open(dev);
	int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct kvmstats_event few[10];
	uint64_t last;

	for (int i = 0; i < NR_BATCHES; i++)
		make_batch(kvm_fd);
	close(kvm_fd);
	is_u64(events_read(full, events, CAPACITY), RING_SIZE + 1, "events of a reader that slept");
	check_stored(0, RING_SIZE, "a reader that slept");
	last = events[RING_SIZE - 1].time_ns;
	check_lost(&events[RING_SIZE], lost, last, "a reader that slept: what was lost");

	is_u64(events_read(one_less, few, 1), 1, "one event read");
	is_u64(events_read(ten_less, few, 10), 10, "ten events read");
	make_vm();
	is_u64(events_read(full, events, CAPACITY), 2, "events after the loss");
	check_vm(events, "a reader that slept goes on");

	is_u64(events_read(one_less, events, CAPACITY), RING_SIZE + 1, "room for the loss alone");
	check_stored(1, RING_SIZE - 1, "room for the loss alone");
	check_lost(&events[RING_SIZE - 1], lost, last, "room for the loss alone: first loss");
	check_lost(&events[RING_SIZE], 2, events[RING_SIZE - 1].time_ns,
		   "room for the loss alone: second loss");

	is_u64(events_read(ten_less, events, CAPACITY), RING_SIZE - 10 + 3,
	       "room for the loss and more");
	check_stored(10, RING_SIZE - 10, "room for the loss and more");
	check_lost(&events[RING_SIZE - 10], lost, last, "room for the loss and more: the loss");
	check_vm(&events[RING_SIZE - 9], "room for the loss and more: what followed");

	make_vm();
	is_u64(events_read(one_less, events, CAPACITY), 2, "no further loss");
	check_vm(events, "no further loss: the events");
	close(full);
	close(one_less);
	close(ten_less);
	close(unread);
}

int main(void)
{
	dev = test_begin_loaded("");
	check_retained();
	check_until_when();
	check_overflow();
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads after events that nobody read");
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	return tap_done();
}
