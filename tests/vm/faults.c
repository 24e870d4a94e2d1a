// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening the device and every command of it, with each allocation and each user
 * copy failed in turn. A command that fails leaves the caller's struct as it was, and
 * the same call does its work right after.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command.h"
#include "dev.h"
#include "events.h"
#include "fault.h"
#include "guest.h"
#include "image.h"
#include "memory.h"
#include "module.h"
#include "snapshot.h"
#include "tap.h"

#define RECORDS_SIZE	32768
#define SPARE		8	/* of a record that is longer than the module knows */
#define OUTS		21

union any {
	uint32_t size;
	struct kvmstats_info info;
	struct kvmstats_hook hook;
	struct kvmstats_list list;
	struct kvmstats_open open;
	struct kvmstats_schema schema;
	struct kvmstats_snapshot snapshot;
	struct kvmstats_open_events events;
};

/* A command, and what it gave when nothing failed. */
struct request {
	const char *name;
	unsigned long number;
	bool opens;
	union any good;
	union any now;
	union any expected;
	int ret;
	struct image image;
};

static int dev;
static uint64_t vm_id, ids[3];
static uint8_t records[RECORDS_SIZE] __attribute__((aligned(8)));
static uint8_t expected_records[RECORDS_SIZE];

/* --- opening the device --- */

static int device = -1;

static int open_device(void *context)
{
	(void)context;
	device = open(KVMSTATS_DEVICE, O_RDONLY | O_CLOEXEC);
	return ERRNO_OF(device);
}

static bool after_open_device(void *context, int err)
{
	struct kvmstats_info info;

	(void)context;
	if (err)
		device = dev_open();
	dev_info(device, &info);
	close(device);
	return info.nr_vms == 1;
}

static void check_device(void)
{
	const struct fault_case fault = {
		.name = "open of the device", .call = open_device, .after = after_open_device,
		.allowed = { ENOMEM, EFAULT }, .least = 2,
	};

	fault_run(&fault);
}

/* --- commands --- */

static void before_request(void *context)
{
	struct request *request = context;

	request->now = request->good;
	memset(records, POISON, sizeof(records));
}

static int call_request(void *context)
{
	struct request *request = context;

	request->ret = ioctl(dev, request->number, &request->now);
	return ERRNO_OF(request->ret);
}

/* Two snapshots differ in their times. */
static void forget_times(struct request *request)
{
	const struct kvmstats_record *record = NULL;

	if (request->number != KVMSTATS_SNAPSHOT)
		return;
	while ((record = snapshot_next(&request->now.snapshot, record)))
		memset((void *)&record->time_ns, 0, sizeof(record->time_ns));
}

/* A stats fd shows what it is to show; an events fd waits. */
static bool fd_works(struct request *request)
{
	struct pollfd poll_fd = { .fd = request->ret, .events = POLLIN };
	struct image image;

	if (request->number == KVMSTATS_OPEN_EVENTS)
		return poll(&poll_fd, 1, 0) == 0;
	image_read(request->ret, &image);
	return image.size == request->image.size &&
	       !memcmp(image.bytes, request->image.bytes, image.size);
}

static bool is_complete(struct request *request)
{
	bool good = !memcmp(&request->now, &request->expected, sizeof(request->now));

	if (!good)
		tap_note("the struct is not the one that came before");
	if (request->opens) {
		if (!fd_works(request)) {
			tap_note("the fd does not show the same as before");
			good = false;
		}
		close(request->ret);
		return good;
	}
	forget_times(request);
	if (request->ret || memcmp(records, expected_records, sizeof(records))) {
		tap_note("the records are not those that came before");
		good = false;
	}
	return good;
}

static bool after_request(void *context, int err)
{
	struct request *request = context;
	bool untouched = true;

	if (err) {
		untouched = !memcmp(&request->now, &request->good, sizeof(request->now));
		if (!untouched)
			tap_note("the struct has changed");
		before_request(request);
		err = call_request(request);
	}
	if (err) {
		tap_note("again, and nothing is to fail: errno %d", err);
		return false;
	}
	return is_complete(request) && untouched;
}

/* What the command gives when nothing fails. */
static void learn(struct request *request)
{
	before_request(request);
	errno = call_request(request);
	if (errno)
		tap_bail("%s fails by itself", request->name);
	request->expected = request->now;
	forget_times(request);
	memcpy(expected_records, records, sizeof(records));
	if (!request->opens)
		return;
	if (request->number != KVMSTATS_OPEN_EVENTS)
		image_read(request->ret, &request->image);
	close(request->ret);
}

static void check(struct request *request, unsigned int least)
{
	const struct fault_case fault = {
		.name = request->name,
		.before = before_request, .call = call_request, .after = after_request,
		.context = request,
		.allowed = { EFAULT, ENOMEM },
		.least = least,
	};

	learn(request);
	fault_run(&fault);
}

#define REQUEST(text, command, ...)						\
	{ .name = text, .number = command, .opens = false, .good = { __VA_ARGS__ } }
#define OPENS(text, command, ...)						\
	{ .name = text, .number = command, .opens = true, .good = { __VA_ARGS__ } }

