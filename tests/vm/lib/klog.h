/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's log, as far back as it goes. */
#ifndef VMTEST_KLOG_H
#define VMTEST_KLOG_H

#include <stdbool.h>
#include <stddef.h>

/* How many of its lines have both words. */
unsigned int klog_lines(const char *word, const char *other);
/* What stands behind the word in the last line that has it. False when there is none. */
bool klog_last(const char *word, char *rest, size_t size);

#endif
