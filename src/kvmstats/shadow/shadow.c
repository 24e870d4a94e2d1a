// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/hashtable.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "../../compat/compat.h"
#include "halts.h"
#include "runs.h"
#include "shadow.h"

/*
 * The table: VMs by id and by struct kvm. A VM is in both or in neither.
 * The lock of table.vms guards all of it; readers find VMs by id under RCU.
 */
static struct {
	struct xarray vms;
	DECLARE_HASHTABLE(by_kvm, 10);
	u64 last_id;
	struct kvms_schema *schema;
} table = {
	.vms = XARRAY_INIT(table.vms, 0),
};

static kvms_listener_t listener;

void kvms_shadow_listen(kvms_listener_t fn)
{
	listener = fn;
}

void kvms_tell(u32 type, struct kvms_vm *vm, u64 value)
{
	listener(type, vm, value);
}

struct xarray *kvms_vms(void)
{
	return &table.vms;
}

/* --- schema --- */

static void schema_free(struct kref *ref)
{
	struct kvms_schema *schema = container_of(ref, struct kvms_schema, ref);

	kvms_plan_free(&schema->plan);
	kfree(schema->both.desc);
	kfree(schema->folded);
	kfree(schema);
}

void kvms_schema_put(struct kvms_schema *schema)
{
	kref_put(&schema->ref, schema_free);
}

struct kvms_schema *kvms_schema_get(void)
{
	struct kvms_schema *schema;

	xa_lock(&table.vms);
	schema = table.schema;
	if (schema)
		kref_get(&schema->ref);
	xa_unlock(&table.vms);
	return schema;
}

static struct kvms_schema *schema_swap(struct kvms_schema *schema)
{
	struct kvms_schema *old;

	xa_lock(&table.vms);
	old = table.schema;
	table.schema = schema;
	xa_unlock(&table.vms);
	return old;
}

void kvms_shadow_attach(struct kvms_schema *schema)
{
	schema_swap(schema);
	kvms_tell(KVMSTATS_EVENT_KVM_LOADED, NULL, schema->generation);
}

void kvms_shadow_detach(void)
{
	struct kvms_schema *old = schema_swap(NULL);

	if (!old)
		return;
	kvms_tell(KVMSTATS_EVENT_KVM_UNLOADED, NULL, old->generation);
	/* Pairs with the acquire in the poll method. */
	smp_store_release(&old->detached, true);
	wake_up_poll(&old->wait, EPOLLHUP);
	kvms_schema_put(old);
}

/* --- lifetime of a VM --- */

/*
 * Readers that still see the VM in the table under RCU find its last reference
 * gone, and look at nothing else.
 */
static void vm_release(struct kref *ref)
{
	struct kvms_vm *vm = container_of(ref, struct kvms_vm, ref);
	struct kvms_vcpu *vcpu, *next;

	list_for_each_entry_safe(vcpu, next, &vm->vcpus, node)
		kfree_rcu(vcpu, rcu);
	put_pid(vm->creator);
	kvms_schema_put(vm->schema);
	kfree_rcu(vm, rcu);
}

void kvms_vm_get(struct kvms_vm *vm)
{
	kref_get(&vm->ref);
}

void kvms_vm_put(struct kvms_vm *vm)
{
	kref_put(&vm->ref, vm_release);
}

/* --- taking up --- */

static void vm_set_creator(struct kvms_vm *vm, struct task_struct *task)
{
	vm->creator = get_pid(task_tgid(task));
	vm->uid = task_uid(task);
	strscpy(vm->comm, task->group_leader->comm, sizeof(vm->comm));
}

/* The VM's mm cannot be reused while the VM stands, so it names the process. */
static void vm_find_creator(struct kvms_vm *vm)
{
	struct task_struct *task;

	rcu_read_lock();
	for_each_process(task) {
		if (READ_ONCE(task->mm) == vm->kvm->mm) {
			vm_set_creator(vm, task);
			break;
		}
	}
	rcu_read_unlock();
}

static struct kvms_vm *vm_alloc(struct kvm *kvm, struct kvms_schema *schema, u32 flags, gfp_t gfp)
{
	struct kvms_vm *vm;

