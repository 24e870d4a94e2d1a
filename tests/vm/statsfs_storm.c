// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eight threads in the kernel add, remove, revoke, read and clear sources while eight
 * in userland use the file system in every way that there is. Then the same users with
 * the KVM view, while VMs are made and ended at full speed and kvmstats comes and goes,
 * and then statsfs does. Nobody gets anything wrong, and nothing is left.
 *
 * The environment's STORM_SECONDS says how long the first part lasts, the second and
 * the third half of that each and at least STORM_ROUNDS rounds. A minute of it:
 *
 *	LAB_APPEND="STORM_SECONDS=60" scripts/lab test 6.12 statsfs_storm
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "browsers.h"
#include "dev.h"
#include "env.h"
#include "klog.h"
#include "kmem.h"
#include "makers.h"
#include "module.h"
#include "statsfs.h"
#include "tap.h"

#define SECONDS		8
#define ROUNDS		3
#define MOST_SECONDS	86400
#define MOST_ROUNDS	1000000
#define SECOND_NS	1000000000ull
#define KERNEL_THREADS	8
#define PATIENCE_S	60
#define PATIENCE	20		/* refused unloads until nobody has a file open */
#define VIEW_PATIENCE	200		/* looks at a view until it has VMs, in 2 s */
#define RESULT		"statsfs_test: storm: "
#define KVM_DIR		STATSFS "/kvm"

static struct browsers browsers;
static struct makers makers;
static unsigned long refused;		/* unloads while someone had a file open */

/* --- the kernel's own threads --- */

static void *load_test(void *parameters)
{
	return (void *)(intptr_t)module_load("statsfs_test", parameters);
}

/* The log's line of this run: the earlier ones are those of other runs. */
static bool result_is_there(unsigned int earlier, uint32_t seconds)
{
	for (uint32_t i = 0; i < 10 * (seconds + PATIENCE_S); i++, usleep(100000))
		if (klog_lines(RESULT, "operations") > earlier)
			return true;
	return false;
}

static void storm_kernel(uint32_t seconds, bool strict)
{
	unsigned int earlier = klog_lines(RESULT, "operations");
	unsigned long operations = 0, errors = 1;
	char parameters[64], rest[128] = "";
	pthread_t loader;
	void *err;

	snprintf(parameters, sizeof(parameters), "storm_seconds=%u storm_threads=%u", seconds,
		 KERNEL_THREADS);
	browsers_start(&browsers, STATSFS);
	if (pthread_create(&loader, NULL, load_test, parameters))
		tap_bail("no thread");
	tap_ok(result_is_there(earlier, seconds), "kernel: the storm ends");
	pthread_join(loader, &err);
	is_errno((intptr_t)err, 0, "kernel: statsfs_test loads");
	tap_ok(browsers_were_busy(&browsers) || !strict, "kernel: the tree was used in every way");
	browsers_stop(&browsers, "kernel");
	klog_last(RESULT, rest, sizeof(rest));
	if (sscanf(rest, "%lu operations, %lu errors", &operations, &errors) != 2)
		tap_note("seen \"%s\"", rest);
	in_range(operations, 100 * seconds, UINT64_MAX, "kernel: operations of its threads");
	is_u64(errors, 0, "kernel: errors of its threads");
	tap_summary("%u s: kernel: %lu operations, %lu errors; userland: %lu uses", seconds,
		    operations, errors, browsers_uses(&browsers));
	is_errno(module_unload("statsfs_test"), 0, "kernel: statsfs_test unloads");
}

/* --- VMs --- */

/* 0, or the errno of an unload that does not merely have to wait. */
static int unload(const char *name)
{
	unsigned int tries = 0;
	int err;

	while ((err = module_unload(name)) == EWOULDBLOCK) {
		refused++;
		if (++tries == PATIENCE)
			browsers_leave(&browsers, true);
		usleep(1000);
	}
	if (tries >= PATIENCE)
		browsers_leave(&browsers, false);
	return err;
}

