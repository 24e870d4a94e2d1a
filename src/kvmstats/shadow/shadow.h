/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kvmstats keeps: an object for each VM and vCPU, with its last known
 * values.
 *
 * The pin. A VM in the table holds one count of kvm->users_count. It is given
 * back by kvms_shadow_release() while the VM's own file still holds another, so
 * the drop is never the last and teardown stays where KVM does it. Nothing here
 * follows a struct kvm or struct kvm_vcpu pointer but under kvms_vm.lock with
 * kvms_object.live set, or with the table's lock and the VM still in the table;
 * both mean that the pin is held.
 */
#ifndef KVMS_SHADOW_H
#define KVMS_SHADOW_H

#include <linux/kref.h>
#include <linux/llist.h>
#include <linux/kvm_host.h>
#include <linux/pid_namespace.h>
#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "../../compat/compat.h"
#include "schema.h"
#include "sums.h"

struct kvms_runner;
struct kvms_vm;
struct statsfs_source;

/**
 * struct kvms_schema - what one instance of kvm counts
 * @ref: one by the table while kvm is attached, one by each VM and host total
 * @generation: never 0, never reused
 * @source: KVMSTATS_SCHEMA_*
 * @vm: stats of a VM
 * @vcpu: stats of a vCPU
 * @both: stats of a VM, then those of a vCPU; a layout of totals, without runs
 * @plan: how such a total is made
 * @folded: total of the VMs that are gone and no longer in the table; under the
 *	lock of totals.c
 * @detached: that instance of kvm is unloaded
 * @wait: woken when @detached is set
 */
struct kvms_schema {
	struct kref ref;
	u64 generation;
	u32 source;
	struct kvms_layout vm;
	struct kvms_layout vcpu;
	struct kvms_layout both;
	struct kvms_plan plan;
	u64 *folded;
	bool detached;
	wait_queue_head_t wait;
};

/**
 * struct kvms_object - what a stats fd shows
 * @vm: the VM it belongs to, a reference on the object is one on the VM; NULL for a
 *	total, whose data is made by totals.c
 * @layout: in the VM's schema
 * @live: KVM's stat struct, NULL once the object is frozen; under @vm->lock
 * @view: of serve/statsfs_view.c
 * @view.src: its directory in statsfs
 * @view.zero: what its counters were when they were last cleared there, or NULL
 * @data: last values read, layout->data_size bytes; written under @vm->lock but for
 *	what halts.c counts, read without: a value is the last one or the one before,
 *	like KVM's own to a reader
 * @head: first block of the file
 */
struct kvms_object {
	struct kvms_vm *vm;
	const struct kvms_layout *layout;
	const void *live;
	struct {
		struct statsfs_source *src;
		u64 *zero;
	} view;
	u64 *data;
	struct kvms_head head;
};

/**
 * struct kvms_vcpu - a vCPU; freed with its VM, when a grace period has passed
 * @run: of runs.c, under its locks
 * @run.runner: the thread that runs it, if its counts are wanted
 * @run.node: among those of the thread
 * @kvcpu: what halts.c follows it by, only compared
 * @by_kvcpu: in the hash of halts.c
 * @seen: KVM's counters at the end of the last halt
 */
struct kvms_vcpu {
	struct kvms_object obj;
	struct list_head node;
	u64 start_ns;
	u32 id;
	u32 flags;
	struct rcu_head rcu;
	struct {
		struct kvms_runner *runner;
		struct list_head node;
	} run;
#ifdef COMPAT_COUNTS_HALTS
	const struct kvm_vcpu *kvcpu;
	struct hlist_node by_kvcpu;
	struct {
		u64 poll_success_ns;
		u64 poll_fail_ns;
		u64 attempted_poll;
	} seen;
#endif
	u64 values[];
};

