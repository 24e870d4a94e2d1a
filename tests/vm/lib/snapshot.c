// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "image.h"
#include "snapshot.h"
#include "tap.h"
#include "total.h"

#define MAX_VCPUS	16

struct kvmstats_snapshot snapshot_of(uint32_t flags, void *buffer, uint64_t size)
{
	return (struct kvmstats_snapshot){
		.size = sizeof(struct kvmstats_snapshot),
		.flags = flags,
		.buffer = (uintptr_t)buffer,
		.buffer_size = size,
	};
}

int snapshot_call(int dev, struct kvmstats_snapshot *snapshot)
{
	return ERRNO_OF(ioctl(dev, KVMSTATS_SNAPSHOT, snapshot));
}

const struct kvmstats_record *snapshot_next(const struct kvmstats_snapshot *snapshot,
					    const struct kvmstats_record *record)
{
	uintptr_t start = snapshot->buffer, at = start;

	if (record)
		at = (uintptr_t)record + record->length;
	if (at - start + sizeof(*record) > snapshot->used || (record && !record->length))
		return NULL;
	return (const void *)at;
}

/* --- the truth --- */

static void add_record(struct truth *truth, struct kvmstats_record head, const void *values,
		       size_t size)
{
	if (truth->nr == TRUTH_MAX_RECORDS || size > sizeof(truth->records[0].values))
		tap_bail("too much truth");
	head.length = sizeof(head) + size;
	truth->records[truth->nr].head = head;
	if (size)
		memcpy(truth->records[truth->nr].values, values, size);
	truth->nr++;
}

static void add_image(struct truth *truth, struct kvmstats_record head, const struct image *image)
{
	add_record(truth, head, image->bytes + image->header.data_offset, image_data_size(image));
}

static void read_and_close(int fd, struct image *image)
{
	image_read(fd, image);
	close(fd);
}

static size_t sum_vcpus(uint64_t *sum, const struct image *vcpus, uint32_t nr, int dev)
{
	struct kvmstats_info info;

	dev_info(dev, &info);
	if (info.vcpu_data_size > TRUTH_MAX_VALUES * sizeof(*sum))
		tap_bail("a vCPU has %u bytes of data", info.vcpu_data_size);
	memset(sum, 0, info.vcpu_data_size);
	for (uint32_t i = 0; i < nr; i++)
		total_add_object(sum, &vcpus[i], true);
	return info.vcpu_data_size;
}

void truth_add_vm(struct truth *truth, int dev, uint64_t vm_id, uint32_t flags)
{
	static struct image vm, vcpus[MAX_VCPUS];
	static uint64_t sum[TRUTH_MAX_VALUES];
	struct kvmstats_vcpu list[MAX_VCPUS];
	uint32_t nr = dev_list_vcpus(dev, vm_id, list, MAX_VCPUS);
	struct kvmstats_record head = { .vm_id = vm_id };
	struct kvmstats_info info;

	dev_info(dev, &info);
	head.generation = info.schema_generation;
	read_and_close(dev_open_vm(dev, vm_id), &vm);
	for (uint32_t i = 0; i < nr; i++)
		read_and_close(dev_open_vcpu(dev, vm_id, list[i].vcpu_id), &vcpus[i]);

	head.kind = KVMSTATS_KIND_VM;
	if (flags & KVMSTATS_SNAPSHOT_VM)
		add_image(truth, head, &vm);
	head.kind = KVMSTATS_KIND_VCPU_SUM;
	if (flags & KVMSTATS_SNAPSHOT_VCPU_SUM)
		add_record(truth, head, sum, sum_vcpus(sum, vcpus, nr, dev));
	head.kind = KVMSTATS_KIND_VCPU;
	for (uint32_t i = 0; i < nr && flags & KVMSTATS_SNAPSHOT_VCPU; i++) {
		head.vcpu_id = list[i].vcpu_id;
		add_image(truth, head, &vcpus[i]);
	}
}

void truth_add_unknown(struct truth *truth, uint64_t vm_id)
{
	const struct kvmstats_record head = { .vm_id = vm_id, .state = KVMSTATS_STATE_GONE };

	add_record(truth, head, NULL, 0);
}

size_t truth_size(const struct truth *truth, uint32_t first)
{
	size_t size = 0;

	for (uint32_t i = first; i < truth->nr; i++)
		size += truth->records[i].head.length;
	return size;
}

size_t truth_longest(const struct truth *truth)
{
	size_t longest = 0;

	for (uint32_t i = 0; i < truth->nr; i++)
		if (truth->records[i].head.length > longest)
			longest = truth->records[i].head.length;
	return longest;
}

/* --- comparing --- */

static void note_record(const char *what, const struct kvmstats_record *record)
{
	tap_note("%s: VM %llu kind %u state %u vCPU %u generation %llu length %u", what,
		 (unsigned long long)record->vm_id, record->kind, record->state, record->vcpu_id,
		 (unsigned long long)record->generation, record->length);
}

static bool is_record(const struct kvmstats_record *seen, const struct truth *truth, uint32_t i)
{
	struct kvmstats_record head = *seen;

	head.time_ns = truth->records[i].head.time_ns;
	if (memcmp(&head, &truth->records[i].head, sizeof(head))) {
		note_record("seen", seen);
		note_record("expected", &truth->records[i].head);
		return false;
	}
	if (!memcmp(seen + 1, truth->records[i].values, head.length - sizeof(head)))
		return true;
	note_record("data differ", seen);
	return false;
}

unsigned int snapshot_wrong(const struct kvmstats_snapshot *snapshot, const struct truth *truth,
			    uint32_t first)
{
	const struct kvmstats_record *record = NULL;
	unsigned int nr = 0, wrong = 0;
	size_t used = 0;

	while ((record = snapshot_next(snapshot, record))) {
		if (first + nr >= truth->nr) {
			note_record("more than expected", record);
			return wrong + 1;
		}
		wrong += !is_record(record, truth, first + nr);
		used += record->length;
		nr++;
	}
	if (nr == snapshot->count && used == snapshot->used)
		return wrong;
	tap_note("seen %u records in %zu bytes, told are %u in %llu", nr, used, snapshot->count,
		 (unsigned long long)snapshot->used);
	return wrong + 1;
}
