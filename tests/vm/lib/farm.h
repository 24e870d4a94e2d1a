/* SPDX-License-Identifier: GPL-2.0-only */
/* Many VMs at once, which never run: no memory, no program, only what is counted. */
#ifndef VMTEST_FARM_H
#define VMTEST_FARM_H

#include "dev.h"

struct farm {
	int kvm_fd;
	uint32_t nr_vms;
	uint32_t nr_vcpus;		/* of each VM, with ids from 0 on */
	int *fds;			/* of each VM its own, then those of its vCPUs */
};

/* All of the VMs, or the program ends. */
void farm_create(struct farm *farm, uint32_t nr_vms, uint32_t nr_vcpus);
/* As many as there is memory for; farm->nr_vms tells. */
void farm_create_most(struct farm *farm, uint32_t nr_vms, uint32_t nr_vcpus);
/* The same in steps: room for @nr_vms, and as many as there is memory for so far. */
void farm_reserve(struct farm *farm, uint32_t nr_vms, uint32_t nr_vcpus);
void farm_grow(struct farm *farm, uint32_t nr_vms);
void farm_destroy(struct farm *farm);

int farm_vm_fd(const struct farm *farm, uint32_t vm);
int farm_vcpu_fd(const struct farm *farm, uint32_t vm, uint32_t vcpu);
/* VMs and vCPUs together. */
uint32_t farm_objects(const struct farm *farm);

/* Memory that is present, with room for a snapshot of so many objects. */
void *snapshot_buffer(uint64_t *size, int dev, uint32_t nr_vms, uint32_t nr_vcpus);

/* One line of /proc/meminfo, in kB. */
long meminfo_kb(const char *field);

#endif
