// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every value against KVM's debugfs for a guest that stands still, nothing that
 * debugfs has left out, and the stats fds of both kernels' schemas kept to the
 * rules of the format.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

static void compare_values(const struct image *image, const char *vm_path)
{
	const struct kvmstats_desc *desc = image_descs(image);

	for (uint32_t i = 0; i < image->header.num_desc; i++, desc++) {
		uint64_t value = 0;
		int err = -debugfs_read(vm_path, desc->name, &value);

		if (err == ENOENT && is_supplied(desc->name))
			continue;
		if (err)
			is_errno(err, 0, "%s: %s is in debugfs", image_id(image), desc->name);
		else
			is_u64(*image_values(image, desc), value, "%s: %s as in debugfs",
			       image_id(image), desc->name);
	}
}

static bool has_file(const struct image *image, const char *file)
{
	const struct kvmstats_desc *desc = image_descs(image);

	for (uint32_t i = 0; i < image->header.num_desc; i++, desc++) {
		if (!strcmp(file, desc->name) || !strcmp(file, debugfs_old_name(desc->name)))
			return true;
	}
	return false;
}

/* Each file that holds one number is a statistic; the others are tables. */
static void check_none_left_out(const char *vm_path, const struct image *vm,
				const struct image *vcpu)
{
	DIR *dir = opendir(vm_path);
	unsigned int files = 0, supplied = 0;
	struct dirent *entry;
	uint64_t value;

	if (!dir)
		tap_bail("cannot open %s", vm_path);
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_REG || debugfs_read(vm_path, entry->d_name, &value))
			continue;
		files++;
		if (!has_file(vm, entry->d_name) && !has_file(vcpu, entry->d_name))
			tap_ok(false, "%s of debugfs is in a stats fd", entry->d_name);
	}
	closedir(dir);
	for (uint32_t i = 0; i < vcpu->header.num_desc; i++) {
		const char *name = image_descs(vcpu)[i].name;

		supplied += is_supplied(name) && debugfs_read(vm_path, name, &value) == -ENOENT;
	}
	is_u64(vm->header.num_desc + vcpu->header.num_desc - supplied, files,
	       "descriptors, as many as files in debugfs");
}

static void check_known_descs(const struct image *vm, const struct image *vcpu)
{
	static const struct {
		const char *name;
		bool of_vm;
		uint32_t flags;
		int16_t exponent;
	} known[] = {
		{ "remote_tlb_flush", true, KVMSTATS_TYPE_CUMULATIVE, 0 },
		{ "nx_lpage_splits", true, KVMSTATS_TYPE_INSTANT, 0 },
		{ "max_mmu_page_hash_collisions", true, KVMSTATS_TYPE_PEAK, 0 },
		{ "exits", false, KVMSTATS_TYPE_CUMULATIVE, 0 },
		{ "io_exits", false, KVMSTATS_TYPE_CUMULATIVE, 0 },
		{ "request_irq_exits", false, KVMSTATS_TYPE_CUMULATIVE, 0 },
		{ "irq_window_exits", false, KVMSTATS_TYPE_CUMULATIVE, 0 },
		{ "nmi_window_exits", false, KVMSTATS_TYPE_CUMULATIVE, 0 },
		{ "halt_poll_success_ns", false,
		  KVMSTATS_TYPE_CUMULATIVE | KVMSTATS_UNIT_SECONDS, -9 },
		{ "halt_poll_fail_ns", false,
		  KVMSTATS_TYPE_CUMULATIVE | KVMSTATS_UNIT_SECONDS, -9 },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct kvmstats_desc *desc =
			image_find(known[i].of_vm ? vm : vcpu, known[i].name);

		if (!tap_ok(desc, "%s has a descriptor", known[i].name))
			continue;
		is_u64(desc->flags, known[i].flags, "%s: type, unit and base", known[i].name);
		is_u64((uint16_t)desc->exponent, (uint16_t)known[i].exponent, "%s: exponent",
		       known[i].name);
	}
}

static void check_sizes(int dev, const struct image *vm, const struct image *vcpu)
{
	struct kvmstats_info info;

	dev_info(dev, &info);
	is_u64(info.vm_num_desc, vm->header.num_desc, "VM descriptors that the info tells");
	is_u64(info.vm_data_size, image_data_size(vm), "VM data size that the info tells");
	is_u64(info.vcpu_num_desc, vcpu->header.num_desc, "vCPU descriptors that the info tells");
	is_u64(info.vcpu_data_size, image_data_size(vcpu), "vCPU data size that the info tells");
}

int main(void)
{
	int dev = test_begin_loaded("");
	struct image vm_image, vcpu_image;
	char vm_path[64], id[KVMSTATS_ID_LEN];
	struct guest_vcpu *vcpu;
	struct kvmstats_vm vm;
	struct guest guest;
	int vm_fd, vcpu_fd;

	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++)
		guest_run(vcpu, work, 20 + work);
	vm = dev_vm_of(dev, getpid());
	vm_fd = dev_open_vm(dev, vm.id);
	vcpu_fd = dev_open_vcpu(dev, vm.id, 0);
	image_read(vm_fd, &vm_image);
	image_read(vcpu_fd, &vcpu_image);

	snprintf(id, sizeof(id), "kvm-%d", gettid());
	is_u64(image_broken_rules(&vm_image, id), 0, "VM: rules of the format that are broken");
	snprintf(id, sizeof(id), "kvm-%d/vcpu-0", gettid());
	is_u64(image_broken_rules(&vcpu_image, id), 0, "vCPU: rules of the format that are broken");
	check_known_descs(&vm_image, &vcpu_image);
	check_sizes(dev, &vm_image, &vcpu_image);

	debugfs_vm_path(vm_path, sizeof(vm_path), gettid(), guest.vm_fd);
	mount_once("debugfs", DEBUGFS);
	if (access(vm_path, F_OK)) {
		tap_skip("this kernel has no %s to compare with", vm_path);
	} else {
		compare_values(&vm_image, vm_path);
		compare_values(&vcpu_image, vm_path);
		check_none_left_out(vm_path, &vm_image, &vcpu_image);
	}

	close(vm_fd);
	close(vcpu_fd);
	guest_destroy(&guest);
	return test_end_loaded(dev);
}
