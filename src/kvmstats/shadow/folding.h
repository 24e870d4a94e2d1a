/* SPDX-License-Identifier: GPL-2.0-only */
/* Between totals.c, which folds VMs, and peek.c, whose readers cannot wait for its lock. */
#ifndef KVMS_FOLDING_H
#define KVMS_FOLDING_H

#include <linux/seqlock.h>

#include "peek.h"

/* Odd while a VM moves from the table's values to the folded ones. */
unsigned int kvms_folding_begin(void);
bool kvms_folding_retry(unsigned int seq);
/* It does so on this CPU, so that waiting for it is in vain. */
bool kvms_folding_here(void);
/* What the VMs that are folded come to. */
u64 kvms_folded(const struct kvms_stat *stat);

#endif
