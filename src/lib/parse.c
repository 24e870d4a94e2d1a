// SPDX-License-Identifier: LGPL-2.1-or-later
/* From the bytes of a stats file, or of descriptors alone, to a schema. Trusts none of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* What precedes the name in a descriptor, whatever name_size says. */
#define DESC_FIXED	offsetof(struct kvmstats_desc, name)

struct range {
	uint64_t start;
	uint64_t end;
};

static struct range range(uint64_t start, uint64_t size)
{
	return (struct range){ start, start + size };
}

static bool overlap(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

static struct range id_range(const struct kvmstats_header *h)
{
	return range(h->id_offset, h->name_size);
}

static struct range desc_range(const struct kvmstats_header *h)
{
	return range(h->desc_offset, (uint64_t)h->num_desc * (DESC_FIXED + h->name_size));
}

static bool block_ok(struct range block)
{
	return block.start % sizeof(uint64_t) == 0 &&
	       block.start >= sizeof(struct kvmstats_header) &&
	       block.end <= KVMSTATS_MAX_FILE;
}

static bool header_ok(const struct kvmstats_header *h)
{
	return !h->flags &&
	       h->name_size && h->name_size % sizeof(uint64_t) == 0 &&
	       h->name_size <= KVMSTATS_MAX_NAME &&
	       h->num_desc <= KVMSTATS_MAX_DESC &&
	       block_ok(id_range(h)) && block_ok(desc_range(h)) &&
	       !overlap(id_range(h), desc_range(h));
}

int kvmstats_schema_size(const struct kvmstats_header *h, size_t *size)
{
	if (!header_ok(h))
		return -EBADMSG;

	uint64_t id_end = id_range(h).end, desc_end = desc_range(h).end;

	*size = id_end > desc_end ? id_end : desc_end;
	return 0;
}

static bool size_ok(const struct kvmstats_desc *d)
{
	switch (d->flags & KVMSTATS_TYPE_MASK) {
	case KVMSTATS_TYPE_CUMULATIVE:
	case KVMSTATS_TYPE_INSTANT:
	case KVMSTATS_TYPE_PEAK:
		return d->size == 1 && !d->bucket_size;
	case KVMSTATS_TYPE_LINEAR_HIST:
		return d->size && d->bucket_size;
	case KVMSTATS_TYPE_LOG_HIST:
		return d->size && d->size <= KVMSTATS_MAX_LOG_HIST && !d->bucket_size;
	default:
		return d->size;
	}
}

static bool exponent_ok(const struct kvmstats_desc *d)
{
	switch (d->flags & KVMSTATS_UNIT_MASK) {
	case KVMSTATS_UNIT_SECONDS:
		return d->exponent <= 0;
	case KVMSTATS_UNIT_BOOLEAN:
		return d->exponent == 0;
	case KVMSTATS_UNIT_NONE:
	case KVMSTATS_UNIT_BYTES:
	case KVMSTATS_UNIT_CYCLES:
		return d->exponent >= 0;
	default:
		return true;
	}
}

static struct range value_range(const struct kvmstats_desc *d)
{
	return range(d->offset, (uint64_t)d->size * sizeof(uint64_t));
}

static bool desc_ok(const struct kvmstats_desc *d, const char *name, size_t name_size)
{
	return *name && memchr(name, '\0', name_size) &&
	       d->offset % sizeof(uint64_t) == 0 && size_ok(d) && exponent_ok(d);
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* The order of descriptors is not that of values on every kernel, so sort. */
static bool values_apart(struct range *values, uint32_t count)
{
	if (!count)
		return true;
	qsort(values, count, sizeof(*values), by_start);
	for (uint32_t i = 1; i < count; i++)
		if (overlap(values[i - 1], values[i]))
			return false;
	return true;
}

/* Fills in all that has been allocated. @values is scratch, one for each. */
static int fill_descs(struct kvmstats_descs *d, const char *buf, uint32_t name_size,
		      struct range *values)
{
	char *name = d->names;

	for (uint32_t i = 0; i < d->count; i++, name += name_size) {
		struct kvmstats_desc desc;

		memcpy(&desc, buf, DESC_FIXED);
		memcpy(name, buf + DESC_FIXED, name_size);
		if (!desc_ok(&desc, name, name_size))
			return -EBADMSG;
		buf += DESC_FIXED + name_size;

		values[i] = value_range(&desc);
		if (values[i].end > KVMSTATS_MAX_FILE)
			return -EBADMSG;
		if (values[i].end > d->data_size)
			d->data_size = values[i].end;
		d->value_index[i] = desc.offset / sizeof(uint64_t);
		d->stats[i] = (struct kvmstats_stat){
			.name = name,
			.flags = desc.flags,
			.bucket_size = desc.bucket_size,
			.exponent = desc.exponent,
			.size = desc.size,
		};
	}
	return values_apart(values, d->count) ? 0 : -EBADMSG;
}

int kvmstats_parse_descs(const char *buf, uint32_t count, uint32_t name_size,
			 struct kvmstats_descs *out)
{
	/* One more than needed, so that no request is for 0 bytes. */
	struct range *values = calloc(count + 1, sizeof(*values));
	struct kvmstats_descs d = {
		.count = count,
		.stats = calloc(count + 1, sizeof(*d.stats)),
		.value_index = calloc(count + 1, sizeof(*d.value_index)),
		.names = calloc(count + 1, name_size),
	};
	int ret = -ENOMEM;

	if (values && d.stats && d.value_index && d.names)
		ret = fill_descs(&d, buf, name_size, values);
	free(values);
	if (ret)
		kvmstats_descs_clear(&d);
	else
		*out = d;
	return ret;
}

void kvmstats_descs_clear(struct kvmstats_descs *d)
{
	free(d->names);
	free(d->value_index);
	free(d->stats);
}

static int fill_reader(struct kvmstats_reader *r, const struct kvmstats_header *h, const char *buf)
{
	struct range data;
	int ret;

	r->id = malloc(h->name_size);
	if (!r->id)
		return -ENOMEM;
	memcpy(r->id, buf + h->id_offset, h->name_size);
	if (!memchr(r->id, '\0', h->name_size) || strncmp(r->id, "kvm", 3))
		return -EBADMSG;
	ret = kvmstats_parse_descs(buf + h->desc_offset, h->num_desc, h->name_size, &r->descs);
	if (ret)
		return ret;
	data = range(h->data_offset, r->descs.data_size);
	if (!block_ok(data) || overlap(data, id_range(h)) || overlap(data, desc_range(h)))
		return -EBADMSG;
	r->data_offset = h->data_offset;
	r->data = calloc(1, r->descs.data_size + sizeof(*r->data));
	return r->data ? 0 : -ENOMEM;
}

int kvmstats_parse(const void *buf, size_t len, struct kvmstats_reader **out)
{
	struct kvmstats_header h;
	struct kvmstats_reader *r;
	size_t schema_size;
	int ret;

	if (len < sizeof(h))
		return -EBADMSG;
	memcpy(&h, buf, sizeof(h));
	ret = kvmstats_schema_size(&h, &schema_size);
	if (ret)
		return ret;
	if (len < schema_size)
		return -EBADMSG;

	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->fd = -1;
	ret = fill_reader(r, &h, buf);
	if (ret)
		kvmstats_reader_close(r);
	else
		*out = r;
	return ret;
}
