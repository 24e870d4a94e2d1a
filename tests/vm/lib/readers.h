/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Eight threads that read all that the device gives, each in its own way, while
 * makers.h makes VMs, and hold it against what must be true at any moment.
 */
#ifndef VMTEST_READERS_H
#define VMTEST_READERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "event_log.h"
#include "finding.h"

enum {
	READER_SNAPSHOT,
	READER_PIECES,
	READER_STATS,
	READER_VM_TOTAL,
	READER_HOST_TOTAL,
	READER_POLL,
	READER_EVENTS,
	READER_EVENTS_SLOW,
	NR_READERS,
};

struct reader {
	const struct readers *of;
	int kind;
	pthread_t thread;
	unsigned int seed;
	unsigned long rounds_wanted;	/* in this session, unless the module stays */
	unsigned long rounds_done;
	atomic_ulong sessions;		/* begun, on a device of their own */
	atomic_ulong rounds;
	atomic_ulong objects;		/* and what else came */
	struct finding fault;
	struct event_log log;		/* of readers of events: of their last session */
};

struct readers {
	bool steady;
	atomic_bool stop;
	atomic_bool leave;
	struct reader reader[NR_READERS];
};

/*
 * @steady: the module stays, so each reader has one session; it has begun when this
 * returns. Else sessions are short, and that there is no module is no fault.
 */
void readers_start(struct readers *readers, bool steady);
/* While @leave is set sessions end, and few begin. */
void readers_leave(struct readers *readers, bool leave);
/* Each of them has read something. */
bool readers_have_all_read(const struct readers *readers);
/* Readers of events take first what there is. Checks that nobody has found a fault. */
void readers_stop(struct readers *readers, const char *text);
void readers_free(struct readers *readers);

/* --- for the files of readers --- */

/* Whether there is another round to go in this session, and whether to cut one short. */
bool reader_goes_on(struct reader *reader);
bool reader_must_end(const struct reader *reader);
/* So many records, stats fds or events were read and judged. */
void reader_add(struct reader *reader, unsigned long objects);
/* So long it rests, or until it shall end. */
void reader_rest(struct reader *reader, unsigned int milliseconds);

void read_snapshots(struct reader *reader, int dev);
void read_pieces(struct reader *reader, int dev);
void read_stats(struct reader *reader, int dev);
void read_vm_total(struct reader *reader, int dev);
void read_host_total(struct reader *reader, int dev);
void read_poll(struct reader *reader, int dev);
void read_events(struct reader *reader, int dev);

#endif
