/* SPDX-License-Identifier: GPL-2.0-only */
/* A pread of statistics, again and again. */
#ifndef BENCH_READING_H
#define BENCH_READING_H

#include <stddef.h>
#include <sys/types.h>

/**
 * struct reading - what is read
 * @fd: a stats fd, or the like
 * @size: bytes, all of which are there
 * @offset: where they begin
 */
struct reading {
	int fd;
	size_t size;
	off_t offset;
};

/* A bench_fn, of a struct reading. */
void reading_once(void *reading);

#endif
