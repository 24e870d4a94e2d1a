// SPDX-License-Identifier: GPL-2.0-or-later
/* The pages of kvmstats top. */
#include <curses.h>
#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "top.h"

#define FIRST_LINE	3	/* of what a page lists */
#define NAME_ROOM	12	/* columns that a name has at least */
#define MAX_LINE	1024

/* At most what is left of the line; a line is never wrapped. */
__attribute__((format(printf, 3, 4)))
static void put(int y, int x, const char *format, ...)
{
	char text[MAX_LINE];
	va_list args;

	if (y < 0 || y >= LINES || x < 0 || x >= COLS)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	top_clip(text, COLS - x);
	mvaddstr(y, x, text);
}

static void put_number(int y, int x, double number)
{
	char text[32];

	top_format(number, text, sizeof(text));
	put(y, x, "%7s", text);
}

/* The whole line, so that a mark reaches its end. */
static void mark(int y, attr_t attributes)
{
	mvchgat(y, 0, -1, attributes, PAIR_NUMBER(attributes), NULL);
}

/* --- the lines above and below --- */

static void draw_place(const struct top_state *s)
{
	const struct top_vm *vm = top_model_find(s->model, s->scope.vm_id);
	char name[MAX_LINE / 2] = "", place[MAX_LINE];
	int length;

	if (s->scope.level == TOP_HOST) {
		length = snprintf(place, sizeof(place), "all VMs");
	} else {
		if (vm && vm->name)
			cli_escape(vm->name, name, sizeof(name));
		length = snprintf(place, sizeof(place), "VM %llu %s",
				  (unsigned long long)s->scope.vm_id, name);
		if (s->scope.level == TOP_OF_VCPU)
			length += snprintf(place + length, sizeof(place) - length, " > vCPU %u",
					   s->scope.vcpu_id);
	}
	if (s->page == TOP_STAT)
		snprintf(place + length, sizeof(place) - length, " > %s",
			 s->model->schema[s->stat_kind].stats[s->stat].name);
	put(1, 0, "%s", place);
}

static void draw_top(const struct top_state *s)
{
	const char *filter = s->filter[s->page != TOP_OBJECTS];
	unsigned long long vcpus = 0;
	char clock[16], shown[128];
	time_t now = time(NULL);

	for (size_t i = 0; i < s->model->nr_vms; i++)
		vcpus += s->model->vms[i].nr_vcpus;
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	put(0, 0, "kvmstats %s  %s  every %g s  %zu VMs, %llu vCPUs", kvmstats_version(), clock,
	    s->interval_ms / 1000.0, s->model->nr_vms, vcpus);
	draw_place(s);
	if (filter) {
		cli_escape(filter, shown, sizeof(shown));
		printw("  filter: ");
		put(1, getcurx(stdscr), "%s", shown);
	}
	if (s->paused)
		put(0, COLS - 8, "[paused]");
}

static void draw_bottom(const struct top_state *s, const char *trouble)
{
	static const char *const questions[] = {
		[TOP_ASK_INTERVAL] = "seconds between samples: ",
		[TOP_ASK_FILTER] = "regular expression: ",
		[TOP_ASK_NAME] = "name of the guest: ",
		[TOP_ASK_PID] = "process of the guest: ",
	};
	char input[sizeof(s->input) * 4];
	int y = LINES - 1;

	curs_set(s->prompt != TOP_NO_PROMPT);
	if (s->prompt) {
		cli_escape(s->input, input, sizeof(input));
		put(y, 0, "%s%s", questions[s->prompt], input);
		return;
	}
	if (*s->message)
		put(y, 0, "%s", s->message);
	else if (*trouble)
		put(y, 0, "%s", trouble);
	else
		put(y, 0, "h help  q quit  Enter into  Esc back  x %s  o order  f filter  Space pause",
		    s->page == TOP_OBJECTS ? "stats" : "VMs");
	mark(y, A_DIM);
}

/* --- the pages --- */

/* The first row on the screen, such that the selected one is on it. */
static size_t first_row(const struct top_state *s)
{
	return s->selected < s->page_rows ? 0 : s->selected - s->page_rows + 1;
}

static void select_line(const struct top_state *s, size_t row, int y)
{
	if (row == s->selected)
		mark(y, A_REVERSE);
}

