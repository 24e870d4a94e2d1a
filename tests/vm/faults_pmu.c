// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of perf, opened and closed, and the events of another module, with each
 * allocation failed in turn: nothing is left, and the next one counts.
 */
#include <unistd.h>

#include "dev.h"
#include "fault.h"
#include "guest.h"
#include "module.h"
#include "native.h"
#include "perf.h"
#include "rows.h"
#include "tap.h"

#define SAMPLE	"kvm_hypercalls"

struct opening {
	struct perf_event_attr attr;
	pid_t pid;
	int cpu;
};

static struct guest guest;
static unsigned int nr_probes;		/* while nobody counts */

static int open_event(void *context)
{
	const struct opening *opening = context;
	int fd = perf_try_open(&opening->attr, opening->pid, opening->cpu, -1);

	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

/* No probe is left, and what may have failed before works. */
static bool after_open(void *context, int err)
{
	const struct opening *opening = context;
	bool right = count_probes() == nr_probes;
	int fd = perf_open(&opening->attr, opening->pid, opening->cpu, -1);
	uint64_t before = perf_read(fd);

	(void)err;
	if (!right)
		tap_note("a probe is left");
	guest_run(&guest.vcpus[0], GUEST_VMMCALL, 3);
	right &= perf_read(fd) == before + 3;
	close(fd);
	return right;
}

static void check_opening(const char *name, const char *event, pid_t pid, uint64_t vm)
{
	struct opening opening = {
		.attr = perf_attr(event), .pid = pid, .cpu = pid < 0 ? perf_reader_cpu() : -1,
	};
	const struct fault_case fault = {
		.name = name, .call = open_event, .after = after_open, .context = &opening,
		/* a node that cannot be opened allows nothing, for whatever reason */
		.allowed = { ENOMEM, EACCES, ENFILE }, .least = 1,
	};

	opening.attr.config1 = vm;
	fault_run(&fault);
}

static void unload_sample(void)
{
	if (module_is_loaded(SAMPLE) && module_unload(SAMPLE))
		tap_bail("the sample does not unload");
}

static int load_sample(void *context)
{
	(void)context;
	return module_load(SAMPLE, "");
}

/* The names in the PMU's directory are all there or as they were. */
static bool after_load(void *context, int err)
{
	bool there = !access(PMU_DIR "/events/hypercall_entries", F_OK);
	bool right = there == !err && !access(PMU_DIR "/events/exits", F_OK);

	(void)context;
	unload_sample();
	return right;
}

int main(void)
{
	const struct fault_case loading = {
		.name = "another module's events", .call = load_sample, .after = after_load,
		.allowed = { ENOMEM }, .least = 1, .dense = 20,
	};
	int dev;

	fault_begin();
	dev = test_begin_loaded("");
	mount_once("debugfs", DEBUGFS);
	guest_create(&guest);
	guest_add_vcpu(&guest, 0);
	guest_run(&guest.vcpus[0], GUEST_OUT, 1);
	nr_probes = count_probes();
	fault_within_modules();
	check_opening("event of a thread", "hypercalls", 0, 0);
	check_opening("event of the host", "hypercalls", -1, 0);
	check_opening("event of a VM", "hypercalls", -1, dev_vm_of(dev, getpid()).id);
	fault_within("kvmstats");
	fault_run(&loading);
	if (load_sample(NULL))
		tap_bail("the sample does not load");
	fault_within_modules();
	check_opening("event of another module", "hypercall_entries", 0, 0);
	unload_sample();
	guest_destroy(&guest);
	return fault_end_loaded(dev);
}
