/* SPDX-License-Identifier: GPL-2.0-only */
/* The content of a stats fd: reading it whole, judging it, finding values. */
#ifndef VMTEST_IMAGE_H
#define VMTEST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvmstats.h"

#define IMAGE_MAX	16384

struct image {
	size_t size;
	union {
		struct kvmstats_header header;
		uint64_t align;
		uint8_t bytes[IMAGE_MAX];
	};
};

/* Both end the program when @fd cannot be read. */
void image_read(int fd, struct image *image);
void image_read_data(int fd, struct image *image);

/*
 * Holds an image against every rule that readers of stats fds rely on. Gives the
 * number of rules broken and a note for each.
 */
unsigned int image_broken_rules(const struct image *image, const char *expected_id);

const char *image_id(const struct image *image);
const struct kvmstats_desc *image_descs(const struct image *image);
const uint64_t *image_values(const struct image *image, const struct kvmstats_desc *desc);
size_t image_data_size(const struct image *image);

/* NULL when the image has no such statistic. */
const struct kvmstats_desc *image_find(const struct image *image, const char *name);
/* The first u64 of a statistic; a statistic that is not there ends the program. */
uint64_t image_value(const struct image *image, const char *name);
uint64_t fd_value(int fd, const char *name);

/* The same but for the data, and no value that only grows is less; else notes. */
bool image_is_later(const struct image *image, const struct image *earlier);
bool desc_is_monotone(const struct kvmstats_desc *desc);

#endif
