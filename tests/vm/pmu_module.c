// SPDX-License-Identifier: GPL-2.0-only
/*
 * An event of another module, samples/kvm_hypercalls.c: exact, for nothing until it is
 * counted, and gone with its module, which its consumers keep.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "module.h"
#include "native.h"
#include "perf.h"
#include "runner.h"
#include "tap.h"

#define NAME		"hypercall_entries"
#define SAMPLE		"kvm_hypercalls"
#define COUNTING	"/sys/module/" SAMPLE "/parameters/counting"

static void is_line(const char *path, const char *expected, const char *text)
{
	char line[128] = "";
	FILE *file = fopen(path, "re");

	if (file) {
		if (fgets(line, sizeof(line), file))
			line[strcspn(line, "\n")] = '\0';
		fclose(file);
	}
	is_str(line, expected, "%s", text);
}

/* The kernel's own list of probes, where debugfs is to be had. */
static bool probe_is_there(void)
{
	char line[256];
	bool there = false;
	FILE *file = fopen(DEBUGFS "/kprobes/list", "re");

	while (file && fgets(line, sizeof(line), file))
		there |= strstr(line, "kvm_emulate_hypercall") != NULL;
	if (file)
		fclose(file);
	return there;
}

static void is_counting(bool counting, const char *text)
{
	is_line(COUNTING, counting ? "Y" : "N", text);
	tap_ok(probe_is_there() == counting, "%s: the kernel's list of probes", text);
}

/* Good and bad registrations, made within the kernel. */
static void check_registration(void)
{
	struct perf_event_attr attr;
	int fd;

	is_errno(module_load("pmu_test", ""), 0, "pmu_test loads");
	is_line("/sys/module/pmu_test/parameters/cases", "22", "registrations tried");
	is_line("/sys/module/pmu_test/parameters/failed", "0", "of these not as they should be");
	attr = perf_attr("pmu_test_refuses");
	is_errno(-perf_try_open(&attr, 0, -1, -1), EADDRINUSE, "a source that cannot be switched on");
	fd = perf_open_thread("pmu_test_stays", 0);
	is_errno(module_unload("pmu_test"), EWOULDBLOCK, "a consumer keeps pmu_test");
	close(fd);
	is_errno(module_unload("pmu_test"), 0, "pmu_test unloads");
}

int main(void)
{
	struct perf_event_attr attr;
	struct runner runner;
	struct guest guest;
	int first, second, stat, other;
	int dev = test_begin_loaded("");

	mount_once("debugfs", DEBUGFS);
	guest_create(&guest);
	guest_add_vcpu(&guest, 0);
	is_errno(module_load(SAMPLE, ""), 0, "the sample loads");
	is_errno(kvmstats_unload(), EWOULDBLOCK, "it keeps kvmstats");
	is_line(PMU_DIR "/descriptions/" NAME, "hypercalls of the vCPU that came to KVM",
		"its description");
	is_counting(false, "nobody counts");
	attr = perf_attr(NAME);
	is_errno(-perf_try_open(&attr, -1, perf_reader_cpu(), -1), EINVAL, "not for the host");

	guest_run(&guest.vcpus[0], GUEST_VMMCALL, 50);
	first = perf_open_thread(NAME, 0);
	stat = perf_open_thread("hypercalls", 0);
	is_counting(true, "one counts");
	guest_run(&guest.vcpus[0], GUEST_VMMCALL, 1000);
	guest_run(&guest.vcpus[0], GUEST_OUT, 1000);
	is_u64(perf_read(first), 1000, "counted");
	is_u64(perf_read(stat), 1000, "counted by KVM itself");
	second = perf_open_thread(NAME, 0);
	guest_run(&guest.vcpus[0], GUEST_VMMCALL, 7);
	is_u64(perf_read(first), 1007, "two count: the first");
	is_u64(perf_read(second), 7, "two count: the second");
	runner_start(&runner, false);
	other = perf_open_thread(NAME, runner.tid);
	runner_run(&runner, &guest.vcpus[0], GUEST_VMMCALL, 30);
	is_u64(perf_read(other), 30, "in a thread that took the vCPU over");
	is_u64(perf_read(first), 1007, "no longer in the one before");
	guest_run(&guest.vcpus[0], GUEST_VMMCALL, 2);
	is_u64(perf_read(first), 1009, "and in that again");
	close(other);
	runner_end(&runner);
	close(first);
	is_counting(true, "one still counts");
	is_errno(module_unload(SAMPLE), EWOULDBLOCK, "its consumer keeps the sample");
	guest_destroy(&guest);
	is_u64(perf_read(second), 9, "the VM has ended: its last count");
	close(second);
	close(stat);
	is_counting(false, "nobody counts any more");

	is_errno(module_unload(SAMPLE), 0, "the sample unloads");
	tap_ok(access(PMU_DIR "/events/" NAME, F_OK), "its event is gone");
	is_errno(-perf_try_open(&attr, 0, -1, -1), EINVAL, "and refused");
	is_errno(module_load(SAMPLE, ""), 0, "the sample loads again");
	is_errno(kvm_unload(), 0, "KVM unloads under it");
	tap_ok(!access(PMU_DIR "/events/" NAME, F_OK), "its event stays");
	kvm_load();
	is_errno(module_unload(SAMPLE), 0, "the sample unloads with KVM loaded anew");
	check_registration();
	return test_end_loaded(dev);
}
