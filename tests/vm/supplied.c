// SPDX-License-Identifier: GPL-2.0-only
/*
 * The statistics of a vCPU's halts, which 5.10 has not and kvmstats makes of what it
 * sees, against halts whose number and length are known, and against KVM's own counters
 * of its polls. Where the kernel has them itself, its own are held to the same.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "exits.h"
#include "halter.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define HIST_SIZE	32
#define HALT_POLL	"/sys/module/kvm/parameters/halt_poll_ns"
#define NO_POLLS	"0"
#define LONG_POLLS	"1000000000"
#define NR_HALTS	40
#define HALT_US		2000
#define SHORT_US	100
#define NR_INTERRUPTS	50
#define ADOPTED_HALTS	7
#define NR_CLEARS	10

static bool is_native;
static char old_poll[32];

static const char *const hists[] = {
	"halt_wait_hist", "halt_poll_success_hist", "halt_poll_fail_hist",
};

enum { WAIT, SUCCESS, FAIL, NR_HISTS };

/* What the halts of a vCPU have come to. */
struct halts {
	uint64_t hist[NR_HISTS][HIST_SIZE];
	uint64_t sum[NR_HISTS];
	uint64_t ns[NR_HISTS];
	uint64_t polls;
};

static void read_halts(int fd, struct halts *halts)
{
	static struct image image;

	image_read(fd, &image);
	memset(halts, 0, sizeof(*halts));
	for (int i = 0; i < NR_HISTS; i++) {
		const struct kvmstats_desc *desc = image_find(&image, hists[i]);

		memcpy(halts->hist[i], image_values(&image, desc), sizeof(halts->hist[i]));
		for (int j = 0; j < HIST_SIZE; j++)
			halts->sum[i] += halts->hist[i][j];
	}
	halts->ns[WAIT] = image_value(&image, "halt_wait_ns");
	halts->ns[SUCCESS] = image_value(&image, "halt_poll_success_ns");
	halts->ns[FAIL] = image_value(&image, "halt_poll_fail_ns");
	halts->polls = image_value(&image, "halt_attempted_poll");
}

/* --- descriptors --- */

static void check_desc(const struct image *image, const char *name, uint32_t flags,
		       int16_t exponent, uint16_t size)
{
	const struct kvmstats_desc *desc = image_find(image, name);

	if (!tap_ok(desc, "%s is there", name))
		return;
	is_u64(desc->flags, flags, "%s: type, unit and base", name);
	is_u64((uint16_t)desc->exponent, (uint16_t)exponent, "%s: exponent", name);
	is_u64(desc->size, size, "%s: size", name);
	is_u64(desc->bucket_size, 0, "%s: bucket size", name);
}

static void check_descs(int fd)
{
	const uint32_t boolean = KVMSTATS_TYPE_INSTANT | KVMSTATS_UNIT_BOOLEAN;
	static struct image image;

	image_read(fd, &image);
	for (int i = 0; i < NR_HISTS; i++)
		check_desc(&image, hists[i], KVMSTATS_TYPE_LOG_HIST | KVMSTATS_UNIT_SECONDS, -9,
			   HIST_SIZE);
	check_desc(&image, "halt_wait_ns", KVMSTATS_TYPE_CUMULATIVE | KVMSTATS_UNIT_SECONDS, -9, 1);
	check_desc(&image, "blocking", boolean, 0, 1);
	check_desc(&image, "guest_mode", boolean, 0, 1);
	is_u64(image_value(&image, "blocking"), 0, "blocking, before it ran");
	is_u64(image_value(&image, "guest_mode"), 0, "guest_mode of a guest without guests");
}

/* --- one halt --- */

static int bucket_of(uint64_t ns)
{
	int bucket = ns ? 64 - __builtin_clzll(ns) : 0;

	return bucket < HIST_SIZE ? bucket : HIST_SIZE - 1;
}

/* Whether what a halt added to a histogram is @times in the bucket of its nanoseconds. */
static bool adds(const struct halts *before, const struct halts *after, int which,
		 uint64_t times)
{
	uint64_t ns = after->ns[which] - before->ns[which];
	int bucket = bucket_of(ns);

	if (after->sum[which] - before->sum[which] == times &&
	    after->hist[which][bucket] - before->hist[which][bucket] == times &&
	    (times || !ns))
		return true;
	tap_note("%s: seen %llu more, %llu in bucket %d of %llu ns expected %llu", hists[which],
		 (unsigned long long)(after->sum[which] - before->sum[which]),
		 (unsigned long long)(after->hist[which][bucket] - before->hist[which][bucket]),
		 bucket, (unsigned long long)ns, (unsigned long long)times);
	return false;
}

