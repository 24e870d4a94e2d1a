// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmstats is loaded and unloaded without end while VMs are made, run and
 * destroyed all the time: every load serves, and nothing is left at the end.
 *
 * The environment's ROUNDS and SECONDS say how long, whichever comes first; with
 * ROUNDS alone there is no limit of time.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"
#include "vmm.h"

#define ROUNDS		200
#define SECONDS		180
#define ROUNDS_LEAST	10
#define NR_VMMS		2
/* What the rest of the system may have taken meanwhile. */
#define SLACK_KB	8192

#define SECOND_NS	1000000000ull

static struct {
	unsigned int rounds;
	unsigned int not_loaded;
	unsigned int not_unloaded;
	unsigned int vms_read;
} storm;

static long memory_field_kb(const char *field)
{
	char text[4096], *at;

	if (read_text("/proc/meminfo", text, sizeof(text)) < 0)
		tap_bail("cannot read /proc/meminfo");
	at = strstr(text, field);
	return at ? strtol(at + strlen(field), NULL, 10) : 0;
}

static long kernel_memory_kb(void)
{
	return memory_field_kb("SUnreclaim:") + memory_field_kb("VmallocUsed:");
}

static void read_and_close(int fd)
{
	struct image image;

	if (fd < 0)
		return;
	image_read(fd, &image);
	close(fd);
	storm.vms_read++;
}

/* Reads every VM that is there. That one ends meanwhile is no fault. */
static void read_all(int dev)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];
	struct kvmstats_vcpu vcpu;
	uint32_t nr = dev_list_vms(dev, vms, DEV_MAX_VMS);

	for (uint32_t i = 0; i < nr; i++) {
		read_and_close(dev_try_open_vm(dev, vms[i].id));
		if (dev_try_list_vcpus(dev, vms[i].id, &vcpu, 1) == 1)
			read_and_close(dev_try_open_vcpu(dev, vms[i].id, vcpu.vcpu_id));
	}
}

/* Every other load is used; those between are as short as can be. */
static bool load_round(unsigned int i)
{
	int err = kvmstats_load("sweep_interval_ms=10"), dev;

	if (err) {
		storm.not_loaded++;
		tap_note("round %u: load: errno %d", i, err);
		return true;
	}
	if (i % 2) {
		dev = dev_open();
		read_all(dev);
		usleep(1000 * (i % 16));
		read_all(dev);
		close(dev);
	}
	err = kvmstats_unload();
	if (err) {
		storm.not_unloaded++;
		tap_note("round %u: unload: errno %d", i, err);
	}
	return !err;
}

static void run_storm(unsigned int rounds, unsigned int seconds)
{
	uint64_t start = boottime_ns();

	while (storm.rounds < rounds && load_round(storm.rounds)) {
		storm.rounds++;
		if (seconds && boottime_ns() - start > seconds * SECOND_NS)
			break;
	}
	tap_note("%u rounds in %llu s", storm.rounds,
		 (unsigned long long)((boottime_ns() - start) / SECOND_NS));
}

int main(void)
{
	const char *rounds_text = getenv("ROUNDS"), *seconds_text = getenv("SECONDS");
	unsigned int rounds = rounds_text ? atoi(rounds_text) : ROUNDS;
	unsigned int seconds = seconds_text ? atoi(seconds_text) : rounds_text ? 0 : SECONDS;
	struct vmm vmms[NR_VMMS];
	uint64_t churned = 0;
	long before, after;

	test_begin();
	/* What the first load makes for good is no leak. */
	if (kvmstats_load("") || kvmstats_unload())
		tap_bail("kvmstats does not load and unload");
	before = kernel_memory_kb();
	for (int i = 0; i < NR_VMMS; i++) {
		vmm_start(&vmms[i], "storm");
		vmm_do(&vmms[i], VMM_CHURN, 0);
	}
	run_storm(rounds, seconds);
	for (int i = 0; i < NR_VMMS; i++) {
		churned += vmm_do(&vmms[i], VMM_CHURN_STOP, 0);
		vmm_do(&vmms[i], VMM_DESTROY, 0);
		vmm_kill(&vmms[i]);
	}
	in_range(storm.rounds, rounds < ROUNDS_LEAST ? rounds : ROUNDS_LEAST, rounds,
		 "rounds of load and unload");
	is_u64(storm.not_loaded, 0, "loads that failed of %u", storm.rounds);
	is_u64(storm.not_unloaded, 0, "unloads that failed of %u", storm.rounds);
	in_range(churned, storm.rounds, UINT64_MAX, "VMs that came and went meanwhile: %llu",
		 (unsigned long long)churned);
	in_range(storm.vms_read, 1, UINT32_MAX, "VMs and vCPUs that were read meanwhile: %u",
		 storm.vms_read);
	tap_ok(!module_is_loaded("kvmstats"), "kvmstats is unloaded");
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	after = kernel_memory_kb();
	in_range(after, 0, before + SLACK_KB, "kernel memory in kB, %ld before", before);
	return tap_done();
}