/* The view comes and goes while the file system stays. */
static void come_and_go(unsigned int round)
{
	errno = kvmstats_load("");
	if (errno)
		tap_bail("round %u: cannot load kvmstats: %s", round, strerrorname_np(errno));
	usleep(100000 * (1 + round % 8));
	errno = unload("kvmstats");
	if (errno)
		tap_bail("round %u: kvmstats: %s", round, strerrorname_np(errno));
}

static void storm_views(uint32_t seconds, uint32_t rounds)
{
	uint64_t made, start;
	uint32_t round = 0;

	makers_start(&makers);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	browsers_start(&browsers, STATSFS);
	start = boottime_ns();
	makers_go(&makers);
	/* First it stays, for half of the time. */
	usleep(seconds * 500000);
	is_errno(unload("kvmstats"), 0, "views: kvmstats unloads, VMs alive");
	while (boottime_ns() - start < seconds * SECOND_NS || round < rounds ||
	       !browsers_were_busy(&browsers))
		come_and_go(round++);
	seconds = (boottime_ns() - start) / SECOND_NS;
	browsers_stop(&browsers, "views");
	made = makers_stop(&makers);
	in_range(made, MAKERS_ALIVE, UINT64_MAX, "views: VMs made");
	tap_summary("%u s: views: %" PRIu64 " VMs, kvmstats loaded %u times, %lu unloads refused; userland: %lu uses",
		    seconds, made, round + 1, refused, browsers_uses(&browsers));
}

/*
 * Half of the VMs are whole at any moment, more or less. Who keeps the view takes those
 * away that are gone before new ones come in: late on a busy machine, many at once.
 */
static bool view_is_full(void)
{
	for (int i = 0; i < VIEW_PATIENCE; i++, usleep(10000))
		if (statsfs_subdirs(KVM_DIR) >= MAKERS_ALIVE / 2)
			return true;
	return false;
}

/* The file system comes and goes while kvmstats stays. */
static void storm_file_systems(uint32_t seconds, uint32_t rounds)
{
	unsigned int too_few = 0;
	uint64_t made, start;
	uint32_t round = 0;

	makers_start(&makers);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	start = boottime_ns();
	makers_go(&makers);
	while (boottime_ns() - start < seconds * SECOND_NS || round < rounds) {
		too_few += !view_is_full();
		errno = ERRNO_OF(umount(STATSFS)) ?: unload("statsfs");
		if (errno)
			tap_bail("round %u: statsfs does not go: %s", round, strerrorname_np(errno));
		usleep(20000 * (round % 8));
		statsfs_begin();
		round++;
	}
	seconds = (boottime_ns() - start) / SECOND_NS;
	made = makers_stop(&makers);
	is_u64(too_few, 0, "file systems: views that lack VMs, of %u", round);
	for (int i = 0; i < 100 && statsfs_subdirs(KVM_DIR); i++)
		usleep(50000);
	is_u64(statsfs_subdirs(KVM_DIR), 0, "file systems: VMs in the view when all have ended");
	is_errno(kvmstats_unload(), 0, "file systems: kvmstats unloads");
	tap_ok(access(KVM_DIR, F_OK), "file systems: and its directory is gone");
	tap_summary("%u s: file systems: %" PRIu64 " VMs, statsfs loaded %u times", seconds, made,
		    round);
}

/* --- */

static void run(uint32_t seconds, uint32_t rounds, bool strict)
{
	statsfs_begin();
	storm_kernel(seconds, strict);
	storm_views((seconds + 1) / 2, rounds);
	storm_file_systems((seconds + 1) / 2, rounds);
	statsfs_end();
}

int main(void)
{
	uint32_t seconds = env_number("STORM_SECONDS", SECONDS, 1, MOST_SECONDS);
	uint32_t rounds = env_number("STORM_ROUNDS", ROUNDS, 2, MOST_ROUNDS);
	struct kmem before;

	test_begin();
	/* What is made once for good is no leak. */
	run(2, 2, false);
	before = kmem_without_kvm();
	run(seconds, rounds, true);
	kmem_is_back(&before);
	return tap_done();
}
