// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files that the device gives: reading, polling and closing them, with each
 * allocation and each user copy failed in turn. A read that fails has taken nothing:
 * neither the file's position has moved nor is an event lost.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "dev.h"
#include "events.h"
#include "fault.h"
#include "guest.h"
#include "image.h"
#include "memory.h"
#include "module.h"
#include "tap.h"
#include "total.h"

#define OUTS		21
#define NR_EVENTS	4
#define NR_STATS	4	/* files with an image */
#define EVENTS		NR_STATS

static int dev;
static uint64_t vm_id;

static const char *const names[] = {
	"stats fd of a VM", "stats fd of a vCPU", "total of a VM", "total of the host", "events fd",
};

static int try_open(int kind)
{
	switch (kind) {
	case 0:
		return dev_try_open_vm(dev, vm_id);
	case 1:
		return dev_try_open_vcpu(dev, vm_id, 1);
	case 2:
		return total_try_open_vm(dev, vm_id);
	case 3:
		return total_try_open_host(dev);
	default:
		return events_open(dev);
	}
}

static int open_kind(int kind)
{
	int fd = try_open(kind);

	if (fd < 0)
		tap_bail("cannot open the %s", names[kind]);
	return fd;
}

/* --- reads of an image --- */

struct reading {
	int fd;
	off_t start;
	size_t size;
	ssize_t n;
	const struct image *image;
	uint8_t buffer[IMAGE_MAX];
};

static void before_read(void *context)
{
	struct reading *reading = context;

	memset(reading->buffer, POISON, sizeof(reading->buffer));
	if (lseek(reading->fd, reading->start, SEEK_SET) != reading->start)
		tap_bail("lseek failed");
}

static int call_read(void *context)
{
	struct reading *reading = context;

	reading->n = read(reading->fd, reading->buffer, reading->size);
	return ERRNO_OF(reading->n);
}

static bool after_read(void *context, int err)
{
	struct reading *reading = context;
	bool stayed = true;
	off_t at;

	if (err) {
		stayed = lseek(reading->fd, 0, SEEK_CUR) == reading->start;
		before_read(reading);
		err = call_read(reading);
	}
	at = lseek(reading->fd, 0, SEEK_CUR);
	if (stayed && !err && reading->n == (ssize_t)reading->size &&
	    at == reading->start + reading->n &&
	    !memcmp(reading->buffer, reading->image->bytes + reading->start, reading->size))
		return true;
	tap_note("errno %d, %zd bytes of %zu, position %lld%s", err, reading->n, reading->size,
		 (long long)at, stayed ? "" : ", which had moved before");
	return false;
}

static void check_span(int kind, const struct image *image, off_t start, size_t size,
		       const char *what, unsigned int least)
{
	struct reading reading = {
		.fd = open_kind(kind), .start = start, .size = size, .image = image,
	};
	char name[96];
	const struct fault_case fault = {
		.name = name,
		.before = before_read, .call = call_read, .after = after_read,
		.context = &reading,
		.allowed = { EFAULT, ENOMEM }, .least = least,
	};

	snprintf(name, sizeof(name), "read of the %s, %s", names[kind], what);
	fault_run(&fault);
	close(reading.fd);
}

static void check_reads(int kind)
{
	struct image image;
	size_t data;
	int fd;

	fd = open_kind(kind);
	image_read(fd, &image);
	close(fd);
	data = image.header.data_offset;
	check_span(kind, &image, 0, image.size, "whole", 3);
	check_span(kind, &image, 0, sizeof(image.header), "header", 1);
	check_span(kind, &image, data, image.size - data, "values", 1);
	check_span(kind, &image, data - 5, 24, "across its blocks, between values", 2);
}

/* --- reads of events --- */

struct events {
	int fd;
	uint32_t nr;
	struct kvmstats_event events[2 * NR_EVENTS];
};

static void before_events(void *context)
{
	struct events *events = context;
	struct guest guest;

	guest_create(&guest);
	guest_add_vcpu(&guest, 0);
	guest_add_vcpu(&guest, 1);
	guest_destroy(&guest);
	events->nr = 0;
}

static int call_events(void *context)
{
	struct events *events = context;
	ssize_t n = read(events->fd, events->events, sizeof(events->events));

	if (n > 0)
		events->nr = n / sizeof(events->events[0]);
	return ERRNO_OF(n);
}

