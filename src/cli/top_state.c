// SPDX-License-Identifier: GPL-2.0-or-later
/* What the user of kvmstats top looks at: which rows, in which order, and which is selected. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "top.h"

void top_state_init(struct top_state *s, struct top_model *m, unsigned int interval_ms)
{
	*s = (struct top_state){
		.model = m,
		.interval_ms = interval_ms,
		.page_rows = 10,
	};
}

static void forget_history(struct top_state *s)
{
	for (int kind = 0; kind < TOP_KINDS; kind++) {
		free(s->history[kind]);
		s->history[kind] = NULL;
	}
	s->nr_history = 0;
}

void top_state_free(struct top_state *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->filter); i++) {
		if (s->filter[i])
			regfree(&s->regex[i]);
		free(s->filter[i]);
	}
	free(s->rows);
	forget_history(s);
}

void top_state_go(struct top_state *s, struct top_scope scope, enum top_page page)
{
	if (scope.level != s->scope.level || scope.vm_id != s->scope.vm_id ||
	    scope.vcpu_id != s->scope.vcpu_id)
		forget_history(s);
	s->scope = scope;
	s->page = page;
	s->selected = 0;
	s->moved = false;
	s->stat_lines = 0;
}

const char *top_state_filter(struct top_state *s, const char *text, char *buf, size_t size)
{
	int which = s->page != TOP_OBJECTS;
	regex_t regex;
	int error;

	if (*text) {
		error = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB);
		if (error) {
			regerror(error, NULL, buf, size);
			return buf;
		}
	}
	if (s->filter[which])
		regfree(&s->regex[which]);
	free(s->filter[which]);
	s->filter[which] = NULL;
	if (*text) {
		s->filter[which] = cli_memory(strdup(text));
		s->regex[which] = regex;
	}
	return NULL;
}

bool top_state_sort(struct top_state *s, const char *name)
{
	if (!strcasecmp(name, "id")) {
		s->sort = TOP_SORT_ID;
		return true;
	}
	if (!strcasecmp(name, "name")) {
		s->sort = TOP_SORT_NAME;
		return true;
	}
	for (unsigned int i = 0; i < top_nr_columns; i++) {
		size_t length = strcspn(top_columns[i].title, "%");

		if (strcasecmp(name, top_columns[i].title) &&
		    (strlen(name) != length || strncasecmp(name, top_columns[i].title, length)))
			continue;
		s->sort = i;
		return true;
	}
	return false;
}

/* --- rows --- */

static bool takes(const struct top_state *s, int which, const char *text)
{
	return !s->filter[which] || !regexec(&s->regex[which], text, 0, NULL, 0);
}

static struct top_row *add_row(struct top_state *s)
{
	s->rows = cli_memory(realloc(s->rows, (s->nr_rows + 1) * sizeof(*s->rows)));
	s->rows[s->nr_rows] = (struct top_row){ 0 };
	return &s->rows[s->nr_rows++];
}

static void set_key(const struct top_state *s, struct top_row *row, const struct top_values *v)
{
	if (s->sort < 0)
		return;
	row->rate = top_column_rate(s->model, s->sort, v);
	row->total = top_column_total(s->model, s->sort, v);
}

static void add_objects(struct top_state *s)
{
	const struct top_model *m = s->model;
	const struct top_vm *vm;
	struct top_row *row;

	if (s->scope.level == TOP_HOST) {
		for (size_t i = 0; i < m->nr_vms; i++) {
			vm = &m->vms[i];
			if (!takes(s, 0, vm->name ? vm->name : ""))
				continue;
			row = add_row(s);
			row->vm = vm;
			set_key(s, row, &vm->sum);
		}
		return;
	}
	vm = top_model_find(m, s->scope.vm_id);
	for (uint32_t i = 0; vm && i < vm->nr_known_vcpus; i++) {
		row = add_row(s);
		row->vm = vm;
		row->vcpu = &vm->vcpus[i];
		set_key(s, row, &vm->vcpus[i].values);
	}
}

static void add_stats(struct top_state *s)
{
	const struct top_model *m = s->model;

	for (int kind = 0; kind < TOP_KINDS; kind++) {
		const struct top_schema *schema = &m->schema[kind];

		if (kind == TOP_VM && s->scope.level == TOP_OF_VCPU)
			continue;
		for (uint32_t i = 0; i < schema->count; i++) {
			const struct kvmstats_stat *stat = &schema->stats[i];
			struct top_row *row;

			if (!takes(s, 1, stat->name))
				continue;
			row = add_row(s);
			row->kind = kind;
			row->stat = i;
			row->total = top_scope_total(m, &s->scope, kind, i, 0, stat->size);
			row->rate = top_is_counter(stat) ?
				    top_scope_rate(m, &s->scope, kind, i, 0, stat->size) : NAN;
		}
	}
}

/* Largest first; what has no number yet comes last. */
static int compare(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a < b) - (a > b);
}