/* A poll fails when the halt went on to wait, and at most one is tried. */
static bool is_one_halt(const struct halts *before, const struct halts *after, bool waits)
{
	uint64_t polls = after->polls - before->polls;

	if (polls <= 1 && adds(before, after, WAIT, waits) &&
	    adds(before, after, SUCCESS, polls && !waits) &&
	    adds(before, after, FAIL, polls && waits))
		return true;
	tap_note("of a halt that %s, with %llu polls", waits ? "waits" : "does not wait",
		 (unsigned long long)polls);
	return false;
}

struct tally {
	unsigned int waits;
	unsigned int polls;
	unsigned int successes;
	unsigned int wrong;
	unsigned int out_of_bounds;
};

static void halt_once(struct halter *halter, int fd, unsigned int microseconds,
		      struct tally *tally)
{
	struct halter_bounds bounds;
	struct halts before, after;
	uint64_t waited;
	bool waits;

	read_halts(fd, &before);
	bounds = halter_halt(halter, microseconds, NULL, NULL);
	read_halts(fd, &after);
	waited = after.ns[WAIT] - before.ns[WAIT];
	waits = bounds.least_ns || after.sum[WAIT] != before.sum[WAIT];
	tally->waits += waits;
	tally->polls += after.polls != before.polls;
	tally->successes += after.polls != before.polls && !waits;
	tally->wrong += !is_one_halt(&before, &after, waits);
	if (waited >= bounds.least_ns && waited <= bounds.most_ns)
		return;
	tally->out_of_bounds++;
	tap_note("seen %llu ns of waiting expected %llu to %llu", (unsigned long long)waited,
		 (unsigned long long)bounds.least_ns, (unsigned long long)bounds.most_ns);
}

static struct tally halt_often(struct halter *halter, int fd, unsigned int microseconds,
			       const char *text)
{
	struct tally tally = { 0 };

	for (int i = 0; i < NR_HALTS; i++)
		halt_once(halter, fd, microseconds, &tally);
	tap_note("%s: %u halts, %u waited, %u polls, %u successful", text, NR_HALTS, tally.waits,
		 tally.polls, tally.successes);
	is_u64(tally.wrong, 0, "%s: halts that are not counted once where they belong", text);
	is_u64(tally.out_of_bounds, 0, "%s: halts whose time is not that of the wait", text);
	return tally;
}

/* --- polls --- */

static void set_polls(const char *ns)
{
	errno = -write_text(HALT_POLL, ns);
	if (errno)
		tap_bail("cannot write " HALT_POLL);
}

static void check_no_polls(struct halter *halter, int fd)
{
	struct halts before, after;
	struct tally tally;

	set_polls(NO_POLLS);
	tally = halt_often(halter, fd, HALT_US, "without polls");
	is_u64(tally.waits, NR_HALTS, "without polls: halts that waited");
	is_u64(tally.polls, 0, "without polls: polls");
	read_halts(fd, &before);
	halter_do_not_wait(halter, NR_HALTS);
	read_halts(fd, &after);
	is_bytes(&after, &before, sizeof(after), "halts that do not wait add nothing");
}

/* The kernel polls longer and longer, up to where it need not wait. */
static void check_polls(struct halter *halter, int fd)
{
	struct halts before, after;
	struct tally tally;

	tally = halt_often(halter, fd, SHORT_US, "with polls");
	in_range(tally.polls, NR_HALTS / 2, NR_HALTS, "with polls: polls");
	in_range(tally.polls - tally.successes, 1, NR_HALTS, "with polls: polls that failed");
	read_halts(fd, &before);
	halter_do_not_wait(halter, NR_HALTS);
	read_halts(fd, &after);
	is_u64(after.polls - before.polls, NR_HALTS, "woken at once: polls");
	is_u64(after.sum[SUCCESS] - before.sum[SUCCESS], NR_HALTS, "woken at once: successes");
	is_u64(after.sum[FAIL] - before.sum[FAIL], 0, "woken at once: failures");
	is_u64(after.sum[WAIT] - before.sum[WAIT], 0, "woken at once: waits");
	is_u64(after.ns[WAIT], before.ns[WAIT], "woken at once: time waited");
}

/* --- blocking --- */

static void expect_blocking(void *context)
{
	is_u64(fd_value(*(int *)context, "blocking"), 1, "blocking, within a halt");
}

static void check_blocking(struct halter *halter, int fd)
{
	set_polls(NO_POLLS);
	halter_halt(halter, HALT_US, expect_blocking, &fd);
	is_u64(fd_value(fd, "blocking"), 0, "blocking, after the halt");
}

/* --- a guest that halts by itself --- */

