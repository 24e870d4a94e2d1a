/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Eight threads that use a mounted statsfs, each in its own way, while the tree changes
 * under them. That a name is gone is no fault; whatever else is not as it must be is.
 */
#ifndef VMTEST_BROWSERS_H
#define VMTEST_BROWSERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "finding.h"

enum {
	BROWSE_MOUNT,		/* mounts it elsewhere, looks, remounts, unmounts */
	BROWSE_WALK,		/* lists and asks for the attributes of all there is */
	BROWSE_TEXT,		/* opens, reads twice and closes files of values */
	BROWSE_SCHEMA,
	BROWSE_IMAGE,		/* .stats, against the rules of its layout */
	BROWSE_CLEAR,		/* writes 0, and what is refused */
	BROWSE_HOLD,		/* reads files that it opened long ago */
	BROWSE_WATCH,		/* inotify */
	NR_BROWSERS,
};

#define BROWSER_HELD	64

struct browser {
	struct browsers *of;
	int kind;
	pthread_t thread;
	unsigned int seed;
	atomic_ulong rounds;
	atomic_ulong done;		/* files, directories, mounts or events */
	atomic_ulong gone;		/* names that were there a moment ago */
	atomic_ulong refused;		/* of BROWSE_CLEAR */
	atomic_ulong came, went;	/* of BROWSE_WATCH */
	int held[BROWSER_HELD];		/* of BROWSE_HOLD */
	unsigned int nr_held;
	int inotify;
	struct finding fault;
};

struct browsers {
	const char *root;
	atomic_bool leave;
	atomic_uint away;		/* browsers that hold nothing open while they shall not */
	atomic_bool stop;
	struct browser browser[NR_BROWSERS];
};

void browsers_start(struct browsers *browsers, const char *root);
/* While @leave is set they have nothing open; returns when that is so. */
void browsers_leave(struct browsers *browsers, bool leave);
/* All have done what they are for. */
bool browsers_were_busy(const struct browsers *browsers);
/* Checks that nobody has found a fault. */
void browsers_stop(struct browsers *browsers, const char *text);
/* What they did, all together. */
unsigned long browsers_uses(const struct browsers *browsers);

#endif
