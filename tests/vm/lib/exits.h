/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exits that are counted while no guest is ever entered: with a signal pending,
 * KVM_RUN turns back at its door.
 */
#ifndef VMTEST_EXITS_H
#define VMTEST_EXITS_H

#include <stdint.h>

/* The statistic of a vCPU that counts each of them once, and they alone. */
#define EXITS_STAT	"signal_exits"

/* For the calling thread: from now on a signal is pending that nobody takes. */
void exits_prepare(void);
/* For a VM without memory, which has no room for page tables unless told. */
void exits_allow(int vm_fd);
/* In a thread that has prepared. A failure ends the program. */
void exits_make(int vcpu_fd, uint32_t times);

#endif
