// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading a stats fd. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* A stats file gives all that was asked for, so less means that it is too short. */
static int read_fully(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t n = pread(fd, buf, size, offset);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EBADMSG;
}

int kvmstats_reader_open(int fd, struct kvmstats_reader **out)
{
	struct kvmstats_header header;
	struct kvmstats_reader *r;
	size_t size;
	void *schema;
	int ret;

	ret = read_fully(fd, &header, sizeof(header), 0);
	if (ret)
		return ret;
	ret = kvmstats_schema_size(&header, &size);
	if (ret)
		return ret;
	schema = malloc(size);
	if (!schema)
		return -ENOMEM;
	ret = read_fully(fd, schema, size, 0);
	if (!ret)
		ret = kvmstats_parse(schema, size, &r);
	free(schema);
	if (ret)
		return ret;
	r->fd = fd;
	*out = r;
	return 0;
}

void kvmstats_reader_close(struct kvmstats_reader *r)
{
	if (!r)
		return;
	free(r->strings);
	free(r->data);
	free(r->value_index);
	free(r->stats);
	free(r);
}

const char *kvmstats_reader_id(const struct kvmstats_reader *r)
{
	return r->strings;
}

uint32_t kvmstats_reader_count(const struct kvmstats_reader *r)
{
	return r->count;
}

const struct kvmstats_stat *kvmstats_reader_stat(const struct kvmstats_reader *r, uint32_t index)
{
	return index < r->count ? &r->stats[index] : NULL;
}

int kvmstats_reader_find(const struct kvmstats_reader *r, const char *name)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (!strcmp(r->stats[i].name, name))
			return i;
	return -ENOENT;
}

int kvmstats_reader_update(struct kvmstats_reader *r)
{
	int ret = read_fully(r->fd, r->data, r->data_size, r->data_offset);

	r->valid = !ret;
	return ret;
}

const uint64_t *kvmstats_reader_values(const struct kvmstats_reader *r, uint32_t index)
{
	return r->valid && index < r->count ? r->data + r->value_index[index] : NULL;
}

int kvmstats_bucket_bounds(const struct kvmstats_stat *stat, uint32_t bucket,
			   uint64_t *low, uint64_t *high)
{
	uint64_t lo, hi;

	if (bucket >= stat->size)
		return -EINVAL;

	switch (stat->flags & KVMSTATS_TYPE_MASK) {
	case KVMSTATS_TYPE_LINEAR_HIST:
		lo = (uint64_t)stat->bucket_size * bucket;
		hi = lo + stat->bucket_size;
		break;
	case KVMSTATS_TYPE_LOG_HIST:
		if (bucket >= KVMSTATS_MAX_LOG_HIST)
			return -EINVAL;
		lo = bucket ? 1ull << (bucket - 1) : 0;
		hi = bucket < 64 ? 1ull << bucket : UINT64_MAX;
		break;
	default:
		return -EINVAL;
	}

	*low = lo;
	*high = bucket == stat->size - 1u ? UINT64_MAX : hi;
	return 0;
}