static void check_plain(void)
{
	static struct request requests[] = {
		REQUEST("GET_INFO", KVMSTATS_GET_INFO, .info = { .size = sizeof(struct kvmstats_info) }),
		REQUEST("GET_HOOK", KVMSTATS_GET_HOOK,
			.hook = { .size = sizeof(struct kvmstats_hook), .index = 2 }),
		REQUEST("GET_SCHEMA, count", KVMSTATS_GET_SCHEMA,
			.schema = { .size = sizeof(struct kvmstats_schema) }),
		REQUEST("GET_SCHEMA, all", KVMSTATS_GET_SCHEMA,
			.schema = { .size = sizeof(struct kvmstats_schema), .capacity = 128,
				    .kind = KVMSTATS_KIND_VCPU, .descs = (uintptr_t)records }),
	};

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		check(&requests[i], 2);
}

static void check_lists(void)
{
	struct kvmstats_list list = {
		.size = sizeof(list), .records = (uintptr_t)records, .capacity = 8,
		.record_size = sizeof(struct kvmstats_vm) + SPARE,
	};
	static struct request vms = REQUEST("LIST_VMS", KVMSTATS_LIST_VMS, 0);
	static struct request vcpus = REQUEST("LIST_VCPUS", KVMSTATS_LIST_VCPUS, 0);

	vms.good.list = list;
	check(&vms, 3);
	list.record_size = sizeof(struct kvmstats_vcpu) + SPARE;
	list.vm_id = vm_id;
	vcpus.good.list = list;
	/* The struct there and back, and a record for each vCPU. */
	check(&vcpus, 4);
}

static void check_opens(void)
{
	const struct kvmstats_open open = { .size = sizeof(open), .vm_id = vm_id };
	static struct request requests[] = {
		OPENS("OPEN_VM", KVMSTATS_OPEN_VM, 0),
		OPENS("OPEN_VCPU", KVMSTATS_OPEN_VCPU, 0),
		OPENS("OPEN_VM with vCPUs", KVMSTATS_OPEN_VM, 0),
		OPENS("OPEN_HOST", KVMSTATS_OPEN_HOST, 0),
		OPENS("OPEN_EVENTS", KVMSTATS_OPEN_EVENTS,
		      .events = { .size = sizeof(struct kvmstats_open_events),
				  .record_size = sizeof(struct kvmstats_event) }),
	};

	for (int i = 0; i < 4; i++)
		requests[i].good.open = open;
	requests[1].good.open.vcpu_id = 1;
	requests[2].good.open.flags = KVMSTATS_OPEN_WITH_VCPUS;
	requests[3].good.open.vm_id = 0;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		check(&requests[i], 4);
}

static void check_snapshot(const char *name, uint32_t flags, uint64_t size, uint32_t nr_ids,
			   const struct kvmstats_snapshot *earlier, struct request *request)
{
	struct kvmstats_snapshot snapshot = snapshot_of(flags, records, size);

	if (nr_ids) {
		snapshot.vm_ids = (uintptr_t)ids;
		snapshot.nr_vm_ids = nr_ids;
	}
	if (earlier) {
		snapshot.vm_cursor = earlier->vm_cursor;
		snapshot.vcpu_cursor = earlier->vcpu_cursor;
	}
	memset(request, 0, sizeof(*request));
	request->name = name;
	request->number = KVMSTATS_SNAPSHOT;
	request->good.snapshot = snapshot;
	/* Injection does not reach what is written in one piece; holes in memory do. */
	check(request, flags & KVMSTATS_SNAPSHOT_VCPU_SUM ? 3 : 2);
}

static void check_snapshots(void)
{
	struct request request, next;
	struct kvmstats_info info;
	uint64_t little;

	dev_info(dev, &info);
	little = 2 * sizeof(struct kvmstats_record) + info.vm_data_size + info.vcpu_data_size;
	check_snapshot("SNAPSHOT of VMs", KVMSTATS_SNAPSHOT_VM, sizeof(records), 0, NULL, &request);
	check_snapshot("SNAPSHOT of vCPUs", KVMSTATS_SNAPSHOT_VCPU, sizeof(records), 0, NULL,
		       &request);
	check_snapshot("SNAPSHOT of sums", KVMSTATS_SNAPSHOT_VCPU_SUM, sizeof(records), 0, NULL,
		       &request);
	check_snapshot("SNAPSHOT of all", SNAPSHOT_ALL, sizeof(records), 0, NULL, &request);
	is_u64(request.expected.snapshot.count, 4, "SNAPSHOT of all: records");
	check_snapshot("SNAPSHOT by ids", SNAPSHOT_ALL, sizeof(records), 3, NULL, &request);
	is_u64(request.expected.snapshot.count, 9, "SNAPSHOT by ids: records");
	check_snapshot("SNAPSHOT that is cut", SNAPSHOT_ALL, little, 0, NULL, &request);
	is_u64(request.expected.snapshot.more, 1, "SNAPSHOT that is cut: more to come");
	check_snapshot("SNAPSHOT that goes on", SNAPSHOT_ALL, sizeof(records), 0,
		       &request.expected.snapshot, &next);
	is_u64(request.expected.snapshot.count + next.expected.snapshot.count, 4,
	       "SNAPSHOT that is cut and goes on: records");
}

int main(void)
{
	struct guest guest;

	fault_begin();
	dev = test_begin_loaded("");
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, OUTS);
	guest_run(guest_add_vcpu(&guest, 1), GUEST_OUT, OUTS);
	vm_id = dev_vm_of(dev, getpid()).id;
	ids[0] = vm_id;
	ids[1] = vm_id + 1000;	/* of no VM */
	ids[2] = vm_id;

	fault_anywhere();
	check_device();
	check_plain();
	check_lists();
	check_opens();
	check_snapshots();

	guest_destroy(&guest);
	return fault_end_loaded(dev);
}
