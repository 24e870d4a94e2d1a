// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "folding.h"

/*
 * Each VM counts in a host total exactly once: as an object while it is in the
 * table, or in schema->folded. The lock is held for reading while a total is made,
 * for writing while VMs move from the one to the other. Nothing else waits for it.
 */
static DECLARE_RWSEM(totals_lock);

static int make_parts(struct kvms_parts parts[2], const struct kvms_layout *layout, bool scalars)
{
	int living;

	for (living = 0; living < 2; living++) {
		parts[living].part = kcalloc(layout->header.num_desc, sizeof(*parts->part),
					     GFP_KERNEL);
		if (!parts[living].part)
			return -ENOMEM;
		kvms_parts_make(&parts[living], layout, living, scalars);
	}
	return 0;
}

static u32 sum_size(const struct kvms_layout *layout, bool scalars)
{
	return scalars ? kvms_count_scalars(layout) : layout->data_size / sizeof(u64);
}

int kvms_plan_make(struct kvms_plan *plan, const struct kvms_schema *schema, bool scalars)
{
	plan->vcpu_at = sum_size(&schema->vm, scalars);
	plan->size = plan->vcpu_at + sum_size(&schema->vcpu, scalars);
	return make_parts(plan->vm, &schema->vm, scalars) ?:
	       make_parts(plan->vcpu, &schema->vcpu, scalars);
}

void kvms_plan_free(struct kvms_plan *plan)
{
	int living;

	for (living = 0; living < 2; living++) {
		kfree(plan->vm[living].part);
		kfree(plan->vcpu[living].part);
	}
}

int kvms_schema_complete(struct kvms_schema *schema)
{
	u32 nr_vm = schema->vm.header.num_desc;
	u32 nr_vcpu = schema->vcpu.header.num_desc;
	struct kvms_layout *both = &schema->both;
	u32 i;

	init_waitqueue_head(&schema->wait);
	kvms_header_init(&both->header, nr_vm + nr_vcpu);
	both->data_size = schema->vm.data_size + schema->vcpu.data_size;
	both->desc = kcalloc(nr_vm + nr_vcpu, sizeof(*both->desc), GFP_KERNEL);
	schema->folded = kzalloc(both->data_size, GFP_KERNEL);
	if (!both->desc || !schema->folded)
		return -ENOMEM;

	memcpy(both->desc, schema->vm.desc, nr_vm * sizeof(*both->desc));
	memcpy(both->desc + nr_vm, schema->vcpu.desc, nr_vcpu * sizeof(*both->desc));
	for (i = nr_vm; i < nr_vm + nr_vcpu; i++)
		both->desc[i].offset += schema->vm.data_size;
	return kvms_plan_make(&schema->plan, schema, false);
}

/* Called under vm->lock. */
static void add_object(struct kvms_object *obj, const struct kvms_parts *parts, u64 *sum)
{
	/* KVM counts on: a value is that before an increment, or after it. */
	data_race((kvms_sum_add(parts, sum, kvms_object_values(obj)), 0));
}

/* Called under vm->lock. */
static void add_vcpus(struct kvms_vm *vm, const struct kvms_parts *parts, u64 *sum)
{
	struct kvms_vcpu *vcpu;

	list_for_each_entry(vcpu, &vm->vcpus, node)
		add_object(&vcpu->obj, parts, sum);
}

/* A VM in a sum of VMs: when it is gone, its instant values are nothing. */
static void add_vm(struct kvms_vm *vm, const struct kvms_plan *plan, u64 *sum, bool living)
{
	spin_lock(&vm->lock);
	if (plan->vm[living].nr)
		add_object(&vm->obj, &plan->vm[living], sum);
	if (plan->vcpu[living].nr)
		add_vcpus(vm, &plan->vcpu[living], sum + plan->vcpu_at);
	spin_unlock(&vm->lock);
}

void kvms_total_vcpus(struct kvms_vm *vm, u64 *sum)
{
	memset(sum, 0, vm->schema->vcpu.data_size);
	spin_lock(&vm->lock);
	add_vcpus(vm, &vm->schema->plan.vcpu[true], sum);
	spin_unlock(&vm->lock);
}

