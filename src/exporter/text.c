// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/utf8.h"
#include "text.h"

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}

char *text_room(struct text *text, size_t more)
{
	size_t size = text->size ? text->size : 256;
	char *data;

	if (text->failed)
		return NULL;
	if (text->size - text->length >= more && text->data)
		return text->data + text->length;
	while (size - text->length < more)
		size *= 2;
	data = realloc(text->data, size);
	if (!data) {
		text->failed = true;
		return NULL;
	}
	text->data = data;
	text->size = size;
	return data + text->length;
}

char *text_take(struct text *text)
{
	text_add(text, "", 1);
	if (text->failed)
		text_free(text);
	return text->data;
}

void text_add(struct text *text, const void *data, size_t length)
{
	char *to = text_room(text, length);

	if (!to)
		return;
	memcpy(to, data, length);
	text->length += length;
}

void text_str(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

unsigned int format_u64(char *to, uint64_t value)
{
	char digits[U64_DIGITS];
	unsigned int at = U64_DIGITS;

	do {
		digits[--at] = '0' + value % 10;
		value /= 10;
	} while (value);
	memcpy(to, digits + at, U64_DIGITS - at);
	return U64_DIGITS - at;
}

void text_u64(struct text *text, uint64_t value)
{
	char *to = text_room(text, U64_DIGITS);

	if (to)
		text->length += format_u64(to, value);
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list args;
	char *to;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	to = text_room(text, length + 1);
	if (!to)
		return;
	va_start(args, format);
	vsnprintf(to, length + 1, format, args);
	va_end(args);
	text->length += length;
}

#define REPLACEMENT	"\xef\xbf\xbd"

/* @escape writes what needs more than itself, or returns false. */
static void add_utf8(struct text *text, const char *value,
		     bool (*escape)(struct text *text, unsigned char c))
{
	const unsigned char *s = (const unsigned char *)value;

	while (*s) {
		unsigned int length = utf8_length(s);

		if (!length)
			text_str(text, REPLACEMENT);
		else if (length > 1 || !escape(text, *s))
			text_add(text, s, length);
		s += length ? length : 1;
	}
}

static bool escape_label(struct text *text, unsigned char c)
{
	if (c == '\n')
		text_str(text, "\\n");
	else if (c == '"' || c == '\\')
		text_add(text, (char[]){ '\\', c }, 2);
	else
		return false;
	return true;
}

static bool escape_json(struct text *text, unsigned char c)
{
	if (c == '"' || c == '\\')
		text_add(text, (char[]){ '\\', c }, 2);
	else if (c < ' ' || c == 0x7f)
		text_printf(text, "\\u%04x", c);
	else
		return false;
	return true;
}

void text_label(struct text *text, const char *name, const char *value)
{
	text_str(text, name);
	text_str(text, "=\"");
	add_utf8(text, value, escape_label);
	text_str(text, "\"");
}

void text_json(struct text *text, const char *value)
{
	text_str(text, "\"");
	add_utf8(text, value, escape_json);
	text_str(text, "\"");
}
