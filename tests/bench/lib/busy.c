// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#include "busy.h"
#include "native.h"
#include "tap.h"

#define REST_US		1500000

static uint64_t idle_ns(void)
{
	static const char name[] = "idle_sleeptime";
	static char text[65536];
	char *at;

	if (read_text("/proc/timer_list", text, sizeof(text)) < 0)
		tap_bail("cannot read /proc/timer_list");
	at = strstr(text, name);
	if (!at)
		tap_bail("no %s in /proc/timer_list", name);
	return strtoull(at + strcspn(at, "0123456789"), NULL, 10);
}

double busy_count(const char *name, bench_fn fn, void *arg)
{
	uint64_t start, idle;

	usleep(REST_US);
	idle = idle_ns();
	start = __rdtsc();
	fn(arg);
	usleep(REST_US);
	start = __rdtsc() - start;
	idle = idle_ns() - idle;
	printf("# raw %s %llu\n", name, (unsigned long long)(start - idle));
	return start - idle;
}
