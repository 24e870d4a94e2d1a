// SPDX-License-Identifier: GPL-2.0-only
/* Sources: how they come, go, and are revoked. */
#define pr_fmt(fmt) "statsfs: " fmt

#include <linux/atomic.h>
#include <linux/ctype.h>
#include <linux/slab.h>

#include "model.h"

DEFINE_MUTEX(statsfs_lock);
struct srcu_struct statsfs_srcu;
struct statsfs_source *statsfs_root;

static atomic_t nr_sources = ATOMIC_INIT(0);
static atomic64_t last_ino = ATOMIC64_INIT(0);
unsigned long statsfs_nr_changes;

u64 statsfs_inos(unsigned int nr)
{
	return atomic64_add_return(nr, &last_ino) - nr + 1;
}

void statsfs_changed(void)
{
	lockdep_assert_held(&statsfs_lock);
	/* Pairs with the acquire in statsfs_changes(). */
	smp_store_release(&statsfs_nr_changes, statsfs_nr_changes + 1);
}

int statsfs_check_name(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (*c == '/' || *c == '.' || iscntrl(*c))
			return -EINVAL;
	if (c == name)
		return -EINVAL;
	return c - name > STATSFS_NAME_MAX ? -ENAMETOOLONG : 0;
}

/* --- counts --- */

void statsfs_mem_get(struct statsfs_source *src)
{
	kref_get(&src->mem);
}

static void mem_gone(struct kref *mem)
{
	struct statsfs_source *src = container_of(mem, struct statsfs_source, mem);

	kfree_rcu(src, rcu);
}

void statsfs_mem_put(struct statsfs_source *src)
{
	kref_put(&src->mem, mem_gone);
}

/* Nobody sees it in the tree any more, and those who have its files open see it revoked. */
static void source_left(struct rcu_head *rcu)
{
	struct statsfs_source *src = container_of(rcu, struct statsfs_source, rcu);

	statsfs_free_arrays(src);
	atomic_dec(&nr_sources);
	statsfs_mem_put(src);
}

/* Under statsfs_lock. Who sees it does not look at the arrays' definitions. */
static void set_revoked(struct statsfs_source *src)
{
	/* Pairs with the acquire of statsfs_revoked(). */
	smp_store_release(&src->revoked, true);
	statsfs_forget_good(src);
	statsfs_changed();
}

/* Goes down as deep as the tree is, which is bounded. */
static void users_gone(struct kref *users)
{
	struct statsfs_source *src = container_of(users, struct statsfs_source, users);
	struct statsfs_link *link, *next;

	lockdep_assert_held(&statsfs_lock);
	list_for_each_entry_safe(link, next, &src->subs, node)
		statsfs_unlink(link);
	set_revoked(src);
	call_srcu(&statsfs_srcu, &src->rcu, source_left);
}

void statsfs_users_put(struct statsfs_source *src)
{
	kref_put(&src->users, users_gone);
}

struct statsfs_source *statsfs_source_get(struct statsfs_source *src)
{
	kref_get(&src->users);
	return src;
}
EXPORT_SYMBOL_GPL(statsfs_source_get);

void statsfs_source_put(struct statsfs_source *src)
{
	if (IS_ERR_OR_NULL(src))
		return;
	if (kref_put_mutex(&src->users, users_gone, &statsfs_lock))
		mutex_unlock(&statsfs_lock);
}
EXPORT_SYMBOL_GPL(statsfs_source_put);

/* --- making one --- */

static struct statsfs_source *source_alloc(struct module *owner, u32 flags)
{
	struct statsfs_source *src = kzalloc(sizeof(*src), GFP_KERNEL);

	if (!src)
		return NULL;
	kref_init(&src->users);
	kref_init(&src->mem);
	src->owner = owner;
	src->flags = flags;
	INIT_LIST_HEAD(&src->arrays);
	INIT_LIST_HEAD(&src->subs);
	src->next_pos = STATSFS_POS_FIRST;
	src->ino = statsfs_inos(STATSFS_INO_NR);
	atomic_inc(&nr_sources);
	return src;
}

struct statsfs_source *statsfs_source_create_owned(struct module *owner, u32 flags,
						   const char *fmt, ...)
{
	char name[STATSFS_NAME_MAX + 2];
	struct statsfs_source *src;
	va_list args;
	int err;

	if (flags & ~STATSFS_HIDDEN)
		return ERR_PTR(-EINVAL);
	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	err = statsfs_check_name(name);
	if (err)
		return ERR_PTR(err);
	src = source_alloc(owner, flags);
	if (!src)
		return ERR_PTR(-ENOMEM);
	strscpy(src->name, name, sizeof(src->name));
	return src;
}
EXPORT_SYMBOL_GPL(statsfs_source_create_owned);

/* --- revoking --- */

void statsfs_sources_revoke(struct statsfs_source **srcs, unsigned int nr)
{
	unsigned int i;

	mutex_lock(&statsfs_lock);
	for (i = 0; i < nr; i++) {
		if (srcs[i]->revoked)
			continue;
		set_revoked(srcs[i]);
		statsfs_tell_revoked(srcs[i]);
	}
	mutex_unlock(&statsfs_lock);
	/* Not under the lock: what is waited for may wait for who waits for the lock. */
	synchronize_srcu_expedited(&statsfs_srcu);
}
EXPORT_SYMBOL_GPL(statsfs_sources_revoke);

void statsfs_source_revoke(struct statsfs_source *src)
{
	statsfs_sources_revoke(&src, 1);
}
EXPORT_SYMBOL_GPL(statsfs_source_revoke);

/* --- the whole --- */

int statsfs_model_init(void)
{
	int err = init_srcu_struct(&statsfs_srcu);

	if (err)
		return err;
	statsfs_root = source_alloc(THIS_MODULE, 0);
	if (!statsfs_root) {
		cleanup_srcu_struct(&statsfs_srcu);
		return -ENOMEM;
	}
	return 0;
}

void statsfs_model_exit(void)
{
	int left;

	statsfs_source_put(statsfs_root);
	srcu_barrier(&statsfs_srcu);
	cleanup_srcu_struct(&statsfs_srcu);
	left = atomic_read(&nr_sources);
	if (left)
		pr_err("%d sources were never given back: their memory is lost\n", left);
}
