// SPDX-License-Identifier: GPL-2.0-only
/* The CPU that counts the host goes offline: another goes on, and nothing is lost. */
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "env.h"
#include "guest.h"
#include "native.h"
#include "module.h"
#include "perf.h"
#include "tap.h"

#define CPU	1
#define ONLINE	"/sys/devices/system/cpu/cpu1/online"

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		tap_bail("cannot go to CPU %d", cpu);
}

static int set_online(const char *text)
{
	return -write_text(ONLINE, text);
}

int main(void)
{
	struct perf_event_attr clock = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK,
		.size = sizeof(clock),
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	int host, thread, other_pmu;
	uint64_t ticks;
	struct guest guest;

	test_begin();
	if (access(ONLINE, F_OK))
		tap_skip_all("CPU %d cannot go offline here", CPU);
	/* Whoever loads the module chooses the CPU. */
	pin(CPU);
	if (kvmstats_load(""))
		tap_bail("cannot load kvmstats");
	pin(0);
	is_u64(perf_reader_cpu(), CPU, "the CPU that counts the host");
	guest_create(&guest);
	guest_add_vcpu(&guest, 0);
	host = perf_open_host("io_exits", 0);
	thread = perf_open_thread("io_exits", 0);
	other_pmu = perf_open(&clock, -1, CPU, -1);
	guest_run(&guest.vcpus[0], GUEST_OUT, 100);
	is_u64(perf_read(host), 100, "host, before");
	guest_run(&guest.vcpus[0], GUEST_OUT, 20);
	is_errno(set_online("0"), 0, "the CPU goes offline");
	is_u64(perf_reader_cpu(), 0, "another counts the host");
	is_u64(perf_read(host), 120, "host, what was counted meanwhile");
	guest_run(&guest.vcpus[0], GUEST_OUT, 3);
	is_u64(perf_read(host), 123, "host, after");
	is_u64(perf_read(thread), 123, "thread");
	ticks = perf_read(other_pmu);
	usleep(20000);
	is_u64(perf_read(other_pmu), ticks, "another PMU's event stays with its CPU");
	is_errno(set_online("1"), 0, "the CPU comes back");
	guest_run(&guest.vcpus[0], GUEST_OUT, 4);
	is_u64(perf_read(host), 127, "host, with the CPU back");
	close(other_pmu);
	close(thread);
	close(host);
	guest_destroy(&guest);
	return test_end();
}
