/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file image of a stats fd: head (header and id), descriptors, data.
 *
 * Plain C without kernel calls: it is also compiled into the unit tests and the fuzzer.
 */
#ifndef KVMS_IMAGE_H
#define KVMS_IMAGE_H

#include "../../../include/uapi/kvmstats.h"

/**
 * struct kvms_head - the first block of a stats fd
 * @header: as KVM lays it out
 * @id: NUL-padded
 */
struct kvms_head {
	struct kvmstats_header header;
	char id[KVMSTATS_ID_LEN];
};

enum kvms_block { KVMS_BLOCK_HEAD, KVMS_BLOCK_DESC, KVMS_BLOCK_DATA };

/**
 * struct kvms_span - a stretch of a stats fd that lies within one block
 * @block: which
 * @start: bytes from the start of that block
 * @len: bytes, 0 at or past the end of the file
 */
struct kvms_span {
	enum kvms_block block;
	__u32 start;
	__u32 len;
};

/**
 * kvms_header_init - the header of a stats fd
 * @header: filled
 * @num_desc: number of descriptors
 */
static inline void kvms_header_init(struct kvmstats_header *header, __u32 num_desc)
{
	header->flags = 0;
	header->name_size = KVMSTATS_NAME_LEN;
	header->num_desc = num_desc;
	header->id_offset = sizeof(*header);
	header->desc_offset = sizeof(struct kvms_head);
	header->data_offset = header->desc_offset + num_desc * sizeof(struct kvmstats_desc);
}

/**
 * kvms_image_size - length of a stats fd
 * @header: its header
 * @data_size: bytes of its data block
 */
static inline __u64 kvms_image_size(const struct kvmstats_header *header, __u32 data_size)
{
	return (__u64)header->data_offset + data_size;
}

/**
 * kvms_image_span - what a read at a position begins with
 * @header: header of the stats fd
 * @data_size: bytes of its data block
 * @pos: bytes from the start of the file
 * @len: bytes wanted
 *
 * Inline, because every read of a stats fd goes through it up to three times.
 *
 * Return: the longest stretch from @pos on that stays within one block and
 * within @len.
 */
static inline struct kvms_span kvms_image_span(const struct kvmstats_header *header,
					       __u32 data_size, __u64 pos, __u64 len)
{
	struct kvms_span span;
	__u64 begin, end;

	if (pos >= header->data_offset) {
		span.block = KVMS_BLOCK_DATA;
		begin = header->data_offset;
		end = kvms_image_size(header, data_size);
		if (pos > end)
			pos = end;
	} else if (pos >= header->desc_offset) {
		span.block = KVMS_BLOCK_DESC;
		begin = header->desc_offset;
		end = header->data_offset;
	} else {
		span.block = KVMS_BLOCK_HEAD;
		begin = 0;
		end = header->desc_offset;
	}

	span.start = pos - begin;
	span.len = len < end - pos ? len : end - pos;
	return span;
}

#endif
