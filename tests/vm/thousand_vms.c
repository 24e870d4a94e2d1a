// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thousand VMs with two vCPUs each, alive at once, half of them older than the
 * module: all are listed, counted, in snapshots and told of, and when they are gone
 * nothing is left of them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dev.h"
#include "event_log.h"
#include "events.h"
#include "exits.h"
#include "farm.h"
#include "image.h"
#include "kmem.h"
#include "module.h"
#include "snapshot.h"
#include "tap.h"
#include "total.h"

#define NR_VMS		1000
#define NR_VMS_WATCHED	200
#define NR_VCPUS	2
#define MAX_EXITS	3
#define NR_WARM	50
/* Of the module, for a reader that sleeps; all else was lost. */
#define RING_SIZE	2048
#define CAPACITY	(2 * RING_SIZE)

static struct farm farm;
static uint32_t nr_vms;			/* alive at once */
static struct kvmstats_vm *vms;		/* as listed */
static struct kvmstats_event events[CAPACITY];

/* Where lockdep and its like watch all that the kernel does, VMs take ten times longer. */
static uint32_t number(void)
{
	return access("/proc/lockdep_stats", F_OK) ? NR_VMS : NR_VMS_WATCHED;
}

static uint32_t exits_of(uint32_t vm)
{
	return vm % MAX_EXITS;
}

static void grow(uint32_t nr)
{
	uint32_t first = farm.nr_vms;

	farm_grow(&farm, nr);
	if (farm.nr_vms < nr)
		tap_bail("only %u VMs can be made", farm.nr_vms);
	for (uint32_t i = first; i < nr; i++) {
		exits_allow(farm_vm_fd(&farm, i));
		exits_make(farm_vcpu_fd(&farm, i, NR_VCPUS - 1), exits_of(i));
	}
}

static uint64_t all_exits(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < nr_vms; i++)
		sum += exits_of(i);
	return sum;
}

/* --- while they live --- */

static void check_list(int dev)
{
	uint32_t nr = dev_list_vms(dev, vms, nr_vms + 1), wrong = 0, adopted = 0;
	struct kvmstats_info info;

	dev_info(dev, &info);
	is_u64(info.nr_vms, nr_vms, "%u VMs with %u vCPUs each: VMs counted", nr_vms, NR_VCPUS);
	is_u64(info.nr_vcpus, nr_vms * NR_VCPUS, "vCPUs counted");
	if (!is_u64(nr, nr_vms, "VMs listed"))
		tap_bail("no use to go on");
	for (uint32_t i = 0; i < nr; i++) {
		bool is_adopted = vms[i].flags & KVMSTATS_VM_ADOPTED;

		wrong += vms[i].id != i + 1 || vms[i].nr_vcpus != NR_VCPUS ||
			 vms[i].pid != (uint32_t)getpid() || is_adopted != (i < nr_vms / 2);
		adopted += is_adopted;
	}
	is_u64(adopted, nr_vms / 2, "VMs that were adopted");
	is_u64(wrong, 0, "VMs whose id, vCPUs, creator or flags are wrong");
}

static bool is_next(const struct kvmstats_record *record, uint32_t i, uint64_t generation)
{
	const uint32_t at = i % (1 + NR_VCPUS);
	const struct kvmstats_record expected = {
		.length = record->length,
		.kind = at ? KVMSTATS_KIND_VCPU : KVMSTATS_KIND_VM,
		.state = KVMSTATS_STATE_LIVE,
		.vm_id = vms[i / (1 + NR_VCPUS)].id,
		.time_ns = record->time_ns,
		.generation = generation,
		.vcpu_id = at ? at - 1 : 0,
	};

	return !memcmp(record, &expected, sizeof(expected));
}

static void check_snapshot(int dev)
{
	const uint32_t nr = nr_vms * (1 + NR_VCPUS);
	const struct kvmstats_record *record = NULL;
	struct kvmstats_snapshot snapshot;
	struct kvmstats_info info;
	uint32_t seen = 0, wrong = 0;
	uint64_t size;
	void *buffer = snapshot_buffer(&size, dev, nr_vms, nr_vms * NR_VCPUS);

	dev_info(dev, &info);
	snapshot = snapshot_of(KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU, buffer, size);
	is_errno(snapshot_call(dev, &snapshot), 0, "snapshot of %u VMs", nr_vms);
	while (seen < nr && (record = snapshot_next(&snapshot, record)))
		wrong += !is_next(record, seen++, info.schema_generation);
	is_u64(snapshot.count, nr, "records in the snapshot");
	is_u64(snapshot.used, size, "bytes in the snapshot");
	is_u64(snapshot.more, 0, "nothing is left for another call");
	is_u64(seen, nr, "records found in the snapshot");
	is_u64(wrong, 0, "records that are not those of the list, in its order");
	munmap(buffer, size);
}

