// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_STATS_GET_INFO, GET_NAMES and GET_DATA on stats fds: they give what the fds
 * themselves give, in the form of flat arrays. Built a second time as a 32-bit program,
 * whose GET_DATA has another number.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "memory.h"
#include "module.h"
#include "tap.h"
#include "total.h"

#define NR_VCPUS	3
#define MAX_STATS	512
#define I386_GET_DATA	0x8004aece
#define TAIL		16

#define NAMES_AT	offsetof(struct kvm_stats_names, names)
#define DATA_AT		offsetof(struct kvm_stats_data, data)

/* What a call must give. */
struct flat {
	uint32_t nr;
	char names[MAX_STATS][KVM_STATS_NAME_LEN];
	uint64_t values[MAX_STATS];
};

static int dev;
static struct flat expected;
static _Alignas(8) uint8_t buffer[DATA_AT + sizeof(expected.names) + TAIL];

static void set_size(void *argument, uint32_t size)
{
	memcpy(argument, &size, sizeof(size));
}

/* Those of an image that fit the form; the values come from elsewhere for a sum. */
static void add_image(const struct image *image, const uint64_t *values)
{
	const struct kvmstats_desc *desc = image_descs(image);

	for (uint32_t i = 0; i < image->header.num_desc; i++) {
		size_t length = strnlen(desc[i].name, sizeof(desc[i].name));

		if (desc[i].size != 1 || length >= KVM_STATS_NAME_LEN)
			continue;
		memset(expected.names[expected.nr], 0, KVM_STATS_NAME_LEN);
		memcpy(expected.names[expected.nr], desc[i].name, length);
		expected.values[expected.nr++] = values[desc[i].offset / sizeof(uint64_t)];
	}
}

static void expect_vcpu(uint64_t vm_id, uint32_t vcpu_id)
{
	static struct image image;
	int fd = dev_open_vcpu(dev, vm_id, vcpu_id);

	image_read(fd, &image);
	expected.nr = 0;
	add_image(&image, (const uint64_t *)(image.bytes + image.header.data_offset));
	close(fd);
}

static void expect_vm(uint64_t vm_id)
{
	static uint64_t sum[TOTAL_MAX_VALUES];
	static struct image image;
	int fd = dev_open_vm(dev, vm_id);

	image_read(fd, &image);
	expected.nr = 0;
	add_image(&image, (const uint64_t *)(image.bytes + image.header.data_offset));
	close(fd);
	memset(sum, 0, sizeof(sum));
	for (uint32_t i = 0; i < NR_VCPUS; i++) {
		fd = dev_open_vcpu(dev, vm_id, i);
		image_read(fd, &image);
		total_add_object(sum, &image, true);
		close(fd);
	}
	add_image(&image, sum);
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

static void check_handle(int fd, const char *text)
{
	struct kvm_stats_info info = { UINT32_MAX };
	uint32_t names = expected.nr * KVM_STATS_NAME_LEN, values = expected.nr * sizeof(uint64_t);
	uint8_t *edge = memory_edge(1);
	char name[64];

	is_errno(ERRNO_OF(ioctl(fd, KVM_STATS_GET_INFO, &info)), 0, "%s: GET_INFO", text);
	is_u64(info.num_stats, expected.nr, "%s: number of stats", text);
	is_errno(ERRNO_OF(ioctl(fd, KVM_STATS_GET_INFO, edge)), EFAULT, "%s: GET_INFO nowhere", text);
	snprintf(name, sizeof(name), "%s: GET_NAMES", text);
	check_payload(fd, KVM_STATS_GET_NAMES, NAMES_AT, expected.names, names, name);
	check_room(fd, KVM_STATS_GET_NAMES, NAMES_AT, names, name);
	snprintf(name, sizeof(name), "%s: GET_DATA", text);
	check_payload(fd, KVM_STATS_GET_DATA, DATA_AT, expected.values, values, name);
	check_room(fd, KVM_STATS_GET_DATA, DATA_AT, values, name);
	memory_unmap(edge - page_size(), 1);
}

static void check_numbers(int fd)
{
	bool is_i386 = sizeof(void *) == 4;

	is_u64(KVM_STATS_GET_INFO, 0x8004aecc, "number of GET_INFO");
	is_u64(KVM_STATS_GET_NAMES, 0x8004aecd, "number of GET_NAMES");
	is_u64(KVM_STATS_GET_DATA, is_i386 ? I386_GET_DATA : 0x8008aece, "number of GET_DATA");
	if (!is_i386)
		is_errno(ERRNO_OF(ioctl(fd, I386_GET_DATA, buffer)), ENOTTY,
			 "GET_DATA of i386 in a 64-bit program");
	is_errno(ERRNO_OF(ioctl(fd, _IO(KVM_STATS_IOC_MAGIC, 0xcc), buffer)), ENOTTY,
		 "GET_INFO without a size");
	is_errno(ERRNO_OF(ioctl(fd, _IO(KVM_STATS_IOC_MAGIC, 0xcf), buffer)), ENOTTY,
		 "a command that nobody knows");
	is_errno(ERRNO_OF(ioctl(fd, KVMSTATS_GET_INFO, buffer)), ENOTTY, "a command of the device");
}

static void check_totals(uint64_t vm_id)
{
	int host = total_open_host(dev), vm = total_open_vm(dev, vm_id);

	is_errno(ERRNO_OF(ioctl(host, KVM_STATS_GET_INFO, buffer)), ENOTTY, "a host total");
	is_errno(ERRNO_OF(ioctl(vm, KVM_STATS_GET_INFO, buffer)), ENOTTY, "a VM's total");
	close(host);
	close(vm);
}

static void check_left_out(int fd)
{
	static struct image image;
	unsigned int out = 0;

	image_read(fd, &image);
	for (uint32_t i = 0; i < image.header.num_desc; i++)
		out += image_descs(&image)[i].size != 1;
	tap_note("%u of %u stats of a vCPU do not fit", out, image.header.num_desc);
	is_u64(expected.nr + out, image.header.num_desc, "what is left out are histograms");
}

int main(void)
{
	struct guest guest;
	uint64_t vm_id;
	int vm, vcpu;

	dev = test_begin_loaded("");
	guest_create(&guest);
	for (uint32_t i = 0; i < NR_VCPUS; i++) {
		guest_add_vcpu(&guest, i);
		for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++)
			guest_run(&guest.vcpus[i], work, 5 + 7 * i + work);
	}
	vm_id = dev_vm_of(dev, getpid()).id;
	vm = dev_open_vm(dev, vm_id);
	vcpu = dev_open_vcpu(dev, vm_id, 1);
	check_numbers(vcpu);
	check_totals(vm_id);
	expect_vm(vm_id);
	check_handle(vm, "a VM");
	expect_vcpu(vm_id, 1);
	check_handle(vcpu, "a vCPU");
	check_left_out(vcpu);
	guest_destroy(&guest);
	check_payload(vcpu, KVM_STATS_GET_DATA, DATA_AT, expected.values,
		      expected.nr * sizeof(uint64_t), "GET_DATA of a VM that is gone");
	close(vm);
	close(vcpu);
	return test_end_loaded(dev);
}
