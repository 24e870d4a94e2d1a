// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/hashtable.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "../../compat/compat.h"
#include "runs.h"

/* How often to look again at a vCPU that may be about to change its thread. */
#define LOOKS		20

/**
 * struct kvms_runner - a thread whose counts are wanted
 * @by_task: in the hash
 * @task: held
 * @users: its counts; freed with the last
 * @lock: guards the two lists and what is in them; taken by readers
 * @vcpus: that it ran last; each is pinned as long as it is here
 * @counts: struct kvms_count
 */
struct kvms_runner {
	struct hlist_node by_task;
	struct task_struct *task;
	unsigned int users;
	raw_spinlock_t lock;
	struct list_head vcpus;
	struct list_head counts;
};

/*
 * Guards the hash and each vCPU's run.runner. Within the table's lock, around a
 * runner's own.
 */
static DEFINE_RAW_SPINLOCK(runners_lock);
static DEFINE_HASHTABLE(runners, 8);

/* --- reading; see peek.c for what may not be traced --- */

/* It is pinned: a runner has it, or the table's lock is held and its VM is in there. */
static __always_inline struct kvm_vcpu *kvcpu_of(const struct kvms_vcpu *vcpu)
{
	return container_of(vcpu->obj.live, struct kvm_vcpu, stat);
}

static __always_inline u64 value_of(const struct kvms_vcpu *vcpu, const struct kvms_stat *stat)
{
	if (stat->count)
		return stat->count(kvcpu_of(vcpu));
	return vcpu->obj.vm->schema == stat->schema ? kvms_peek(&vcpu->obj, stat) : 0;
}

static __always_inline bool lock_to_read(struct kvms_runner *runner)
{
	if (in_nmi())
		return raw_spin_trylock(&runner->lock);
	raw_spin_lock(&runner->lock);
	return true;
}

notrace u64 kvms_count_take(struct kvms_count *count)
{
	struct kvms_runner *runner = count->runner;
	const struct kvms_vcpu *vcpu;
	u64 now, grown;

	if (!lock_to_read(runner))
		return 0;
	now = count->offset;
	list_for_each_entry(vcpu, &runner->vcpus, run.node)
		now += value_of(vcpu, &count->stat);
	grown = (s64)(now - count->seen) > 0 ? now - count->seen : 0;
	count->seen = now;
	raw_spin_unlock(&runner->lock);
	return grown;
}
NOKPROBE_SYMBOL(kvms_count_take);

/* --- who runs what; all under runners_lock --- */

static struct kvms_runner *find(const struct task_struct *task)
{
	struct kvms_runner *runner;

	hash_for_each_possible(runners, runner, by_task, (unsigned long)task)
		if (runner->task == task)
			return runner;
	return NULL;
}

static void leave(struct kvms_runner *runner, struct kvms_vcpu *vcpu)
{
	struct kvms_count *count;

	raw_spin_lock(&runner->lock);
	list_for_each_entry(count, &runner->counts, node)
		count->offset += value_of(vcpu, &count->stat);
	list_del(&vcpu->run.node);
	raw_spin_unlock(&runner->lock);
}

static void join(struct kvms_runner *runner, struct kvms_vcpu *vcpu)
{
	struct kvms_count *count;

	raw_spin_lock(&runner->lock);
	list_for_each_entry(count, &runner->counts, node)
		count->offset -= value_of(vcpu, &count->stat);
	list_add_tail(&vcpu->run.node, &runner->vcpus);
	raw_spin_unlock(&runner->lock);
}

static void move(struct kvms_vcpu *vcpu, struct kvms_runner *to)
{
	struct kvms_runner *from = vcpu->run.runner;

	if (from == to)
		return;
	if (from)
		leave(from, vcpu);
	WRITE_ONCE(vcpu->run.runner, to);
	if (to)
		join(to, vcpu);
}

static struct kvms_vcpu *find_locked_by_current(void)
{
	struct kvms_vcpu *vcpu;
	struct kvms_vm *vm;
	unsigned long id;

	xa_for_each_marked(kvms_vms(), id, vm, KVMS_LIVING) {
		if (vm->kvm->mm != current->mm)
			continue;
		kvms_for_each_vcpu(vcpu, vm)
			if (compat_mutex_owner(&kvcpu_of(vcpu)->mutex) == current)
				return vcpu;
	}
	return NULL;
}

