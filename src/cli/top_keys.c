// SPDX-License-Identifier: GPL-2.0-or-later
/* The keys of kvmstats top: those of kvm_stat where it has one. */
#include <ctype.h>
#include <curses.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "top.h"

#define ESCAPE	27
#define MIN_MS	100
#define MAX_MS	(86400 * 1000)

const char top_help[] =
	"  Enter, Right   look into: a VM, a vCPU, a statistic\n"
	"  Esc, Left      back\n"
	"  Up, Down, PgUp, PgDn, Home, End   select\n"
	"  x   statistics of what is shown, or its VMs and vCPUs\n"
	"  o   order: by the next column; of statistics by total or by rate\n"
	"  R   order reversed\n"
	"  t   totals, or rates\n"
	"  r   totals count from now on\n"
	"  f   show names that match a regular expression; empty: all\n"
	"  c   no filter, and back to all VMs\n"
	"  g   look into the guest with a name\n"
	"  p   look into the guest of a process\n"
	"  s   seconds between samples\n"
	"  Space   pause\n"
	"  h   this help\n"
	"  q   quit\n";

static void say(struct top_state *s, const char *text)
{
	snprintf(s->message, sizeof(s->message), "%s", text);
}

/* --- moving --- */

static void look_into(struct top_state *s)
{
	const struct top_row *row = &s->rows[s->selected];

	if (s->page == TOP_STAT || !s->nr_rows)
		return;
	if (s->page == TOP_STATS) {
		s->stat_kind = row->kind;
		s->stat = row->stat;
		s->stat_lines = 0;
		s->page = TOP_STAT;
	} else if (row->vcpu) {
		top_state_go(s, (struct top_scope){ TOP_OF_VCPU, row->vm->id, row->vcpu->id },
			     TOP_STATS);
	} else {
		top_state_go(s, (struct top_scope){ TOP_OF_VM, row->vm->id, 0 }, TOP_OBJECTS);
	}
}

/* Where one comes from stays selected. */
static void look_back(struct top_state *s)
{
	struct top_scope scope = s->scope;

	if (s->page == TOP_STAT) {
		s->page = TOP_STATS;
		return;
	}
	if (s->page == TOP_STATS && scope.level != TOP_OF_VCPU) {
		top_state_go(s, scope, TOP_OBJECTS);
		return;
	}
	if (scope.level == TOP_HOST)
		return;
	s->scope.level--;
	top_state_go(s, s->scope, TOP_OBJECTS);
	s->chosen = (struct top_identity){
		.vm_id = scope.vm_id,
		.vcpu_id = scope.level == TOP_OF_VCPU ? scope.vcpu_id : 0,
	};
	s->moved = true;
}

static void move_by(struct top_state *s, long lines)
{
	size_t *at = s->page == TOP_STAT ? &s->stat_lines : &s->selected;
	size_t to = lines < 0 && (size_t)-lines > *at ? 0 : *at + lines;

	if (s->page == TOP_STAT)
		s->stat_lines = to;
	else
		top_state_select(s, to);
}

/* --- prompts --- */

static void ask(struct top_state *s, enum top_prompt prompt)
{
	s->prompt = prompt;
	s->input[0] = '\0';
	s->message[0] = '\0';
}

static void set_interval(struct top_state *s)
{
	double seconds;
	char *end;

	errno = 0;
	seconds = strtod(s->input, &end);
	if (end == s->input || *end || errno || !(seconds * 1000 >= MIN_MS) ||
	    seconds * 1000 > MAX_MS)
		say(s, "give seconds, 0.1 to 86400");
	else
		s->interval_ms = seconds * 1000;
}

static void set_filter(struct top_state *s)
{
	char reason[100];
	const char *wrong = top_state_filter(s, s->input, reason, sizeof(reason));

	if (wrong)
		snprintf(s->message, sizeof(s->message), "no regular expression: %s", wrong);
}

static void find_guest(struct top_state *s, bool by_pid)
{
	const struct top_vm *found = NULL;
	unsigned int count = 0;
	char pid[16];

	for (size_t i = 0; i < s->model->nr_vms; i++) {
		const struct top_vm *vm = &s->model->vms[i];

		snprintf(pid, sizeof(pid), "%u", vm->pid);
		if (strcmp(by_pid ? pid : vm->name ? vm->name : "", s->input))
			continue;
		found = vm;
		count++;
	}
	if (count == 1)
		top_state_go(s, (struct top_scope){ TOP_OF_VM, found->id, 0 }, TOP_OBJECTS);
	else if (!count)
		snprintf(s->message, sizeof(s->message), "no guest with %s %s",
			 by_pid ? "process" : "name", s->input);
	else
		snprintf(s->message, sizeof(s->message), "%u guests with %s %s: filter with f",
			 count, by_pid ? "process" : "name", s->input);
}

