// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dev.h"
#include "image.h"
#include "native.h"
#include "tap.h"
#include "total.h"
#include "view.h"

/* --- the tree --- */

bool view_comes(bool there, const char *fmt, ...)
{
	char path[VIEW_PATH];
	va_list args;

	va_start(args, fmt);
	vsnprintf(path, sizeof(path), fmt, args);
	va_end(args);
	for (int i = 0; i < 500; i++, usleep(10000))
		if (!access(path, F_OK) == there)
			return tap_ok(true, "%s %s", path, there ? "comes" : "goes");
	return tap_ok(false, "%s does not %s", path, there ? "come" : "go");
}

void view_dir(char path[VIEW_PATH], pid_t pid, int vm_fd)
{
	snprintf(path, VIEW_PATH, VIEW "/%d-%d", pid, vm_fd);
}

uint64_t view_value(const char *dir, const char *name)
{
	char path[2 * VIEW_PATH], text[64];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	errno = -read_text(path, text, sizeof(text));
	if (errno > 0)
		tap_bail("cannot read %s: %s", path, strerrorname_np(errno));
	return strtoull(text, NULL, 10);
}

int view_clear(const char *dir, const char *name)
{
	char path[2 * VIEW_PATH];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return -write_text(path, "0\n");
}

static bool is_scalar(const struct kvmstats_desc *desc)
{
	uint32_t type = desc->flags & KVMSTATS_TYPE_MASK;

	return type != KVMSTATS_TYPE_LOG_HIST && type != KVMSTATS_TYPE_LINEAR_HIST;
}

/* --- values --- */

static bool mode_is(const char *dir, const struct kvmstats_desc *desc)
{
	bool counter = (desc->flags & KVMSTATS_TYPE_MASK) == KVMSTATS_TYPE_CUMULATIVE;
	char path[2 * VIEW_PATH];
	struct stat stat;

	snprintf(path, sizeof(path), "%s/%s", dir, desc->name);
	return !lstat(path, &stat) && stat.st_mode == (S_IFREG | (counter ? 0644 : 0444));
}

static bool desc_is(const struct image *image, const struct kvmstats_desc *expected)
{
	const struct kvmstats_desc *desc = image_find(image, expected->name);

	return desc && desc->flags == expected->flags && desc->exponent == expected->exponent &&
	       desc->size == 1 && !desc->bucket_size;
}

void view_dir_is(const char *dir, int fd, const char *text)
{
	unsigned int scalars = 0, shown = 0, texts = 0, modes = 0, descs = 0, values = 0;
	const struct kvmstats_desc *desc;
	struct image expected, image;
	char path[2 * VIEW_PATH];
	int stats;

	image_read(fd, &expected);
	close(fd);
	snprintf(path, sizeof(path), "%s/.stats", dir);
	stats = open(path, O_RDONLY | O_CLOEXEC);
	if (!tap_ok(stats >= 0, "%s: %s opens", text, path))
		return;
	image_read(stats, &image);
	close(stats);
	desc = image_descs(&expected);
	for (uint32_t i = 0; i < expected.header.num_desc; i++, desc++) {
		uint64_t real = image_values(&expected, desc)[0];

		if (!is_scalar(desc)) {
			snprintf(path, sizeof(path), "%s/%s", dir, desc->name);
			shown += !access(path, F_OK);
			continue;
		}
		scalars++;
		modes += !mode_is(dir, desc);
		if (view_value(dir, desc->name) != real && !texts++)
			tap_note("%s/%s reads %" PRIu64 ", not %" PRIu64, dir, desc->name,
				 view_value(dir, desc->name), real);
		descs += !desc_is(&image, desc);
		values += !image_find(&image, desc->name) ||
			  image_value(&image, desc->name) != real;
	}
	is_u64(image.header.num_desc, scalars, "%s: values in .stats", text);
	is_u64(image_broken_rules(&image, image_id(&image)), 0, "%s: rules that .stats breaks", text);
	is_u64(shown, 0, "%s: histograms that have a file", text);
	is_u64(modes, 0, "%s: files with a wrong mode", text);
	is_u64(texts, 0, "%s: text files that are wrong", text);
	is_u64(descs, 0, "%s: descriptors in .stats that are wrong", text);
	is_u64(values, 0, "%s: values in .stats that are wrong", text);
}

void view_is(int dev, pid_t pid, int vm_fd, const char *text)
{
	struct kvmstats_vcpu vcpus[GUEST_MAX_VCPUS];
	struct kvmstats_vm vm = dev_vm_of(dev, pid);
	char dir[VIEW_PATH], vcpu_dir[2 * VIEW_PATH], label[128];
	uint32_t nr = dev_list_vcpus(dev, vm.id, vcpus, GUEST_MAX_VCPUS);

	view_dir(dir, pid, vm_fd);
	is_u64(statsfs_subdirs(dir), nr, "%s: directories of vCPUs", text);
	snprintf(label, sizeof(label), "%s: VM with its vCPUs", text);
	view_dir_is(dir, total_open_vm(dev, vm.id), label);
	for (uint32_t i = 0; i < nr; i++) {
		snprintf(label, sizeof(label), "%s: vCPU %u", text, vcpus[i].vcpu_id);
		snprintf(vcpu_dir, sizeof(vcpu_dir), "%s/vcpu%u", dir, vcpus[i].vcpu_id);
		view_dir_is(vcpu_dir, dev_open_vcpu(dev, vm.id, vcpus[i].vcpu_id), label);
	}
	snprintf(label, sizeof(label), "%s: host", text);
	view_dir_is(VIEW, total_open_host(dev), label);
}

void view_guest(struct guest *guest, unsigned int nr_vcpus, uint32_t times)
{
	guest_create(guest);
	for (unsigned int i = 0; i < nr_vcpus; i++) {
		struct guest_vcpu *vcpu = guest_add_vcpu(guest, 3 * i);

		for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++)
			guest_run(vcpu, work, times + 7 * i + work);
	}
}
