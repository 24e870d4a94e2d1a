/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stats file with one statistic of each kind. */
#ifndef TEST_LIB_IMAGE_H
#define TEST_LIB_IMAGE_H

#include <stddef.h>

#include "internal.h"

enum { COUNTER, SECONDS, BOOLEAN, LINEAR, LOG, NR_DESC };

/* A stats file as KVM lays it out. */
struct image {
	struct kvmstats_header header;
	char id[KVMSTATS_NAME_LEN];
	struct kvmstats_desc desc[NR_DESC];
	uint64_t data[3 + 4 + 32];
};

static const struct image good = {
	.header = {
		.name_size = KVMSTATS_NAME_LEN,
		.num_desc = NR_DESC,
		.id_offset = offsetof(struct image, id),
		.desc_offset = offsetof(struct image, desc),
		.data_offset = offsetof(struct image, data),
	},
	.id = "kvm-4711/vcpu-0",
	.desc = {
		[COUNTER] = { .size = 1, .offset = 0, .name = "exits" },
		[SECONDS] = {
			.flags = KVMSTATS_TYPE_PEAK | KVMSTATS_UNIT_SECONDS,
			.exponent = -9, .size = 1, .offset = 8, .name = "wait_ns",
		},
		[BOOLEAN] = {
			.flags = KVMSTATS_TYPE_INSTANT | KVMSTATS_UNIT_BOOLEAN,
			.size = 1, .offset = 16, .name = "guest_mode",
		},
		[LINEAR] = {
			.flags = KVMSTATS_TYPE_LINEAR_HIST | KVMSTATS_UNIT_CYCLES,
			.size = 4, .offset = 24, .bucket_size = 10, .name = "linear",
		},
		[LOG] = {
			.flags = KVMSTATS_TYPE_LOG_HIST | KVMSTATS_UNIT_SECONDS,
			.exponent = -9, .size = 32, .offset = 56, .name = "log",
		},
	},
	.data = { 100, 200, 1, 10, 20, 30, 40, [7] = 1000, [38] = 2000 },
};

#endif
