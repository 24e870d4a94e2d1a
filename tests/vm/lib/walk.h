/* SPDX-License-Identifier: GPL-2.0-only */
/* Snapshots of a host whose VMs come and go, as makers.h makes them. */
#ifndef VMTEST_WALK_H
#define VMTEST_WALK_H

#include <stdint.h>

#include "finding.h"
#include "kvmstats.h"

#define WALK_BYTES	(1 << 20)
#define WALK_PIECE	(4 << 10)	/* room for any record */
#define SCHEMA_MAX	256

struct schema {
	uint64_t generation;
	uint32_t count;
	uint32_t data_size;
	struct kvmstats_desc descs[SCHEMA_MAX];
};

struct schemas {
	struct schema vm;
	struct schema vcpu;
	uint32_t exits;		/* which value of a vCPU counts its exits */
};

struct walk {
	uint64_t used;
	uint64_t count;
	uint8_t bytes[WALK_BYTES];	/* aligned as records must be */
};

/* A failure ends the program. */
void schemas_get(int dev, struct schemas *schemas);

/* All of the host in calls of @piece bytes each, as far as there is room for it. */
void walk_take(int dev, struct walk *walk, uint32_t piece, struct finding *fault);
/* The same for the VMs that @of tells of and some that nobody knows; judges it too. */
void walk_take_by_id(int dev, struct walk *walk, const struct walk *of,
		     const struct schemas *schemas, struct finding *fault);
/* By itself, and against an earlier one, which may be empty. */
void walk_judge(const struct walk *walk, const struct walk *before,
		const struct schemas *schemas, struct finding *fault);

#endif