void kvms_total_vm(struct kvms_vm *vm, u64 *sum)
{
	memset(sum, 0, vm->schema->both.data_size);
	add_vm(vm, &vm->schema->plan, sum, true);
}

static void add_folded(const struct kvms_schema *schema, const struct kvms_plan *plan, u64 *sum)
{
	const u64 *vcpus = schema->folded + schema->vm.data_size / sizeof(u64);

	kvms_sum_add(&plan->vm[false], sum, schema->folded);
	kvms_sum_add(&plan->vcpu[false], sum + plan->vcpu_at, vcpus);
}

/* A VM that is not folded cannot leave the table while the lock is held. */
int kvms_total_host(struct kvms_schema *schema, const struct kvms_plan *plan, u64 *sum)
{
	XA_STATE(xas, kvms_vms(), 0);
	struct kvms_vm *vm;
	int err = 0;

	memset(sum, 0, plan->size * sizeof(u64));
	down_read(&totals_lock);
	add_folded(schema, plan, sum);
	rcu_read_lock();
	xas_for_each(&xas, vm, ULONG_MAX) {
		if (xas_retry(&xas, vm))
			continue;
		if (vm->schema == schema && !vm->folded)
			add_vm(vm, plan, sum, !READ_ONCE(vm->gone));
		if (!need_resched())
			continue;
		xas_pause(&xas);
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
		if (fatal_signal_pending(current)) {
			err = -EINTR;
			break;
		}
	}
	rcu_read_unlock();
	up_read(&totals_lock);
	return err;
}

/* --- folding --- */

/* For readers that cannot take the lock; written with it held. */
static unsigned int folding_seq;
static int folding_cpu = -1;

notrace unsigned int kvms_folding_begin(void)
{
	/* Pairs with the release in fold_vm(). */
	return smp_load_acquire(&folding_seq);
}

notrace bool kvms_folding_retry(unsigned int seq)
{
	/* Pairs with that of fold_vm(). */
	smp_rmb();
	return READ_ONCE(folding_seq) != seq;
}

notrace bool kvms_folding_here(void)
{
	return READ_ONCE(folding_cpu) == raw_smp_processor_id();
}

notrace u64 kvms_folded(const struct kvms_stat *stat)
{
	const struct kvms_schema *schema = stat->schema;
	u32 at = stat->at + (stat->of_vcpu ? schema->vm.data_size : 0);

	return READ_ONCE(schema->folded[at / sizeof(u64)]);
}

/* Interrupts are off, so that none of those readers waits for long, and none here. */
static void fold_vm(struct kvms_vm *vm)
{
	unsigned long flags;

	local_irq_save(flags);
	WRITE_ONCE(folding_cpu, smp_processor_id());
	WRITE_ONCE(folding_seq, folding_seq + 1);
	/* Pairs with that of kvms_folding_retry(). */
	smp_wmb();
	add_vm(vm, &vm->schema->plan, vm->schema->folded, false);
	WRITE_ONCE(vm->folded, true);
	/* Pairs with the acquire in kvms_folding_begin(). */
	smp_store_release(&folding_seq, folding_seq + 1);
	WRITE_ONCE(folding_cpu, -1);
	local_irq_restore(flags);
}

static void fold(struct work_struct *work)
{
	struct kvms_vm *vm;
	unsigned long id;

	down_write(&totals_lock);
	xa_for_each_marked(kvms_vms(), id, vm, KVMS_GONE) {
		bool forget;

		fold_vm(vm);
		xa_lock(kvms_vms());
		__xa_clear_mark(kvms_vms(), id, KVMS_GONE);
		forget = !vm->retained;
		if (forget)
			__xa_erase(kvms_vms(), id);
		xa_unlock(kvms_vms());
		if (forget)
			kvms_vm_put(vm);
		cond_resched();
	}
	up_write(&totals_lock);
}

static DECLARE_DELAYED_WORK(fold_work, fold);

/* Where many VMs end at a time, they are folded together. */
void kvms_fold_later(void)
{
	schedule_delayed_work(&fold_work, HZ / 10);
}

/* All VMs are gone and nobody retains one. */
void kvms_shadow_exit(void)
{
	flush_delayed_work(&fold_work);
}
