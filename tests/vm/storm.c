// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs are made and ended at full speed on two CPUs while eight readers read all that
 * the device gives: first with kvmstats loaded all the time, then while it is unloaded
 * and loaded again and again. Nothing is lost, and nothing is left.
 *
 * The environment's STORM_SECONDS says how long the first part lasts; the second
 * lasts a third of that and at least STORM_ROUNDS rounds of load and unload. In the lab
 * the kernel's command line sets them. Two minutes of it, and 200 rounds:
 *
 *	LAB_APPEND="STORM_SECONDS=120" scripts/lab test 6.1 storm
 *	LAB_TEST_TIMEOUT=600 LAB_APPEND="STORM_ROUNDS=200" scripts/lab test 6.1 storm
 */
#include <inttypes.h>
#include <unistd.h>

#include "dev.h"
#include "env.h"
#include "exits.h"
#include "image.h"
#include "klog.h"
#include "kmem.h"
#include "makers.h"
#include "module.h"
#include "readers.h"
#include "tap.h"
#include "total.h"

#define SECONDS		15
#define ROUNDS		4
#define MOST_SECONDS	86400
#define MOST_ROUNDS	1000000
#define SECOND_NS	1000000000ull

/*
 * Sweeps get in the way as often as they can, but for where no VM may look adopted:
 * there they are so rare that whoever makes a vCPU gets on between two of them.
 */
#define MODULE		"sweep_interval_ms=10"
#define MODULE_STAYS	"sweep_interval_ms=500"

static struct makers makers;
static struct readers readers;

/* Something of all that is to come, since what is made once for good is no leak. */
static struct kmem warm_up(void)
{
	makers_start(&makers);
	makers_go(&makers);
	errno = kvmstats_load(MODULE);
	if (errno)
		tap_bail("cannot load kvmstats");
	sleep(1);
	makers_stop(&makers);
	errno = kvmstats_unload();
	if (errno)
		tap_bail("cannot unload kvmstats");
	return kmem_without_kvm();
}

/*
 * The VMs that live all the time are known all the time, with their vCPUs. Ids are
 * counted upward and a maker makes a VM before it ends one, so none of them can be
 * missed by a count.
 */
static unsigned int judge_count(int dev)
{
	struct kvmstats_info info;

	dev_info(dev, &info);
	return info.nr_vms < MAKERS_ALIVE || info.nr_vcpus < MAKERS_ALIVE * MAKER_VCPUS;
}

/* --- kvmstats stays --- */

static void check_events(const struct reader *reader, uint64_t made, const char *text)
{
	const struct event_log *log = &reader->log;

	is_u64(event_log_total(log), made * MAKER_EVENTS,
	       "%s: %" PRIu64 " VMs came, %" PRIu64 " went, %" PRIu64 " events were lost; all together",
	       text, log->seen[KVMSTATS_EVENT_VM_CREATED], log->seen[KVMSTATS_EVENT_VM_GONE],
	       log->lost);
}

static void check_calm(int dev, int host, uint64_t made)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];
	struct kvmstats_info info;

	dev_info(dev, &info);
	is_u64(info.nr_vms + info.nr_vcpus, 0, "VMs and vCPUs after the storm");
	is_u64(dev_list_vms(dev, vms, DEV_MAX_VMS), 0, "VMs listed after the storm");
	is_u64(fd_value(host, EXITS_STAT), made * MAKER_EXITS_OF_VM,
	       "exits in the host's total, of %" PRIu64 " VMs", made);
}

