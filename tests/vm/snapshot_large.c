// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVMSTATS_SNAPSHOT of VMs with few and with many vCPUs, which are written in one
 * piece or one by one, whole and in parts: each object comes once and in order.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "farm.h"
#include "module.h"
#include "snapshot.h"
#include "tap.h"

#define NR_VMS		3
#define BOTH		(KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU)
#define ROOM		(2u << 20)

static int dev;
static uint64_t ids[NR_VMS];
static uint32_t nr_vcpus;
static uint8_t *buffer;

/* Is this the record that comes at a place among all? */
static bool is_right(const struct kvmstats_record *record, uint32_t place,
		     const struct kvmstats_info *info)
{
	uint32_t vm = place / (nr_vcpus + 1), vcpu = place % (nr_vcpus + 1);
	uint32_t size = vcpu ? info->vcpu_data_size : info->vm_data_size;

	return vm < NR_VMS && record->vm_id == ids[vm] &&
	       record->kind == (vcpu ? KVMSTATS_KIND_VCPU : KVMSTATS_KIND_VM) &&
	       record->vcpu_id == (vcpu ? vcpu - 1 : 0) &&
	       record->state == KVMSTATS_STATE_LIVE &&
	       record->length == sizeof(*record) + size;
}

static void check(const struct kvmstats_info *info, uint64_t buffer_size)
{
	struct kvmstats_snapshot snapshot = snapshot_of(BOTH, buffer, buffer_size);
	unsigned int wrong = 0, calls = 0;
	uint32_t place = 0;
	int err;

	do {
		const struct kvmstats_record *record = NULL;

		err = snapshot_call(dev, &snapshot);
		while (!err && (record = snapshot_next(&snapshot, record)))
			wrong += !is_right(record, place++, info);
		calls++;
	} while (!err && snapshot.more);
	is_errno(err, 0, "%u vCPUs, %llu bytes at a time", nr_vcpus,
		 (unsigned long long)buffer_size);
	is_u64(wrong, 0, "%u vCPUs: wrong records", nr_vcpus);
	is_u64(place, NR_VMS * (nr_vcpus + 1), "%u vCPUs: records in %u calls", nr_vcpus, calls);
}

static void check_vcpus(uint32_t nr)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];
	struct kvmstats_info info;
	struct farm farm;

	nr_vcpus = nr;
	farm_create(&farm, NR_VMS, nr);
	dev_info(dev, &info);
	is_u64(dev_list_vms(dev, vms, DEV_MAX_VMS), NR_VMS, "%u vCPUs: VMs", nr);
	for (uint32_t i = 0; i < NR_VMS; i++)
		ids[i] = vms[i].id;
	check(&info, ROOM);
	check(&info, 3 * (sizeof(struct kvmstats_record) + info.vcpu_data_size));
	check(&info, (nr + 1) * (sizeof(struct kvmstats_record) + info.vcpu_data_size));
	farm_destroy(&farm);
}

int main(void)
{
	buffer = malloc(ROOM);
	if (!buffer)
		tap_bail("no memory");
	dev = test_begin_loaded("");
	check_vcpus(0);
	check_vcpus(1);
	check_vcpus(64);
	check_vcpus(65);
	check_vcpus(130);
	free(buffer);
	return test_end_loaded(dev);
}