/**
 * struct kvms_vm - a VM
 * @id: never 0, never reused
 * @ref: one by the table, one by each user of an object of it
 * @kvm: what is pinned; under the table's lock, valid while in @by_kvm
 * @by_kvm: in the table, by @kvm
 * @online: vCPUs that KVM had at the last sweep; under the table's lock
 * @retained: readers of events who may still ask for it by id though it is gone;
 *	under the table's lock
 * @promised: it keeps the module loaded, see promise.c; under the table's lock
 * @folded: it counts in schema->folded; under the lock of totals.c, read without by
 *	peek.c
 * @peeking: readers of peek.c that are at its objects; what they find live stays so
 *	until they have gone
 * @creator: thread group that created the VM, NULL when not known
 * @fd: that KVM_CREATE_VM returned, -1 when not known
 * @view: of serve/statsfs_view.c
 * @view.todo: in the list of those that it has to look at
 * @view.marked: it is there
 * @view.shown: in the list of those that have a directory
 * @lock: guards obj.live and the data of the VM and its vCPUs, and what is added to
 *	@vcpus
 * @vcpus: in ascending order of ids; none leaves before the VM is freed, so a
 *	reference on the VM is all that a reader of the list needs
 * @nr_vcpus: how many are in @vcpus, or one less for a moment; written under @lock
 * @closed: no further vCPU may be added; under @lock
 * @gone: all objects are frozen
 * @wait: woken when @gone is set
 */
struct kvms_vm {
	struct kvms_object obj;
	u64 id;
	u64 start_ns;
	struct kref ref;
	struct rcu_head rcu;
	struct kvm *kvm;
	struct hlist_node by_kvm;
	int online;
	u32 retained;
	bool promised;
	bool folded;
	atomic_t peeking;
	struct kvms_schema *schema;
	struct pid *creator;
	kuid_t uid;
	u32 flags;
	char comm[KVMSTATS_COMM_LEN];
	int fd;
	struct {
		struct llist_node todo;
		unsigned long marked;
		struct list_head shown;
	} view;
	spinlock_t lock;
	struct list_head vcpus;
	u32 nr_vcpus;
	bool closed;
	bool gone;
	wait_queue_head_t wait;
	u64 values[];
};

#define kvms_for_each_vcpu(vcpu, vm) \
	list_for_each_entry_lockless(vcpu, &(vm)->vcpus, node)

/* Whoever knows that there is one. */
static inline struct kvms_vcpu *kvms_vcpu_first(const struct kvms_vm *vm)
{
	return list_entry_rcu(vm->vcpus.next, struct kvms_vcpu, node);
}

static inline struct kvms_vcpu *kvms_vcpu_next(const struct kvms_vcpu *vcpu)
{
	return list_entry_rcu(vcpu->node.next, struct kvms_vcpu, node);
}

/* --- for kvm/ and native_abi.c: what happens to VMs --- */

/**
 * kvms_schema_complete - make what follows from the layouts of VM and vCPU
 * @schema: fresh, with one reference
 *
 * Return: 0 or -ENOMEM. Context: process.
 */
int kvms_schema_complete(struct kvms_schema *schema);

/**
 * kvms_shadow_attach - kvm has come
 * @schema: what it counts; the table takes over the caller's reference
 *
 * Context: process.
 */
void kvms_shadow_attach(struct kvms_schema *schema);

/**
 * kvms_shadow_detach - no VM is taken up from now on
 *
 * VMs in the table stay there. Context: process, with all hooks disarmed.
 */
void kvms_shadow_detach(void);

/**
 * kvms_shadow_find - a VM that is in the table
 * @kvm: only compared
 *
 * Return: with a reference, or NULL. Context: any but interrupts; no locks held.
 */
struct kvms_vm *kvms_shadow_find(struct kvm *kvm);

/**
 * kvms_shadow_take_vm - take up a VM, unless it is in the table
 * @kvm: held by the caller
 * @fd: that KVM_CREATE_VM has returned, -1 when not known
 * @flags: KVMSTATS_VM_ADOPTED when the current task is not its creator
 * @gfp: GFP_ATOMIC in a probe
 *
 * Return: the VM with a reference, or -ENOMEM, -ENODEV when detached, -ESHUTDOWN
 * when it is being destroyed. Context: any but interrupts; no locks held.
 */
struct kvms_vm *kvms_shadow_take_vm(struct kvm *kvm, int fd, u32 flags, gfp_t gfp);

/**
 * kvms_shadow_take_vcpu - take up a vCPU, and its VM, unless they are known
 * @vcpu: its VM is held by the caller
 * @flags: KVMSTATS_VM_ADOPTED when the current task is not its creator
 * @gfp: GFP_ATOMIC in a probe
 *
 * Return: 0, or as for kvms_shadow_take_vm(), whose context is this one's too.
 */
int kvms_shadow_take_vcpu(struct kvm_vcpu *vcpu, u32 flags, gfp_t gfp);

