/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place that knows how kernels differ. Each HAVE_ word comes from a
 * file in probes/ that Kbuild tries to compile against the target kernel.
 */
#ifndef KVMS_COMPAT_H
#define KVMS_COMPAT_H

#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/sched.h>

#ifdef CONFIG_X86_KERNEL_IBT
#include <asm/ibt.h>
#endif

#include "have.h"
#include "../../include/uapi/kvmstats.h"

/**
 * compat_probe_is_on - does a probe on function entry stand on this function?
 * @kp: a registered probe
 * @fn: address of a function, as stored in a pointer
 *
 * With IBT a kprobe goes behind the ENDBR that a function pointer leads to.
 */
static inline bool compat_probe_is_on(const struct kprobe *kp, const void *fn)
{
#ifdef CONFIG_X86_KERNEL_IBT
	if (fn + ENDBR_INSN_SIZE == (const void *)kp->addr)
		return true;
#endif
	return fn == (const void *)kp->addr;
}

/**
 * compat_vm_stats_id - the id string of a VM's stats fd
 * @kvm: the VM
 * @id: receives it, NUL-padded; zeroed by the caller
 */
static inline void compat_vm_stats_id(const struct kvm *kvm, char id[KVMSTATS_ID_LEN])
{
#ifdef HAVE_KVM_STATS_TABLES
	strscpy(id, kvm->stats_id, KVMSTATS_ID_LEN);
#else
	snprintf(id, KVMSTATS_ID_LEN, "kvm-%d", kvm->userspace_pid);
#endif
}

/**
 * compat_vcpu_stats_id - the id string of a vCPU's stats fd
 * @vcpu: the vCPU
 * @creator_is_current: the current task is creating it
 * @id: receives it, NUL-padded; zeroed by the caller
 */
static inline void compat_vcpu_stats_id(const struct kvm_vcpu *vcpu, bool creator_is_current,
					char id[KVMSTATS_ID_LEN])
{
#ifdef HAVE_KVM_STATS_TABLES
	strscpy(id, vcpu->stats_id, KVMSTATS_ID_LEN);
#else
	snprintf(id, KVMSTATS_ID_LEN, "kvm-%d/vcpu-%d",
		 creator_is_current ? task_pid_nr(current) : vcpu->kvm->userspace_pid,
		 vcpu->vcpu_id);
#endif
}

#endif
