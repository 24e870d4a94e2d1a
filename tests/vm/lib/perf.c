// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perf.h"
#include "tap.h"

uint64_t perf_number(const char *file, const char *prefix)
{
	char path[160], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), PMU_DIR "/%s", file);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof(text), f) || strncmp(text, prefix, strlen(prefix)))
		tap_bail("%s says \"%s\"", path, text);
	fclose(f);
	return strtoull(text + strlen(prefix), NULL, 0);
}

struct perf_event_attr perf_attr(const char *name)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = perf_number("type", ""),
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	char file[80];

	snprintf(file, sizeof(file), "events/%s", name);
	attr.config = perf_number(file, "event=");
	return attr;
}

int perf_try_open(const struct perf_event_attr *attr, pid_t pid, int cpu, int group)
{
	int fd = syscall(SYS_perf_event_open, attr, pid, cpu, group, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int perf_open(const struct perf_event_attr *attr, pid_t pid, int cpu, int group)
{
	int fd = perf_try_open(attr, pid, cpu, group);

	if (fd < 0)
		tap_bail("perf_event_open(config %" PRIx64 ", pid %d, cpu %d): %s",
			 (uint64_t)attr->config, pid, cpu, strerrorname_np(-fd));
	return fd;
}

int perf_open_thread(const char *name, pid_t tid)
{
	struct perf_event_attr attr = perf_attr(name);

	return perf_open(&attr, tid, -1, -1);
}

int perf_open_host(const char *name, uint64_t vm)
{
	struct perf_event_attr attr = perf_attr(name);

	attr.config1 = vm;
	return perf_open(&attr, -1, perf_reader_cpu(), -1);
}

int perf_reader_cpu(void)
{
	return perf_number("../kvm_host/cpumask", "");
}

struct perf_value perf_read_times(int fd)
{
	struct perf_value value;

	if (read(fd, &value, sizeof(value)) != sizeof(value))
		tap_bail("cannot read an event");
	return value;
}

uint64_t perf_read(int fd)
{
	return perf_read_times(fd).value;
}

void perf_do(int fd, unsigned long command)
{
	if (ioctl(fd, command, 0))
		tap_bail("an ioctl of an event failed");
}