/**
 * kvms_vcpu_add - take up a vCPU of a VM that is taken up
 * @vm: held by the caller
 * @kvcpu: its VM is held by the caller too
 * @flags: as for kvms_shadow_take_vcpu()
 * @gfp: GFP_ATOMIC in a probe
 *
 * Return: 0, -EEXIST when it is known, -ENOMEM, -ESHUTDOWN when the VM is gone.
 */
int kvms_vcpu_add(struct kvms_vm *vm, struct kvm_vcpu *kvcpu, u32 flags, gfp_t gfp);

/**
 * kvms_shadow_release - the VM's file is being released
 * @kvm: not yet put by the caller
 *
 * Freezes the VM with its last values, drops the pin and wakes pollers.
 * Return: whether the VM was in the table. Context: any but interrupts.
 */
bool kvms_shadow_release(struct kvm *kvm);

/**
 * kvms_shadow_evict - freeze a VM and hand its pin over
 * @all: any VM, else only one that nobody but the pin holds
 *
 * Return: the VM, which the caller must kvm_put_kvm(), or NULL. Context: process.
 */
struct kvm *kvms_shadow_evict(bool all);

/**
 * kvms_shadow_incomplete - find a VM with vCPUs that are not known
 * @after: id to look behind, 0 to start; moved to the VM that was found
 * @nr: how many of its vCPUs were there already when it was looked at last: a probe
 *	may be about to take up those that are newer
 *
 * Return: the VM, with a reference for the caller to kvm_put_kvm(), or NULL.
 * Context: process.
 */
struct kvm *kvms_shadow_incomplete(u64 *after, int *nr);

/**
 * kvms_promise - a process is told that KVM_GET_STATS_FD is there
 * @mm: its VMs keep the module loaded from now on, until they end or promises are no
 *	longer allowed
 *
 * Return: whether it may be told. Context: process, with a reference on the module.
 */
bool kvms_promise(const struct mm_struct *mm);

/**
 * kvms_promises_allow - may processes be told?
 * @allow: if not, promises that were made are taken back too
 *
 * Context: process.
 */
void kvms_promises_allow(bool allow);

/* --- for serve/: what readers see --- */

/**
 * typedef kvms_listener_t - told of every event
 * @type: KVMSTATS_EVENT_*
 * @vm: the VM, or NULL for an event of kvm itself
 * @value: id of a vCPU, or generation of a schema
 *
 * Context: any but interrupts, in a probe; must not sleep.
 */
typedef void (*kvms_listener_t)(u32 type, struct kvms_vm *vm, u64 value);

/**
 * kvms_shadow_listen - set the one listener
 *
 * Context: before the first VM can be taken up.
 */
void kvms_shadow_listen(kvms_listener_t listener);

/**
 * kvms_schema_get - the schema of the kvm that is attached now
 *
 * Return: with a reference, or NULL.
 */
struct kvms_schema *kvms_schema_get(void);
void kvms_schema_put(struct kvms_schema *schema);

/**
 * kvms_vms_next - living VMs that a reader may see, in ascending order of ids
 * @id: the smallest id that is wanted
 * @ns: pid namespace of the reader
 * @vms: receives them, each with a reference
 * @nr: how many are wanted
 *
 * Return: how many there were.
 */
u32 kvms_vms_next(u64 id, struct pid_namespace *ns, struct kvms_vm **vms, u32 nr);

/* The first of them alone, or NULL. */
static inline struct kvms_vm *kvms_vm_next(u64 id, struct pid_namespace *ns)
{
	struct kvms_vm *vm;

	return kvms_vms_next(id, ns, &vm, 1) ? vm : NULL;
}

/**
 * kvms_vm_find - the VM with an id, living or retained, if @ns may see it
 *
 * Return: with a reference, or NULL.
 */
struct kvms_vm *kvms_vm_find(u64 id, struct pid_namespace *ns);

/**
 * kvms_vcpu_find - a vCPU of a VM
 * @vm: held by the caller
 * @id: KVM's id of the vCPU
 *
 * Return: the vCPU, which stays as long as the VM, or NULL.
 */
struct kvms_vcpu *kvms_vcpu_find(struct kvms_vm *vm, u32 id);

/**
 * kvms_vm_visible - may a reader see a VM?
 */
bool kvms_vm_visible(const struct kvms_vm *vm, struct pid_namespace *ns);

/**
 * kvms_vm_retain - keep a VM to be found by its id after it is gone
 * @vm: held by the caller; each call is undone by kvms_vm_unretain()
 *
 * Context: any but interrupts.
 */
