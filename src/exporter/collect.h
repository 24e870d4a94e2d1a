/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the library's samples to boards. */
#ifndef EXPORTER_COLLECT_H
#define EXPORTER_COLLECT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "board.h"
#include "filter.h"
#include "schema.h"
#include "vms.h"

enum {
	BOARD_VM,
	BOARD_SUM,	/* of a VM's vCPUs */
	BOARD_VCPU,
	NR_BOARDS,
};

/* Where a sample goes. */
struct place {
	uint64_t vm_id;
	uint32_t vcpu_id;
	uint32_t kind;
	uint32_t row;		/* or none, see collect.c */
};

struct collector {
	const char *device;
	const char *names;		/* the override file, or NULL */
	const struct filter *filter;

	/* what the last collect() found */
	bool up;
	char *why;			/* when it is not */
	int names_error;		/* of the override file, 0 or a negated errno */
	unsigned int names_line;	/* at fault */
	char module[32];		/* its version */
	uint32_t abi;
	uint32_t nr_vms;
	uint32_t nr_vcpus;
	struct vms vms;
	struct board boards[NR_BOARDS];

	/* kept from one to the next */
	struct schema vm, vcpu;
	struct place *places;
	size_t nr_places;
	uint64_t *raw;			/* the vCPUs' values */
	uint64_t *sum;			/* one row */
	bool has_vcpu_rows;
	struct stat_id {
		dev_t device;
		ino_t inode;
		struct timespec changed;
	} node;
	time_t named;			/* CLOCK_MONOTONIC, when names were read */
	time_t checked;			/* and when it was seen that pids are as they were */
};

/*
 * collect() - one snapshot of the host
 * @with_vcpus: BOARD_VCPU is wanted too
 *
 * The device is open only as long as this takes: who holds it open keeps the module
 * from being unloaded and upgraded. Without the module nothing is left on the boards.
 *
 * Return: @c->up
 */
bool collect(struct collector *c, bool with_vcpus);
void collector_free(struct collector *c);

#endif /* EXPORTER_COLLECT_H */
