// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that make, link, read, clear and revoke the same few sources at random. What
 * a source is over is freed when it is revoked: who touches it then is found out.
 */
#define pr_fmt(fmt) "statsfs_test: " fmt

#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "test.h"

#define SLOTS		24
#define NAMES		12	/* fewer, so that some are taken */
#define THREADS_MAX	64
#define MAGIC		0x57a75f5

/* Every value is this, or 0 once it was cleared. */
#define FULL		7

struct load {
	u64 magic;
	u64 sum;
	u64 least;
	u64 most;
	u64 mean;
};

/* A source that threads share, and what it is over. */
static struct slot {
	spinlock_t lock;
	struct statsfs_source *src;
	struct load *load;
} slots[SLOTS];

static struct task_struct *threads[THREADS_MAX];
static unsigned int nr_threads;
static unsigned long end;

static atomic_t running = ATOMIC_INIT(0);
static atomic64_t operations = ATOMIC64_INIT(0);
static atomic_t errors = ATOMIC_INIT(0);

static void check(bool good, const char *what, s64 seen)
{
	if (good)
		return;
	atomic_inc(&errors);
	pr_err_ratelimited("storm: %s: %lld\n", what, seen);
}

static void may_lack(const char *what, int err)
{
	check(!err || err == -ENOENT, what, err);
}

/* --- values --- */

static u64 get(const struct statsfs_value *val, void *base)
{
	struct load *load = base;

	check(READ_ONCE(load->magic) == MAGIC, "read after it was revoked", load->magic);
	return READ_ONCE(*(u64 *)(base + val->offset));
}

static void get_many(const struct statsfs_value *first, unsigned int nr, void *base, u64 *to)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		to[i] = get(&first[i], base);
	cond_resched();
}

static void clear(const struct statsfs_value *val, void *base)
{
	struct load *load = base;

	check(READ_ONCE(load->magic) == MAGIC, "cleared after it was revoked", load->magic);
	WRITE_ONCE(*(u64 *)(base + val->offset), 0);
}

static const struct statsfs_type checked = { .get = get, .get_many = get_many, .clear = clear };