/* Return: true when a VM is looked into */
static bool answer(struct top_state *s)
{
	enum top_prompt prompt = s->prompt;

	s->prompt = TOP_NO_PROMPT;
	if (prompt == TOP_ASK_FILTER)
		set_filter(s);
	else if (!*s->input)
		return false;
	else if (prompt == TOP_ASK_INTERVAL)
		set_interval(s);
	else
		find_guest(s, prompt == TOP_ASK_PID);
	return prompt >= TOP_ASK_NAME && s->scope.level == TOP_OF_VM;
}

static bool prompt_key(struct top_state *s, int key)
{
	size_t length = strlen(s->input);

	switch (key) {
	case '\n':
	case '\r':
	case KEY_ENTER:
		return answer(s);
	case ESCAPE:
		s->prompt = TOP_NO_PROMPT;
		break;
	case KEY_BACKSPACE:
	case '\b':
	case 127:
		/* a whole character of UTF-8 */
		while (length && (s->input[--length] & 0xc0) == 0x80)
			;
		s->input[length] = '\0';
		break;
	default:
		if (key >= ' ' && key <= 0xff && length < sizeof(s->input) - 1) {
			s->input[length] = key;
			s->input[length + 1] = '\0';
		}
	}
	return false;
}

/* --- all keys --- */

/* The columns that this kernel has, then by id, then by name. */
static void next_order(struct top_state *s)
{
	if (s->page != TOP_OBJECTS) {
		s->stats_by_total = !s->stats_by_total;
		return;
	}
	do {
		if (s->sort == TOP_SORT_ID)
			s->sort = TOP_SORT_NAME;
		else if (s->sort == TOP_SORT_NAME)
			s->sort = 0;
		else if (++s->sort >= (int)top_nr_columns)
			s->sort = TOP_SORT_ID;
	} while (s->sort >= 0 && !top_column_exists(s->model, s->sort));
}

static void clear_filters(struct top_state *s)
{
	enum top_page page = s->page;

	for (s->page = TOP_OBJECTS; s->page <= TOP_STATS; s->page++)
		top_state_filter(s, "", NULL, 0);
	top_state_go(s, (struct top_scope){ .level = TOP_HOST },
		     page == TOP_OBJECTS ? TOP_OBJECTS : TOP_STATS);
}

static void toggle_stats(struct top_state *s)
{
	if (s->scope.level == TOP_OF_VCPU)
		look_back(s);
	else
		top_state_go(s, s->scope, s->page == TOP_OBJECTS ? TOP_STATS : TOP_OBJECTS);
}

/* Return: true when a VM is looked into */
static bool command_key(struct top_state *s, int key)
{
	enum top_level level = s->scope.level;

	switch (key) {
	case 'q':
		s->quit = true;
		break;
	case 'h':
	case '?':
		s->help = true;
		break;
	case ' ':
		s->paused = !s->paused;
		break;
	case 'o':
		next_order(s);
		break;
	case 'R':
		s->reverse = !s->reverse;
		break;
	case 't':
		s->totals = !s->totals;
		break;
	case 'r':
		top_model_reset(s->model);
		break;
	case 'x':
		toggle_stats(s);
		break;
	case 'c':
		clear_filters(s);
		break;
	case 's':
		ask(s, TOP_ASK_INTERVAL);
		break;
	case 'f':
		ask(s, TOP_ASK_FILTER);
		break;
	case 'g':
		ask(s, TOP_ASK_NAME);
		break;
	case 'p':
		ask(s, TOP_ASK_PID);
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
	case KEY_RIGHT:
		look_into(s);
		return level == TOP_HOST && s->scope.level == TOP_OF_VM;
	case ESCAPE:
	case KEY_LEFT:
	case KEY_BACKSPACE:
	case '\b':
	case 127:
		look_back(s);
		break;
	case KEY_UP:
		move_by(s, -1);
		break;
	case KEY_DOWN:
		move_by(s, 1);
		break;
	case KEY_PPAGE:
		move_by(s, -(long)s->page_rows);
		break;
	case KEY_NPAGE:
		move_by(s, s->page_rows);
		break;
	case KEY_HOME:
		s->stat_lines = s->selected = 0;
		s->moved = false;
		break;
	case KEY_END:
		move_by(s, s->nr_rows);
		break;
	}
	return false;
}

bool top_key(struct top_state *s, int key)
{
	bool look = false;

	if (key == KEY_RESIZE)
		return false;
	if (s->prompt) {
		look = prompt_key(s, key);
	} else if (s->help) {
		s->help = false;
	} else {
		s->message[0] = '\0';
		look = command_key(s, key);
	}
	top_state_rows(s);
	return look;
}
