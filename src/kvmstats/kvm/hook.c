// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "hook.h"

/* Creations of VMs that may sleep side by side before one is missed. */
#define MAX_CREATIONS 128

/* Those of an armed probe. */
static u64 probe_misses(const struct hook *hook)
{
	switch (hook->kind) {
	case KVMSTATS_HOOK_ENTRY:
	case KVMSTATS_HOOK_REDIRECT:
		return data_race(hook->kp.nmissed);	/* counted on any CPU, unlocked */
	case KVMSTATS_HOOK_RETURN:
		return data_race(hook->rp.nmissed + hook->rp.kp.nmissed); /* the same */
	}
	return 0;
}

u64 kvms_hook_misses(const struct hook *hook)
{
	u64 misses = atomic64_read(&hook->misses);

	return hook->state == KVMSTATS_HOOK_ARMED ? misses + probe_misses(hook) : misses;
}

void kvms_hook_after_entry(struct kprobe *kp, struct pt_regs *regs, unsigned long flags)
{
}
NOKPROBE_SYMBOL(kvms_hook_after_entry);

static int entry_register(struct hook *hook, kprobe_pre_handler_t entry,
			  kprobe_post_handler_t after)
{
	memset(&hook->kp, 0, sizeof(hook->kp));
	hook->kp.symbol_name = hook->symbol;
	hook->kp.pre_handler = entry;
	hook->kp.post_handler = after;
	return register_kprobe(&hook->kp);
}

/*
 * A probe with a post handler must not join one without: the kernel takes both for such
 * with one from then on, and warns when the other's is disarmed. So this one comes first,
 * or not at all. A probe without shows which.
 */
static int redirect_register(struct hook *hook)
{
	bool others;
	int err;

	err = entry_register(hook, NULL, NULL);
	if (err)
		return err;
	others = !list_empty(&hook->kp.list);
	unregister_kprobe(&hook->kp);
	return others ? -EBUSY : entry_register(hook, hook->entry, kvms_hook_after_entry);
}

static int probe_register(struct hook *hook, bool in_module)
{
	kvms_symbol_name(hook->symbol, hook->name, in_module);
	switch (hook->kind) {
	case KVMSTATS_HOOK_ENTRY:
		return entry_register(hook, hook->entry, NULL);
	case KVMSTATS_HOOK_REDIRECT:
		return redirect_register(hook);
	}
	memset(&hook->rp, 0, sizeof(hook->rp));
	hook->rp.kp.symbol_name = hook->symbol;
	hook->rp.entry_handler = hook->on_entry;
	hook->rp.handler = hook->on_return;
	hook->rp.maxactive = MAX_CREATIONS;
	return register_kretprobe(&hook->rp);
}

static int tracepoint_arm(struct hook *hook)
{
	int err = hook->prepare();

	if (err)
		return err;
	snprintf(hook->symbol, sizeof(hook->symbol), "__tracepoint_%s", hook->name);
	hook->addr = kvms_symbol_data(hook->symbol);
	return hook->addr ? tracepoint_probe_register(hook->addr, hook->traced, NULL) : -ENOENT;
}

void kvms_hook_set(struct hook *hook, int err)
{
	hook->state = err ? KVMSTATS_HOOK_FAILED : KVMSTATS_HOOK_ARMED;
	hook->error = err;
}

int kvms_hook_arm(struct hook *hook)
{
	int err;

	switch (hook->kind) {
	case KVMSTATS_HOOK_SYMBOL:
		hook->addr = kvms_symbol_data(hook->name);
		err = hook->addr ? 0 : -ENOENT;
		break;
	case KVMSTATS_HOOK_TRACEPOINT:
		err = tracepoint_arm(hook);
		break;
	default:
		err = probe_register(hook, !hook->in_kernel);
		if (err == -ENOENT && IS_BUILTIN(CONFIG_KVM))
			err = probe_register(hook, false);
	}
	kvms_hook_set(hook, err);
	return err;
}

void kvms_hook_disarm(struct hook *hook)
{
	if (hook->state != KVMSTATS_HOOK_ARMED)
		return;
	switch (hook->kind) {
	case KVMSTATS_HOOK_SYMBOL:
		break;
	case KVMSTATS_HOOK_TRACEPOINT:
		tracepoint_probe_unregister(hook->addr, hook->traced, NULL);
		tracepoint_synchronize_unregister();
		break;
	case KVMSTATS_HOOK_RETURN:
		unregister_kretprobe(&hook->rp);
		break;
	default:
		unregister_kprobe(&hook->kp);
	}
	atomic64_add(probe_misses(hook), &hook->misses);
	hook->state = KVMSTATS_HOOK_IDLE;
	hook->addr = NULL;
}
