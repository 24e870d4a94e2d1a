// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "events.h"
#include "tap.h"

int events_try_open(int dev, uint32_t record_size)
{
	struct kvmstats_open_events open = { .size = sizeof(open), .record_size = record_size };

	return ioctl(dev, KVMSTATS_OPEN_EVENTS, &open);
}

int events_open(int dev)
{
	int fd = events_try_open(dev, sizeof(struct kvmstats_event));

	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK))
		tap_bail("cannot open an events fd");
	return fd;
}

uint32_t events_read_once(int fd, struct kvmstats_event *events, uint32_t capacity)
{
	ssize_t n = read(fd, events, capacity * sizeof(*events));

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0 || n % sizeof(*events))
		tap_bail("a read of events gave %zd", n);
	return n / sizeof(*events);
}

uint32_t events_read(int fd, struct kvmstats_event *events, uint32_t capacity)
{
	uint32_t nr = 0, more;

	while (nr < capacity && (more = events_read_once(fd, events + nr, capacity - nr)))
		nr += more;
	return nr;
}

bool is_event(const struct kvmstats_event *seen, struct kvmstats_event expected, const char *text)
{
	expected.time_ns = seen->time_ns;
	if (tap_ok(!memcmp(seen, &expected, sizeof(expected)), "%s", text))
		return true;
	tap_note("seen type %u VM %llu vCPU %u value %llu pid %u reserved %u", seen->type,
		 (unsigned long long)seen->vm_id, seen->vcpu_id, (unsigned long long)seen->value,
		 seen->pid, seen->reserved);
	tap_note("expected type %u VM %llu vCPU %u value %llu pid %u", expected.type,
		 (unsigned long long)expected.vm_id, expected.vcpu_id,
		 (unsigned long long)expected.value, expected.pid);
	return false;
}
