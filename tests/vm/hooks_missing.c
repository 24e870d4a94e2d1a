// SPDX-License-Identifier: GPL-2.0-only
/*
 * A KVM that lacks one of the functions or objects in the hook table, for each row in
 * turn. Without one that is required kvmstats does not load, or does not attach to
 * that KVM; without another it loads and loses what the row says, and no more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "klog.h"
#include "kvm_ko.h"
#include "module.h"
#include "native.h"
#include "rows.h"
#include "tap.h"
#include "total.h"

#define CREATE_HOOK	"kvm_dev_ioctl"

static struct rows table;
static unsigned int nr_probes;
static bool native;		/* clients find stats fds when nothing is missing */

static void unload_kvm(void)
{
	errno = module_is_loaded("kvm_amd") ? module_unload("kvm_amd") : 0;
	if (!errno && module_is_loaded("kvm"))
		errno = module_unload("kvm");
	if (errno)
		tap_bail("KVM does not unload");
}

/* All of KVM, without @hidden. */
static void load_kvm(const char *hidden)
{
	errno = kvm_ko_load(hidden);
	if (errno)
		tap_bail("KVM without %s does not load", hidden ? hidden : "nothing");
	kvm_load();
}

static void expect_row(const struct rows *rows, uint32_t index, const char *text)
{
	const struct kvmstats_hook *hook = &rows->hooks[index];

	is_u64(hook->state, KVMSTATS_HOOK_FAILED, "%s: state of the row", text);
	is_u64(hook->error, ENOENT, "%s: error of the row", text);
	is_u64(rows->failed, 1, "%s: rows that failed", text);
}

/* --- required --- */

static void check_refused(const struct kvmstats_hook *hook)
{
	unsigned int lines = klog_lines("kvmstats: ", hook->name);

	load_kvm(hook->name);
	is_errno(kvmstats_load(""), EOPNOTSUPP, "no %s: load", hook->name);
	is_u64(klog_lines("kvmstats: ", hook->name) - lines, 1, "no %s: lines in the log that name it",
	       hook->name);
	tap_ok(!module_is_loaded("kvmstats"), "no %s: not loaded", hook->name);
	is_errno(ERRNO_OF(access(KVMSTATS_DEVICE, F_OK)), ENOENT, "no %s: no device", hook->name);
	is_u64(count_probes(), nr_probes, "no %s: probes", hook->name);
	unload_kvm();
}

/* kvmstats is there first, and outlives that KVM. */
static void check_not_attached(uint32_t index)
{
	const char *name = table.hooks[index].name;
	struct kvmstats_info info;
	struct guest guest;
	struct rows rows;
	int dev;

	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	load_kvm(name);
	rows_read(dev, ENOENT, &rows);
	expect_row(&rows, index, name);
	tap_ok(rows_refused(&rows), "no %s: no hook is armed", name);
	is_u64(count_probes(), nr_probes, "no %s: probes", name);
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 1);
	dev_info(dev, &info);
	is_u64(info.features & KVMSTATS_FEAT_KVM_PRESENT, 0, "no %s: KVM is not attached to", name);
	is_u64(info.nr_vms, 0, "no %s: VMs", name);
	is_errno(ERRNO_OF(total_try_open_host(dev)), ENODEV, "no %s: total of the host", name);
	guest_destroy(&guest);
	unload_kvm();

	rows_read(dev, ENOENT, &rows);
	tap_ok(rows_idle(&rows), "no %s: rows once that KVM is gone", name);
	load_kvm(NULL);
	rows_read(dev, ENOENT, &rows);
	is_u64(rows.armed, table.armed, "after a KVM without %s: hooks armed of the next", name);
	close(dev);
	is_errno(kvmstats_unload(), 0, "after a KVM without %s: kvmstats unloads", name);
	unload_kvm();
}

/* --- optional --- */

/* What is hidden of a tracepoint is where it stands. */
static const char *symbol_of(const struct kvmstats_hook *hook)
{
	static char symbol[sizeof(hook->name) + 16];

	snprintf(symbol, sizeof(symbol), "%s%s",
		 hook->kind == KVMSTATS_HOOK_TRACEPOINT ? "__tracepoint_" : "", hook->name);
	return symbol;
}

static bool is_listed(int dev)
{
	struct kvmstats_vm vm;

	return dev_find_vm(dev, getpid(), &vm);
}

static bool has_stat(int dev, const char *name)
{
	struct kvmstats_vm vm = dev_vm_of(dev, getpid());
	int fd = dev_open_vcpu(dev, vm.id, 0);
	struct image image;

	image_read(fd, &image);
	close(fd);
	return image_find(&image, name);
}

static void check_degraded(uint32_t index)
{
	const struct kvmstats_hook *hook = &table.hooks[index];
	const char *name = hook->name;
	bool misses_old = hook->kind == KVMSTATS_HOOK_SYMBOL;
	bool misses_new = !strcmp(name, CREATE_HOOK);
	bool misses_native = !native || hook->kind == KVMSTATS_HOOK_REDIRECT;
	bool misses_halts = hook->kind == KVMSTATS_HOOK_TRACEPOINT;
	struct guest guest;
	struct rows rows;
	int dev;

	load_kvm(symbol_of(hook));
	guest_create(&guest);
	is_errno(kvmstats_load(""), 0, "no %s: load", name);
	dev = dev_open();
	rows_read(dev, ENOENT, &rows);
	expect_row(&rows, index, name);
	tap_ok(rows_attached(&rows), "no %s: all other hooks are armed", name);
	is_u64(is_listed(dev), !misses_old, "no %s: a VM that runs at load is listed", name);
	is_u64(native_has_stats_fd(guest.kvm_fd), !misses_native, "no %s: KVM_CAP_BINARY_STATS_FD",
	       name);
	guest_add_vcpu(&guest, 0);
	tap_ok(is_listed(dev), "no %s: it is listed with its next vCPU", name);
	guest_destroy(&guest);
	tap_ok(!is_listed(dev), "no %s: its end is seen", name);

	guest_create(&guest);
	is_u64(is_listed(dev), !misses_new, "no %s: a new VM is listed at once", name);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 1);
	tap_ok(is_listed(dev), "no %s: it is listed with its first vCPU", name);
	is_u64(has_stat(dev, "halt_wait_ns"), !misses_halts, "no %s: halt_wait_ns", name);
	guest_destroy(&guest);
	tap_ok(!is_listed(dev), "no %s: its end is seen too", name);
	close(dev);
	is_errno(kvmstats_unload(), 0, "no %s: kvmstats unloads", name);
	is_u64(count_probes(), nr_probes, "no %s: probes at the end", name);
	unload_kvm();
}

static bool has_native(void)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	bool has = native_has_stats_fd(fd);

	close(fd);
	return has;
}

int main(void)
{
	int dev = test_begin_loaded("");

	native = has_native();
	mount_once("debugfs", DEBUGFS);
	rows_read(dev, 0, &table);
	is_u64(table.armed + table.unused, table.nr, "hooks armed of a KVM that has all");
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads");
	kvm_ko_read();
	unload_kvm();
	nr_probes = count_probes();
	for (uint32_t i = 0; i < table.nr; i++) {
		if (table.hooks[i].state == KVMSTATS_HOOK_UNUSED)
			continue;
		if (table.hooks[i].need == KVMSTATS_HOOK_REQUIRED) {
			check_refused(&table.hooks[i]);
			check_not_attached(i);
		} else {
			check_degraded(i);
		}
	}
	kvm_load();
	return tap_done();
}
