// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "kvm/hooks.h"
#include "serve/device.h"
#include "serve/events.h"
#include "serve/native_abi.h"
#include "serve/pmu.h"
#include "serve/statsfs_view.h"
#include "shadow/shadow.h"

#define SWEEP_MIN_MS 10
#define SWEEP_MAX_MS 60000

static unsigned int sweep_interval_ms = 2000;
module_param(sweep_interval_ms, uint, 0444);
MODULE_PARM_DESC(sweep_interval_ms,
		 "Look for VMs whose end a probe has missed every so many ms, 10 to 60000 (default 2000)");

/* The word as a whole, before any "--" that ends the kernel's own words. */
static bool has_word(char *line, const char *word)
{
	char *token;

	while ((token = strsep(&line, " \t\n"))) {
		if (!strcmp(token, "--"))
			break;
		if (!strcmp(token, word))
			return true;
	}
	return false;
}

/*
 * Is nokvmstats on the kernel command line? Or an errno, which keeps the module out
 * too. The kernel exports the line to modules in no other way.
 */
static int kept_out(void)
{
	struct file *file;
	loff_t pos = 0;
	ssize_t ret;
	char *line;

	line = kzalloc(PAGE_SIZE, GFP_KERNEL);
	if (!line)
		return -ENOMEM;
	file = filp_open("/proc/cmdline", O_RDONLY, 0);
	if (IS_ERR(file)) {
		ret = PTR_ERR(file);
	} else {
		ret = kernel_read(file, line, PAGE_SIZE - 1, &pos);
		if (ret >= 0)
			ret = has_word(line, "nokvmstats");
		filp_close(file, NULL);
	}
	kfree(line);
	return ret;
}

static void on_event(u32 type, struct kvms_vm *vm, u64 value)
{
	kvms_events_push(type, vm, value);
	kvms_view_push(vm);
	kvms_pmu_push(type);
}

static int __init kvmstats_init(void)
{
	const struct kvms_device_config config = {
		.hook_row = kvms_hooks_row,
		.sweep_interval_ms = sweep_interval_ms,
	};
	const struct kvms_pmu_config pmu_config = { .follow_runs = kvms_hooks_follow_runs };
	int err;

	err = kept_out();
	if (err < 0) {
		pr_err("cannot read /proc/cmdline (%d), where nokvmstats may stand\n", err);
		return err;
	}
	if (err) {
		pr_info("kept out by nokvmstats on the kernel command line\n");
		return -EPERM;
	}
	if (sweep_interval_ms < SWEEP_MIN_MS || sweep_interval_ms > SWEEP_MAX_MS) {
		pr_err("sweep_interval_ms=%u: give %u to %u\n", sweep_interval_ms, SWEEP_MIN_MS,
		       SWEEP_MAX_MS);
		return -EINVAL;
	}
	kvms_shadow_listen(on_event);
	err = kvms_hooks_init(sweep_interval_ms);
	if (err)
		return err;
	err = kvms_device_init(&config);
	if (err)
		goto exit_hooks;
	kvms_native_abi_init();
	kvms_view_init();
	kvms_pmu_init(&pmu_config);
	pr_info("%s loaded\n", KVMSTATS_VERSION);
	return 0;

exit_hooks:
	kvms_hooks_exit();
	kvms_shadow_exit();
	return err;
}

static void __exit kvmstats_exit(void)
{
	kvms_pmu_exit();
	kvms_native_abi_exit();
	kvms_device_exit();
	kvms_hooks_exit();
	kvms_view_exit();
	kvms_shadow_exit();
}

module_init(kvmstats_init);
module_exit(kvmstats_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KVM statistics of every VM and vCPU on the host, through /dev/kvmstats");
MODULE_AUTHOR("The kvmstats authors");
MODULE_VERSION(KVMSTATS_VERSION);
