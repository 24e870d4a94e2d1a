/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm.ko alone, as it is or with a symbol of its table renamed: a KVM that has no
 * such thing, while the code that has it works. Failures of the file itself end the
 * program.
 */
#ifndef VMTEST_KVM_KO_H
#define VMTEST_KVM_KO_H

/* Reads the file; what it needs must be loaded. */
void kvm_ko_read(void);
/* Loads it with the symbol hidden, or as it is for NULL. 0 or an errno. */
int kvm_ko_load(const char *hidden);

#endif
