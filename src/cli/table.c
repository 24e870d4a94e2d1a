// SPDX-License-Identifier: GPL-2.0-or-later
/* libsmartcols with the error handling of this program. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

struct libscols_table *table_new(const struct table_column *columns, size_t count)
{
	struct libscols_table *table = cli_memory(scols_new_table());

	for (size_t i = 0; i < count; i++)
		cli_memory(scols_table_new_column(table, columns[i].name, 0, columns[i].flags));
	return table;
}

struct libscols_line *table_line(struct libscols_table *table, struct libscols_line *parent)
{
	return cli_memory(scols_table_new_line(table, parent));
}

void table_set(struct libscols_line *line, size_t column, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0 || scols_line_refer_data(line, column, text))
		cli_memory(NULL);
}

void table_print(struct libscols_table *table)
{
	int ret = scols_print_table(table);

	if (ret < 0)
		fail(EXIT_RUNTIME, "standard output: %s", strerror(-ret));
	scols_unref_table(table);
}
