// SPDX-License-Identifier: GPL-2.0-only
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "tap.h"
#include "total.h"

#define MAX_VCPUS	16

int total_try_open_host(int dev)
{
	struct kvmstats_open open = { .size = sizeof(open) };

	return ioctl(dev, KVMSTATS_OPEN_HOST, &open);
}

int total_try_open_vm(int dev, uint64_t vm_id)
{
	struct kvmstats_open open = {
		.size = sizeof(open), .flags = KVMSTATS_OPEN_WITH_VCPUS, .vm_id = vm_id,
	};

	return ioctl(dev, KVMSTATS_OPEN_VM, &open);
}

int total_open_host(int dev)
{
	int fd = total_try_open_host(dev);

	if (fd < 0)
		tap_bail("cannot open the host's total");
	return fd;
}

int total_open_vm(int dev, uint64_t vm_id)
{
	int fd = total_try_open_vm(dev, vm_id);

	if (fd < 0)
		tap_bail("cannot open the total of VM %llu", (unsigned long long)vm_id);
	return fd;
}

void total_add_object(uint64_t *sum, const struct image *object, bool living)
{
	const struct kvmstats_desc *desc = image_descs(object);

	for (uint32_t i = 0; i < object->header.num_desc; i++, desc++) {
		const uint64_t *values = image_values(object, desc);
		uint64_t *to = sum + desc->offset / sizeof(uint64_t);
		uint32_t type = desc->flags & KVMSTATS_TYPE_MASK;

		for (uint16_t j = 0; j < desc->size; j++) {
			if (type != KVMSTATS_TYPE_PEAK)
				to[j] += type != KVMSTATS_TYPE_INSTANT || living ? values[j] : 0;
			else if (to[j] < values[j])
				to[j] = values[j];
		}
	}
}

/* Gives the number of values in the object. */
static uint32_t add_fd(uint64_t *sum, int fd, bool living)
{
	struct image image;

	image_read(fd, &image);
	close(fd);
	if (image_data_size(&image) > TOTAL_MAX_VALUES * sizeof(uint64_t))
		tap_bail("%s: %zu bytes of data", image_id(&image), image_data_size(&image));
	total_add_object(sum, &image, living);
	return image_data_size(&image) / sizeof(uint64_t);
}

void total_add_vm(struct total *total, int dev, uint64_t vm_id, bool living)
{
	struct kvmstats_vcpu vcpus[MAX_VCPUS];
	uint32_t nr = dev_list_vcpus(dev, vm_id, vcpus, MAX_VCPUS);

	total->nr_vm_values = add_fd(total->vm, dev_open_vm(dev, vm_id), living);
	for (uint32_t i = 0; i < nr; i++)
		total->nr_vcpu_values = add_fd(total->vcpus,
					       dev_open_vcpu(dev, vm_id, vcpus[i].vcpu_id), living);
}

bool total_is(int fd, const struct total *expected, const char *text)
{
	size_t vm_size = expected->nr_vm_values * sizeof(uint64_t);
	size_t vcpu_size = expected->nr_vcpu_values * sizeof(uint64_t);
	struct image image;
	bool good;

	image_read(fd, &image);
	good = is_u64(image_data_size(&image), vm_size + vcpu_size, "%s: size of the data", text);
	if (!good)
		return false;
	good = is_bytes(image.bytes + image.header.data_offset, expected->vm, vm_size,
			"%s: values of VMs", text);
	return is_bytes(image.bytes + image.header.data_offset + vm_size, expected->vcpus,
			vcpu_size, "%s: values of vCPUs", text) && good;
}
