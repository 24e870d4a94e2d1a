// SPDX-License-Identifier: LGPL-2.1-or-later
/* From the bytes of a stats file to its schema. Trusts none of them. */
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

/* Fills in everything but the values' buffer. @values is scratch for h->num_desc. */
static int parse_schema(struct kvmstats_reader *r, const struct kvmstats_header *h,
			const char *buf, struct range *values)
{
	const char *desc = buf + h->desc_offset;
	char *string = r->strings;
	uint64_t data_size = 0;

	memcpy(string, buf + h->id_offset, h->name_size);
	if (!memchr(string, '\0', h->name_size) || strncmp(string, "kvm", 3))
		return -EBADMSG;

	for (uint32_t i = 0; i < h->num_desc; i++, desc += DESC_FIXED + h->name_size) {
		struct kvmstats_desc d;

		string += h->name_size;
		memcpy(&d, desc, DESC_FIXED);
		memcpy(string, desc + DESC_FIXED, h->name_size);
		if (!desc_ok(&d, string, h->name_size))
			return -EBADMSG;

		values[i] = value_range(&d);
		if (values[i].end > data_size)
			data_size = values[i].end;
		r->value_index[i] = d.offset / sizeof(uint64_t);
		r->stats[i] = (struct kvmstats_stat){
			.name = string,
			.flags = d.flags,
			.bucket_size = d.bucket_size,
			.exponent = d.exponent,
			.size = d.size,
		};
	}

	struct range data = range(h->data_offset, data_size);

	if (!block_ok(data) || overlap(data, id_range(h)) || overlap(data, desc_range(h)))
		return -EBADMSG;
	if (!values_apart(values, h->num_desc))
		return -EBADMSG;

	r->count = h->num_desc;
	r->data_offset = h->data_offset;
	r->data_size = data_size;
	return 0;
}

int kvmstats_parse(const void *buf, size_t len, struct kvmstats_reader **out)
{
	struct kvmstats_reader *r = NULL;
	struct kvmstats_header h;
	struct range *values;
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

	/* One more than needed, so that no request is for 0 bytes. */
	values = calloc(h.num_desc + 1, sizeof(*values));
	r = calloc(1, sizeof(*r));
	if (!values || !r) {
		ret = -ENOMEM;
		goto free;
	}
	r->fd = -1;
	r->stats = calloc(h.num_desc + 1, sizeof(*r->stats));
	r->value_index = calloc(h.num_desc + 1, sizeof(*r->value_index));
	r->strings = calloc(h.num_desc + 1, h.name_size);
	if (!r->stats || !r->value_index || !r->strings) {
		ret = -ENOMEM;
		goto free;
	}

	ret = parse_schema(r, &h, buf, values);
	if (ret)
		goto free;

	r->data = calloc(1, r->data_size + sizeof(*r->data));
	if (!r->data) {
		ret = -ENOMEM;
		goto free;
	}
	free(values);
	*out = r;
	return 0;

free:
	kvmstats_reader_close(r);
	free(values);
	return ret;
}
