/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions of KVM that ours answer in the place of, for what KVM does not know.
 *
 * None is entered by a running guest: KVM hands them the commands that its generic
 * code has no answer to.
 */
#ifndef KVMS_REDIRECT_H
#define KVMS_REDIRECT_H

#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>

/**
 * struct kvms_answers - what answers in KVM's place
 * @takes: whether it is ours to answer a command; called in a probe
 * @vm_ioctl: in the place of kvm_arch_vm_ioctl()
 * @vcpu_ioctl: in the place of kvm_arch_vcpu_ioctl(), with the vCPU's mutex held
 * @extension: the capability that is ours to answer for
 * @has_extension: in the place of kvm_vm_ioctl_check_extension(), for it
 *
 * Each answer is called with a reference on this module, which it gives back.
 */
struct kvms_answers {
	bool (*takes)(unsigned int command);
	long (*vm_ioctl)(struct file *file, unsigned int command, unsigned long arg);
	long (*vcpu_ioctl)(struct file *file, unsigned int command, unsigned long arg);
	long extension;
	int (*has_extension)(struct kvm *kvm, long extension);
};

/**
 * kvms_redirect_to - set what answers
 * @answers: stays; before the first redirection is armed
 */
void kvms_redirect_to(const struct kvms_answers *answers);

/**
 * kvms_redirect_drain - no task runs an answer any more, or is about to
 *
 * Context: process, with all redirections disarmed and no reference on this module.
 */
void kvms_redirect_drain(void);

/* Handlers of the probes. */
int kvms_redirect_vm_ioctl(struct kprobe *kp, struct pt_regs *regs);
int kvms_redirect_vcpu_ioctl(struct kprobe *kp, struct pt_regs *regs);
int kvms_redirect_extension(struct kprobe *kp, struct pt_regs *regs);

#endif
