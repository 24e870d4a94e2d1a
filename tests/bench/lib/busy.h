/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is put off to RCU and to kernel threads counts too: all that the one CPU does
 * during a call, and in a rest after it in which that is done. With sleep=off, time under
 * -icount leaps over idling; the kernel measures to the nanosecond, which is an
 * instruction, how long it idled, and that is taken off.
 */
#ifndef BENCH_BUSY_H
#define BENCH_BUSY_H

#include "bench.h"

/* Instructions; a rest before it lets what was put off earlier end. */
double busy_count(const char *name, bench_fn fn, void *arg);

#endif
