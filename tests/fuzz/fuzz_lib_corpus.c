// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes the seeds of fuzz_lib_parse to the directory that it is given. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uapi/kvmstats.h>

#define MAX_DESC	5

struct seed {
	const char *file;
	const char *id;
	struct kvmstats_desc desc[MAX_DESC];	/* offsets are filled in */
	int data_first;				/* the data block before the descriptors */
};

static const struct seed seeds[] = {
	{ .file = "empty", .id = "kvm-1" },
	{
		.file = "vm", .id = "kvm-4711",
		.desc = {
			{ .size = 1, .name = "remote_tlb_flush" },
			{ .flags = KVMSTATS_TYPE_INSTANT, .size = 1, .name = "pages_4k" },
			{ .flags = KVMSTATS_TYPE_PEAK, .size = 1,
			  .name = "max_mmu_page_hash_collisions" },
		},
	}, {
		.file = "vcpu", .id = "kvm-4711/vcpu-0",
		.desc = {
			{ .size = 1, .name = "exits" },
			{ .flags = KVMSTATS_TYPE_INSTANT | KVMSTATS_UNIT_BOOLEAN, .size = 1,
			  .name = "guest_mode" },
			{ .flags = KVMSTATS_UNIT_SECONDS, .exponent = -9, .size = 1,
			  .name = "halt_wait_ns" },
			{ .flags = KVMSTATS_TYPE_LOG_HIST | KVMSTATS_UNIT_SECONDS,
			  .exponent = -9, .size = 32, .name = "halt_wait_hist" },
			{ .flags = KVMSTATS_TYPE_LINEAR_HIST | KVMSTATS_UNIT_CYCLES,
			  .size = 8, .bucket_size = 100, .name = "linear" },
		},
	}, {
		.file = "future", .id = "kvm-1",
		.desc = {
			{ .flags = 0x7 | 0x70 | 0x700, .exponent = -3, .size = 3,
			  .bucket_size = 9, .name = "new kind" },
			{ .flags = 0xfffff000 | KVMSTATS_UNIT_BYTES | KVMSTATS_BASE_POW2,
			  .exponent = 10, .size = 1, .name = "new flags" },
		},
	}, {
		.file = "data-first", .id = "kvm-1", .data_first = 1,
		.desc = { { .size = 1, .name = "a" }, { .size = 1, .name = "b" } },
	},
};

static void write_seed(const char *dir, const struct seed *seed)
{
	struct kvmstats_header header = {
		.name_size = KVMSTATS_NAME_LEN,
		.id_offset = sizeof(header),
		.desc_offset = sizeof(header) + KVMSTATS_ID_LEN,
	};
	struct kvmstats_desc desc[MAX_DESC];
	char id[KVMSTATS_ID_LEN] = "";
	unsigned long long data[64];
	size_t desc_size, data_size = 0;
	char path[4096];
	FILE *f;

	memcpy(desc, seed->desc, sizeof(desc));
	while (header.num_desc < MAX_DESC && desc[header.num_desc].size) {
		desc[header.num_desc].offset = data_size;
		data_size += desc[header.num_desc++].size * sizeof(*data);
	}
	desc_size = header.num_desc * sizeof(*desc);
	header.data_offset = header.desc_offset + desc_size;
	if (seed->data_first) {
		header.data_offset = header.desc_offset;
		header.desc_offset += data_size;
	}
	for (size_t i = 0; i < sizeof(data) / sizeof(*data); i++)
		data[i] = i;
	snprintf(id, sizeof(id), "%s", seed->id);

	snprintf(path, sizeof(path), "%s/%s", dir, seed->file);
	f = fopen(path, "w");
	if (!f)
		err(1, "%s", path);
	fwrite(&header, sizeof(header), 1, f);
	fwrite(id, sizeof(id), 1, f);
	if (seed->data_first)
		fwrite(data, data_size, 1, f);
	fwrite(desc, desc_size, 1, f);
	if (!seed->data_first)
		fwrite(data, data_size, 1, f);
	if (ferror(f) || fclose(f))
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: %s DIRECTORY", argv[0]);
	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		write_seed(argv[1], &seeds[i]);
	return 0;
}
