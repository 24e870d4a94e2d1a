// SPDX-License-Identifier: LGPL-2.1-or-later
/* What happens to VMs, vCPUs and kvm itself, a batch of events per read(). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

#define BATCH	64

struct kvmstats_events {
	int fd;
	size_t count;		/* events in the batch */
	size_t next;		/* the one to give next */
	struct kvmstats_event batch[BATCH];
};

int kvmstats_events_open(struct kvmstats *ks, struct kvmstats_events **out)
{
	struct kvmstats_open_events arg = {
		.size = sizeof(arg),
		.record_size = sizeof(struct kvmstats_event),
	};
	struct kvmstats_events *ev = calloc(1, sizeof(*ev));
	int ret;

	if (!ev)
		return -ENOMEM;
	ev->fd = kvmstats_command(ks->fd, KVMSTATS_OPEN_EVENTS, &arg);
	if (ev->fd < 0) {
		ret = ev->fd;
		goto free;
	}
	/* Whether there are events is asked by read(), the waiting is for poll(). */
	if (fcntl(ev->fd, F_SETFL, O_NONBLOCK) < 0) {
		ret = -errno;
		goto close;
	}
	*out = ev;
	return 0;

close:
	close(ev->fd);
free:
	free(ev);
	return ret;
}

void kvmstats_events_close(struct kvmstats_events *ev)
{
	if (!ev)
		return;
	close(ev->fd);
	free(ev);
}

int kvmstats_events_fd(const struct kvmstats_events *ev)
{
	return ev->fd;
}

/* Return: 1 when there are events, 0 when there are none now, or a negated errno */
static int fill(struct kvmstats_events *ev)
{
	ssize_t n = read(ev->fd, ev->batch, sizeof(ev->batch));

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!n || n % sizeof(*ev->batch))
		return -EBADMSG;
	ev->count = n / sizeof(*ev->batch);
	ev->next = 0;
	return 1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Return: 1, 0 when it is past @end, or a negated errno */
static int wait_until(const struct kvmstats_events *ev, int64_t end)
{
	struct pollfd p = { .fd = ev->fd, .events = POLLIN };
	int64_t left = end < 0 ? -1 : end - now_ms();
	int n = poll(&p, 1, end >= 0 && left < 0 ? 0 : left);

	if (n < 0)
		return -errno;
	if (n && !(p.revents & POLLIN))
		return -EIO;
	return n;
}

int kvmstats_events_next(struct kvmstats_events *ev, int timeout_ms,
			 const struct kvmstats_event **event)
{
	int64_t end = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	int ret;

	while (ev->next == ev->count) {
		ret = fill(ev);
		if (!ret && timeout_ms) {
			ret = wait_until(ev, end);
			if (ret > 0)
				continue;
		}
		if (ret <= 0)
			return ret;
	}
	*event = &ev->batch[ev->next++];
	return 1;
}
