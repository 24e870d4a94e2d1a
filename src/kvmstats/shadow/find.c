// SPDX-License-Identifier: GPL-2.0-only
/* What readers find in the table. */
#include <linux/pid.h>
#include <linux/sched.h>

#include "shadow.h"

bool kvms_vm_visible(const struct kvms_vm *vm, struct pid_namespace *ns)
{
	return ns == &init_pid_ns || pid_nr_ns(vm->creator, ns);
}

u32 kvms_vms_next(u64 id, struct pid_namespace *ns, struct kvms_vm **vms, u32 nr)
{
	XA_STATE(xas, kvms_vms(), id);
	struct kvms_vm *vm;
	u32 found = 0;

	rcu_read_lock();
	xas_for_each_marked(&xas, vm, ULONG_MAX, KVMS_LIVING) {
		if (xas_retry(&xas, vm) || !kref_get_unless_zero(&vm->ref))
			continue;
		if (!kvms_vm_visible(vm, ns)) {
			kvms_vm_put(vm);
			continue;
		}
		vms[found++] = vm;
		if (found == nr)
			break;
	}
	rcu_read_unlock();
	return found;
}

struct kvms_vm *kvms_vm_find(u64 id, struct pid_namespace *ns)
{
	struct xarray *vms = kvms_vms();
	struct kvms_vm *vm;

	xa_lock(vms);
	vm = xa_load(vms, id);
	if (vm && (vm->retained || xa_get_mark(vms, id, KVMS_LIVING)) &&
	    kvms_vm_visible(vm, ns))
		kvms_vm_get(vm);
	else
		vm = NULL;
	xa_unlock(vms);
	return vm;
}

void kvms_vm_retain(struct kvms_vm *vm)
{
	kvms_vm_get(vm);
	xa_lock(kvms_vms());
	vm->retained++;
	xa_unlock(kvms_vms());
}

void kvms_vm_unretain(struct kvms_vm *vm)
{
	struct xarray *vms = kvms_vms();
	bool forget;

	xa_lock(vms);
	/* One that is about to be folded is forgotten there. */
	forget = !--vm->retained && vm->folded && !xa_get_mark(vms, vm->id, KVMS_GONE);
	if (forget)
		__xa_erase(vms, vm->id);
	xa_unlock(vms);
	if (forget)
		kvms_vm_put(vm);
	kvms_vm_put(vm);
}

struct kvms_vcpu *kvms_vcpu_find(struct kvms_vm *vm, u32 id)
{
	struct kvms_vcpu *vcpu;

	kvms_for_each_vcpu(vcpu, vm)
		if (vcpu->id == id)
			return vcpu;
	return NULL;
}

pid_t kvms_vm_pid(struct kvms_vm *vm, struct pid_namespace *ns)
{
	pid_t nr = 0;

	rcu_read_lock();
	if (pid_task(vm->creator, PIDTYPE_TGID))
		nr = pid_nr_ns(vm->creator, ns);
	rcu_read_unlock();
	return nr;
}