/* How many columns fit beside the name. */
static unsigned int columns_that_fit(const struct top_state *s, int x)
{
	unsigned int i;

	for (i = 0; i < top_nr_columns; i++) {
		if (!top_column_exists(s->model, i))
			continue;
		x += 8;
		if (x + NAME_ROOM >= COLS)
			break;
	}
	return i;
}

static void draw_object_titles(const struct top_state *s, unsigned int columns, int x)
{
	bool host = s->scope.level == TOP_HOST;

	put(2, 0, host ? "%6s %7s %5s" : "%6s", host ? "ID" : "VCPU", "PID", "VCPUS");
	for (unsigned int i = 0; i < columns; i++) {
		const char *unit = s->totals ? top_columns[i].share ? " s" : "" :
				   top_columns[i].share ? "%" : "/s";
		char title[24];

		if (!top_column_exists(s->model, i))
			continue;
		snprintf(title, sizeof(title), "%s%.*s%s", s->sort == (int)i ? "*" : "",
			 (int)strcspn(top_columns[i].title, "%"), top_columns[i].title, unit);
		/* The mark of the order has the blank between two columns. */
		put(2, x - 1, "%8s", title);
		x += 8;
	}
	if (host)
		put(2, x, "%sNAME", s->sort == TOP_SORT_NAME ? "*" : "");
	mark(2, A_BOLD);
}

static void draw_objects(const struct top_state *s)
{
	bool host = s->scope.level == TOP_HOST;
	int left = host ? 21 : 7;
	unsigned int columns = columns_that_fit(s, left);
	size_t first = first_row(s);
	char name[MAX_LINE];

	draw_object_titles(s, columns, left);
	for (size_t i = first; i < s->nr_rows && i < first + s->page_rows; i++) {
		const struct top_row *row = &s->rows[i];
		const struct top_values *v = row->vcpu ? &row->vcpu->values : &row->vm->sum;
		int y = FIRST_LINE + i - first, x = left;

		if (host)
			put(y, 0, "%6llu %7u %5u", (unsigned long long)row->vm->id, row->vm->pid,
			    row->vm->nr_vcpus);
		else
			put(y, 0, "%6u", row->vcpu->id);
		for (unsigned int j = 0; j < columns; j++) {
			if (!top_column_exists(s->model, j))
				continue;
			put_number(y, x, s->totals ? top_column_total(s->model, j, v) :
				   top_column_rate(s->model, j, v));
			x += 8;
		}
		if (host) {
			cli_escape(row->vm->name ? row->vm->name : "-", name, sizeof(name));
			put(y, x, "%s", name);
		}
		select_line(s, i, y);
	}
}

/* The statistic's value in its unit, or as a number where it has none. */
static void format_stat(const struct kvmstats_stat *stat, double value, char *buf, size_t size)
{
	if (isnan(value))
		snprintf(buf, size, "-");
	else if ((stat->flags & KVMSTATS_UNIT_MASK) == KVMSTATS_UNIT_NONE ||
		 cli_is_histogram(stat))
		top_format(value, buf, size);
	else
		cli_format_value(stat, value, false, buf, size);
}

static void draw_stats(const struct top_state *s)
{
	size_t first = first_row(s);
	double sum = 0;

	for (size_t i = 0; i < s->nr_rows; i++)
		if (!isnan(s->rows[i].rate) &&
		    (s->model->schema[s->rows[i].kind].stats[s->rows[i].stat].flags &
		     KVMSTATS_UNIT_MASK) == KVMSTATS_UNIT_NONE)
			sum += s->rows[i].rate;
	put(2, 0, "%-38s %12s %13s %6s", "STATISTIC", s->stats_by_total ? "*TOTAL" : "TOTAL",
	    s->stats_by_total ? "NOW/s" : "*NOW/s", "%");
	mark(2, A_BOLD);
	for (size_t i = first; i < s->nr_rows && i < first + s->page_rows; i++) {
		const struct top_row *row = &s->rows[i];
		const struct kvmstats_stat *stat = &s->model->schema[row->kind].stats[row->stat];
		int y = FIRST_LINE + i - first;
		char total[32], rate[32];

		format_stat(stat, row->total, total, sizeof(total));
		format_stat(stat, row->rate, rate, sizeof(rate));
		put(y, 0, "%-38s %12s %13s", stat->name, total, rate);
		if (sum > 0 && row->rate > 0 &&
		    (stat->flags & KVMSTATS_UNIT_MASK) == KVMSTATS_UNIT_NONE)
			put(y, 66, "%6.1f", row->rate * 100 / sum);
		select_line(s, i, y);
	}
}

