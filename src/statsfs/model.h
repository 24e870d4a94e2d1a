/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the model know of each other. */
#ifndef STATSFS_MODEL_H
#define STATSFS_MODEL_H

#include "statsfs.h"

#define statsfs_tree_held() \
	(srcu_read_lock_held(&statsfs_srcu) || lockdep_is_held(&statsfs_lock))

/* 0, -EINVAL or -ENAMETOOLONG. */
int statsfs_check_name(const char *name);

/* Names have come, gone, or stand for something else: under statsfs_lock, when it is so. */
void statsfs_changed(void);

/* Give back a count of users, under statsfs_lock. */
void statsfs_users_put(struct statsfs_source *src);

/* Take a source out of its parent, under statsfs_lock. */
void statsfs_unlink(struct statsfs_link *link);

/* The subordinate source of a name, also a hidden one. */
struct statsfs_source *statsfs_find_sub(struct statsfs_source *dir, const char *name,
					unsigned int len);

/**
 * statsfs_find_value - the first value of a name
 * @behind: in the arrays that follow this node of the source's list, or its head
 * @hidden: also in hidden arrays
 */
bool statsfs_find_value(struct statsfs_source *src, struct list_head *behind,
			const char *name, unsigned int len, bool hidden,
			struct statsfs_entry *entry);

/* Is a value the first of its name, and not hidden? */
bool statsfs_has_file(struct statsfs_source *src, struct statsfs_array *array,
		      unsigned int index);

/* A source is revoked: the files of its values are gone. Under statsfs_lock. */
void statsfs_tell_revoked(struct statsfs_source *src);

/* The owner of its arrays may change them from now on. Under statsfs_lock. */
void statsfs_forget_good(struct statsfs_source *src);

void statsfs_free_arrays(struct statsfs_source *src);

/* Inode numbers for @nr files, never given before. */
u64 statsfs_inos(unsigned int nr);

#endif