static void check_guest(const char *polls)
{
	static struct halter halter;
	struct halts before, after;
	uint64_t start, stopped;
	int dev = dev_open(), fd;

	set_polls(polls);
	halter_create(&halter);
	fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, 0);
	halter_boot(&halter);
	halter_wait(&halter);
	is_u64(fd_value(fd, "blocking"), 1, "polls of %s ns: blocking of a guest that halts", polls);
	read_halts(fd, &before);
	start = boottime_ns();
	for (int i = 0; i < NR_INTERRUPTS; i++) {
		halter_interrupt(&halter);
		halter_wait(&halter);
	}
	stopped = boottime_ns();
	read_halts(fd, &after);
	/* The one that it is in is not counted yet, but the one that it was in is. */
	is_u64(after.sum[WAIT] - before.sum[WAIT], NR_INTERRUPTS,
	       "polls of %s ns: waits of a guest over %u interrupts", polls, NR_INTERRUPTS);
	is_u64(after.sum[FAIL] - before.sum[FAIL], after.polls - before.polls,
	       "polls of %s ns: all polls failed", polls);
	is_u64(after.sum[SUCCESS], before.sum[SUCCESS], "polls of %s ns: none succeeded", polls);
	is_u64(halter_count(&halter), NR_INTERRUPTS, "polls of %s ns: interrupts that it counted",
	       polls);
	in_range(after.ns[WAIT] - before.ns[WAIT], 1, stopped - start + NR_INTERRUPTS * HALT_US * 1000ull,
		 "polls of %s ns: time waited", polls);
	halter_stop(&halter);
	is_u64(fd_value(fd, "blocking"), 0, "polls of %s ns: blocking once it is stopped", polls);
	halter_destroy(&halter);
	close(fd);
	close(dev);
}

/* --- a VM from before, and counters that are cleared --- */

static void check_adopted(int fd)
{
	struct halts halts;

	read_halts(fd, &halts);
	for (int i = 0; i < NR_HISTS; i++)
		is_u64(halts.sum[i], is_native && i == WAIT ? ADOPTED_HALTS : 0,
		       "%s of a VM from before kvmstats was loaded", hists[i]);
	if (!is_native)
		is_u64(halts.ns[WAIT], 0, "halt_wait_ns of a VM from before");
}

/* Writing 0 to a VM's file there clears the counter of all its vCPUs. */
static void clear(const struct halter *halter)
{
	static const char *const names[] = {
		"halt_poll_success_ns", "halt_poll_fail_ns", "halt_attempted_poll",
	};
	char vm_path[64], path[128];

	debugfs_vm_path(vm_path, sizeof(vm_path), gettid(), halter->guest.vm_fd);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", vm_path, names[i]);
		if (write_text(path, "0"))
			tap_bail("cannot clear %s", path);
	}
}

/*
 * What kvmstats makes of KVM's counters does not fall and does not leap. The first halt
 * after it may be taken for one without a poll, or with a shorter one; the next is right.
 */
static void check_cleared(struct halter *halter, int fd)
{
	struct tally lenient = { 0 }, tally = { 0 };
	struct halts before, after;
	unsigned int leaps = 0;

	for (int i = 0; i < NR_CLEARS; i++) {
		read_halts(fd, &before);
		clear(halter);
		read_halts(fd, &after);
		leaps += after.polls + after.ns[SUCCESS] + after.ns[FAIL] ||
			 memcmp(after.hist, before.hist, sizeof(after.hist)) ||
			 after.ns[WAIT] != before.ns[WAIT];
		halt_once(halter, fd, SHORT_US, &lenient);
		read_halts(fd, &after);
		for (int j = 0; j < NR_HISTS; j++)
			leaps += after.sum[j] - before.sum[j] > 1;
		halt_once(halter, fd, SHORT_US, &tally);
	}
	is_u64(leaps, 0, "cleared: what kvmstats makes of it leaps");
	is_u64(lenient.out_of_bounds, 0, "cleared: the next halt's time is not that of the wait");
	is_u64(tally.wrong, 0, "cleared: halts that are not counted once where they belong");
	is_u64(tally.out_of_bounds, 0, "cleared: halts whose time is not that of the wait");
}

int main(void)
{
	static struct halter old, young;
	int dev, fd;

	test_begin();
	mount_once("debugfs", DEBUGFS);
	exits_prepare();
	if (read_text(HALT_POLL, old_poll, sizeof(old_poll)) < 0)
		tap_bail("cannot read " HALT_POLL);
	set_polls(NO_POLLS);
	halter_create(&old);
	is_native = native_has_stats_fd(old.guest.kvm_fd);
	for (int i = 0; i < ADOPTED_HALTS; i++)
		halter_halt(&old, HALT_US, NULL, NULL);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, 0);
	check_descs(fd);
	check_adopted(fd);
	check_no_polls(&old, fd);
	check_blocking(&old, fd);
	close(fd);
	halter_destroy(&old);

	/* A VM takes the longest poll as it is when it is made. */
	set_polls(LONG_POLLS);
	halter_create(&young);
	young.may_poll = true;
	fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, 0);
	check_polls(&young, fd);
	check_cleared(&young, fd);
	close(fd);
	halter_destroy(&young);

	check_guest(NO_POLLS);
	check_guest("50000");
	set_polls(old_poll);
	return test_end_loaded(dev);
}
