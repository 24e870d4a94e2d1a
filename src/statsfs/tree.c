// SPDX-License-Identifier: GPL-2.0-only
/* Sources in sources, and what a name in a directory is. */
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "model.h"

/* All links, by parent and name. */
static DEFINE_HASHTABLE(by_name, 11);

static struct hlist_head *bucket(struct statsfs_source *dir, const char *name, unsigned int len)
{
	return &by_name[hash_32(full_name_hash(dir, name, len), HASH_BITS(by_name))];
}

struct statsfs_source *statsfs_find_sub(struct statsfs_source *dir, const char *name,
					unsigned int len)
{
	struct statsfs_link *link;

	hlist_for_each_entry_srcu(link, bucket(dir, name, len), by_name, statsfs_tree_held())
		if (link->parent == dir && !strncmp(link->sub->name, name, len) &&
		    !link->sub->name[len])
			return link->sub;
	return NULL;
}

/* Under statsfs_lock. */
static struct statsfs_link *link_of(struct statsfs_source *src)
{
	return rcu_dereference_protected(src->link, lockdep_is_held(&statsfs_lock));
}

/* --- adding and removing --- */

/* How many sources are above each other from this one down. */
static unsigned int height(struct statsfs_source *src)
{
	struct statsfs_link *link;
	unsigned int most = 0;

	list_for_each_entry(link, &src->subs, node)
		most = max(most, height(link->sub));
	return most + 1;
}

static int may_add(struct statsfs_source *src, struct statsfs_source *sub)
{
	struct statsfs_source *up = src;
	unsigned int depth = 0, len = strlen(sub->name);
	struct statsfs_entry entry;

	if (src->revoked)
		return -ESTALE;
	if (link_of(sub))
		return -EBUSY;
	for (; up != statsfs_root; up = link_of(up)->parent) {
		if (up == sub)
			return -ELOOP;
		depth++;
		if (!link_of(up))
			break;
	}
	if (depth + height(sub) > STATSFS_DEPTH_MAX)
		return -ELOOP;
	if (statsfs_find_sub(src, sub->name, len) ||
	    statsfs_find_value(src, &src->arrays, sub->name, len, true, &entry))
		return -EEXIST;
	return 0;
}

static void link_in(struct statsfs_link *link, struct statsfs_source *src,
		    struct statsfs_source *sub)
{
	link->parent = src;
	link->sub = statsfs_source_get(sub);
	link->pos = src->next_pos++;
	rcu_assign_pointer(sub->link, link);
	hlist_add_head_rcu(&link->by_name, bucket(src, sub->name, strlen(sub->name)));
	list_add_tail_rcu(&link->node, &src->subs);
	statsfs_changed();
	if (statsfs_visible(sub))
		statsfs_fs_added(src, sub->name, true);
}

int statsfs_source_add_subordinate(struct statsfs_source *src, struct statsfs_source *sub)
{
	struct statsfs_link *link = kzalloc(sizeof(*link), GFP_KERNEL);
	int err;

	if (!link)
		return -ENOMEM;
	mutex_lock(&statsfs_lock);
	err = may_add(src, sub);
	if (!err)
		link_in(link, src, sub);
	mutex_unlock(&statsfs_lock);
	if (err)
		kfree(link);
	return err;
}
EXPORT_SYMBOL_GPL(statsfs_source_add_subordinate);

static void link_left(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct statsfs_link, rcu));
}

void statsfs_unlink(struct statsfs_link *link)
{
	struct statsfs_source *sub = link->sub;
	bool visible = statsfs_visible(sub);

	list_del_rcu(&link->node);
	hlist_del_rcu(&link->by_name);
	RCU_INIT_POINTER(sub->link, NULL);
	statsfs_changed();
	if (visible)
		statsfs_fs_removed(link->parent, sub->name, sub, sub->ino);
	call_srcu(&statsfs_srcu, &link->rcu, link_left);
	statsfs_users_put(sub);
}