/* Bars are of totals or of rates. Buckets at both ends that are empty are left out. */
static void draw_histogram(const struct top_state *s, const struct kvmstats_stat *stat, int y)
{
	uint64_t *values = cli_memory(calloc(stat->size, sizeof(*values)));
	double *rates = cli_memory(calloc(stat->size, sizeof(*rates)));
	char range[64], total[32], rate[32], bar[HISTOGRAM_BAR_SIZE];
	uint32_t first = 0, end = 0;
	double largest = 0;

	for (uint32_t i = 0; i < stat->size; i++) {
		values[i] = top_scope_total(s->model, &s->scope, s->stat_kind, s->stat, i, 1);
		rates[i] = top_scope_rate(s->model, &s->scope, s->stat_kind, s->stat, i, 1);
		largest = fmax(largest, s->totals ? values[i] : rates[i]);
	}
	put(y, 0, "%-23s %10s %8s", "BUCKET", s->totals ? "*TOTAL" : "TOTAL",
	    s->totals ? "NOW/s" : "*NOW/s");
	mark(y++, A_BOLD);
	if (!histogram_range(stat, values, &first, &end))
		put(y, 0, "nothing counted");
	for (uint32_t i = first + s->stat_lines; i < end && y < LINES - 1; i++, y++) {
		double length = s->totals ? values[i] : isnan(rates[i]) ? 0 : rates[i];

		histogram_bucket(stat, i, false, range, sizeof(range));
		top_format(values[i], total, sizeof(total));
		top_format(rates[i], rate, sizeof(rate));
		histogram_bar(length * 1000, largest * 1000, bar, sizeof(bar));
		put(y, 0, "%-23s %10s %8s %s", range, total, rate, bar);
	}
	free(values);
	free(rates);
}

static void draw_stat(const struct top_state *s)
{
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	const struct kvmstats_stat *stat = &s->model->schema[s->stat_kind].stats[s->stat];
	const double *history = s->history[s->stat_kind];
	char total[32], rate[32], type[24], line[TOP_HISTORY * 4];
	bool counter = top_is_counter(stat);
	double now, peak = 0;

	now = counter ? top_scope_rate(s->model, &s->scope, s->stat_kind, s->stat, 0, stat->size) :
			NAN;
	format_stat(stat, top_scope_total(s->model, &s->scope, s->stat_kind, s->stat, 0,
					  stat->size), total, sizeof(total));
	format_stat(stat, now, rate, sizeof(rate));
	put(FIRST_LINE, 0, "%s   %s %s", cli_format_type(stat, type, sizeof(type)),
	    counter ? "total" : "now", total);
	if (counter)
		printw("   now/s %s", rate);
	if (history) {
		history += s->stat * TOP_HISTORY + TOP_HISTORY - s->nr_history;
		for (unsigned int i = 0; i < s->nr_history; i++)
			if (history[i] > peak)
				peak = history[i];
		top_sparkline(history, s->nr_history, COLS > 20 ? COLS - 20 : 1, utf8, line,
			      sizeof(line));
		format_stat(stat, peak, rate, sizeof(rate));
		put(FIRST_LINE + 1, 0, "%s", line);
		put(FIRST_LINE + 1, getcurx(stdscr) + 1, "up to %s%s", rate, counter ? "/s" : "");
	}
	if (cli_is_histogram(stat))
		draw_histogram(s, stat, FIRST_LINE + 3);
}

void top_draw(const struct top_state *s, const char *trouble)
{
	erase();
	if (LINES < 6 || COLS < 30) {
		put(0, 0, "too small");
		refresh();
		return;
	}
	draw_top(s);
	if (s->help) {
		mvaddstr(2, 0, top_help);
	} else if (*trouble && !s->model->nr_vms) {
		put(FIRST_LINE, 0, "%.*s", COLS, trouble);
		put(FIRST_LINE + 1, 0, "waiting");
	} else if (s->page == TOP_OBJECTS) {
		draw_objects(s);
		if (!s->nr_rows)
			put(FIRST_LINE, 0, s->filter[0] ? "no VM whose name matches" : "no VMs");
	} else if (s->page == TOP_STATS) {
		draw_stats(s);
	} else {
		draw_stat(s);
	}
	draw_bottom(s, trouble);
	refresh();
}
