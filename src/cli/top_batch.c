// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats top -b: a line for each VM and sample. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "top.h"

static void print_headings(const struct top_state *s)
{
	printf("%-29s %6s %7s %5s", "TIME", "ID", "PID", "VCPUS");
	for (unsigned int i = 0; i < top_nr_columns; i++) {
		char title[16];

		if (!top_column_exists(s->model, i))
			continue;
		snprintf(title, sizeof(title), "%s%s", top_columns[i].title,
			 top_columns[i].share ? "" : "/s");
		printf(" %11s", title);
	}
	printf(" NAME\n");
}

/* A VM that has just begun has no rates yet: 0 is what is known to have happened. */
static void print_row(const struct top_state *s, const struct top_row *row, const char *when)
{
	const struct top_vm *vm = row->vm;
	char name[512];

	printf("%s %6llu %7u %5u", when, (unsigned long long)vm->id, vm->pid, vm->nr_vcpus);
	for (unsigned int i = 0; i < top_nr_columns; i++) {
		double rate = top_column_rate(s->model, i, &vm->sum);

		if (top_column_exists(s->model, i))
			printf(" %11.1f", isnan(rate) ? 0 : rate);
	}
	cli_escape(vm->name ? vm->name : "-", name, sizeof(name));
	printf(" %s\n", name);
}

static void sleep_until(struct timespec *next, unsigned int interval_ms)
{
	next->tv_sec += interval_ms / 1000;
	next->tv_nsec += interval_ms % 1000 * 1000000l;
	if (next->tv_nsec >= 1000000000) {
		next->tv_nsec -= 1000000000;
		next->tv_sec++;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL) == EINTR)
		;
}

/* Trouble is told of once, however long it lasts. */
static void tell(const char *why, char *told, size_t size)
{
	if (*why && strcmp(why, told))
		fprintf(stderr, "kvmstats: %s\n", why);
	snprintf(told, size, "%s", why);
}

int top_batch(struct top_state *s, const char *device, uint64_t count)
{
	char why[512], told[512] = "", when[CLI_TIME_SIZE];
	uint32_t headings_for = 0;
	struct timespec next, now;

	if (top_source_take(device, s->model, 0, why, sizeof(why)))
		fail(EXIT_RUNTIME, "%s", why);
	tell(why, told, sizeof(told));
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (uint64_t i = 0; !count || i < count; i++) {
		sleep_until(&next, s->interval_ms);
		top_source_take(device, s->model, 0, why, sizeof(why));
		tell(why, told, sizeof(told));
		top_state_rows(s);
		clock_gettime(CLOCK_REALTIME, &now);
		cli_format_time(&now, when, sizeof(when));
		if (s->nr_rows && headings_for != s->model->schema_changes) {
			headings_for = s->model->schema_changes;
			print_headings(s);
		}
		for (size_t row = 0; row < s->nr_rows; row++)
			print_row(s, &s->rows[row], when);
		if (fflush(stdout))
			return EXIT_RUNTIME;
	}
	return EXIT_SUCCESS;
}
