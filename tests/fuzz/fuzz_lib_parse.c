// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a stats file: nothing breaks, and in an accepted one every accessor
 * stays within the file, be it given as a buffer or as a file descriptor.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_buckets(const struct kvmstats_stat *stat)
{
	uint64_t low, high, previous = 0;

	for (uint32_t i = 0; i < stat->size; i++) {
		if (kvmstats_bucket_bounds(stat, i, &low, &high))
			return;
		require(low == previous && low < high);
		previous = high;
	}
	require(previous == UINT64_MAX);
}

static void check_schema(const struct kvmstats_reader *r)
{
	uint32_t count = kvmstats_reader_count(r);

	require(!strncmp(kvmstats_reader_id(r), "kvm", 3));
	for (uint32_t i = 0; i < count; i++) {
		const struct kvmstats_stat *stat = kvmstats_reader_stat(r, i);
		int found = kvmstats_reader_find(r, stat->name);

		require(*stat->name && stat->size);
		require(found >= 0 && (uint32_t)found <= i);
		require(!kvmstats_reader_values(r, i));
		check_buckets(stat);
	}
	require(!kvmstats_reader_stat(r, count));
}

/* Overlapping or out of range values would show as ones that are not as written. */
static void check_values(struct kvmstats_reader *r)
{
	uint32_t count = kvmstats_reader_count(r);

	for (uint32_t i = 0; i < count; i++)
		memset((void *)kvmstats_reader_values(r, i), i,
		       kvmstats_reader_stat(r, i)->size * sizeof(uint64_t));
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t *values = kvmstats_reader_values(r, i);

		for (uint32_t n = 0; n < kvmstats_reader_stat(r, i)->size; n++)
			require(values[n] == (i & 0xff) * 0x0101010101010101ull);
	}
	require(!kvmstats_reader_values(r, count));
}

static void check_file(const uint8_t *data, size_t size)
{
	struct kvmstats_reader *r;
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	require(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	require(!kvmstats_reader_open(fd, &r));
	if (!kvmstats_reader_update(r))
		check_values(r);
	else
		require(!kvmstats_reader_values(r, 0));
	kvmstats_reader_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kvmstats_reader *r;

	if (kvmstats_parse(data, size, &r))
		return 0;
	check_schema(r);
	kvmstats_reader_close(r);
	check_file(data, size);
	return 0;
}
