/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree of statsfs_fixture.ko, at the place of statsfs. */
#ifndef VMTEST_FIXTURE_H
#define VMTEST_FIXTURE_H

#include <stddef.h>

#include "statsfs.h"

#define FIXTURE		STATSFS "/fixture"

/* Loads and mounts all of it, and takes it away again and gives the exit status. */
void fixture_begin(void);
int fixture_end(void);

/* A command for it, which ends the program when it fails. */
void fixture_do(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Checks what is in a file, as from its start. */
void file_is(const char *path, const char *expected);
void fd_is(int fd, const char *expected, const char *text);
/* Checks what opening gives, 0 or an errno. */
void open_is(const char *path, int flags, int expected);
/* Opens it, or ends the program. */
int open_file(const char *path, int flags);

/* The names in a directory, with a space behind each, without "." and "..". */
void list_names(const char *path, char *names, size_t size);

#endif