static int compare_ids(const struct top_row *a, const struct top_row *b)
{
	if (!a->vm)
		return a->kind != b->kind ? (int)a->kind - (int)b->kind :
					    (a->stat > b->stat) - (a->stat < b->stat);
	if (!a->vcpu)
		return (a->vm->id > b->vm->id) - (a->vm->id < b->vm->id);
	return (a->vcpu->id > b->vcpu->id) - (a->vcpu->id < b->vcpu->id);
}

static int compare_rows(const void *x, const void *y, void *argument)
{
	const struct top_row *a = x, *b = y;
	const struct top_state *s = argument;
	bool by_total = a->vm ? s->totals : s->stats_by_total;
	int order = 0;

	if (a->vm && s->sort == TOP_SORT_NAME && a->vm->name && b->vm->name)
		order = strcoll(a->vm->name, b->vm->name);
	else if (!a->vm || s->sort >= 0)
		order = by_total ? compare(a->total, b->total) : compare(a->rate, b->rate);
	if (!order && !a->vm)
		order = compare(a->total, b->total);
	if (!order)
		order = compare_ids(a, b);
	return s->reverse ? -order : order;
}

static struct top_identity identify(const struct top_row *row)
{
	return (struct top_identity){
		.vm_id = row->vm ? row->vm->id : 0,
		.vcpu_id = row->vcpu ? row->vcpu->id : 0,
		.kind = row->kind,
		.stat = row->stat,
	};
}

static bool is_it(const struct top_row *row, const struct top_identity *wanted)
{
	struct top_identity id = identify(row);

	return id.vm_id == wanted->vm_id && id.vcpu_id == wanted->vcpu_id &&
	       id.kind == wanted->kind && id.stat == wanted->stat;
}

/* Rows point into the model, so they are made anew from what they stood for. */
void top_state_rows(struct top_state *s)
{
	s->nr_rows = 0;
	if (s->page == TOP_OBJECTS)
		add_objects(s);
	else
		add_stats(s);
	if (s->nr_rows)
		qsort_r(s->rows, s->nr_rows, sizeof(*s->rows), compare_rows, s);
	for (size_t i = 0; s->moved && i < s->nr_rows; i++) {
		if (is_it(&s->rows[i], &s->chosen)) {
			s->selected = i;
			return;
		}
	}
	if (s->selected >= s->nr_rows)
		s->selected = s->nr_rows ? s->nr_rows - 1 : 0;
}

void top_state_select(struct top_state *s, size_t row)
{
	if (!s->nr_rows)
		return;
	s->selected = row < s->nr_rows ? row : s->nr_rows - 1;
	s->chosen = identify(&s->rows[s->selected]);
	s->moved = true;
}

/* --- after a sample --- */

static void add_history(struct top_state *s)
{
	for (int kind = 0; kind < TOP_KINDS; kind++) {
		const struct top_schema *schema = &s->model->schema[kind];

		if (!s->history[kind])
			s->history[kind] = cli_memory(calloc(schema->count + 1,
							     TOP_HISTORY * sizeof(double)));
		for (uint32_t i = 0; i < schema->count; i++) {
			const struct kvmstats_stat *stat = &schema->stats[i];
			double *line = s->history[kind] + i * TOP_HISTORY;

			memmove(line, line + 1, (TOP_HISTORY - 1) * sizeof(*line));
			line[TOP_HISTORY - 1] = top_is_counter(stat) ?
				top_scope_rate(s->model, &s->scope, kind, i, 0, stat->size) :
				top_scope_total(s->model, &s->scope, kind, i, 0, stat->size);
		}
	}
	if (s->nr_history < TOP_HISTORY)
		s->nr_history++;
}

void top_state_sampled(struct top_state *s)
{
	const struct top_vm *vm = top_model_find(s->model, s->scope.vm_id);
	struct top_scope host = { .level = TOP_HOST };
	bool gone = false;

	if (s->schema_changes != s->model->schema_changes) {
		s->schema_changes = s->model->schema_changes;
		forget_history(s);
		if (s->page == TOP_STAT)
			top_state_go(s, s->scope, TOP_STATS);
	}
	if (s->scope.level != TOP_HOST && !vm) {
		snprintf(s->message, sizeof(s->message), "VM %llu has ended",
			 (unsigned long long)s->scope.vm_id);
		top_state_go(s, host, TOP_OBJECTS);
	} else if (s->scope.level == TOP_OF_VCPU) {
		gone = true;
		for (uint32_t i = 0; i < vm->nr_known_vcpus; i++)
			gone &= vm->vcpus[i].id != s->scope.vcpu_id;
	}
	if (gone) {
		snprintf(s->message, sizeof(s->message), "vCPU %u has ended", s->scope.vcpu_id);
		top_state_go(s, (struct top_scope){ TOP_OF_VM, vm->id, 0 }, TOP_OBJECTS);
	}
	add_history(s);
}
