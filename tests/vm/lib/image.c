// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "tap.h"

void image_read(int fd, struct image *image)
{
	ssize_t n;

	memset(image, 0, sizeof(*image));
	while ((n = pread(fd, image->bytes + image->size, IMAGE_MAX - image->size,
			  image->size)) > 0)
		image->size += n;
	if (n < 0)
		tap_bail("cannot read a stats fd");
	if (image->size < sizeof(image->header) || image->size == IMAGE_MAX)
		tap_bail("a stats fd gave %zu bytes", image->size);
}

void image_read_data(int fd, struct image *image)
{
	size_t size = image->size - image->header.data_offset;
	ssize_t n = pread(fd, image->bytes + image->header.data_offset, size,
			  image->header.data_offset);

	if (n < 0 || (size_t)n != size)
		tap_bail("read of %zu data bytes gave %zd", size, n);
}

const char *image_id(const struct image *image)
{
	return (const char *)image->bytes + image->header.id_offset;
}

const struct kvmstats_desc *image_descs(const struct image *image)
{
	return (const void *)(image->bytes + image->header.desc_offset);
}

const uint64_t *image_values(const struct image *image, const struct kvmstats_desc *desc)
{
	return (const void *)(image->bytes + image->header.data_offset + desc->offset);
}

size_t image_data_size(const struct image *image)
{
	return image->size - image->header.data_offset;
}

const struct kvmstats_desc *image_find(const struct image *image, const char *name)
{
	const struct kvmstats_desc *desc = image_descs(image);

	for (uint32_t i = 0; i < image->header.num_desc; i++, desc++) {
		if (!strncmp(desc->name, name, sizeof(desc->name)))
			return desc;
	}
	return NULL;
}

uint64_t image_value(const struct image *image, const char *name)
{
	const struct kvmstats_desc *desc = image_find(image, name);

	if (!desc)
		tap_bail("no statistic %s in %s", name, image_id(image));
	return *image_values(image, desc);
}

uint64_t fd_value(int fd, const char *name)
{
	struct image image;

	image_read(fd, &image);
	return image_value(&image, name);
}

bool desc_is_monotone(const struct kvmstats_desc *desc)
{
	return (desc->flags & KVMSTATS_TYPE_MASK) != KVMSTATS_TYPE_INSTANT;
}

bool image_is_later(const struct image *image, const struct image *earlier)
{
	const struct kvmstats_desc *desc = image_descs(image);
	bool later = true;

	if (image->size != earlier->size ||
	    memcmp(image->bytes, earlier->bytes, image->header.data_offset)) {
		tap_note("%s: not of the same thing", image_id(image));
		return false;
	}
	for (uint32_t i = 0; i < image->header.num_desc; i++, desc++) {
		const uint64_t *now = image_values(image, desc);
		const uint64_t *before = image_values(earlier, desc);

		for (uint16_t j = 0; desc_is_monotone(desc) && j < desc->size; j++) {
			if (now[j] >= before[j])
				continue;
			later = false;
			tap_note("%s[%u]: seen %llu expected at least %llu", desc->name, j,
				 (unsigned long long)now[j], (unsigned long long)before[j]);
		}
	}
	return later;
}

static bool is_padded_string(const char *s, size_t size)
{
	size_t len = strnlen(s, size);

	if (!len || len == size)
		return false;
	for (size_t i = len; i < size; i++) {
		if (s[i])
			return false;
	}
	return true;
}

struct judge {
	unsigned int broken;
	const char *where;
};

static bool rule(struct judge *judge, bool kept, const char *text)
{
	if (!kept) {
		judge->broken++;
		tap_note("%s: broken rule: %s", judge->where, text);
	}
	return kept;
}

#define RULE(judge, kept)	rule(judge, kept, #kept)

