// SPDX-License-Identifier: GPL-2.0-only
/* The flat arrays of stats fds, with each allocation and each user copy failed in turn. */
#include <unistd.h>

#include "dev.h"
#include "fault.h"
#include "fault_flat.h"
#include "guest.h"
#include "module.h"
#include "tap.h"

int main(void)
{
	struct guest guest;
	int dev, vm, vcpu;
	uint64_t id;

	fault_begin();
	dev = test_begin_loaded("");
	fault_anywhere();
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 9);
	id = dev_vm_of(dev, getpid()).id;
	vm = dev_open_vm(dev, id);
	vcpu = dev_open_vcpu(dev, id, 0);
	fault_flat(vm, "a VM");
	fault_flat(vcpu, "a vCPU");
	close(vm);
	close(vcpu);
	guest_destroy(&guest);
	return fault_end_loaded(dev);
}
