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

#ifdef HAVE_KVM_STATS_TABLES
#define COMPAT_HAS_STATS_FD true
#else
#define COMPAT_HAS_STATS_FD false
#define KVM_CAP_BINARY_STATS_FD 203
#define KVM_GET_STATS_FD _IO(KVMIO, 0xce)
#endif

/* Where KVM keeps no histograms of halts itself, but tells of each. */
#if !defined(HAVE_KVM_STATS_TABLES) && defined(HAVE_VCPU_WAKEUP_TRACE)
#define COMPAT_COUNTS_HALTS
#endif

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

#ifdef HAVE_VCPU_RCUWAIT
#define COMPAT_KNOWS_BLOCKING true
#else
#define COMPAT_KNOWS_BLOCKING false
#endif

/**
 * compat_vcpu_is_blocking - has a vCPU left its CPU to wait for an interrupt?
 * @vcpu: pinned
 */
static inline bool compat_vcpu_is_blocking(struct kvm_vcpu *vcpu)
{
#ifdef HAVE_VCPU_RCUWAIT
	return rcuwait_active(kvm_arch_vcpu_get_wait(vcpu));
#else
	return false;
#endif
}

/**
 * compat_vcpu_ran_in - was a vCPU run last by a thread?
 * @vcpu: pinned
 * @pid: of the thread
 */
static inline bool compat_vcpu_ran_in(const struct kvm_vcpu *vcpu, const struct pid *pid)
{
#ifdef HAVE_VCPU_PID_LOCK
	/* Only compared, so its lock is not wanted. */
	return data_race(READ_ONCE(vcpu->pid)) == pid;
#else
	return rcu_access_pointer(vcpu->pid) == pid;
#endif
}

/**
 * compat_mutex_owner - the task that holds a mutex, as it is just now
 * @lock: the mutex
 *
 * The kernel keeps its own function for that to itself; the low bits are flags.
 */
static inline struct task_struct *compat_mutex_owner(const struct mutex *lock)
{
	return (struct task_struct *)(atomic_long_read(&lock->owner) & ~7UL);
}

#ifdef HAVE_VCPU_HFLAGS
#define COMPAT_KNOWS_GUEST_MODE true
#else
#define COMPAT_KNOWS_GUEST_MODE false
#endif

/**
 * compat_vcpu_in_guest_mode - does a vCPU run a nested guest?
 * @vcpu: pinned
 */
static inline bool compat_vcpu_in_guest_mode(const struct kvm_vcpu *vcpu)
{
#ifdef HAVE_VCPU_HFLAGS
	/* Its thread may change it meanwhile: what it was, or what it is. */
	return data_race(vcpu->arch.hflags) & HF_GUEST_MASK;
#else
	return false;
#endif
}

#endif