int statsfs_source_remove_subordinate(struct statsfs_source *src, struct statsfs_source *sub)
{
	struct statsfs_link *link;
	int err = -ENOENT;

	mutex_lock(&statsfs_lock);
	link = link_of(sub);
	if (link && link->parent == src) {
		statsfs_unlink(link);
		err = 0;
	}
	mutex_unlock(&statsfs_lock);
	return err;
}
EXPORT_SYMBOL_GPL(statsfs_source_remove_subordinate);

int statsfs_source_register(struct statsfs_source *src)
{
	if (src->flags & STATSFS_HIDDEN)
		return -EINVAL;
	return statsfs_source_add_subordinate(statsfs_root, src);
}
EXPORT_SYMBOL_GPL(statsfs_source_register);

int statsfs_source_unregister(struct statsfs_source *src)
{
	return statsfs_source_remove_subordinate(statsfs_root, src);
}
EXPORT_SYMBOL_GPL(statsfs_source_unregister);

/* --- for the file system --- */

bool statsfs_visible(struct statsfs_source *src)
{
	unsigned int depth;

	/* Sources may move meanwhile; the bound ends the walk whatever they do. */
	for (depth = 0; depth <= STATSFS_DEPTH_MAX; depth++) {
		struct statsfs_link *link;

		if (src == statsfs_root)
			return true;
		if (src->flags & STATSFS_HIDDEN)
			return false;
		link = srcu_dereference_check(src->link, &statsfs_srcu,
					      lockdep_is_held(&statsfs_lock));
		if (!link)
			return false;
		src = link->parent;
	}
	return false;
}

bool statsfs_lookup(struct statsfs_source *dir, const char *name, unsigned int len,
		    struct statsfs_entry *entry)
{
	*entry = (struct statsfs_entry){};
	if (!statsfs_revoked(dir) &&
	    statsfs_find_value(dir, &dir->arrays, name, len, false, entry))
		return true;
	entry->sub = statsfs_find_sub(dir, name, len);
	return entry->sub && !(entry->sub->flags & STATSFS_HIDDEN);
}

/* The first value that has a file, at or behind a position. */
static bool next_value(struct statsfs_source *dir, u64 *pos, struct statsfs_entry *entry)
{
	struct statsfs_array *array;
	bool found = false;
	u64 most = U64_MAX;
	u64 i;

	if (statsfs_revoked(dir))
		return false;
	list_for_each_entry_srcu(array, &dir->arrays, node, statsfs_tree_held()) {
		if (array->pos > most)
			continue;
		for (i = max(*pos, array->pos) - array->pos; i < array->nr; i++) {
			if (!statsfs_has_file(dir, array, i))
				continue;
			entry->array = array;
			entry->index = i;
			most = array->pos + i;
			found = true;
			break;
		}
	}
	if (found)
		*pos = most;
	return found;
}

/* The first source that is not hidden, at or behind a position. */
static struct statsfs_link *next_sub(struct statsfs_source *dir, u64 pos,
				     struct statsfs_link *after)
{
	struct statsfs_link *link = after;

	if (!link || link->pos >= pos)
		link = list_entry(&dir->subs, struct statsfs_link, node);
	list_for_each_entry_continue_rcu(link, &dir->subs, node)
		if (link->pos >= pos && !(link->sub->flags & STATSFS_HIDDEN))
			return link;
	return NULL;
}

bool statsfs_next(struct statsfs_source *dir, u64 *pos, struct statsfs_entry *entry)
{
	struct statsfs_link *link = next_sub(dir, *pos, entry->link);
	u64 value_pos = *pos;

	entry->array = NULL;
	entry->sub = NULL;
	if (next_value(dir, &value_pos, entry)) {
		if (!link || value_pos < link->pos) {
			*pos = value_pos;
			return true;
		}
		entry->array = NULL;
	}
	if (!link)
		return false;
	entry->sub = link->sub;
	entry->link = link;
	*pos = link->pos;
	return true;
}
