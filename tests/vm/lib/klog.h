/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's log, as far back as it goes. */
#ifndef VMTEST_KLOG_H
#define VMTEST_KLOG_H

/* How many of its lines have both words. */
unsigned int klog_lines(const char *word, const char *other);

#endif
