/* SPDX-License-Identifier: GPL-2.0-only */
/* What a test is told by its environment. */
#ifndef VMTEST_ENV_H
#define VMTEST_ENV_H

#include <stdint.h>

/* @otherwise when there is no such variable; one that is no such number ends the program. */
uint32_t env_number(const char *name, uint32_t otherwise, uint32_t least, uint32_t most);

#endif
