/* SPDX-License-Identifier: GPL-2.0-only */
/* A pid namespace of its own with a VMM in it, and the device as it is seen there. */
#ifndef VMTEST_INSIDE_H
#define VMTEST_INSIDE_H

#include <stdbool.h>
#include <sys/types.h>

#include "vmm.h"

#define INSIDE_VMM_PID	1	/* of the VMM, as it is seen inside */

struct inside {
	struct vmm vmm;		/* its pid as it is seen outside */
	int dev;		/* the device, opened inside */
	pid_t keeper;
};

/* Whether this kernel has the namespaces of @flags, CLONE_NEW*. */
bool inside_supported(int flags);
/* Root is root inside too, with a user namespace as without. */
void inside_start(struct inside *inside, int flags);
/* Kills the VMM, and so the namespace; the device stays open. */
void inside_kill(struct inside *inside);

#endif
