/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slow sweep: what probes have missed is put right here, in process context.
 * A VM that only the pin holds is freed; vCPUs that were not seen are taken up.
 */
#ifndef KVMS_SWEEP_H
#define KVMS_SWEEP_H

#include <linux/kvm_host.h>

/**
 * kvms_sweep_start - sweep now and from now on
 * @interval_ms: how often
 * @missed: counts the VMs whose end no probe has seen
 */
void kvms_sweep_start(unsigned int interval_ms, atomic64_t *missed);
void kvms_sweep_stop(void);

/**
 * kvms_sweep_vcpus - take up vCPUs of a VM
 * @kvm: held by the caller
 * @nr: so many, in the order of their creation
 *
 * Context: process.
 */
void kvms_sweep_vcpus(struct kvm *kvm, int nr);

#endif
