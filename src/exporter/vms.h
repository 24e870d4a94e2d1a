/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VMs of the host: what tells one from another, and what they are called. */
#ifndef EXPORTER_VMS_H
#define EXPORTER_VMS_H

#include <stdbool.h>
#include <stdint.h>

#include "board.h"
#include "page.h"

struct vm {
	uint64_t id;
	uint32_t pid;
	uint32_t uid;
	char *name;
	char *uuid;
	char *comm;
	const char *source;	/* a constant */
};

struct vms {
	struct vm *all;		/* by id */
	uint32_t count;
	struct block *info;	/* the samples of kvmstats_vm_info */
};

/* Adds a VM, copies its strings. False without memory. */
bool vms_add(struct vms *vms, const struct vm *vm);
/* After the last one: makes the samples. */
bool vms_finish(struct vms *vms);
const struct vm *vms_find(const struct vms *vms, uint64_t id);
void vms_free(struct vms *vms);

/* The labels of all samples of a VM, or of one of its vCPUs; NULL without memory. */
char *vm_labels(const struct vm *vm);
char *vcpu_labels(const struct vm *vm, uint32_t vcpu_id);

void vms_to_page(const struct vms *vms, struct page *page);

#endif /* EXPORTER_VMS_H */
