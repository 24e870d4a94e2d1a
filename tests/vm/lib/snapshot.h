/* SPDX-License-Identifier: GPL-2.0-only */
/* KVMSTATS_SNAPSHOT, and what it has to give. */
#ifndef VMTEST_SNAPSHOT_H
#define VMTEST_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "kvmstats.h"

#define SNAPSHOT_ALL	\
	(KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU | KVMSTATS_SNAPSHOT_VCPU_SUM)

#define TRUTH_MAX_RECORDS	32
#define TRUTH_MAX_VALUES	1024

/* The records that a snapshot must hold; times are not known. */
struct truth {
	uint32_t nr;
	struct {
		struct kvmstats_record head;
		uint64_t values[TRUTH_MAX_VALUES];
	} records[TRUTH_MAX_RECORDS];
};

struct kvmstats_snapshot snapshot_of(uint32_t flags, void *buffer, uint64_t size);
/* 0 or an errno */
int snapshot_call(int dev, struct kvmstats_snapshot *snapshot);
/* The record behind @record, or the first when that is NULL; NULL at the end. */
const struct kvmstats_record *snapshot_next(const struct kvmstats_snapshot *snapshot,
					    const struct kvmstats_record *record);

/* Adds what the stats fds of a VM tell now; its vCPUs are summed by their types. */
void truth_add_vm(struct truth *truth, int dev, uint64_t vm_id, uint32_t flags);
/* The record of an id that nobody knows. */
void truth_add_unknown(struct truth *truth, uint64_t vm_id);
/* Bytes of the records from @first on. */
size_t truth_size(const struct truth *truth, uint32_t first);
size_t truth_longest(const struct truth *truth);

/*
 * How many records of a call are not those of the truth from @first on. Notes each,
 * and what else is wrong with them.
 */
unsigned int snapshot_wrong(const struct kvmstats_snapshot *snapshot, const struct truth *truth,
			    uint32_t first);

#endif
