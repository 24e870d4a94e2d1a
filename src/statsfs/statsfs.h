/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the model (source.c, values.c) and the file system (super.c, dir.c, file.c)
 * know of each other.
 *
 * The tree. Writers hold statsfs_lock. Readers are in a read section of statsfs_srcu and
 * take no lock: lists are RCU lists, what leaves them is freed by call_srcu(). An array
 * and its definitions, which are the owner's, may be looked at in a section in which the
 * source was seen not to be revoked; revoking waits for such sections.
 *
 * Two counts. @users are those who may still use the source: its creator and its parent;
 * when they are gone its subordinates leave it. @mem keeps the memory, no more: inodes
 * hold it, and so does the count of users as a whole. Dropping @mem never sleeps, takes
 * no lock and may happen in reclaim.
 */
#ifndef STATSFS_INTERNAL_H
#define STATSFS_INTERNAL_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/srcu.h>

#include "../../include/linux/statsfs.h"

/**
 * struct statsfs_array - an array of values that was added to a source
 * @node: in the source's list, the newest first
 * @values: the owner's
 * @nr: how many
 * @base: NULL makes aggregates
 * @flags: STATSFS_HIDDEN or 0
 * @pos: position of the first value in its directory; the others follow
 * @ino: inode number of the first value's file; the others follow
 */
struct statsfs_array {
	struct list_head node;
	const struct statsfs_value *values;
	void *base;
	unsigned int nr;
	u32 flags;
	u64 pos;
	u64 ino;
};

/**
 * struct statsfs_link - a source in its parent
 * @node: in the parent's list, in ascending order of @pos
 * @by_name: in the hash of names
 * @parent: not counted: a link goes before its parent does
 * @sub: holds a count of users
 * @pos: position in the directory
 */
struct statsfs_link {
	struct list_head node;
	struct hlist_node by_name;
	struct statsfs_source *parent;
	struct statsfs_source *sub;
	u64 pos;
	struct rcu_head rcu;
};

/* Sources above each other, without the root. */
#define STATSFS_DEPTH_MAX	32

/* First position of a value or a source: before it are ., .., .schema and .stats. */
#define STATSFS_POS_FIRST	4

/* Inode numbers of a source: its directory, and two files in it. */
#define STATSFS_INO_SCHEMA	1
#define STATSFS_INO_STATS	2
#define STATSFS_INO_NR		3

/**
 * struct statsfs_source - a directory
 * @users: see above
 * @mem: see above
 * @owner: valid until the source is revoked
 * @flags: STATSFS_HIDDEN or 0
 * @revoked: its arrays are no longer looked at
 * @link: in its parent, NULL without one; under statsfs_lock, read by RCU for the path
 * @arrays: the newest first
 * @subs: struct statsfs_link, in ascending order of pos
 * @next_pos: of the next entry; under statsfs_lock
 * @ino: inode number of the directory, never reused
 * @name: name of the directory
 */
struct statsfs_source {
	struct kref users;
	struct kref mem;
	struct module *owner;
	u32 flags;
	bool revoked;
	struct statsfs_link __rcu *link;
	struct list_head arrays;
	struct list_head subs;
	u64 next_pos;
	u64 ino;
	struct rcu_head rcu;
	char name[STATSFS_NAME_MAX + 1];
};

extern struct mutex statsfs_lock;
extern struct srcu_struct statsfs_srcu;
extern unsigned long statsfs_nr_changes;

/* The root of every mount: no values, no name. Made by statsfs_model_init(). */
extern struct statsfs_source *statsfs_root;

/* --- the model, for the file system --- */

int statsfs_model_init(void);
/* With no mount left: waits for what call_srcu() has in hand. Says what clients left behind. */
void statsfs_model_exit(void);

/* Calls detach() of all clients and waits until none is left. For the module's exit. */
void statsfs_clients_detach(void);

void statsfs_mem_get(struct statsfs_source *src);
void statsfs_mem_put(struct statsfs_source *src);

/*
 * How often the tree has changed: what names stood for when this was asked for, they stand
 * for as long as it gives the same.
 */
static inline unsigned long statsfs_changes(void)
{
	/* Pairs with the release in statsfs_changed(): who sees the number sees the change. */
	return smp_load_acquire(&statsfs_nr_changes);
}

/* What a name in a directory is: a source if @array is NULL. */
struct statsfs_entry {
	struct statsfs_array *array;
	unsigned int index;		/* in @array */
	struct statsfs_source *sub;
	struct statsfs_link *link;	/* for statsfs_next() alone */
};

/**
 * statsfs_lookup - what has a name in a directory
 *
 * Hidden ones have no name. Context: in a read section, which the entry is good for.
 * Return: whether there is something.
 */
bool statsfs_lookup(struct statsfs_source *dir, const char *name, unsigned int len,
		    struct statsfs_entry *entry);

/**
 * statsfs_next - the first entry of a directory at or behind a position
 * @pos: position; set to that of the entry found. Values that another of their name
 *	goes before are passed over, and so is what is hidden.
 * @entry: zeroed before the first call of a read section, then as the last call left it:
 *	a walk through a large directory goes on from there
 *
 * Context and return: as for statsfs_lookup().
 */
bool statsfs_next(struct statsfs_source *dir, u64 *pos, struct statsfs_entry *entry);

/* Is a source in the tree, without anything hidden above it? In a read section. */
bool statsfs_visible(struct statsfs_source *src);

/**
 * statsfs_read_values - values of one array that follow each other
 * @to: receives them
 *
 * Simple ones are read, aggregates made, for all of them in one walk. Zeroes of a source
 * that is revoked.
 * Context: in a read section.
 */
void statsfs_read_values(struct statsfs_source *src, struct statsfs_array *array,
			 unsigned int first, unsigned int nr, u64 *to);

/* As statsfs_source_clear(). Context: in a read section. */
int statsfs_clear_value(struct statsfs_source *src, struct statsfs_array *array,
			unsigned int index);

static inline bool statsfs_revoked(const struct statsfs_source *src)
{
	/* Pairs with the release when it is revoked. */
	return smp_load_acquire(&src->revoked);
}

/* --- the file system, for the model; all under statsfs_lock --- */

/* Entries have come into a directory that is visible: tell who watches it. */
void statsfs_fs_added(struct statsfs_source *dir, const char *name, bool is_dir);

/*
 * An entry has gone from a directory that was visible: tell, and have its names in the
 * dentry cache go. @ino is that of the file or the directory; @sub is NULL of a file. The
 * directories below @sub go with it.
 */
void statsfs_fs_removed(struct statsfs_source *dir, const char *name,
			struct statsfs_source *sub, u64 ino);

#endif