static void storm_loaded(uint32_t seconds)
{
	int dev = test_begin_loaded(MODULE_STAYS), host = total_open_host(dev);
	uint64_t made, start;
	unsigned int too_few = 0;

	makers_start(&makers);
	readers_start(&readers, true);
	start = boottime_ns();
	makers_go(&makers);
	for (; boottime_ns() - start < seconds * SECOND_NS; usleep(50000))
		too_few += judge_count(dev);
	made = makers_stop(&makers);
	readers_stop(&readers, "loaded");
	in_range(made, MAKERS_ALIVE, UINT64_MAX, "loaded: VMs made in %u s: %" PRIu64, seconds, made);
	is_u64(too_few, 0, "loaded: counts that lack one of the VMs and vCPUs alive");
	check_events(&readers.reader[READER_EVENTS], made, "events");
	check_events(&readers.reader[READER_EVENTS_SLOW], made, "events, slowly");
	check_calm(dev, host, made);
	readers_free(&readers);
	close(host);
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads after the storm");
}

/* --- kvmstats comes and goes --- */

/*
 * What KVM says when a VM ended and still is there as its process makes the next one.
 * A VM that ends while kvmstats lets go of it may be late; that it waits until kvmstats
 * is gone is a fault.
 */
#define OUTLIVED	"debugfs: duplicate directory"

static struct {
	unsigned int rounds;
	unsigned int too_few;
	unsigned int not_loaded;
	unsigned int not_unloaded;
	unsigned long refused;	/* unloads while readers had something open */
} storm;

static void use_load(void)
{
	int dev = dev_open();

	storm.too_few += judge_count(dev);
	readers_leave(&readers, false);
	usleep(10000 * (1 + storm.rounds % 16));
	readers_leave(&readers, true);
	storm.too_few += judge_count(dev);
	close(dev);
}

/* Every other load is used; those between are as short as can be. */
static void load_round(void)
{
	int err = kvmstats_load(MODULE);

	if (err) {
		storm.not_loaded++;
		tap_note("round %u: load: errno %d", storm.rounds, err);
		return;
	}
	if (storm.rounds % 2)
		use_load();
	while ((err = kvmstats_unload()) == EWOULDBLOCK) {
		storm.refused++;
		usleep(1000);
	}
	if (err) {
		storm.not_unloaded++;
		tap_note("round %u: unload: errno %d", storm.rounds, err);
	}
}

static void storm_loading(uint32_t seconds, uint32_t rounds)
{
	unsigned int outlived = klog_lines("KVM: ", OUTLIVED);
	uint64_t start, made;

	makers_start(&makers);
	readers_start(&readers, false);
	readers_leave(&readers, true);
	start = boottime_ns();
	makers_go(&makers);
	while (boottime_ns() - start < seconds * SECOND_NS || storm.rounds < rounds ||
	       !readers_have_all_read(&readers)) {
		load_round();
		storm.rounds++;
	}
	seconds = (boottime_ns() - start) / SECOND_NS;
	readers_stop(&readers, "loading");
	made = makers_stop(&makers);
	readers_free(&readers);
	is_u64(storm.not_loaded, 0, "loads that failed of %u in %u s", storm.rounds, seconds);
	is_u64(storm.not_unloaded, 0, "unloads that failed of %u, %lu were refused", storm.rounds,
	       storm.refused);
	in_range(klog_lines("KVM: ", OUTLIVED) - outlived, 0, storm.rounds,
		 "loading: VMs that the kernel says have outlived their descriptors");
	is_u64(storm.too_few, 0, "loading: counts that lack one of the VMs and vCPUs alive");
	in_range(made, MAKERS_ALIVE, UINT64_MAX, "loading: VMs made: %" PRIu64, made);
	tap_ok(!module_is_loaded("kvmstats"), "kvmstats is unloaded");
}

int main(void)
{
	uint32_t seconds = env_number("STORM_SECONDS", SECONDS, 1, MOST_SECONDS);
	uint32_t rounds = env_number("STORM_ROUNDS", ROUNDS, 2, MOST_ROUNDS);
	struct kmem before;

	test_begin();
	before = warm_up();
	storm_loaded(seconds);
	storm_loading((seconds + 2) / 3, rounds);
	kmem_is_back(&before);
	return tap_done();
}
