/* SPDX-License-Identifier: GPL-2.0-only */
/* The hook table as a whole. */
#ifndef VMTEST_ROWS_H
#define VMTEST_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "kvmstats.h"

#define ROWS_MAX	32

struct rows {
	uint32_t nr;
	uint32_t idle;
	uint32_t armed;
	uint32_t unused;
	uint32_t failed;
	uint32_t failed_required;
	uint32_t wrong;			/* with an error that does not go with the state */
	struct kvmstats_hook hooks[ROWS_MAX];
};

/* @error: why rows may have failed */
void rows_read(int dev, uint32_t error, struct rows *rows);
/* KVM is hooked; rows that are not required may have failed, or be switched off. */
bool rows_attached(const struct rows *rows);
/* A row that is required has failed, and so none is armed. */
bool rows_refused(const struct rows *rows);
/* KVM is not there. */
bool rows_idle(const struct rows *rows);

/* Probes of the whole kernel, needs debugfs. */
unsigned int count_probes(void);

#endif
