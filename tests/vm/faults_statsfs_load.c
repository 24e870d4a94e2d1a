// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading statsfs, what feeds it, and kvmstats onto it while a VM runs, with each of the
 * allocations failed in turn; and VMs that come and go while some of those of statsfs
 * fail. Either nothing is left of a load, or the kernel's log tells what the view lacks.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "dev.h"
#include "farm.h"
#include "fault.h"
#include "guest.h"
#include "klog.h"
#include "module.h"
#include "native.h"
#include "statsfs.h"
#include "tap.h"

#define NR_VCPUS	2
#define KVM_DIR		STATSFS "/kvm"
#define PATIENCE_MS	2000
/* A place in the code may say ten lines in five seconds. */
#define LOG_REST_US	600000
#define PERCENT		20
#define NR_ROUNDS	50
#define NR_VMS		4

static struct guest guest;
static struct {
	unsigned int refused;
	unsigned int whole;
	unsigned int lacking;
} seen;
static unsigned int told;		/* lines of the log, before a call */

/* With the errno. */
static unsigned int lines_told(void)
{
	return klog_lines("kvmstats: ", "(-12)");
}

static bool is_whole(void)
{
	char path[128];

	snprintf(path, sizeof(path), KVM_DIR "/%d-%d", getpid(), guest.vm_fd);
	return !access(path, F_OK) && statsfs_subdirs(path) == NR_VCPUS;
}

/* All of the VM comes to be seen, or the log has told. */
static bool is_right(void)
{
	for (int i = 0; i < PATIENCE_MS / 10; i++, usleep(10000)) {
		if (is_whole()) {
			seen.whole++;
			return true;
		}
		if (lines_told() > told) {
			seen.lacking++;
			usleep(LOG_REST_US);
			return true;
		}
	}
	tap_note("the VM is not there, and the log does not tell");
	return false;
}

/* A VM that kvmstats could not take up is in its hook table, see faults_load.c. */
static bool is_adopted(void)
{
	int dev = dev_open();
	struct kvmstats_vm vm;
	bool found = dev_find_vm(dev, getpid(), &vm);

	close(dev);
	return found;
}

static void mount_it(void)
{
	if (mount("statsfs", STATSFS, "statsfs", 0, NULL))
		tap_bail("cannot mount statsfs: %s", strerrorname_np(errno));
}

static void unload(const char *name)
{
	errno = module_unload(name);
	if (errno)
		tap_bail("%s does not unload: %s", name, strerrorname_np(errno));
}

static bool file_system_is_known(void)
{
	char text[4096];

	return read_text("/proc/filesystems", text, sizeof(text)) > 0 && strstr(text, "\tstatsfs\n");
}

/* --- loads --- */

static void before_load(void *name)
{
	(void)name;
	told = lines_told();
}

static int call_load(void *name)
{
	return module_load(name, "");
}

static bool after_statsfs(void *name, int err)
{
	bool right;

	if (err) {
		seen.refused++;
		if (!module_is_loaded(name) && access(STATSFS, F_OK) && !file_system_is_known())
			return true;
		tap_note("something is left of the load");
		return false;
	}
	mount_it();
	right = is_right();
	if (umount(STATSFS))
		tap_bail("statsfs is busy");
	unload(name);
	return right;
}

static bool after_client(void *name, int err)
{
	bool right = true;

	if (err) {
		seen.refused++;
		return !module_is_loaded(name);
	}
	if (!strcmp(name, "kvmstats") && is_adopted())
		right = is_right();
	unload(name);
	return right;
}

static void check_load(const char *name, bool (*after)(void *context, int err), unsigned int least)
{
	char text[64];
	const struct fault_case fault = {
		.name = text, .before = before_load, .call = call_load, .after = after,
		.context = (void *)name, .allowed = { ENOMEM }, .least = least,
		/* as in faults_load.c */
		.dense = 90,
	};

	seen.refused = seen.whole = seen.lacking = 0;
	snprintf(text, sizeof(text), "load of %s", name);
	fault_run(&fault);
	in_range(seen.refused, 1, UINT32_MAX, "loads of %s that were refused: %u", name,
		 seen.refused);
	tap_note("views that were whole: %u, that lacked something: %u", seen.whole, seen.lacking);
}

/* --- VMs --- */

static void check_vms(void)
{
	unsigned int left;

	told = lines_told();
	fault_within("statsfs");
	fault_sometimes(PERCENT);
	for (int i = 0; i < NR_ROUNDS; i++) {
		struct farm farm;

		farm_create(&farm, NR_VMS, NR_VCPUS);
		farm_destroy(&farm);
	}
	usleep(500000);
	fault_sometimes(0);
	in_range(lines_told() - told, 1, UINT32_MAX, "the log tells what the view lacks");
	left = statsfs_subdirs(KVM_DIR);
	is_u64(left, 1, "VMs in the view when all but one have ended");
	tap_ok(is_whole(), "the VM that was there from the start is whole");
}

int main(void)
{
	test_begin();
	fault_begin();
	guest_create(&guest);
	for (int i = 0; i < NR_VCPUS; i++)
		guest_run(guest_add_vcpu(&guest, i), GUEST_OUT, 1);

	fault_within_modules();
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	check_load("statsfs", after_statsfs, 3);
	unload("kvmstats");

	statsfs_begin();
	check_load("kvmstats", after_client, 20);
	check_load("statsfs_net", after_client, 3);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	check_vms();
	unload("kvmstats");
	statsfs_end();

	guest_destroy(&guest);
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	fault_report();
	return tap_done();
}