	vm = kzalloc(sizeof(*vm) + schema->vm.data_size, gfp | __GFP_NOWARN);
	if (!vm)
		return NULL;
	kvms_object_init(&vm->obj, vm, &schema->vm, &kvm->stat, vm->values);
	compat_vm_stats_id(kvm, vm->obj.head.id);
	kref_init(&vm->ref);
	spin_lock_init(&vm->lock);
	INIT_LIST_HEAD(&vm->vcpus);
	init_waitqueue_head(&vm->wait);
	vm->kvm = kvm;
	vm->schema = schema;
	vm->flags = flags;
	vm->uid = INVALID_UID;
	vm->start_ns = ktime_get_boottime_ns();
	if (flags & KVMSTATS_VM_ADOPTED)
		vm_find_creator(vm);
	else
		vm_set_creator(vm, current);
	return vm;
}

/* Called under the table's lock. */
static struct kvms_vm *table_find(struct kvm *kvm)
{
	struct kvms_vm *vm;

	hash_for_each_possible(table.by_kvm, vm, by_kvm, (unsigned long)kvm)
		if (vm->kvm == kvm)
			return vm;
	return NULL;
}

/* KVM's directory in debugfs is called PID-FD. Called with the pin held. */
static int debugfs_fd(const struct kvm *kvm)
{
	const struct dentry *dir = READ_ONCE(kvm->debugfs_dentry);
	int pid, fd;

	if (IS_ERR_OR_NULL(dir) || sscanf(dir->d_name.name, "%d-%d", &pid, &fd) != 2)
		return -1;
	return fd;
}

/* Called under the table's lock, with gfp that never sleeps: ids come in order. */
static int table_insert(struct kvms_vm *vm)
{
	int err;

	if (table.schema != vm->schema)
		return -ENODEV;
	if (table_find(vm->kvm))
		return -EEXIST;
	vm->id = table.last_id + 1;
	err = __xa_insert(&table.vms, vm->id, vm, GFP_ATOMIC | __GFP_NOWARN);
	if (err)
		return err;
	if (!refcount_inc_not_zero(&vm->kvm->users_count)) {
		__xa_erase(&table.vms, vm->id);
		return -ESHUTDOWN;
	}
	if (vm->fd < 0)
		vm->fd = debugfs_fd(vm->kvm);
	table.last_id = vm->id;
	__xa_set_mark(&table.vms, vm->id, KVMS_LIVING);
	hash_add(table.by_kvm, &vm->by_kvm, (unsigned long)vm->kvm);
	return 0;
}

/*
 * Called under the table's lock, which the pin does not outlive. The VM stays in
 * table.vms, with the table's reference, until it is folded.
 */
static void table_retire(struct kvms_vm *vm)
{
	kvms_promise_ends(vm);
	hash_del(&vm->by_kvm);
	__xa_clear_mark(&table.vms, vm->id, KVMS_LIVING);
}

struct kvms_vm *kvms_shadow_find(struct kvm *kvm)
{
	struct kvms_vm *vm;

	xa_lock(&table.vms);
	vm = table_find(kvm);
	if (vm)
		kvms_vm_get(vm);
	xa_unlock(&table.vms);
	return vm;
}

/* The VM into the table, with a reference for the caller: its listener may find it gone. */
static int vm_insert(struct kvms_vm *vm)
{
	int err;

	kvms_vm_get(vm);
	xa_lock(&table.vms);
	err = table_insert(vm);
	xa_unlock(&table.vms);
	if (err)
		kvms_vm_put(vm);
	else
		kvms_tell(KVMSTATS_EVENT_VM_CREATED, vm, 0);
	return err;
}

struct kvms_vm *kvms_shadow_take_vm(struct kvm *kvm, int fd, u32 flags, gfp_t gfp)
{
	struct kvms_schema *schema;
	struct kvms_vm *vm;
	int err;

