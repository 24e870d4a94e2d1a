/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting instructions. Under QEMU's -icount shift=0 the time stamp counter
 * advances by one per guest instruction, so a figure is the same in every run.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

typedef void (*bench_fn)(void *arg);

/**
 * bench_count - what a call of a function costs
 * @name: printed as a raw figure
 * @fn: called many times
 * @arg: its argument
 *
 * Return: instructions of the cheapest call, which is one that no timer tick fell
 * into, less what the measuring itself costs.
 */
uint64_t bench_count(const char *name, bench_fn fn, void *arg);

/**
 * bench_figure - print a figure that must not pass a bar
 * @name: what it is
 * @value: what was measured
 * @bar: largest value that will do
 */
void bench_figure(const char *name, double value, double bar);

/**
 * bench_done - exit status: whether all figures kept their bars
 */
int bench_done(void);

#endif
