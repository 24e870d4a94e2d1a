// SPDX-License-Identifier: GPL-2.0-only
#include "image.h"

void kvms_header_init(struct kvmstats_header *header, __u32 num_desc)
{
	header->flags = 0;
	header->name_size = KVMSTATS_NAME_LEN;
	header->num_desc = num_desc;
	header->id_offset = sizeof(*header);
	header->desc_offset = sizeof(struct kvms_head);
	header->data_offset = header->desc_offset + num_desc * sizeof(struct kvmstats_desc);
}