	vm = kvms_shadow_find(kvm);
	if (vm)
		return vm;
	schema = kvms_schema_get();
	if (!schema)
		return ERR_PTR(-ENODEV);
	vm = vm_alloc(kvm, schema, flags, gfp);
	if (!vm) {
		kvms_schema_put(schema);
		return ERR_PTR(-ENOMEM);
	}
	vm->fd = fd;
	err = vm_insert(vm);
	if (!err)
		return vm;
	kvms_vm_put(vm);
	if (err != -EEXIST)
		return ERR_PTR(err);
	/* Someone else took it up meanwhile. */
	vm = kvms_shadow_find(kvm);
	return vm ?: ERR_PTR(-ESHUTDOWN);
}

int kvms_shadow_take_vcpu(struct kvm_vcpu *vcpu, u32 flags, gfp_t gfp)
{
	struct kvms_vm *vm;
	int err;

	vm = kvms_shadow_take_vm(vcpu->kvm, -1, flags, gfp);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	err = kvms_vcpu_add(vm, vcpu, flags, gfp);
	kvms_vm_put(vm);
	return err == -EEXIST ? 0 : err;
}

/* --- the end --- */

/* They run with preemption off and are done in a moment. */
static void wait_for_peeks(const struct kvms_vm *vm)
{
	/* Pairs with that of kvms_peek_vm(). */
	smp_mb();
	while (atomic_read(&vm->peeking))
		cpu_relax();
}

/* The VM is out of the table, so only we give its pin back. */
static void vm_freeze(struct kvms_vm *vm)
{
	struct kvms_vcpu *vcpu;

	spin_lock(&vm->lock);
	vm->closed = true;
	spin_unlock(&vm->lock);

	kvms_for_each_vcpu(vcpu, vm) {
		kvms_halts_forget(vcpu);
		kvms_runs_forget(vcpu);
		kvms_object_freeze(&vcpu->obj);
	}
	kvms_object_freeze(&vm->obj);
	wait_for_peeks(vm);

	/* Pairs with the acquire in the poll method: gone means frozen. */
	smp_store_release(&vm->gone, true);
	wake_up_poll(&vm->wait, EPOLLHUP);
	kvms_tell(KVMSTATS_EVENT_VM_GONE, vm, 0);

	xa_lock(&table.vms);
	__xa_set_mark(&table.vms, vm->id, KVMS_GONE);
	xa_unlock(&table.vms);
	kvms_fold_later();
}

bool kvms_shadow_release(struct kvm *kvm)
{
	struct kvms_vm *vm;

	xa_lock(&table.vms);
	vm = table_find(kvm);
	if (vm)
		table_retire(vm);
	xa_unlock(&table.vms);
	if (!vm)
		return false;

	vm_freeze(vm);
	if (!refcount_dec_not_one(&kvm->users_count))
		pr_err_once("a VM was released twice: one VM is never freed\n");
	return true;
}

static bool only_pinned(const struct kvms_vm *vm)
{
	return refcount_read(&vm->kvm->users_count) == 1;
}

/* The lock is taken anew for each VM, so that a walk never keeps a probe waiting. */
struct kvm *kvms_shadow_evict(bool all)
{
	struct kvms_vm *vm;
	unsigned long id = 0;
	struct kvm *kvm;

	for (;; id++) {
		xa_lock(&table.vms);
		vm = xa_find(&table.vms, &id, ULONG_MAX, KVMS_LIVING);
		if (!vm || all || only_pinned(vm))
			break;
		xa_unlock(&table.vms);
	}
	if (vm)
		table_retire(vm);
	xa_unlock(&table.vms);
	if (!vm)
		return NULL;

	kvm = vm->kvm;
	vm_freeze(vm);
	return kvm;
}

struct kvm *kvms_shadow_incomplete(u64 *after, int *nr)
{
	unsigned long id = *after;
	struct kvms_vm *vm;
	struct kvm *kvm = NULL;

	do {
		xa_lock(&table.vms);
		vm = xa_find_after(&table.vms, &id, ULONG_MAX, KVMS_LIVING);
		if (vm) {
			*nr = vm->online;
			vm->online = atomic_read(&vm->kvm->online_vcpus);
		}
		if (vm && READ_ONCE(vm->nr_vcpus) < *nr) {
			kvm = vm->kvm;
			refcount_inc(&kvm->users_count);
		}
		xa_unlock(&table.vms);
	} while (vm && !kvm);
	*after = id;
	return kvm;
}
