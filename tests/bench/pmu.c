// SPDX-License-Identifier: GPL-2.0-only
/*
 * What perf's events cost: an exit of a guest to userland with the PMU there, and while ten
 * of its events count for the thread; and reading one, for a thread and for the host.
 */
#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "exit.h"
#include "farm.h"
#include "guest.h"
#include "module.h"
#include "perf.h"
#include "spread.h"
#include "tap.h"

#define VMS	100
#define VCPUS	2

static const char *const names[] = {
	"exits", "io_exits", "mmio_exits", "halt_exits", "irq_exits", "signal_exits",
	"hypercalls", "insn_emulation", "tlb_flush", "pf_fixed",
};
#define NR_NAMES	(sizeof(names) / sizeof(names[0]))

static void read_once(void *argument)
{
	perf_read(*(const int *)argument);
}

static uint64_t read_software(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CONTEXT_SWITCHES,
		.size = sizeof(attr),
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	int fd = perf_open(&attr, 0, -1, -1);
	uint64_t cost = bench_count("read_software_event", read_once, &fd);

	close(fd);
	return cost;
}

static uint64_t read_host(const char *name)
{
	int fd = perf_open_host("io_exits", 0);
	uint64_t cost = bench_count(name, read_once, &fd);

	close(fd);
	return cost;
}

int main(void)
{
	struct spread without, registered, counted;
	struct guest_vcpu *vcpu;
	struct guest guest;
	uint64_t software, thread, none;
	struct farm farm;
	int fds[NR_NAMES];

	test_begin();
	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	exit_prepare(vcpu);
	without = spread_count("exit_without", exit_once, vcpu);
	if (kvmstats_load(""))
		tap_bail("cannot load kvmstats");
	registered = spread_count("exit_registered", exit_once, vcpu);
	for (unsigned int i = 0; i < NR_NAMES; i++)
		fds[i] = perf_open_thread(names[i], 0);
	counted = spread_count("exit_counted", exit_once, vcpu);
	software = read_software();
	thread = bench_count("read_thread_event", read_once, &fds[1]);
	for (unsigned int i = 0; i < NR_NAMES; i++)
		close(fds[i]);
	spread_figure("exit_registered_vs_without", registered, without, 1.0);
	spread_figure("exit_10_events_vs_without", counted, without, 1.02);
	bench_figure("read_event_vs_software", (double)thread / software, 3.0);
	guest_destroy(&guest);

	none = read_host("read_host_event_no_vm");
	farm_create(&farm, VMS, VCPUS);
	printf("# raw read_host_event_per_vm %llu\n",
	       (unsigned long long)(read_host("read_host_event_100_vms") - none) / VMS);
	farm_destroy(&farm);
	if (kvmstats_unload())
		tap_bail("kvmstats cannot be unloaded");
	return bench_done();
}
