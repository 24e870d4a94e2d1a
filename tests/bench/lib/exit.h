/* SPDX-License-Identifier: GPL-2.0-only */
/* One exit of a guest to userland, to be counted. */
#ifndef BENCH_EXIT_H
#define BENCH_EXIT_H

#include "guest.h"

/* Leaves the guest within its endless program of port writes. */
void exit_prepare(struct guest_vcpu *vcpu);
/* A port write of this vCPU: a bench_fn. */
void exit_once(void *vcpu);

#endif
