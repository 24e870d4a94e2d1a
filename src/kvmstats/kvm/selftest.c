// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/kprobes.h>
#include <linux/printk.h>

#include "hook.h"
#include "selftest.h"

#define TEST_ARG 0x6b76

static int entries, returns;

/* The compiler must not see through it: the probes look at its call and return. */
static noinline int selftest_target(int unused, int arg)
{
	OPTIMIZER_HIDE_VAR(arg);
	return arg + unused;
}

static int on_entry(struct kprobe *kp, struct pt_regs *regs)
{
	entries += (int)regs_get_kernel_argument(regs, 1) == TEST_ARG;
	return 0;
}
NOKPROBE_SYMBOL(on_entry);

static int on_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	returns += (int)regs_return_value(regs) == TEST_ARG;
	return 0;
}
NOKPROBE_SYMBOL(on_return);

static noinline int selftest_other(int unused, int arg)
{
	OPTIMIZER_HIDE_VAR(arg);
	return arg + 1;
}

static int on_redirect(struct kprobe *kp, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)selftest_other);
	return 1;
}
NOKPROBE_SYMBOL(on_redirect);

static int call_target(void)
{
	int (*target)(int unused, int arg) = selftest_target;

	OPTIMIZER_HIDE_VAR(target);
	return target(0, TEST_ARG);
}

int kvms_selftest(void)
{
	struct kprobe kp = {
		.addr = (kprobe_opcode_t *)selftest_target, .pre_handler = on_entry,
	};
	struct kretprobe rp = {
		.kp.addr = (kprobe_opcode_t *)selftest_target, .handler = on_return, .maxactive = 1,
	};
	int err;

	entries = 0;
	returns = 0;
	err = register_kprobe(&kp);
	if (err)
		goto fail;
	err = register_kretprobe(&rp);
	if (err)
		goto fail_entry;
	call_target();
	unregister_kretprobe(&rp);
	unregister_kprobe(&kp);
	if (entries == 1 && returns == 1)
		return 0;
	pr_err("probes do not fire: switch them on (debugfs kprobes/enabled, sysctl kernel.ftrace_enabled)\n");
	return -EOPNOTSUPP;

fail_entry:
	unregister_kprobe(&kp);
fail:
	if (err == -ENOMEM)
		return err;
	pr_err("probes cannot be set here (%d): this kernel is not supported\n", err);
	return -EOPNOTSUPP;
}

int kvms_selftest_redirect(void)
{
	struct kprobe kp = {
		.addr = (kprobe_opcode_t *)selftest_target, .pre_handler = on_redirect,
		.post_handler = kvms_hook_after_entry,
	};
	int err, seen;

	err = register_kprobe(&kp);
	if (err)
		return err;
	seen = call_target();
	unregister_kprobe(&kp);
	return seen == TEST_ARG + 1 ? 0 : -EOPNOTSUPP;
}
