// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "shadow.h"
#include "sums.h"

/*
 * Each VM counts in a host total exactly once: as an object while it is in the
 * table, or in schema->folded. The lock is held for reading while a total is made,
 * for writing while VMs move from the one to the other. Nothing else waits for it.
 */
static DECLARE_RWSEM(totals_lock);

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
	return 0;
}

static void add_object(struct kvms_object *obj, u64 *sum, bool living)
{
	kvms_object_refresh(obj, 0, obj->layout->data_size);
	kvms_sum_add(obj->layout, sum, obj->data, living);
}

/* A VM in a sum of VMs: when it is gone, its instant values are nothing. */
static void add_vm(struct kvms_vm *vm, u64 *sum, bool living)
{
	u64 *vcpu_sum = sum + vm->schema->vm.data_size / sizeof(u64);
	struct kvms_vcpu *vcpu;

	add_object(&vm->obj, sum, living);
	kvms_for_each_vcpu(vcpu, vm)
		add_object(&vcpu->obj, vcpu_sum, living);
}

void kvms_total_vcpus(struct kvms_vm *vm, u64 *sum)
{
	struct kvms_vcpu *vcpu;

	memset(sum, 0, vm->schema->vcpu.data_size);
	kvms_for_each_vcpu(vcpu, vm)
		add_object(&vcpu->obj, sum, true);
}

void kvms_total_vm(struct kvms_vm *vm, u64 *sum)
{
	memset(sum, 0, vm->schema->both.data_size);
	add_vm(vm, sum, true);
}

/* The next VM in the table, living or gone. Returns it with a reference. */
static struct kvms_vm *any_vm(unsigned long *id)
{
	struct kvms_vm *vm;

	rcu_read_lock();
	do {
		vm = xa_find_after(kvms_vms(), id, ULONG_MAX, XA_PRESENT);
	} while (vm && !kref_get_unless_zero(&vm->ref));
	rcu_read_unlock();
	return vm;
}

int kvms_total_host(struct kvms_schema *schema, u64 *sum)
{
	struct kvms_vm *vm;
	unsigned long id = 0;
	int err = 0;

	down_read(&totals_lock);
	memcpy(sum, schema->folded, schema->both.data_size);
	while (!err && (vm = any_vm(&id))) {
		if (vm->schema == schema && !vm->folded)
			add_vm(vm, sum, !READ_ONCE(vm->gone));
		kvms_vm_put(vm);
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	up_read(&totals_lock);
	return err;
}

/* --- folding --- */

static void fold(struct work_struct *work)
{
	struct kvms_vm *vm;
	unsigned long id;

	down_write(&totals_lock);
	xa_for_each_marked(kvms_vms(), id, vm, KVMS_GONE) {
		bool forget;

		add_vm(vm, vm->schema->folded, false);
		xa_lock(kvms_vms());
		__xa_clear_mark(kvms_vms(), id, KVMS_GONE);
		vm->folded = true;
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
