// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>
#include <linux/string.h>

#include "hook.h"

/* Creations of VMs that may sleep side by side before one is missed. */
#define MAX_CREATIONS 128

/* Those of an armed probe. */
static u64 probe_misses(const struct hook *hook)
{
	if (hook->kind == KVMSTATS_HOOK_ENTRY)
		return data_race(hook->kp.nmissed);	/* counted on any CPU, unlocked */
	if (hook->kind == KVMSTATS_HOOK_RETURN)
		return data_race(hook->rp.nmissed + hook->rp.kp.nmissed); /* the same */
	return 0;
}

u64 kvms_hook_misses(const struct hook *hook)
{
	u64 misses = atomic64_read(&hook->misses);

	return hook->state == KVMSTATS_HOOK_ARMED ? misses + probe_misses(hook) : misses;
}

static int probe_register(struct hook *hook, bool in_module)
{
	kvms_symbol_name(hook->symbol, hook->name, in_module);
	if (hook->kind == KVMSTATS_HOOK_ENTRY) {
		memset(&hook->kp, 0, sizeof(hook->kp));
		hook->kp.symbol_name = hook->symbol;
		hook->kp.pre_handler = hook->entry;
		return register_kprobe(&hook->kp);
	}
	memset(&hook->rp, 0, sizeof(hook->rp));
	hook->rp.kp.symbol_name = hook->symbol;
	hook->rp.entry_handler = hook->on_entry;
	hook->rp.handler = hook->on_return;
	hook->rp.maxactive = MAX_CREATIONS;
	return register_kretprobe(&hook->rp);
}

void kvms_hook_set(struct hook *hook, int err)
{
	hook->state = err ? KVMSTATS_HOOK_FAILED : KVMSTATS_HOOK_ARMED;
	hook->error = err;
}

int kvms_hook_arm(struct hook *hook)
{
	int err;

	if (hook->kind == KVMSTATS_HOOK_SYMBOL) {
		hook->addr = kvms_symbol_data(hook->name);
		err = hook->addr ? 0 : -ENOENT;
	} else {
		err = probe_register(hook, true);
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
	if (hook->kind == KVMSTATS_HOOK_ENTRY)
		unregister_kprobe(&hook->kp);
	if (hook->kind == KVMSTATS_HOOK_RETURN)
		unregister_kretprobe(&hook->rp);
	atomic64_add(probe_misses(hook), &hook->misses);
	hook->state = KVMSTATS_HOOK_IDLE;
	hook->addr = NULL;
}