void kvms_runs_change(void)
{
	struct kvms_vcpu *vcpu;
	unsigned long flags;

	xa_lock(kvms_vms());
	vcpu = find_locked_by_current();
	if (vcpu) {
		raw_spin_lock_irqsave(&runners_lock, flags);
		move(vcpu, find(current));
		raw_spin_unlock_irqrestore(&runners_lock, flags);
	}
	xa_unlock(kvms_vms());
}

void kvms_runs_forget(struct kvms_vcpu *vcpu)
{
	unsigned long flags;

	if (!READ_ONCE(vcpu->run.runner))
		return;
	raw_spin_lock_irqsave(&runners_lock, flags);
	move(vcpu, NULL);
	raw_spin_unlock_irqrestore(&runners_lock, flags);
}

/* --- counts come and go --- */

/*
 * Give a new runner a vCPU that it ran last. False when another thread is at the vCPU and
 * may have told already that it takes it, though its pid is not there yet.
 */
static bool adopt(struct kvms_runner *runner, struct kvms_vcpu *vcpu, bool last_look)
{
	struct kvm_vcpu *kvcpu = kvcpu_of(vcpu);
	struct task_struct *owner;
	unsigned long flags;

	if (!compat_vcpu_ran_in(kvcpu, task_pid(runner->task)))
		return true;
	owner = compat_mutex_owner(&kvcpu->mutex);
	if (owner && owner != runner->task && !last_look)
		return false;
	raw_spin_lock_irqsave(&runners_lock, flags);
	move(vcpu, runner);
	raw_spin_unlock_irqrestore(&runners_lock, flags);
	return true;
}

static bool adopt_all(struct kvms_runner *runner, bool last_look)
{
	struct xarray *vms = kvms_vms();
	struct kvms_vcpu *vcpu;
	struct kvms_vm *vm;
	unsigned long id;
	bool done = true;

	xa_lock(vms);
	xa_for_each_marked(vms, id, vm, KVMS_LIVING) {
		if (vm->kvm->mm != READ_ONCE(runner->task->mm))
			continue;
		kvms_for_each_vcpu(vcpu, vm)
			done &= adopt(runner, vcpu, last_look);
	}
	xa_unlock(vms);
	return done;
}

static struct kvms_runner *runner_alloc(struct task_struct *task)
{
	struct kvms_runner *runner = kzalloc(sizeof(*runner), GFP_KERNEL);

	if (!runner)
		return NULL;
	runner->task = get_task_struct(task);
	raw_spin_lock_init(&runner->lock);
	INIT_LIST_HEAD(&runner->vcpus);
	INIT_LIST_HEAD(&runner->counts);
	return runner;
}

static void runner_free(struct kvms_runner *runner)
{
	put_task_struct(runner->task);
	kfree(runner);
}

int kvms_count_begin(struct kvms_count *count, struct task_struct *task, bool born)
{
	struct kvms_runner *fresh = runner_alloc(task), *runner;
	unsigned long flags;
	int looks = born ? 0 : LOOKS;

	if (!fresh)
		return -ENOMEM;
	raw_spin_lock_irqsave(&runners_lock, flags);
	runner = find(task);
	if (!runner) {
		runner = fresh;
		hash_add(runners, &runner->by_task, (unsigned long)task);
	}
	runner->users++;
	count->runner = runner;
	raw_spin_lock(&runner->lock);
	list_add(&count->node, &runner->counts);
	raw_spin_unlock(&runner->lock);
	raw_spin_unlock_irqrestore(&runners_lock, flags);

	if (runner != fresh) {
		runner_free(fresh);
		return 0;
	}
	while (looks-- && !adopt_all(runner, !looks))
		usleep_range(50, 100);
	return 0;
}

void kvms_count_end(struct kvms_count *count)
{
	struct kvms_runner *runner = count->runner;
	struct kvms_vcpu *vcpu, *next;
	unsigned long flags;
	bool last;

	raw_spin_lock_irqsave(&runners_lock, flags);
	raw_spin_lock(&runner->lock);
	list_del(&count->node);
	raw_spin_unlock(&runner->lock);
	last = !--runner->users;
	if (last) {
		hash_del(&runner->by_task);
		list_for_each_entry_safe(vcpu, next, &runner->vcpus, run.node)
			move(vcpu, NULL);
	}
	raw_spin_unlock_irqrestore(&runners_lock, flags);
	if (last)
		runner_free(runner);
}
