/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults that one of many threads finds, for the main thread to tell. */
#ifndef VMTEST_FINDING_H
#define VMTEST_FINDING_H

#include "tap.h"

struct finding {
	unsigned int nr;
	char first[200];
};

void finding_add(struct finding *finding, const char *fmt, ...) TAP_PRINTF(2, 3);
/* Checks that there is none. */
bool finding_is_none(const struct finding *finding, const char *fmt, ...) TAP_PRINTF(2, 3);

#endif
