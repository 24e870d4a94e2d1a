// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VMM that was told of KVM_GET_STATS_FD may take it for granted as long as its VMs
 * live: QEMU 7.2 aborts when it asks for statistics that it has seen and the ioctl is
 * no more. So each VM of a VMM that was told keeps the module loaded.
 */
#include <linux/module.h>

#include "shadow.h"

/* Under the table's lock, as kvms_vm.promised is. */
static bool allowed;

bool kvms_promise(const struct mm_struct *mm)
{
	struct xarray *vms = kvms_vms();
	struct kvms_vm *vm;
	unsigned long id;
	bool told;

	xa_lock(vms);
	told = allowed;
	xa_for_each_marked(vms, id, vm, KVMS_LIVING) {
		if (!told || vm->promised || vm->kvm->mm != mm)
			continue;
		__module_get(THIS_MODULE);
		vm->promised = true;
	}
	xa_unlock(vms);
	return told;
}

void kvms_promise_ends(struct kvms_vm *vm)
{
	if (!vm->promised)
		return;
	vm->promised = false;
	module_put(THIS_MODULE);
}

void kvms_promises_allow(bool allow)
{
	struct xarray *vms = kvms_vms();
	struct kvms_vm *vm;
	unsigned long id;

	xa_lock(vms);
	allowed = allow;
	if (!allow)
		xa_for_each_marked(vms, id, vm, KVMS_LIVING)
			kvms_promise_ends(vm);
	xa_unlock(vms);
}
