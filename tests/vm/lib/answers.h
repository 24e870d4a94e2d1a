/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KVM's own fds answer, of what is not about statistics: a sample of commands and
 * all extensions.
 */
#ifndef VMTEST_ANSWERS_H
#define VMTEST_ANSWERS_H

#include <stdint.h>

#include "guest.h"

#define ANSWERS_MAX		40
#define ANSWERS_EXTENSIONS	512

struct answers {
	struct answer {
		int ret;
		int err;
		uint64_t content;	/* a sum over what came */
	} commands[ANSWERS_MAX];
	int dev[ANSWERS_EXTENSIONS];
	int vm[ANSWERS_EXTENSIONS];
};

/* Of a guest with one vCPU that does not run. */
void answers_take(struct answers *answers, const struct guest *guest);
/* How many are not the same; notes each. */
unsigned int answers_unlike(const struct answers *seen, const struct answers *expected);

#endif
