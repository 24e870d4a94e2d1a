// SPDX-License-Identifier: GPL-2.0-only
#include <linux/anon_inodes.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "command.h"
#include "events.h"

/* Events that wait for one reader; a host that starts 500 VMs at once fits. */
#define RING_SIZE	2048
/* Events that one read() gives at most. */
#define BATCH		64

/**
 * struct entry - an event in a ring
 * @type: KVMSTATS_EVENT_*
 * @time_ns: CLOCK_BOOTTIME
 * @value: what the listener was told
 * @vm: held, and retained when the event is its end; NULL for events without a VM
 */
struct entry {
	u32 type;
	u64 time_ns;
	u64 value;
	struct kvms_vm *vm;
};

/**
 * struct reader - an events fd
 * @all: in the list of readers, written under readers_lock, read under RCU
 * @ns: pid namespace of the opener, held
 * @record_size: what the reader calls a record
 * @lock: guards the ring and @lost, is taken in probes
 * @head: place of the oldest entry
 * @count: entries in the ring
 * @lost: events that had no room since the last entry
 * @lost_ns: when the last of them was
 * @wait: woken for each event
 * @read_lock: one read() at a time; guards @held
 * @nr_held: length of @held
 * @held: VMs whose end the last read() has told of, still retained
 * @ring: RING_SIZE entries
 */
struct reader {
	struct list_head all;
	struct pid_namespace *ns;
	u32 record_size;
	spinlock_t lock;
	u32 head;
	u32 count;
	u64 lost;
	u64 lost_ns;
	wait_queue_head_t wait;
	struct mutex read_lock;
	u32 nr_held;
	struct kvms_vm *held[BATCH];
	struct entry *ring;
};

static LIST_HEAD(readers);
static DEFINE_SPINLOCK(readers_lock);

/* --- writing: in probes --- */

static void entry_hold(const struct entry *entry)
{
	if (entry->type == KVMSTATS_EVENT_VM_GONE)
		kvms_vm_retain(entry->vm);
	else if (entry->vm)
		kvms_vm_get(entry->vm);
}

static void entry_drop(const struct entry *entry)
{
	if (entry->type == KVMSTATS_EVENT_VM_GONE)
		kvms_vm_unretain(entry->vm);
	else if (entry->vm)
		kvms_vm_put(entry->vm);
}

/* Called under reader->lock. */
static bool ring_put(struct reader *reader, const struct entry *entry)
{
	if (reader->count == RING_SIZE)
		return false;
	reader->ring[(reader->head + reader->count++) % RING_SIZE] = *entry;
	return true;
}

/* Called under reader->lock: what was lost goes where it would have been. */
static bool ring_put_lost(struct reader *reader)
{
	const struct entry lost = {
		.type = KVMSTATS_EVENT_LOST, .time_ns = reader->lost_ns, .value = reader->lost,
	};

	if (!reader->lost)
		return true;
	if (!ring_put(reader, &lost))
		return false;
	reader->lost = 0;
	return true;
}

static void reader_push(struct reader *reader, const struct entry *entry)
{
	bool stored;

	entry_hold(entry);
	spin_lock(&reader->lock);
	stored = ring_put_lost(reader) && ring_put(reader, entry);
	if (!stored) {
		reader->lost++;
		reader->lost_ns = entry->time_ns;
	}
	spin_unlock(&reader->lock);
	if (!stored)
		entry_drop(entry);
	wake_up_poll(&reader->wait, EPOLLIN | EPOLLRDNORM);
}

void kvms_events_push(u32 type, struct kvms_vm *vm, u64 value)
{
	const struct entry entry = {
		.type = type, .time_ns = ktime_get_boottime_ns(), .value = value, .vm = vm,
	};
	struct reader *reader;

	rcu_read_lock();
	list_for_each_entry_rcu(reader, &readers, all)
		if (!vm || kvms_vm_visible(vm, reader->ns))
			reader_push(reader, &entry);
	rcu_read_unlock();
}

/* --- reading --- */

/* The oldest entry stays where it is: writers only add behind. Called under read_lock. */
static bool ring_peek(struct reader *reader, struct entry *entry)
{
	bool found;

	spin_lock(&reader->lock);
	if (!reader->count)
		ring_put_lost(reader);
	found = reader->count;
	if (found)
		*entry = reader->ring[reader->head];
	spin_unlock(&reader->lock);
	return found;
}

static void ring_skip(struct reader *reader)
{
	spin_lock(&reader->lock);
	reader->head = (reader->head + 1) % RING_SIZE;
	reader->count--;
	spin_unlock(&reader->lock);
}

static bool ring_ready(struct reader *reader)
{
	return READ_ONCE(reader->count) || READ_ONCE(reader->lost);
}

