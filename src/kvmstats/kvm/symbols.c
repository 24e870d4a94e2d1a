// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/module.h>

#include "symbols.h"

void kvms_symbol_name(char buf[KVMS_SYMBOL_LEN], const char *name, bool in_module)
{
	snprintf(buf, KVMS_SYMBOL_LEN, "%s%s", in_module ? "kvm:" : "", name);
}

/*
 * A probe on data is refused, but only after its address was looked up. No
 * function is called through an address that the kernel did not mean to give.
 */
static void *lookup(const char *symbol)
{
	struct kprobe kp = { .symbol_name = symbol };

	if (!register_kprobe(&kp)) {
		unregister_kprobe(&kp);
		return NULL;
	}
	return kp.addr;
}

void *kvms_symbol_data(const char *name)
{
	char symbol[KVMS_SYMBOL_LEN];
	void *addr;

	kvms_symbol_name(symbol, name, true);
	addr = lookup(symbol);
	if (!addr && IS_BUILTIN(CONFIG_KVM))
		addr = lookup(name);
	return addr;
}

bool kvms_kvm_present(void)
{
	if (!symbol_get(kvm_put_kvm))
		return false;
	symbol_put(kvm_put_kvm);
	return true;
}

void kvms_kvm_put(struct kvm *kvm)
{
	void (*put)(struct kvm *kvm) = symbol_get(kvm_put_kvm);

	if (!put) {
		pr_err_once("kvm_put_kvm is gone while a VM lives: the VM is never freed\n");
		return;
	}
	put(kvm);
	symbol_put(kvm_put_kvm);
}
