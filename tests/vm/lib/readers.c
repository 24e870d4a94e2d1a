// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "readers.h"

/* Rounds of a session while the module comes and goes, at most. */
#define MAX_ROUNDS	8
/* While readers shall leave, one of so many naps ends with an attempt to begin. */
#define RARELY		16
#define LONG_NAP_US	30000
#define NAP_US		500

static const struct {
	const char *name;
	void (*session)(struct reader *reader, int dev);
} kinds[NR_READERS] = {
	[READER_SNAPSHOT] = { "snapshots", read_snapshots },
	[READER_PIECES] = { "snapshots in pieces and by id", read_pieces },
	[READER_STATS] = { "stats fds of VMs and vCPUs", read_stats },
	[READER_VM_TOTAL] = { "totals of VMs", read_vm_total },
	[READER_HOST_TOTAL] = { "the host's total", read_host_total },
	[READER_POLL] = { "polls for the end of VMs", read_poll },
	[READER_EVENTS] = { "events", read_events },
	[READER_EVENTS_SLOW] = { "events, slowly", read_events },
};

bool reader_must_end(const struct reader *reader)
{
	return atomic_load(&reader->of->stop) ||
	       (!reader->of->steady && atomic_load(&reader->of->leave));
}

/* A session has one round at least: one that has begun shall read something. */
bool reader_goes_on(struct reader *reader)
{
	if (atomic_load(&reader->of->stop) ||
	    (reader->rounds_done && reader_must_end(reader)) ||
	    (!reader->of->steady && reader->rounds_done == reader->rounds_wanted))
		return false;
	reader->rounds_done++;
	atomic_fetch_add(&reader->rounds, 1);
	return true;
}

void reader_add(struct reader *reader, unsigned long objects)
{
	atomic_fetch_add(&reader->objects, objects);
}

void reader_rest(struct reader *reader, unsigned int milliseconds)
{
	while (milliseconds-- && !reader_must_end(reader))
		usleep(1000);
}

/* That there is no device is what unloading looks like from outside. */
static int try_open(struct reader *reader)
{
	int dev = open(KVMSTATS_DEVICE, O_RDONLY | O_CLOEXEC);

	if (dev < 0 && (reader->of->steady ||
			(errno != ENOENT && errno != ENODEV && errno != ENXIO)))
		finding_add(&reader->fault, "cannot open the device, errno %d", errno);
	return dev;
}

static void *run(void *argument)
{
	struct reader *reader = argument;
	int dev;

	while (!atomic_load(&reader->of->stop)) {
		if (reader_must_end(reader)) {
			usleep(LONG_NAP_US);
			if (rand_r(&reader->seed) % RARELY)
				continue;
		}
		usleep(NAP_US);
		dev = try_open(reader);
		if (dev < 0)
			continue;
		reader->rounds_wanted = 1 + rand_r(&reader->seed) % MAX_ROUNDS;
		reader->rounds_done = 0;
		atomic_fetch_add(&reader->sessions, 1);
		kinds[reader->kind].session(reader, dev);
		close(dev);
	}
	return NULL;
}

void readers_start(struct readers *readers, bool steady)
{
	memset(readers, 0, sizeof(*readers));
	readers->steady = steady;
	for (int i = 0; i < NR_READERS; i++) {
		struct reader *reader = &readers->reader[i];

		reader->of = readers;
		reader->kind = i;
		reader->seed = i;
		event_log_init(&reader->log, steady);
		if (pthread_create(&reader->thread, NULL, run, reader))
			tap_bail("pthread_create failed");
		while (steady && !atomic_load(&reader->rounds))
			usleep(1000);
	}
}

void readers_leave(struct readers *readers, bool leave)
{
	atomic_store(&readers->leave, leave);
}

bool readers_have_all_read(const struct readers *readers)
{
	for (int i = 0; i < NR_READERS; i++)
		if (!atomic_load(&readers->reader[i].objects))
			return false;
	return true;
}

void readers_stop(struct readers *readers, const char *text)
{
	atomic_store(&readers->stop, true);
	for (int i = 0; i < NR_READERS; i++) {
		struct reader *reader = &readers->reader[i];

		pthread_join(reader->thread, NULL);
		if (!atomic_load(&reader->objects))
			finding_add(&reader->fault, "nothing was read");
		finding_is_none(&reader->fault, "%s: %s: %lu in %lu rounds of %lu sessions",
			      text, kinds[i].name, atomic_load(&reader->objects),
			      atomic_load(&reader->rounds), atomic_load(&reader->sessions));
	}
}

void readers_free(struct readers *readers)
{
	for (int i = 0; i < NR_READERS; i++)
		event_log_free(&readers->reader[i].log);
}
