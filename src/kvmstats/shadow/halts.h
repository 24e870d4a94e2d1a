/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Halts of vCPUs, on kernels that tell of each but keep no histograms: how long a vCPU
 * polled and waited, under upstream's names. Counted by the vCPU's own thread, where
 * the values stand in its data block.
 */
#ifndef KVMS_HALTS_H
#define KVMS_HALTS_H

#include "../../compat/compat.h"
#include "shadow.h"

#ifdef COMPAT_COUNTS_HALTS

/**
 * kvms_halts_follow - count a vCPU's halts from now on
 * @vcpu: not yet in its VM's list
 * @kvcpu: KVM's, pinned until kvms_halts_forget()
 */
void kvms_halts_follow(struct kvms_vcpu *vcpu, const struct kvm_vcpu *kvcpu);
void kvms_halts_forget(struct kvms_vcpu *vcpu);

/**
 * kvms_halt_ended - a vCPU goes on
 * @kvcpu: it, in its own thread
 * @ns: since it halted
 * @waited: it left the CPU, after it had polled or at once
 */
void kvms_halt_ended(const struct kvm_vcpu *kvcpu, u64 ns, bool waited);

#else

static inline void kvms_halts_follow(struct kvms_vcpu *vcpu, const struct kvm_vcpu *kvcpu)
{
}

static inline void kvms_halts_forget(struct kvms_vcpu *vcpu)
{
}

#endif

#endif
