// SPDX-License-Identifier: GPL-2.0-only
/* Readers of events, one that follows and one that is too slow. */
#include <inttypes.h>
#include <poll.h>
#include <unistd.h>

#include "dev.h"
#include "events.h"
#include "exits.h"
#include "image.h"
#include "makers.h"
#include "readers.h"

/* What one read() gives at most. */
#define BATCH		64
#define POLL_MS		10
/* A reader that takes a batch each so many ms loses events, however slow the machine. */
#define SLOW_MS		1000
#define LESS_SLOW_MS	5

/* A VM whose end was read can be opened until the next read, and has all its values. */
static void judge_end(struct reader *reader, int dev, uint64_t vm_id)
{
	struct image image;

	for (uint32_t i = 0; i < MAKER_VCPUS; i++) {
		int fd = dev_try_open_vcpu(dev, vm_id, i);

		if (fd < 0) {
			finding_add(&reader->fault, "VM %" PRIu64 " cannot be opened at its end, errno %d",
				  vm_id, errno);
			return;
		}
		image_read(fd, &image);
		if (!fd_is_hung_up(fd) || image_value(&image, EXITS_STAT) != MAKER_EXITS(i))
			finding_add(&reader->fault, "VM %" PRIu64 " ended with %" PRIu64 " exits of vCPU %u",
				  vm_id, image_value(&image, EXITS_STAT), i);
		close(fd);
	}
}

static uint32_t read_batch(struct reader *reader, int dev, int fd)
{
	struct kvmstats_event events[BATCH];
	uint32_t nr = events_read_once(fd, events, BATCH);

	event_log_add(&reader->log, events, nr);
	reader_add(reader, nr);
	for (uint32_t i = nr; i-- > 0;) {
		if (events[i].type == KVMSTATS_EVENT_VM_GONE) {
			judge_end(reader, dev, events[i].vm_id);
			break;
		}
	}
	return nr;
}

static void wait_for_events(struct reader *reader, int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	if (reader->kind == READER_EVENTS_SLOW)
		reader_rest(reader, reader->of->steady ? SLOW_MS : LESS_SLOW_MS);
	else if (poll(&poll_fd, 1, POLL_MS) < 0)
		tap_bail("poll failed");
}

void read_events(struct reader *reader, int dev)
{
	int fd = events_open(dev);

	event_log_free(&reader->log);
	event_log_init(&reader->log, reader->of->steady);
	while (reader_goes_on(reader)) {
		wait_for_events(reader, fd);
		read_batch(reader, dev, fd);
	}
	/* The VMs have ended before their readers are stopped: this is all there will be. */
	while (reader->of->steady && read_batch(reader, dev, fd))
		;
	close(fd);
	if (reader->log.fault.nr)
		finding_add(&reader->fault, "%s", reader->log.fault.first);
}
