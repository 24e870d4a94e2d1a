/* SPDX-License-Identifier: GPL-2.0-only */
/* The file system of statsfs.ko. */
#ifndef VMTEST_STATSFS_H
#define VMTEST_STATSFS_H

#define STATSFS		"/sys/kernel/stats"

/* Loads statsfs.ko and mounts it at its place. A failure ends the program. */
void statsfs_begin(void);
/* Unmounts it and checks that statsfs.ko can go. */
void statsfs_end(void);

/* How many directories are in one, which must be there. */
unsigned int statsfs_subdirs(const char *path);

#endif
