/* SPDX-License-Identifier: GPL-2.0-only */
/* Events of the PMU "kvm", by the system call itself. */
#ifndef VMTEST_PERF_H
#define VMTEST_PERF_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PMU_DIR		"/sys/bus/event_source/devices/kvm"

/* What a read gives of an event of perf_attr(). */
struct perf_value {
	uint64_t value;
	uint64_t enabled;	/* ns */
	uint64_t running;	/* ns */
};

/* The number in a file of the PMU's directory, which begins with @prefix. */
uint64_t perf_number(const char *file, const char *prefix);
/* An event by its name, as the PMU's directory has it. */
struct perf_event_attr perf_attr(const char *name);
/* The file descriptor, or a negative errno. */
int perf_try_open(const struct perf_event_attr *attr, pid_t pid, int cpu, int group);
/* Or the end of the program. */
int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu, int group);
/* The event @name of a thread, of the calling one if @tid is 0; and of the host, or a VM. */
int perf_open_thread(const char *name, pid_t tid);
int perf_open_host(const char *name, uint64_t vm);
/* The CPU that the host's events are on. */
int perf_reader_cpu(void);

struct perf_value perf_read_times(int fd);
uint64_t perf_read(int fd);
void perf_do(int fd, unsigned long command);

#endif