static int put_event(struct reader *reader, const struct entry *entry, char __user *to)
{
	bool is_vcpu = entry->type == KVMSTATS_EVENT_VCPU_CREATED;
	const struct kvmstats_event event = {
		.type = entry->type,
		.vcpu_id = is_vcpu ? entry->value : 0,
		.vm_id = entry->vm ? entry->vm->id : 0,
		.time_ns = entry->time_ns,
		.value = is_vcpu ? 0 : entry->value,
		.pid = entry->vm ? pid_nr_ns(entry->vm->creator, reader->ns) : 0,
	};
	size_t fill = min_t(size_t, sizeof(event), reader->record_size);

	return copy_to_user(to, &event, fill) ||
	       clear_user(to + fill, reader->record_size - fill) ? -EFAULT : 0;
}

static void release_held(struct reader *reader)
{
	while (reader->nr_held)
		kvms_vm_unretain(reader->held[--reader->nr_held]);
}

/* Called under read_lock. An event that cannot be handed over stays in the ring. */
static ssize_t take_batch(struct reader *reader, char __user *buf, size_t count)
{
	struct entry entry;
	size_t done = 0;
	int nr, err = 0;

	for (nr = 0; nr < BATCH && done + reader->record_size <= count; nr++) {
		if (!ring_peek(reader, &entry))
			break;
		err = put_event(reader, &entry, buf + done);
		if (err)
			break;
		ring_skip(reader);
		if (entry.type == KVMSTATS_EVENT_VM_GONE)
			reader->held[reader->nr_held++] = entry.vm;
		else
			entry_drop(&entry);
		done += reader->record_size;
	}
	return done ?: err;
}

/* Lets go of what the last read() told of, and takes what there is. */
static ssize_t read_batch(struct reader *reader, char __user *buf, size_t count)
{
	ssize_t ret;

	if (mutex_lock_interruptible(&reader->read_lock))
		return -ERESTARTSYS;
	release_held(reader);
	ret = take_batch(reader, buf, count);
	mutex_unlock(&reader->read_lock);
	return ret;
}

static ssize_t events_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct reader *reader = file->private_data;
	ssize_t ret;

	if (count < reader->record_size)
		return -EINVAL;
	while (!(ret = read_batch(reader, buf, count))) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(reader->wait, ring_ready(reader));
		if (ret)
			return ret;
	}
	return ret;
}

static __poll_t events_poll(struct file *file, poll_table *wait)
{
	struct reader *reader = file->private_data;

	poll_wait(file, &reader->wait, wait);
	return ring_ready(reader) ? EPOLLIN | EPOLLRDNORM : 0;
}

static void reader_add(struct reader *reader)
{
	spin_lock(&readers_lock);
	list_add_tail_rcu(&reader->all, &readers);
	spin_unlock(&readers_lock);
}

/* Waits until no probe is pushing to it any more. */
static void reader_free(struct reader *reader)
{
	struct entry entry;

	spin_lock(&readers_lock);
	list_del_rcu(&reader->all);
	spin_unlock(&readers_lock);
	synchronize_rcu();

	release_held(reader);
	while (ring_peek(reader, &entry)) {
		ring_skip(reader);
		entry_drop(&entry);
	}
	put_pid_ns(reader->ns);
	kvfree(reader->ring);
	kfree(reader);
}

static int events_release(struct inode *inode, struct file *file)
{
	reader_free(file->private_data);
	return 0;
}

static const struct file_operations events_fops = {
	.owner = THIS_MODULE,
	.read = events_read,
	.poll = events_poll,
	.release = events_release,
};

static struct reader *reader_alloc(struct pid_namespace *ns, u32 record_size)
{
	struct reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);

	if (!reader)
		return NULL;
	reader->ring = kvcalloc(RING_SIZE, sizeof(*reader->ring), GFP_KERNEL);
	if (!reader->ring) {
		kfree(reader);
		return NULL;
	}
	reader->ns = get_pid_ns(ns);
	reader->record_size = record_size;
	spin_lock_init(&reader->lock);
	init_waitqueue_head(&reader->wait);
	mutex_init(&reader->read_lock);
	return reader;
}

int kvms_open_events(struct file *file, void __user *arg)
{
	struct kvmstats_open_events open;
	struct reader *reader;
	int ret;

	ret = kvms_fetch(&open, sizeof(open), offsetofend(struct kvmstats_open_events, reserved), arg);
	if (ret)
		return ret;
	if (open.flags || open.reserved || open.record_size % sizeof(u64) ||
	    open.record_size < offsetofend(struct kvmstats_event, reserved) ||
	    open.record_size > KVMS_MAX_STRUCT)
		return -EINVAL;
	ret = kvms_give_back(arg, &open, sizeof(open));
	if (ret)
		return ret;

	reader = reader_alloc(kvms_opener_pid_ns(file), open.record_size);
	if (!reader)
		return -ENOMEM;
	/* In the list before the fd exists: whoever has the fd misses nothing. */
	reader_add(reader);
	ret = anon_inode_getfd("kvmstats-events", &events_fops, reader, O_RDONLY | O_CLOEXEC);
	if (ret < 0)
		reader_free(reader);
	return ret;
}
