/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls for flat arrays, with each allocation and each user copy failed in turn. */
#ifndef VMTEST_FAULT_FLAT_H
#define VMTEST_FAULT_FLAT_H

/*
 * Checks GET_NAMES and GET_DATA on @fd: what fails has written nothing, and works the
 * next time.
 */
void fault_flat(int fd, const char *text);

#endif
