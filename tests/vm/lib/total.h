/* SPDX-License-Identifier: GPL-2.0-only */
/* Totals: opening them, and what they have to be. */
#ifndef VMTEST_TOTAL_H
#define VMTEST_TOTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"

#define TOTAL_MAX_VALUES	1024

/* What a total over VMs must hold, in the order of its file. */
struct total {
	uint32_t nr_vm_values;
	uint32_t nr_vcpu_values;
	uint64_t vm[TOTAL_MAX_VALUES];
	uint64_t vcpus[TOTAL_MAX_VALUES];
};

/* Stats fds, or -1 and errno. */
int total_try_open_host(int dev);
int total_try_open_vm(int dev, uint64_t vm_id);
/* That these cannot be had ends the program. */
int total_open_host(int dev);
int total_open_vm(int dev, uint64_t vm_id);

/* Adds an object's values to a sum: instant values only of the living. */
void total_add_object(uint64_t *sum, const struct image *object, bool living);
/* Adds what the stats fds of a VM and its vCPUs tell now. */
void total_add_vm(struct total *total, int dev, uint64_t vm_id, bool living);

/* Compares the data of a total's fd. */
bool total_is(int fd, const struct total *expected, const char *text);

#endif
