// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads of a stats fd at any offset and length, put together from spans as the
 * module does it, against one flat copy of the file.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"

#define MAX_DESC 64
#define MAX_DATA 4096
#define MAX_FILE (sizeof(struct kvms_head) + MAX_DESC * sizeof(struct kvmstats_desc) + MAX_DATA)

struct file {
	struct kvms_head head;
	struct kvmstats_desc desc[MAX_DESC];
	uint8_t data[MAX_DATA];
};

struct input {
	uint16_t num_desc;
	uint16_t data_size;
	uint64_t pos;
	uint64_t len;
};

static void fill(struct file *file)
{
	uint8_t *byte = (uint8_t *)file;
	size_t i;

	for (i = sizeof(struct kvmstats_header); i < sizeof(*file); i++)
		byte[i] = i * 7 + (i >> 8);
}

static size_t flatten(const struct file *file, uint32_t data_size, uint8_t *flat)
{
	size_t desc_size = file->head.header.num_desc * sizeof(file->desc[0]);

	memcpy(flat, &file->head, sizeof(file->head));
	memcpy(flat + sizeof(file->head), file->desc, desc_size);
	memcpy(flat + sizeof(file->head) + desc_size, file->data, data_size);
	return sizeof(file->head) + desc_size + data_size;
}

static void check(int good)
{
	if (!good)
		abort();
}

static size_t read_spans(const struct file *file, uint32_t data_size, uint64_t pos, uint64_t len,
			 uint8_t *to)
{
	const uint8_t *const blocks[] = {
		(const uint8_t *)&file->head, (const uint8_t *)file->desc, file->data,
	};
	size_t done = 0;

	while (done < len) {
		struct kvms_span span = kvms_image_span(&file->head.header, data_size, pos + done,
							len - done);

		if (!span.len)
			break;
		check(span.len <= len - done && done + span.len <= MAX_FILE);
		memcpy(to + done, blocks[span.block] + span.start, span.len);
		done += span.len;
	}
	return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static uint8_t flat[MAX_FILE], got[MAX_FILE];
	static struct file file;
	struct input in;
	size_t total, expected, done;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, bytes, sizeof(in));
	in.num_desc %= MAX_DESC + 1;
	in.data_size %= MAX_DATA + 1;
	/* As the kernel has it: offsets fit loff_t, and offset plus length too. */
	in.pos &= INT64_MAX;
	if (in.len > INT64_MAX - in.pos)
		in.len = INT64_MAX - in.pos;

	fill(&file);
	kvms_header_init(&file.head.header, in.num_desc);
	total = flatten(&file, in.data_size, flat);
	check(kvms_image_size(&file.head.header, in.data_size) == total);

	expected = in.pos >= total ? 0 : total - in.pos;
	if (expected > in.len)
		expected = in.len;
	done = read_spans(&file, in.data_size, in.pos, in.len, got);
	check(done == expected);
	check(!done || !memcmp(got, flat + in.pos, done));
	return 0;
}
