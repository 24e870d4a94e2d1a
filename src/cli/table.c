// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables as the user wants them: libsmartcols, and JSON. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct table {
	struct libscols_table *scols;
	const struct table_view *view;
	const struct table_column *columns;
	size_t count;
	int *at;		/* for each column its place in @scols, -1 for none */
	int *shown;		/* for each place the column */
	bool colors;
};

bool table_option(struct table_view *view, int c)
{
	switch (c) {
	case 'o':
		view->columns = optarg;
		break;
	case TABLE_OPT_ALL:
		view->all_columns = true;
		break;
	case 'J':
		view->json = view->exact = true;
		break;
	case 'P':
		view->pairs = true;
		break;
	case 'r':
		view->raw = true;
		break;
	case 'n':
		view->no_headings = true;
		break;
	case 'b':
		view->exact = true;
		break;
	default:
		return false;
	}
	if (view->json + view->pairs + view->raw > 1)
		fail_usage("-J, -P and -r exclude each other");
	return true;
}

__attribute__((noreturn))
static void fail_column(const struct table *table, const char *name, size_t len)
{
	char known[256] = "";

	for (size_t i = 0; i < table->count; i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s%s", i ? "," : "",
			 table->columns[i].name);
	}
	fail(EXIT_USAGE, "no column `%.*s`: there are %s", (int)len, name, known);
}

static void show_column(struct table *table, size_t index)
{
	const struct table_column *column = &table->columns[index];
	int flags = column->flags, place = scols_table_get_ncols(table->scols);

	if (table->at[index] >= 0)
		return;
	/* the lines of a tree are for people */
	if (table->view->raw || table->view->pairs)
		flags &= ~SCOLS_FL_TREE;
	cli_memory(scols_table_new_column(table->scols, column->name, 0, flags));
	table->at[index] = place;
	table->shown[place] = index;
}

/* @list: names separated by commas, in any case of letters */
static void show_columns(struct table *table, const char *list)
{
	for (;;) {
		size_t len = strcspn(list, ","), i;

		for (i = 0; i < table->count; i++)
			if (strlen(table->columns[i].name) == len &&
			    !strncasecmp(table->columns[i].name, list, len))
				break;
		if (i == table->count)
			fail_column(table, list, len);
		show_column(table, i);
		if (!list[len])
			return;
		list += len + 1;
	}
}

struct table *table_new(const struct table_view *view, const struct table_column *columns,
			size_t count, const char *standard)
{
	struct table *table = cli_memory(calloc(1, sizeof(*table)));
	const char *chosen = view->columns;

	table->scols = cli_memory(scols_new_table());
	table->view = view;
	table->columns = columns;
	table->count = count;
	table->at = cli_memory(malloc(count * sizeof(*table->at)));
	table->shown = cli_memory(malloc(count * sizeof(*table->shown)));
	for (size_t i = 0; i < count; i++)
		table->at[i] = -1;

	if (!chosen || *chosen == '+')
		show_columns(table, standard);
	if (chosen)
		show_columns(table, chosen + (*chosen == '+'));
	for (size_t i = 0; view->all_columns && i < count; i++)
		show_column(table, i);

	table->colors = cli_colors();
	scols_table_enable_colors(table->scols, table->colors);
	scols_table_enable_raw(table->scols, view->raw);
	scols_table_enable_export(table->scols, view->pairs);
	scols_table_enable_noheadings(table->scols, view->no_headings);
	return table;
}

bool table_has(const struct table *table, size_t column)
{
	return table->at[column] >= 0;
}

struct libscols_line *table_line(struct table *table, struct libscols_line *parent)
{
	return cli_memory(scols_table_new_line(table->scols, parent));
}

void table_set(struct table *table, struct libscols_line *line, size_t column,
	       const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	if (!table_has(table, column))
		return;
	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0 || scols_line_refer_data(line, table->at[column], text))
		cli_memory(NULL);
}

void table_color(struct table *table, struct libscols_line *line, size_t column,
		 const char *color)
{
	if (table->colors && table_has(table, column) &&
	    scols_cell_set_color(scols_line_get_cell(line, table->at[column]), color))
		cli_memory(NULL);
}

void table_hide(struct table *table, size_t column)
{
	const struct table_view *view = table->view;
	struct libscols_column *cl;

	if (view->columns || view->all_columns || view->raw || view->pairs ||
	    !table_has(table, column))
		return;
	cl = scols_table_get_column(table->scols, table->at[column]);
	scols_column_set_flags(cl, scols_column_get_flags(cl) | SCOLS_FL_HIDDEN);
}

static void json_cell(struct table *table, struct libscols_line *line, size_t place, struct json *j)
{
	const struct table_column *column = &table->columns[table->shown[place]];
	const char *text = scols_line_get_column_data(line,
						      scols_table_get_column(table->scols, place));
	char key[32];
	size_t len;

	for (len = 0; column->name[len] && len < sizeof(key) - 1; len++)
		key[len] = tolower((unsigned char)column->name[len]);
	key[len] = '\0';

	if (!text)
		json_null(j, key);
	else if (column->json == SCOLS_JSON_NUMBER)
		json_word(j, key, text);
	else if (column->json == SCOLS_JSON_BOOLEAN)
		json_bool(j, key, strcmp(text, "0"));
	else
		json_string(j, key, text);
}

/* As libsmartcols would write it, but valid whatever bytes there are in a name. */
static void json_line(struct table *table, struct libscols_line *line, struct json *j)
{
	struct libscols_line *child;
	struct libscols_iter *it;

	json_open(j, NULL, '{');
	for (size_t i = 0; i < scols_table_get_ncols(table->scols); i++)
		json_cell(table, line, i, j);
	if (scols_line_has_children(line)) {
		it = cli_memory(scols_new_iter(SCOLS_ITER_FORWARD));
		json_open(j, "children", '[');
		while (!scols_line_next_child(line, it, &child))
			json_line(table, child, j);
		json_close(j, ']');
		scols_free_iter(it);
	}
	json_close(j, '}');
}

static void json_table(struct table *table, const char *name, struct json *j)
{
	struct json own = { .indent = 2 };
	struct libscols_line *line;
	struct libscols_iter *it;
	bool alone = !j;

	if (alone) {
		j = &own;
		json_open(j, NULL, '{');
	}
	it = cli_memory(scols_new_iter(SCOLS_ITER_FORWARD));
	json_open(j, name, '[');
	while (!scols_table_next_line(table->scols, it, &line))
		if (!scols_line_get_parent(line))
			json_line(table, line, j);
	json_close(j, ']');
	scols_free_iter(it);
	if (alone)
		json_close(j, '}');
}

void table_print(struct table *table, const char *name, struct json *j)
{
	int ret = 0;

	if (table->view->json)
		json_table(table, name, j);
	else
		ret = scols_print_table(table->scols);
	if (ret < 0)
		fail(EXIT_RUNTIME, "standard output: %s", strerror(-ret));
	scols_unref_table(table->scols);
	free(table->at);
	free(table->shown);
	free(table);
}
