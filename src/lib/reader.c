// SPDX-License-Identifier: LGPL-2.1-or-later
/* Reading a stats fd. */
#include <errno.h>
#include <stdlib.h>
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
	free(r->data);
	kvmstats_descs_clear(&r->descs);
	free(r->id);
	free(r);
}

const char *kvmstats_reader_id(const struct kvmstats_reader *r)
{
	return r->id;
}

uint32_t kvmstats_reader_count(const struct kvmstats_reader *r)
{
	return kvmstats_descs_count(&r->descs);
}

const struct kvmstats_stat *kvmstats_reader_stat(const struct kvmstats_reader *r, uint32_t index)
{
	return kvmstats_descs_stat(&r->descs, index);
}

int kvmstats_reader_find(const struct kvmstats_reader *r, const char *name)
{
	return kvmstats_descs_find(&r->descs, name);
}

int kvmstats_reader_update(struct kvmstats_reader *r)
{
	int ret = read_fully(r->fd, r->data, r->descs.data_size, r->data_offset);

	r->valid = !ret;
	return ret;
}

const uint64_t *kvmstats_reader_values(const struct kvmstats_reader *r, uint32_t index)
{
	return r->valid && index < r->descs.count ? r->data + r->descs.value_index[index] : NULL;
}