void kvms_vm_retain(struct kvms_vm *vm);
void kvms_vm_unretain(struct kvms_vm *vm);

/**
 * kvms_vm_pid - pid of the process that created a VM
 *
 * Return: as @ns sees it, 0 when it is gone or was never known.
 */
pid_t kvms_vm_pid(struct kvms_vm *vm, struct pid_namespace *ns);

void kvms_vm_get(struct kvms_vm *vm);
void kvms_vm_put(struct kvms_vm *vm);

/**
 * kvms_object_init - set up an object
 * @obj: zeroed
 * @vm: NULL for a total
 * @layout: held by the VM or the total
 * @live: KVM's stat struct, NULL for a total
 * @data: room for layout->data_size bytes
 *
 * The id is left to the caller.
 */
void kvms_object_init(struct kvms_object *obj, struct kvms_vm *vm,
		      const struct kvms_layout *layout, const void *live, u64 *data);

/**
 * kvms_object_refresh - bring a part of the data up to date
 * @obj: held by the caller
 * @start: first byte
 * @len: bytes
 *
 * Context: any but interrupts. Takes the VM's lock, waits for nothing else.
 */
void kvms_object_refresh(struct kvms_object *obj, u32 start, u32 len);

/**
 * kvms_object_values - the data block as it is now, where it costs least to read
 *
 * Context: under the VM's lock, for as long as that is held.
 */
const u64 *kvms_object_values(struct kvms_object *obj);

/**
 * kvms_vm_copy_present - data blocks as they are now, to userland, at one moment
 * @vm: held by the caller
 * @own: whether the VM's own comes first
 * @nr: vCPUs that follow, all that there are, or 0
 * @to: access_ok() for all that is written
 * @gap: bytes to leave before each data block
 *
 * A snapshot of a large host is all copying, so this goes from KVM's memory straight
 * to the reader's.
 * Return: false where it cannot: the VM has more vCPUs by now or is frozen, values do
 * not lie together, or @to is not present. Context: process; takes the VM's lock.
 */
bool kvms_vm_copy_present(struct kvms_vm *vm, bool own, u32 nr, void __user *to, u32 gap);

/**
 * kvms_total_vcpus - all vCPUs of a VM in one block
 * @vm: held by the caller
 * @sum: schema->vcpu.data_size bytes, filled
 *
 * Context: process.
 */
void kvms_total_vcpus(struct kvms_vm *vm, u64 *sum);

/**
 * kvms_total_vm - a VM with its vCPUs
 * @vm: held by the caller
 * @sum: schema->both.data_size bytes, filled
 *
 * Context: process.
 */
void kvms_total_vm(struct kvms_vm *vm, u64 *sum);

/**
 * kvms_total_host - all VMs that one instance of kvm has had, with their vCPUs
 * @schema: held by the caller
 * @plan: of what the total is; schema->plan for all that is in schema->both
 * @sum: filled as the plan says
 *
 * Each VM counts once, living or gone, so that no counter falls between two calls.
 * Return: 0 or -EINTR. Context: process; keeps only the folding of VMs that are
 * gone waiting.
 */
int kvms_total_host(struct kvms_schema *schema, const struct kvms_plan *plan, u64 *sum);

/**
 * kvms_plan_make - a plan for totals
 * @plan: zeroed
 * @schema: of the objects
 * @scalars: histograms are left out, see kvms_parts_make()
 *
 * Return: 0 or -ENOMEM; kvms_plan_free() is due in any case. Context: process.
 */
int kvms_plan_make(struct kvms_plan *plan, const struct kvms_schema *schema, bool scalars);
void kvms_plan_free(struct kvms_plan *plan);

/**
 * kvms_shadow_exit - wait until what was released is freed
 *
 * Context: process, when nothing can be taken up or opened any more.
 */
void kvms_shadow_exit(void);

/* --- between the files of shadow/ --- */

#define KVMS_LIVING	XA_MARK_0	/* may be listed */
#define KVMS_GONE	XA_MARK_1	/* frozen, to be folded */

struct xarray *kvms_vms(void);
void kvms_tell(u32 type, struct kvms_vm *vm, u64 value);
void kvms_object_freeze(struct kvms_object *obj);
void kvms_fold_later(void);
void kvms_promise_ends(struct kvms_vm *vm);

#endif
