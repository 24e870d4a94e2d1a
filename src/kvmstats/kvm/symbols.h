/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses of KVM's objects, which KVM does not export. */
#ifndef KVMS_SYMBOLS_H
#define KVMS_SYMBOLS_H

#include <linux/kprobes.h>
#include <linux/kvm_host.h>

/* Room for "kvm:" and the longest name in the hook table. */
#define KVMS_SYMBOL_LEN 48

/**
 * kvms_symbol_name - how the kernel's symbol table calls an object of KVM
 * @buf: receives the name
 * @name: the object
 * @in_module: look in kvm.ko only, so that another "vm_list" is never taken
 */
void kvms_symbol_name(char buf[KVMS_SYMBOL_LEN], const char *name, bool in_module);

/**
 * kvms_symbol_data - address of a data object of KVM
 * @name: the object
 *
 * Return: NULL when there is none. Context: process.
 */
void *kvms_symbol_data(const char *name);

/**
 * kvms_kvm_present - is KVM there and initialised, as a module or built in?
 *
 * Context: process.
 */
bool kvms_kvm_present(void);

/**
 * kvms_kvm_put - drop a count of a VM, which may be the last
 * @kvm: the VM, which keeps its module loaded
 *
 * Context: process, may sleep for as long as KVM takes to destroy a VM.
 */
void kvms_kvm_put(struct kvm *kvm);

#endif
