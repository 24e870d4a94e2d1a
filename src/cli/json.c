// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON, written as it comes, one VM after another. The libraries for it make a tree of a
 * whole host first; jansson's integers are signed and its strings UTF-8 alone, and json-c
 * passes on bytes that are no UTF-8 and what a terminal takes for a command.
 */
#include <inttypes.h>
#include <stdio.h>

#include "../common/utf8.h"
#include "cli.h"

static void write_string(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	putchar('"');
	while (*p) {
		unsigned int len = utf8_length(p);

		if (!len || (*p == '\\' && p[1] == 'x'))
			printf("\\\\x%02x", *p++);
		else if (*p == '"' || *p == '\\')
			printf("\\%c", *p++);
		else if (*p < 0x20 || *p == 0x7f)
			printf("\\u%04x", *p++);
		else if (*p == 0xc2 && p[1] < 0xa0) {	/* controls of Latin-1 */
			printf("\\u%04x", p[1]);
			p += 2;
		} else {
			p += fwrite(p, 1, len, stdout) ? len : 1;
		}
	}
	putchar('"');
}

static void begin_line(const struct json *j)
{
	putchar('\n');
	for (unsigned int i = 0; i < j->depth; i++)
		fputs("  ", stdout);
}

/* What stands before a value. Numbers in an array share a line. */
static void begin(struct json *j, const char *key, bool opens)
{
	j->lines = (key || opens) && j->depth && j->depth <= j->indent;
	if (j->more)
		putchar(',');
	if (j->lines)
		begin_line(j);
	else if (j->more)
		putchar(' ');
	j->more = true;
	if (key) {
		write_string(key);
		fputs(": ", stdout);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key, true);
	putchar(bracket);
	j->depth++;
	j->more = false;
}

void json_close(struct json *j, char bracket)
{
	bool on_its_own = j->more && j->lines;

	j->depth--;
	if (on_its_own)
		begin_line(j);
	putchar(bracket);
	j->more = true;
	j->lines = j->depth && j->depth <= j->indent;
	if (!j->depth) {
		putchar('\n');
		j->more = false;
	}
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
	begin(j, key, false);
	printf("%" PRIu64, value);
}

void json_i64(struct json *j, const char *key, int64_t value)
{
	begin(j, key, false);
	printf("%" PRId64, value);
}

void json_double(struct json *j, const char *key, double value)
{
	begin(j, key, false);
	printf("%.3f", value);
}

void json_word(struct json *j, const char *key, const char *word)
{
	begin(j, key, false);
	fputs(word, stdout);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_word(j, key, value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	json_word(j, key, "null");
}

void json_string(struct json *j, const char *key, const char *text)
{
	begin(j, key, false);
	write_string(text);
}
