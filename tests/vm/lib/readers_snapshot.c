// SPDX-License-Identifier: GPL-2.0-only
/* Readers of snapshots: of all at once, and in pieces and by id. */
#include <stdlib.h>

#include "readers.h"
#include "walk.h"

/* Each thread has its own. */
struct view {
	struct schemas schemas;
	struct walk walks[2];
	struct walk by_id;
};

static struct view *view_open(int dev)
{
	struct view *view = calloc(1, sizeof(*view));

	if (!view)
		tap_bail("no memory for snapshots");
	schemas_get(dev, &view->schemas);
	return view;
}

void read_snapshots(struct reader *reader, int dev)
{
	struct view *view = view_open(dev);

	for (unsigned int i = 0; reader_goes_on(reader); i++) {
		struct walk *walk = &view->walks[i % 2];

		walk_take(dev, walk, WALK_BYTES, &reader->fault);
		walk_judge(walk, &view->walks[!(i % 2)], &view->schemas, &reader->fault);
		reader_add(reader, walk->count);
	}
	free(view);
}

void read_pieces(struct reader *reader, int dev)
{
	struct view *view = view_open(dev);

	for (unsigned int i = 0; reader_goes_on(reader); i++) {
		struct walk *walk = &view->walks[i % 2];

		walk_take(dev, walk, WALK_PIECE, &reader->fault);
		walk_judge(walk, &view->walks[!(i % 2)], &view->schemas, &reader->fault);
		walk_take_by_id(dev, &view->by_id, walk, &view->schemas, &reader->fault);
		reader_add(reader, walk->count + view->by_id.count);
	}
	free(view);
}
