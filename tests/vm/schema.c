// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVMSTATS_GET_SCHEMA: the descriptors that the stats fds have, and what it
 * refuses. Built a second time as a 32-bit program.
 */
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

#define MAX_DESCS	256
#define ROOM		(MAX_DESCS * sizeof(struct kvmstats_desc))

static const char *const kind_names[] = { "VM", "vCPU" };

static int dev;
static struct kvmstats_desc descs[MAX_DESCS];

/* What is to come back is set to something else. */
static struct kvmstats_schema schema_of(uint32_t kind, uint32_t capacity)
{
	return (struct kvmstats_schema){
		.size = sizeof(struct kvmstats_schema),
		.kind = kind,
		.capacity = capacity,
		.count = UINT32_MAX,
		.data_size = UINT32_MAX,
		.generation = UINT64_MAX,
		.descs = (uintptr_t)descs,
	};
}

static int get_schema(struct kvmstats_schema *schema)
{
	return ERRNO_OF(ioctl(dev, KVMSTATS_GET_SCHEMA, schema));
}

/* The number of descriptors that the image of @kind has is needed to be right. */
static void check_content(uint32_t kind, const struct image *image, uint32_t capacity)
{
	size_t size = image->header.num_desc * sizeof(*descs);
	const char *name = kind_names[kind];
	struct kvmstats_schema schema = schema_of(kind, capacity);
	struct kvmstats_info info;

	dev_info(dev, &info);
	memset(descs, POISON, sizeof(descs));
	is_errno(get_schema(&schema), 0, "%s: room for %u of %u descriptors", name, capacity,
		 image->header.num_desc);
	is_u64(schema.size, sizeof(schema), "%s: size", name);
	is_u64(schema.count, image->header.num_desc, "%s: count, as in the stats fd", name);
	is_u64(schema.count, kind == KVMSTATS_KIND_VM ? info.vm_num_desc : info.vcpu_num_desc,
	       "%s: count, as in info", name);
	is_u64(schema.data_size, image_data_size(image), "%s: data size, as in the stats fd", name);
	is_u64(schema.data_size,
	       kind == KVMSTATS_KIND_VM ? info.vm_data_size : info.vcpu_data_size,
	       "%s: data size, as in info", name);
	is_u64(schema.generation, info.schema_generation, "%s: generation, as in info", name);
	is_u64(schema.capacity, capacity, "%s: capacity stays", name);
	if (!capacity)
		size = 0;
	is_bytes(descs, image_descs(image), size, "%s: descriptors, as in the stats fd", name);
	is_u64(bytes_unlike((uint8_t *)descs + size, POISON, ROOM - size), 0,
	       "%s: nothing is written behind the last", name);
}

static void check_too_small(uint32_t kind, uint32_t capacity)
{
	struct kvmstats_schema schema = schema_of(kind, capacity), before = schema;
	const char *name = kind_names[kind];

	memset(descs, POISON, sizeof(descs));
	is_errno(get_schema(&schema), ENOSPC, "%s: room for %u", name, capacity);
	is_bytes(&schema, &before, sizeof(schema), "%s: room for %u: the struct stays", name,
		 capacity);
	is_u64(bytes_unlike(descs, POISON, ROOM), 0, "%s: room for %u: nothing is written", name,
	       capacity);
}

static void expect_refusal(struct kvmstats_schema schema, int expected, const char *text)
{
	is_errno(get_schema(&schema), expected, "%s", text);
}

static void check_fields(void)
{
	static const uint32_t kinds[] = { KVMSTATS_KIND_VCPU_SUM, 3, 0x80000000, UINT32_MAX };
	struct kvmstats_schema schema;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		expect_refusal(schema_of(kinds[i], 0), EINVAL, "unknown kind");
	for (uint32_t flag = 1; flag; flag <<= 1) {
		schema = schema_of(KVMSTATS_KIND_VM, 0);
		schema.flags = flag;
		if (get_schema(&schema) != EINVAL)
			tap_ok(false, "flag %#x is not refused", flag);
	}
	schema = schema_of(KVMSTATS_KIND_VM, 0);
	schema.size -= 1;
	expect_refusal(schema, EINVAL, "size below the first version");
	schema.size = 0;
	expect_refusal(schema, EINVAL, "size 0");
	is_errno(ERRNO_OF(ioctl(dev, KVMSTATS_GET_SCHEMA, NULL)), EFAULT, "a struct at NULL");
}

