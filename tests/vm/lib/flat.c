// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "flat.h"
#include "image.h"
#include "memory.h"
#include "tap.h"
#include "total.h"

#define MAX_VCPUS	8
#define TAIL		16

#define NAMES_AT	offsetof(struct kvm_stats_names, names)
#define DATA_AT		offsetof(struct kvm_stats_data, data)

static _Alignas(8) uint8_t buffer[DATA_AT + sizeof(((struct flat *)0)->names) + TAIL];

/* --- what it must be --- */

/* Those of an image that fit the form; the values come from elsewhere for a sum. */
static void add_image(struct flat *flat, const struct image *image, const uint64_t *values)
{
	const struct kvmstats_desc *desc = image_descs(image);

	for (uint32_t i = 0; i < image->header.num_desc; i++) {
		size_t length = strnlen(desc[i].name, sizeof(desc[i].name));

		if (desc[i].size != 1 || length >= KVM_STATS_NAME_LEN)
			continue;
		memset(flat->names[flat->nr], 0, KVM_STATS_NAME_LEN);
		memcpy(flat->names[flat->nr], desc[i].name, length);
		flat->values[flat->nr++] = values[desc[i].offset / sizeof(uint64_t)];
	}
}

static const uint64_t *all_values(const struct image *image)
{
	return (const uint64_t *)(image->bytes + image->header.data_offset);
}

static void read_and_close(int fd, struct image *image)
{
	image_read(fd, image);
	close(fd);
}

void flat_of_vcpu(struct flat *flat, int dev, uint64_t vm_id, uint32_t vcpu_id)
{
	static struct image image;

	read_and_close(dev_open_vcpu(dev, vm_id, vcpu_id), &image);
	flat->nr = 0;
	add_image(flat, &image, all_values(&image));
}

void flat_of_vm(struct flat *flat, int dev, uint64_t vm_id)
{
	static uint64_t sum[TOTAL_MAX_VALUES];
	struct kvmstats_vcpu vcpus[MAX_VCPUS];
	uint32_t nr = dev_list_vcpus(dev, vm_id, vcpus, MAX_VCPUS);
	static struct image image;

	read_and_close(dev_open_vm(dev, vm_id), &image);
	flat->nr = 0;
	add_image(flat, &image, all_values(&image));
	memset(sum, 0, sizeof(sum));
	for (uint32_t i = 0; i < nr; i++) {
		read_and_close(dev_open_vcpu(dev, vm_id, vcpus[i].vcpu_id), &image);
		total_add_object(sum, &image, true);
	}
	add_image(flat, &image, sum);
}

/* --- what the calls give --- */

static void set_size(void *argument, uint32_t size)
{
	memcpy(argument, &size, sizeof(size));
}

/* The payload is right, and what is behind it untouched. */
static void check_payload(int fd, unsigned long command, size_t at, const void *payload,
			  uint32_t size, const char *text)
{
	for (uint32_t extra = 0; extra <= TAIL; extra += TAIL) {
		memset(buffer, POISON, sizeof(buffer));
		set_size(buffer, size + extra);
		is_errno(ERRNO_OF(ioctl(fd, command, buffer)), 0, "%s, %u bytes more", text, extra);
		is_bytes(buffer + at, payload, size, "%s, %u bytes more: content", text, extra);
		is_u64(bytes_unlike(buffer + at + size, POISON, sizeof(buffer) - at - size), 0,
		       "%s, %u bytes more: nothing behind", text, extra);
	}
}

static void check_room(int fd, unsigned long command, size_t at, uint32_t size, const char *text)
{
	const uint32_t sizes[] = { 0, 1, size / 2, size - 1 };
	uint8_t *edge = memory_edge(8);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(buffer, POISON, sizeof(buffer));
		set_size(buffer, sizes[i]);
		is_errno(ERRNO_OF(ioctl(fd, command, buffer)), EINVAL, "%s: size %u of %u", text,
			 sizes[i], size);
		is_u64(bytes_unlike(buffer + sizeof(uint32_t), POISON,
				    sizeof(buffer) - sizeof(uint32_t)), 0,
		       "%s: size %u of %u: nothing is written", text, sizes[i], size);
	}
	set_size(edge - at - size, size);
	is_errno(ERRNO_OF(ioctl(fd, command, edge - at - size)), 0, "%s: to the edge of memory",
		 text);
	set_size(edge - at - size + 8, size);
	is_errno(ERRNO_OF(ioctl(fd, command, edge - at - size + 8)), EFAULT,
		 "%s: past the edge of memory", text);
	is_errno(ERRNO_OF(ioctl(fd, command, edge)), EFAULT, "%s: no memory at all", text);
	is_errno(ERRNO_OF(ioctl(fd, command, NULL)), EFAULT, "%s: NULL", text);
	memory_unmap(edge - 8 * page_size(), 8);

	edge = memory_map(8);
	set_size(edge, size);
	mprotect(edge, 8 * page_size(), PROT_READ);
	is_errno(ERRNO_OF(ioctl(fd, command, edge)), EFAULT, "%s: read-only memory", text);
	memory_unmap(edge, 8);
}

void flat_check_data(int fd, const struct flat *expected, const char *text)
{
	check_payload(fd, KVM_STATS_GET_DATA, DATA_AT, expected->values,
		      expected->nr * sizeof(uint64_t), text);
}

void flat_check(int fd, const struct flat *expected, const char *text)
{
	struct kvm_stats_info info = { UINT32_MAX };
	uint32_t names = expected->nr * KVM_STATS_NAME_LEN;
	uint8_t *edge = memory_edge(1);
	char name[64];

	is_errno(ERRNO_OF(ioctl(fd, KVM_STATS_GET_INFO, &info)), 0, "%s: GET_INFO", text);
	is_u64(info.num_stats, expected->nr, "%s: number of stats", text);
	is_errno(ERRNO_OF(ioctl(fd, KVM_STATS_GET_INFO, edge)), EFAULT, "%s: GET_INFO nowhere", text);
	snprintf(name, sizeof(name), "%s: GET_NAMES", text);
	check_payload(fd, KVM_STATS_GET_NAMES, NAMES_AT, expected->names, names, name);
	check_room(fd, KVM_STATS_GET_NAMES, NAMES_AT, names, name);
	snprintf(name, sizeof(name), "%s: GET_DATA", text);
	flat_check_data(fd, expected, name);
	check_room(fd, KVM_STATS_GET_DATA, DATA_AT, expected->nr * sizeof(uint64_t), name);
	memory_unmap(edge - page_size(), 1);
}
