// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_STATS_GET_INFO, GET_NAMES and GET_DATA on stats fds: they give what the fds
 * themselves give, in the form of flat arrays. Built a second time as a 32-bit program,
 * whose GET_DATA has another number.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "flat.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "tap.h"
#include "total.h"

#define NR_VCPUS	3

static int dev;
static struct flat expected;
static uint8_t buffer[KVM_STATS_NAME_LEN * FLAT_MAX];

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
	flat_of_vm(&expected, dev, vm_id);
	flat_check(vm, &expected, "a VM");
	flat_of_vcpu(&expected, dev, vm_id, 1);
	flat_check(vcpu, &expected, "a vCPU");
	check_left_out(vcpu);
	guest_destroy(&guest);
	flat_check_data(vcpu, &expected, "GET_DATA of a VM that is gone");
	close(vm);
	close(vcpu);
	return test_end_loaded(dev);
}
