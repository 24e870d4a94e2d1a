// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KVM view comes and goes with statsfs, kvmstats and kvm, in any order, and with
 * VMs from before them.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "module.h"
#include "native.h"
#include "tap.h"
#include "view.h"
#include "vmm.h"

#define STAT		"io_exits"
#define LOADS		3
#define RACES		20

static void load(const char *name)
{
	errno = strcmp(name, "statsfs") ? module_load(name, "") : 0;
	if (errno)
		tap_bail("cannot load %s", name);
	if (!strcmp(name, "statsfs"))
		statsfs_begin();
}

static void unload(const char *name)
{
	if (!strcmp(name, "statsfs"))
		statsfs_end();
	else
		is_errno(module_unload(name), 0, "%s unloads", name);
}

/* With VMs from before both, and one that comes while they are there. */
static void check_order(const char *const load_order[2], const char *const unload_order[2])
{
	struct guest young;
	struct vmm vmm;
	int dev;

	vmm_start(&vmm, "old");
	vmm_make_vm(&vmm, 2, 13);
	load(load_order[0]);
	load(load_order[1]);
	tap_note("%s before %s", load_order[0], load_order[1]);
	/* What is there is shown at once. */
	tap_ok(!access(VIEW, F_OK), "the view is there when both are loaded");
	is_u64(statsfs_subdirs(VIEW), 1, "an adopted VM is there when both are loaded");
	dev = dev_open();
	view_is(dev, vmm.pid, VMM_VM_FD, "adopted VM");
	close(dev);
	view_guest(&young, 1, 2);
	view_comes(true, VIEW "/%d-%d/vcpu0", getpid(), young.vm_fd);
	is_errno(module_unload("statsfs"), EWOULDBLOCK, "statsfs while it is mounted");
	is_u64(module_refs("kvmstats"), 0, "references on kvmstats");
	unload(unload_order[0]);
	if (!strcmp(unload_order[0], "kvmstats"))
		tap_ok(access(VIEW, F_OK), "the view is gone with kvmstats");
	guest_run(&young.vcpus[0], GUEST_OUT, 2);
	guest_destroy(&young);
	unload(unload_order[1]);
	vmm_kill(&vmm);
}

static void check_orders(void)
{
	static const char *const statsfs_first[2] = { "statsfs", "kvmstats" };
	static const char *const kvmstats_first[2] = { "kvmstats", "statsfs" };

	check_order(statsfs_first, statsfs_first);
	check_order(statsfs_first, kvmstats_first);
	check_order(kvmstats_first, statsfs_first);
	check_order(kvmstats_first, kvmstats_first);
}

static void check_kvm_reload(void)
{
	struct guest guest;

	for (int i = 0; i < LOADS; i++) {
		view_guest(&guest, 1, 10);
		view_comes(true, VIEW "/%d-%d", getpid(), guest.vm_fd);
		is_u64(view_value(VIEW, STAT), view_value(VIEW, STAT), "the host reads");
		guest_destroy(&guest);
		for (int j = 0; j < 100 && (errno = kvm_unload()) == EWOULDBLOCK; j++)
			usleep(10000);
		is_errno(errno, 0, "kvm unloads");
		view_comes(false, VIEW);
		kvm_load();
		view_comes(true, VIEW);
		is_u64(view_value(VIEW, STAT), 0, "the host after kvm was loaded anew");
		is_u64(statsfs_subdirs(VIEW), 0, "VMs after kvm was loaded anew");
	}
}

static void *unload_in_thread(void *name)
{
	return (void *)(intptr_t)module_unload(name);
}

/* Either may find the other on its way out. */
static void check_both_go(void)
{
	unsigned int wrong = 0;
	struct vmm vmm;

	vmm_start(&vmm, "old");
	vmm_make_vm(&vmm, 2, 13);
	for (int i = 0; i < RACES; i++) {
		pthread_t thread;
		void *err;

		errno = module_load(i % 2 ? "statsfs" : "kvmstats", "") ?:
			module_load(i % 2 ? "kvmstats" : "statsfs", "");
		if (errno)
			tap_bail("a module does not load");
		if (pthread_create(&thread, NULL, unload_in_thread, "statsfs"))
			tap_bail("no thread");
		usleep(200 * (i % 5));
		wrong += kvmstats_unload() != 0;
		pthread_join(thread, &err);
		wrong += err != NULL;
		/* The one that the other held on to for a moment. */
		if (module_is_loaded("kvmstats") && kvmstats_unload())
			tap_bail("kvmstats stays");
		if (module_is_loaded("statsfs") && module_unload("statsfs"))
			tap_bail("statsfs stays");
	}
	tap_note("%u unloads refused, since the other was being told", wrong);
	tap_ok(true, "both unload at the same time, %u times", RACES);
	vmm_kill(&vmm);
}

int main(void)
{
	mount_once("debugfs", DEBUGFS);
	test_begin();
	for (int i = 0; i < LOADS; i++)
		check_orders();
	load("statsfs");
	load("kvmstats");
	check_kvm_reload();
	unload("statsfs");
	unload("kvmstats");
	check_both_go();
	return tap_done();
}
