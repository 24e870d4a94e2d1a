/* SPDX-License-Identifier: GPL-2.0-only */
/* The flat arrays of KVM_STATS_GET_NAMES and GET_DATA, on whatever fd gives them. */
#ifndef VMTEST_FLAT_H
#define VMTEST_FLAT_H

#include <stdint.h>

#include "kvmstats.h"

#define FLAT_MAX	512

/* GET_DATA of a 32-bit program has this number, and its values begin elsewhere. */
#define I386_GET_DATA	0x8004aece

/* What the calls must give. */
struct flat {
	uint32_t nr;
	char names[FLAT_MAX][KVM_STATS_NAME_LEN];
	uint64_t values[FLAT_MAX];
};

/* What the stats fds of the device tell now, of a VM with its vCPUs or of a vCPU. */
void flat_of_vm(struct flat *flat, int dev, uint64_t vm_id);
void flat_of_vcpu(struct flat *flat, int dev, uint64_t vm_id, uint32_t vcpu_id);

/* Checks all three calls on @fd, with every size and all kinds of memory. */
void flat_check(int fd, const struct flat *expected, const char *text);
/* GET_DATA alone, where it must work. */
void flat_check_data(int fd, const struct flat *expected, const char *text);

#endif
