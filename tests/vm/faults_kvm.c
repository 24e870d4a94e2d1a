// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM comes while kvmstats is there, with each allocation that kvmstats then makes
 * failed in turn. KVM comes all the same; the hook table tells what is lost, and what
 * is armed serves.
 */
#include <unistd.h>

#include "dev.h"
#include "fault.h"
#include "kvm_ko.h"
#include "module.h"
#include "rows.h"
#include "tap.h"
#include "total.h"

static int dev;
static unsigned int nr_probes;
/* By row: how often it was seen failed, and whether this kernel has a use for it. */
static unsigned int nr_failed[ROWS_MAX];
static bool is_used[ROWS_MAX];

static int call_kvm(void *context)
{
	(void)context;
	return kvm_ko_load(NULL);
}

static bool host_is(int expected)
{
	int fd = total_try_open_host(dev), err = ERRNO_OF(fd);

	if (fd >= 0)
		close(fd);
	if (err != expected)
		tap_note("OPEN_HOST: errno %d expected %d", err, expected);
	return err == expected;
}

static bool after_kvm(void *context, int err)
{
	struct kvmstats_info info;
	struct rows rows;
	bool right;

	(void)context;
	errno = err;
	if (err)
		tap_bail("KVM does not load");
	dev_info(dev, &info);
	rows_read(dev, ENOMEM, &rows);
	for (uint32_t i = 0; i < rows.nr; i++) {
		nr_failed[i] += rows.hooks[i].state == KVMSTATS_HOOK_FAILED;
		is_used[i] |= rows.hooks[i].state == KVMSTATS_HOOK_ARMED;
	}
	if (info.features & KVMSTATS_FEAT_KVM_PRESENT)
		right = rows_attached(&rows) && host_is(0);
	else
		right = rows_refused(&rows) && host_is(ENODEV) && count_probes() == nr_probes;
	errno = module_unload("kvm");
	if (errno)
		tap_bail("KVM does not unload");
	rows_read(dev, ENOMEM, &rows);
	right &= rows_idle(&rows);
	if (count_probes() == nr_probes)
		return right;
	tap_note("probes %u expected %u", count_probes(), nr_probes);
	return false;
}

/* The schema's own rows stand for its memory; other symbols need none. */
static void check_rows(void)
{
	struct kvmstats_info info;
	unsigned int symbols = 0;

	dev_info(dev, &info);
	for (uint32_t i = 0; i < info.nr_hooks; i++) {
		struct kvmstats_hook hook;

		dev_hook(dev, i, &hook);
		if (hook.kind == KVMSTATS_HOOK_SYMBOL)
			symbols += nr_failed[i];
		else if (is_used[i])
			in_range(nr_failed[i], 1, UINT32_MAX, "%s: seen failed %u times", hook.name,
				 nr_failed[i]);
	}
	in_range(symbols, 1, UINT32_MAX, "the schema: seen failed %u times", symbols);
}

int main(void)
{
	const struct fault_case fault = {
		.name = "load of KVM", .call = call_kvm, .after = after_kvm, .least = 10,
	};

	test_begin();
	fault_begin();
	kvm_ko_read();
	errno = kvm_unload();
	if (errno)
		tap_bail("KVM does not unload");
	nr_probes = count_probes();
	errno = kvmstats_load("aggregate_abi=on");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	fault_within("kvmstats");
	fault_run(&fault);
	check_rows();
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads at the end");
	kvm_load();
	fault_report();
	return tap_done();
}