static void judge_desc(struct judge *judge, const struct kvmstats_desc *desc)
{
	const uint32_t known = KVMSTATS_TYPE_MASK | KVMSTATS_UNIT_MASK | KVMSTATS_BASE_MASK;
	uint32_t type = desc->flags & KVMSTATS_TYPE_MASK;
	uint32_t unit = desc->flags & KVMSTATS_UNIT_MASK;
	uint32_t base = desc->flags & KVMSTATS_BASE_MASK;

	judge->where = desc->name;
	RULE(judge, is_padded_string(desc->name, sizeof(desc->name)));
	RULE(judge, !(desc->flags & ~known));
	RULE(judge, type <= KVMSTATS_TYPE_LOG_HIST);
	RULE(judge, unit <= KVMSTATS_UNIT_BOOLEAN);
	RULE(judge, base <= KVMSTATS_BASE_POW2);
	if (unit == KVMSTATS_UNIT_SECONDS)
		RULE(judge, desc->exponent <= 0);
	else
		RULE(judge, desc->exponent >= 0);
	if (unit == KVMSTATS_UNIT_BOOLEAN)
		RULE(judge, desc->exponent == 0);
	if (type == KVMSTATS_TYPE_LINEAR_HIST)
		RULE(judge, desc->bucket_size > 0);
	else
		RULE(judge, desc->bucket_size == 0);
	if (type == KVMSTATS_TYPE_LINEAR_HIST || type == KVMSTATS_TYPE_LOG_HIST)
		RULE(judge, desc->size >= 1);
	else
		RULE(judge, desc->size == 1);
}

static bool name_is_repeated(const struct kvmstats_desc *descs, uint32_t i)
{
	for (uint32_t j = 0; j < i; j++) {
		if (!strncmp(descs[i].name, descs[j].name, sizeof(descs[i].name)))
			return true;
	}
	return false;
}

/* Values are dense, though not always in the order of their descriptors. */
static void judge_layout(struct judge *judge, const struct image *image)
{
	const struct kvmstats_desc *desc = image_descs(image);
	bool taken[IMAGE_MAX / sizeof(uint64_t)] = { false };
	size_t nr_values = image_data_size(image) / sizeof(uint64_t), nr_taken = 0;

	judge->where = "data";
	RULE(judge, image_data_size(image) % sizeof(uint64_t) == 0);
	for (uint32_t i = 0; i < image->header.num_desc; i++, desc++) {
		size_t first = desc->offset / sizeof(uint64_t);

		judge->where = desc->name;
		RULE(judge, desc->offset % sizeof(uint64_t) == 0);
		if (!RULE(judge, first + desc->size <= nr_values))
			continue;
		for (size_t j = first; j < first + desc->size; j++) {
			RULE(judge, !taken[j]);
			taken[j] = true;
			nr_taken++;
		}
	}
	judge->where = "data";
	if (!RULE(judge, nr_taken == nr_values))
		tap_note("seen %zu expected %zu", nr_taken, nr_values);
}

unsigned int image_broken_rules(const struct image *image, const char *expected_id)
{
	const struct kvmstats_header *header = &image->header;
	const struct kvmstats_desc *descs = image_descs(image);
	struct judge judge = { .where = "header" };

	RULE(&judge, header->flags == 0);
	RULE(&judge, header->name_size == KVMSTATS_NAME_LEN);
	RULE(&judge, header->num_desc > 0);
	RULE(&judge, header->id_offset == sizeof(*header));
	RULE(&judge, header->desc_offset == header->id_offset + KVMSTATS_ID_LEN);
	RULE(&judge, header->data_offset == header->desc_offset +
					    header->num_desc * sizeof(*descs));
	RULE(&judge, header->data_offset % sizeof(uint64_t) == 0);
	if (!RULE(&judge, header->data_offset < image->size) || judge.broken)
		return judge.broken;
	RULE(&judge, is_padded_string(image_id(image), KVMSTATS_ID_LEN));
	if (!RULE(&judge, !strcmp(image_id(image), expected_id)))
		tap_note("seen \"%s\" expected \"%s\"", image_id(image), expected_id);
	for (uint32_t i = 0; i < header->num_desc; i++) {
		judge_desc(&judge, &descs[i]);
		RULE(&judge, !name_is_repeated(descs, i));
	}
	judge_layout(&judge, image);
	return judge.broken;
}
