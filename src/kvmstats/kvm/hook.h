/* SPDX-License-Identifier: GPL-2.0-only */
/* One hook: a probe on one of KVM's functions, or the address of one of its symbols. */
#ifndef KVMS_HOOK_H
#define KVMS_HOOK_H

#include <linux/atomic.h>
#include <linux/kprobes.h>

#include "../../../include/uapi/kvmstats.h"
#include "symbols.h"

/**
 * struct hook - a row of the hook table
 * @name: the symbol
 * @lost: what there is not without it
 * @kind: KVMSTATS_HOOK_ENTRY, _RETURN, _SYMBOL, _REDIRECT or _TRACEPOINT
 * @need: KVMSTATS_HOOK_REQUIRED or _OPTIONAL
 * @in_kernel: the symbol is the kernel's own, not KVM's
 * @entry: handler of an entry probe or a redirection
 * @on_entry: handler of a return probe, at the entry
 * @on_return: handler of a return probe
 * @prepare: called before a tracepoint is armed; what it returns fails the hook
 * @traced: handler of a tracepoint, with its prototype
 * @state: KVMSTATS_HOOK_IDLE, _ARMED, _FAILED or _UNUSED
 * @error: why it failed, a negative errno
 * @hits: counted by the handlers, but not for a tracepoint
 * @misses: counted by the handlers, and those of probes that are gone
 * @addr: of a symbol or tracepoint that is armed
 * @symbol: what the probe was registered by
 *
 * What comes before @state is known at build time.
 */
struct hook {
	const char *name;
	const char *lost;
	u32 kind;
	u32 need;
	bool in_kernel;
	kprobe_pre_handler_t entry;
	kretprobe_handler_t on_entry;
	kretprobe_handler_t on_return;
	int (*prepare)(void);
	void *traced;

	u32 state;
	int error;
	atomic64_t hits;
	atomic64_t misses;
	void *addr;
	char symbol[KVMS_SYMBOL_LEN];
	union {
		struct kprobe kp;
		struct kretprobe rp;
	};
};

/**
 * kvms_hook_arm - find the symbol, or register the probe
 * @hook: idle or failed
 *
 * Return: 0 or an errno, which the hook keeps. Context: process.
 */
int kvms_hook_arm(struct hook *hook);

/* No handler runs any more when this returns. */
void kvms_hook_disarm(struct hook *hook);

/* What came of arming it: 0 or a negative errno. */
void kvms_hook_set(struct hook *hook, int err);

/*
 * Does nothing, but a probe that redirects must have it: such a probe is never made a
 * jump, which would not go where we send it, and ftrace keeps others away who also send
 * callers elsewhere.
 */
void kvms_hook_after_entry(struct kprobe *kp, struct pt_regs *regs, unsigned long flags);

u64 kvms_hook_misses(const struct hook *hook);

#endif