/* What the read did not give is there for the next. */
static bool after_events(void *context, int err)
{
	static const uint32_t types[NR_EVENTS] = {
		KVMSTATS_EVENT_VM_CREATED, KVMSTATS_EVENT_VCPU_CREATED,
		KVMSTATS_EVENT_VCPU_CREATED, KVMSTATS_EVENT_VM_GONE,
	};
	struct events *events = context;
	uint64_t id = 0;
	bool good;

	if (err && events->nr)
		tap_note("%u events in spite of an errno", events->nr);
	events->nr += events_read(events->fd, events->events + events->nr,
				  2 * NR_EVENTS - events->nr);
	good = events->nr == NR_EVENTS;
	for (uint32_t i = 0; good && i < NR_EVENTS; i++) {
		id = i ? id : events->events[i].vm_id;
		good = id && events->events[i].vm_id == id && events->events[i].type == types[i];
	}
	if (!good)
		tap_note("%u events, or of another kind", events->nr);
	return good;
}

static void check_events(void)
{
	struct events events = { .fd = events_open(dev) };
	const struct fault_case fault = {
		.name = "read of the events fd",
		.before = before_events, .call = call_events, .after = after_events,
		.context = &events,
		/* The first event's copy; of a later one the read tells nothing. */
		.allowed = { EFAULT }, .least = NR_EVENTS,
	};

	fault_run(&fault);
	close(events.fd);
}

/* --- waiting for one, and closing it --- */

struct waiting {
	int kind;
	int fd;
	int epoll_fd;
	struct pollfd poll_fd;
};

static short expected_events(const struct waiting *waiting)
{
	return waiting->kind == EVENTS ? 0 : POLLIN;
}

static int call_poll(void *context)
{
	struct waiting *waiting = context;

	waiting->poll_fd = (struct pollfd){ .fd = waiting->fd, .events = POLLIN };
	return ERRNO_OF(poll(&waiting->poll_fd, 1, 0));
}

static bool after_poll(void *context, int err)
{
	struct waiting *waiting = context;

	if (err)
		err = call_poll(waiting);
	return !err && waiting->poll_fd.revents == expected_events(waiting);
}

static int call_epoll(void *context)
{
	struct waiting *waiting = context;
	struct epoll_event event = { .events = EPOLLIN };

	return ERRNO_OF(epoll_ctl(waiting->epoll_fd, EPOLL_CTL_ADD, waiting->fd, &event));
}

static bool after_epoll(void *context, int err)
{
	struct waiting *waiting = context;
	struct epoll_event event;
	int nr;

	if (err)
		err = call_epoll(waiting);
	nr = epoll_wait(waiting->epoll_fd, &event, 1, 0);
	if (epoll_ctl(waiting->epoll_fd, EPOLL_CTL_DEL, waiting->fd, NULL))
		tap_note("it is not there to be taken out");
	return !err && nr == !!expected_events(waiting);
}

static void before_close(void *context)
{
	struct waiting *waiting = context;

	waiting->fd = open_kind(waiting->kind);
}

static int call_close(void *context)
{
	struct waiting *waiting = context;

	return ERRNO_OF(close(waiting->fd));
}

static void check_waiting(int kind)
{
	struct waiting waiting = { .kind = kind, .fd = open_kind(kind) };
	char name[96];
	struct fault_case fault = {
		.name = name, .call = call_poll, .after = after_poll, .context = &waiting,
		.allowed = { EFAULT, ENOMEM }, .least = 1,
	};

	snprintf(name, sizeof(name), "poll of the %s", names[kind]);
	fault_run(&fault);

	snprintf(name, sizeof(name), "epoll of the %s", names[kind]);
	waiting.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	fault.call = call_epoll;
	fault.after = after_epoll;
	fault_run(&fault);
	close(waiting.epoll_fd);
	close(waiting.fd);

	/* No errno may come of it, whatever fails there. */
	snprintf(name, sizeof(name), "close of the %s", names[kind]);
	fault = (struct fault_case){
		.name = name, .before = before_close, .call = call_close, .context = &waiting,
	};
	fault_run(&fault);
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

	fault_anywhere();
	for (int kind = 0; kind < NR_STATS; kind++)
		check_reads(kind);
	for (int kind = 0; kind <= EVENTS; kind++)
		check_waiting(kind);
	check_events();

	guest_destroy(&guest);
	return fault_end_loaded(dev);
}