static void check_pointers(uint32_t kind, uint32_t count)
{
	size_t size = count * sizeof(*descs), pages = size / page_size() + 1;
	uint8_t *edge = memory_edge(pages);
	struct kvmstats_schema schema = schema_of(kind, count);

	schema.descs = 0;
	expect_refusal(schema, EFAULT, "descriptors at NULL");
	schema.descs = UINT64_MAX - 63;
	expect_refusal(schema, EFAULT, "descriptors at the end of memory");
	schema.descs = 1ull << 40 | (uintptr_t)descs;
	expect_refusal(schema, EFAULT, "descriptors above 2^40");
	schema.descs = (uintptr_t)edge;
	expect_refusal(schema, EFAULT, "descriptors in unmapped memory");
	schema.descs = (uintptr_t)edge - size + 1;
	expect_refusal(schema, EFAULT, "the last byte of the descriptors is unmapped");
	schema.descs = (uintptr_t)edge - size;
	expect_refusal(schema, 0, "descriptors end where memory ends");
	schema.capacity = UINT32_MAX;
	expect_refusal(schema, 0, "the largest capacity, with room for what there is");
	schema.descs = (uintptr_t)edge - size - 5;
	expect_refusal(schema, 0, "descriptors at an odd address");
	mprotect(edge - pages * page_size(), pages * page_size(), PROT_READ);
	expect_refusal(schema, EFAULT, "descriptors in read-only memory");
	schema.capacity = 0;
	expect_refusal(schema, 0, "memory that nobody asked to fill");
	memory_unmap(edge - pages * page_size(), pages);
}

static void check_kind(uint32_t kind, const struct image *image)
{
	uint32_t count = image->header.num_desc;

	if (count + 5 > MAX_DESCS)
		tap_bail("%u descriptors", count);
	check_content(kind, image, 0);
	check_content(kind, image, count);
	check_content(kind, image, count + 5);
	check_too_small(kind, 1);
	check_too_small(kind, count - 1);
	check_pointers(kind, count);
}

static uint64_t generation(void)
{
	struct kvmstats_schema schema = schema_of(KVMSTATS_KIND_VM, 0);

	errno = get_schema(&schema);
	if (errno)
		tap_bail("no schema");
	return schema.generation;
}

static void read_images(struct image *vm_image, struct image *vcpu_image)
{
	struct guest guest;
	uint64_t id;
	int fd;

	guest_create(&guest);
	guest_add_vcpu(&guest, 0);
	id = dev_vm_of(dev, getpid()).id;
	fd = dev_open_vm(dev, id);
	image_read(fd, vm_image);
	close(fd);
	fd = dev_open_vcpu(dev, id, 0);
	image_read(fd, vcpu_image);
	close(fd);
	guest_destroy(&guest);
}

static void check_kvm_reloads(void)
{
	uint64_t first = generation(), second;

	is_errno(kvm_unload(), 0, "KVM unloads");
	expect_refusal(schema_of(KVMSTATS_KIND_VM, 0), ENODEV, "VM: without KVM");
	expect_refusal(schema_of(KVMSTATS_KIND_VCPU, 0), ENODEV, "vCPU: without KVM");
	expect_refusal(schema_of(KVMSTATS_KIND_VCPU, MAX_DESCS), ENODEV,
		       "vCPU: without KVM, with room");
	expect_refusal(schema_of(KVMSTATS_KIND_VCPU_SUM, 0), EINVAL,
		       "an unknown kind without KVM");
	kvm_load();
	second = generation();
	tap_ok(first && second && first != second, "generation: %llu, then %llu",
	       (unsigned long long)first, (unsigned long long)second);
}

int main(void)
{
	static struct image vm_image, vcpu_image;

	dev = test_begin_loaded("");
	read_images(&vm_image, &vcpu_image);
	check_kind(KVMSTATS_KIND_VM, &vm_image);
	check_kind(KVMSTATS_KIND_VCPU, &vcpu_image);
	check_fields();
	check_kvm_reloads();
	read_images(&vm_image, &vcpu_image);
	check_content(KVMSTATS_KIND_VM, &vm_image, MAX_DESCS);
	check_content(KVMSTATS_KIND_VCPU, &vcpu_image, MAX_DESCS);
	return test_end_loaded(dev);
}