#define VALUE(n, t, a) \
	{ .name = #n, .offset = offsetof(struct load, n), .type = &(t), .aggregate = STATSFS_##a }

static const struct statsfs_value arrays[2][5] = {
	{
		VALUE(sum, checked, SUM),
		VALUE(least, checked, MIN),
		VALUE(most, checked, MAX),
		VALUE(mean, checked, AVG),
	},
	{
		VALUE(most, statsfs_type_u64, MAX),
		VALUE(sum, statsfs_type_u64, SUM),
		VALUE(mean, checked, AVG),
		VALUE(least, statsfs_type_u64, MIN),
	},
};

/* Of any number of values, each of them 0 or FULL, simple or not. */
static bool is_possible(const struct statsfs_value *val, u64 value)
{
	switch (val->aggregate) {
	case STATSFS_SUM:
		return value % FULL == 0;
	case STATSFS_MIN:
		return !value || value == FULL || value == U64_MAX;
	case STATSFS_MAX:
		return !value || value == FULL;
	default:
		return value <= FULL;
	}
}

/* --- slots --- */

static struct load *load_alloc(void)
{
	struct load *load = kmalloc(sizeof(*load), GFP_KERNEL);

	if (load)
		*load = (struct load){ MAGIC, FULL, FULL, FULL, FULL };
	return load;
}

/* With a reference; the load is good as long as the source is not revoked. */
static struct statsfs_source *slot_get(struct slot *slot, struct load **load)
{
	struct statsfs_source *src;

	spin_lock(&slot->lock);
	src = statsfs_source_get(slot->src);
	*load = slot->load;
	spin_unlock(&slot->lock);
	return src;
}

static bool slot_has(struct slot *slot, struct statsfs_source *src)
{
	return READ_ONCE(slot->src) == src;
}

/* Out of whatever it is in. Who adds it from now on sees that it has no slot. */
static void unlink_everywhere(struct statsfs_source *src)
{
	struct statsfs_source *parent;
	struct load *load;
	unsigned int i;

	if (!statsfs_source_unregister(src))
		return;
	for (i = 0; i < SLOTS; i++) {
		parent = slot_get(&slots[i], &load);
		statsfs_source_remove_subordinate(parent, src);
		statsfs_source_put(parent);
	}
}

static void source_end(struct statsfs_source *src, struct load *load)
{
	statsfs_source_revoke(src);
	WRITE_ONCE(load->magic, 0);
	kfree(load);
	statsfs_source_put(src);
}

/* Another source into a slot. */
static void replace(struct slot *slot, u32 random)
{
	struct statsfs_source *src;
	struct load *load = load_alloc();

	src = statsfs_source_create(random % 8 ? 0 : STATSFS_HIDDEN, "s%u", random / 8 % NAMES);
	if (!load || IS_ERR(src)) {
		statsfs_source_put(src);
		kfree(load);
		return;
	}
	spin_lock(&slot->lock);
	src = xchg(&slot->src, src);
	swap(slot->load, load);
	spin_unlock(&slot->lock);
	unlink_everywhere(src);
	source_end(src, load);
}

static void refill(struct slot *slot)
{
	spin_lock(&slot->lock);
	WRITE_ONCE(slot->load->sum, FULL);
	WRITE_ONCE(slot->load->least, FULL);
	WRITE_ONCE(slot->load->most, FULL);
	WRITE_ONCE(slot->load->mean, FULL);
	spin_unlock(&slot->lock);
}

/* --- what threads do --- */

static void add_values(struct statsfs_source *src, struct load *load, u32 random)
{
	int err = statsfs_source_add_values(src, arrays[random % 2], random & 4 ? load : NULL,
					    random & 8 ? 0 : STATSFS_HIDDEN);

	check(!err || err == -EEXIST || err == -ESTALE, "add_values", err);
}

static void add_sub(struct statsfs_source *src, struct statsfs_source *sub, struct slot *slot)
{
	int err = statsfs_source_add_subordinate(src, sub);

	check(!err || err == -EEXIST || err == -EBUSY || err == -ELOOP || err == -ESTALE,
	      "add_subordinate", err);
	if (!err && !slot_has(slot, sub))
		statsfs_source_remove_subordinate(src, sub);
}

static void add_root(struct statsfs_source *src, struct slot *slot)
{
	int err = statsfs_source_register(src);

	check(!err || err == -EEXIST || err == -EBUSY || err == -EINVAL, "register", err);
	if (!err && !slot_has(slot, src))
		statsfs_source_unregister(src);
}

static void read(struct statsfs_source *src, const struct statsfs_value *val, bool by_name)
{
	u64 value = 1;
	int err = by_name ? statsfs_source_get_value_by_name(src, val->name, &value) :
			    statsfs_source_get_value(src, val, &value);

	may_lack("get_value", err);
	check(!err || !value, "get_value of nothing", value);
	check(is_possible(val, value), val->name, value);
}

static void zero(struct statsfs_source *src, const struct statsfs_value *val, bool by_name)
{
	may_lack("clear", by_name ? statsfs_source_clear_by_name(src, val->name) :
				    statsfs_source_clear(src, val));
}

static void operate(struct rnd_state *rnd)
{
	u32 random = prandom_u32_state(rnd);
	struct slot *slot = &slots[prandom_u32_state(rnd) % SLOTS];
	struct slot *other = &slots[prandom_u32_state(rnd) % SLOTS];
	const struct statsfs_value *val = &arrays[random >> 8 & 1][random >> 9 & 3];
	struct statsfs_source *srcs[2];
	struct load *load, *unused;

	srcs[0] = slot_get(slot, &load);
	srcs[1] = slot_get(other, &unused);
	switch (random % 32) {
	case 0:
		replace(slot, random >> 8);
		break;
	case 1:
		if (!(random >> 11 & 3))
			statsfs_sources_revoke(srcs, 2);
		break;
	case 2 ... 6:
		add_values(srcs[0], load, random >> 8);
		break;
	case 7 ... 11:
		add_sub(srcs[0], srcs[1], other);
		break;
	case 12 ... 14:
		may_lack("remove_subordinate", statsfs_source_remove_subordinate(srcs[0], srcs[1]));
		break;
	case 15 ... 17:
		add_root(srcs[0], slot);
		break;
	case 18:
		may_lack("unregister", statsfs_source_unregister(srcs[0]));
		break;
	case 19 ... 20:
		zero(srcs[0], val, random >> 12 & 1);
		break;
	case 21 ... 22:
		refill(slot);
		break;
	default:
		read(srcs[0], val, random >> 12 & 1);
	}
	statsfs_source_put(srcs[0]);
	statsfs_source_put(srcs[1]);
}

/* --- from beginning to end --- */

static void slots_end(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (slots[i].src)
			unlink_everywhere(slots[i].src);
	for (i = 0; i < SLOTS; i++)
		if (slots[i].src)
			source_end(slots[i].src, slots[i].load);
}

/* Nothing that was lost on the way is in the root. */
static void check_root(void)
{
	unsigned int i;

	for (i = 0; i < NAMES; i++) {
		struct statsfs_source *src = statsfs_source_create(0, "s%u", i);

		check(!IS_ERR(src) && !statsfs_source_register(src) &&
		      !statsfs_source_unregister(src), "a name is still taken", i);
		statsfs_source_put(src);
	}
}

static int slots_begin(void)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		struct statsfs_source *src = statsfs_source_create(0, "s%u", i % NAMES);
		struct load *load = load_alloc();

		if (IS_ERR(src) || !load) {
			statsfs_source_put(src);
			kfree(load);
			slots_end();
			return -ENOMEM;
		}
		spin_lock_init(&slots[i].lock);
		slots[i].src = src;
		slots[i].load = load;
	}
	return 0;
}

static int storm_thread(void *seed)
{
	struct rnd_state rnd;
	s64 done = 0;

	prandom_seed_state(&rnd, (unsigned long)seed);
	while (!kthread_should_stop() && time_before(jiffies, end)) {
		operate(&rnd);
		done++;
		cond_resched();
	}
	atomic64_add(done, &operations);
	if (atomic_dec_and_test(&running)) {
		slots_end();
		check_root();
		pr_info("storm: %lld operations, %d errors\n",
			(s64)atomic64_read(&operations), atomic_read(&errors));
	}
	return 0;
}

int storm_start(unsigned int seconds, unsigned int wanted)
{
	unsigned long i;
	int err;

	if (!wanted || wanted > THREADS_MAX || seconds > 3600)
		return -EINVAL;
	err = slots_begin();
	if (err)
		return err;
	end = jiffies + seconds * HZ;
	for (i = 0; i < wanted; i++) {
		threads[i] = kthread_create(storm_thread, (void *)(i + 1), "storm/%lu", i);
		if (IS_ERR(threads[i])) {
			err = PTR_ERR(threads[i]);
			break;
		}
		/* It may have ended by itself when it is stopped. */
		get_task_struct(threads[i]);
	}
	nr_threads = i;
	if (err) {
		storm_stop();
		slots_end();
		return err;
	}
	atomic_set(&running, nr_threads);
	for (i = 0; i < nr_threads; i++)
		wake_up_process(threads[i]);
	return 0;
}

void storm_stop(void)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++) {
		kthread_stop(threads[i]);
		put_task_struct(threads[i]);
	}
	nr_threads = 0;
}