/* Those that were adopted are not listed in the order of their creation. */
static void check_values(int dev)
{
	uint32_t seen[MAX_EXITS] = { 0 }, expected[MAX_EXITS] = { 0 };

	for (uint32_t i = 0; i < nr_vms; i++) {
		int fd = dev_open_vcpu(dev, vms[i].id, NR_VCPUS - 1);
		uint64_t exits = fd_value(fd, EXITS_STAT);

		if (exits < MAX_EXITS)
			seen[exits]++;
		expected[exits_of(i)]++;
		close(fd);
	}
	for (uint32_t i = 0; i < MAX_EXITS; i++)
		is_u64(seen[i], expected[i], "vCPUs with %u exits", i);
}

/* --- events --- */

/* Those of the half that came after the reader. */
static void check_created(struct event_log *log, int fd)
{
	uint64_t newer = nr_vms - nr_vms / 2;

	event_log_read(log, fd, events, CAPACITY);
	is_u64(log->seen[KVMSTATS_EVENT_VM_CREATED], newer, "events: VMs that came");
	is_u64(log->seen[KVMSTATS_EVENT_VCPU_CREATED], newer * NR_VCPUS, "events: vCPUs that came");
	is_u64(event_log_total(log), newer * (1 + NR_VCPUS), "events: all that came, and none lost");
}

static void check_gone(struct event_log *log, int fd)
{
	event_log_read(log, fd, events, CAPACITY);
	is_u64(log->seen[KVMSTATS_EVENT_VM_GONE], nr_vms, "events: VMs that are gone");
	is_u64(log->lost, 0, "events: none is lost");
	finding_is_none(&log->fault, "events: in order");
}

/* One that has read nothing at all until now. */
static void check_sleeper(int fd)
{
	uint64_t all = nr_vms + (uint64_t)(nr_vms - nr_vms / 2) * (1 + NR_VCPUS);
	struct event_log log;

	event_log_init(&log, false);
	event_log_read(&log, fd, events, CAPACITY);
	is_u64(event_log_total(&log), all, "a reader that slept: events seen and lost");
	is_u64(log.lost, all > RING_SIZE ? all - RING_SIZE : 0, "a reader that slept: events lost");
	finding_is_none(&log.fault, "a reader that slept: in order");
	event_log_free(&log);
}

/* --- */

static void check_all_gone(int dev, int host)
{
	struct kvmstats_info info;

	dev_info(dev, &info);
	is_u64(info.nr_vms + info.nr_vcpus, 0, "VMs and vCPUs counted when all are gone");
	is_u64(dev_list_vms(dev, vms, nr_vms + 1), 0, "VMs listed when all are gone");
	is_u64(fd_value(host, EXITS_STAT), all_exits(), "exits in the host's total in the end");
}

static void check_all(void)
{
	int dev, host, follower, sleeper;
	struct event_log log;

	farm_reserve(&farm, nr_vms, NR_VCPUS);
	grow(nr_vms / 2);
	dev = test_begin_loaded("");
	host = total_open_host(dev);
	follower = events_open(dev);
	sleeper = events_open(dev);
	/* Older VMs have no events but their end. */
	event_log_init(&log, false);
	grow(nr_vms);

	check_created(&log, follower);
	check_list(dev);
	check_snapshot(dev);
	check_values(dev);
	is_u64(fd_value(host, EXITS_STAT), all_exits(), "exits in the host's total");

	farm_destroy(&farm);
	check_gone(&log, follower);
	check_sleeper(sleeper);
	check_all_gone(dev, host);
	event_log_free(&log);
	close(sleeper);
	close(follower);
	close(host);
	close(dev);
}

/* What the first load makes for good is no leak. */
static void warm_up(void)
{
	int dev = test_begin_loaded("");

	farm_create(&farm, NR_WARM, NR_VCPUS);
	farm_destroy(&farm);
	close(dev);
	errno = kvmstats_unload();
	if (errno)
		tap_bail("kvmstats does not unload");
}

int main(void)
{
	struct kmem before;

	exits_prepare();
	warm_up();
	nr_vms = number();
	vms = calloc(nr_vms + 1, sizeof(*vms));
	if (!vms)
		tap_bail("no memory for a list");
	before = kmem_without_kvm();
	check_all();
	is_errno(kvmstats_unload(), 0, "kvmstats unloads");
	kmem_is_back(&before);
	return tap_done();
}
