// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "query.h"

#define WORD_MAX	129	/* bytes of a decoded key or value, with its NUL */
#define DEPTH_MAX	8	/* parentheses within each other */

/* --- the query --- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= ' ';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A plus stays one: no name has a blank, and it means something in an expression. */
static bool decode(char to[WORD_MAX], const char *from, size_t length)
{
	size_t n = 0;

	for (size_t i = 0; i < length; i++) {
		char c = from[i];

		if (c == '%') {
			if (length - i < 3 || hex(from[i + 1]) < 0 || hex(from[i + 2]) < 0)
				return false;
			c = hex(from[i + 1]) << 4 | hex(from[i + 2]);
			i += 2;
		}
		if (!c || n == WORD_MAX - 1)
			return false;
		to[n++] = c;
	}
	to[n] = '\0';
	return true;
}

/* Each repeat makes a copy of what it repeats, so one of another is twice as large. */
static bool is_harmless(const char *expression)
{
	int depth = 0;

	for (const char *c = expression; *c; c++) {
		if ((unsigned char)*c >= 0x80 || !(isalnum((unsigned char)*c) ||
						   strchr("_-.*+?|()^$[]", *c)))
			return false;
		if (strchr("*+?", *c) && strchr("*+?", c[1]) && c[1])
			return false;
		depth += (*c == '(') - (*c == ')');
		if (depth < 0 || depth > DEPTH_MAX)
			return false;
	}
	return !depth;
}

static bool add_pattern(struct patterns *patterns, const char *key, const char *value,
			char error[FILTER_ERROR])
{
	if (!is_harmless(value)) {
		snprintf(error, FILTER_ERROR,
			 "%s: letters, digits, _ - . * + ? | ( ) [ ] ^ $ only, no repeat of a repeat, at most %d deep",
			 key, DEPTH_MAX);
		return false;
	}
	return patterns_add(patterns, value, error);
}

static bool take_pair(struct query *query, const char *key, const char *value,
		      char error[FILTER_ERROR])
{
	if (!strcmp(key, "stat"))
		return add_pattern(&query->filter.include, key, value, error);
	if (!strcmp(key, "exclude"))
		return add_pattern(&query->filter.exclude, key, value, error);
	if (strcmp(key, "vcpu")) {
		snprintf(error, FILTER_ERROR, "no such parameter: there are stat, exclude and vcpu");
		return false;
	}
	if (strcmp(value, "0") && strcmp(value, "1")) {
		snprintf(error, FILTER_ERROR, "vcpu: 0 or 1 only");
		return false;
	}
	query->vcpu = *value == '1';
	return true;
}

static bool take_part(struct query *query, const char *part, size_t length,
		      char error[FILTER_ERROR])
{
	const char *equals = memchr(part, '=', length);
	char key[WORD_MAX], value[WORD_MAX];
	size_t key_length;

	if (!equals) {
		snprintf(error, FILTER_ERROR, "a parameter without a value: NAME=VALUE is needed");
		return false;
	}
	key_length = equals - part;
	if (!decode(key, part, key_length) ||
	    !decode(value, equals + 1, length - key_length - 1)) {
		snprintf(error, FILTER_ERROR,
			 "a parameter that is badly encoded or has more than %d bytes",
			 WORD_MAX - 1);
		return false;
	}
	return take_pair(query, key, value, error);
}

bool query_parse(struct query *query, const char *text, char error[FILTER_ERROR])
{
	while (*text) {
		size_t length = strcspn(text, "&");

		if (!take_part(query, text, length, error)) {
			query_free(query);
			return false;
		}
		text += length;
		text += *text == '&';
	}
	return true;
}

void query_free(struct query *query)
{
	filter_free(&query->filter);
}

/* --- Accept --- */

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* Is what begins at @at, up to one of ",; \t", this word? */
static bool is_word(const char *at, const char *word)
{
	size_t length = strlen(word);

	return !strncasecmp(at, word, length) && (!at[length] || strchr(",; \t", at[length]));
}

/* What of a media range matters. */
struct range {
	double quality;
	bool is_old;		/* a version of OpenMetrics that is not spoken here */
};

static struct range read_parameters(const char *at, const char *end)
{
	struct range range = { .quality = 1 };

	for (; at < end; at += strcspn(at, ";,")) {
		at = skip_blanks(at + 1);
		if (!strncasecmp(at, "q=", 2))
			range.quality = isdigit((unsigned char)at[2]) ? strtod(at + 2, NULL) : 0;
		else if (!strncasecmp(at, "version=", 8))
			range.is_old = !is_word(at + 8, "1.0.0") && !is_word(at + 8, "\"1.0.0\"");
	}
	return range;
}

enum format accept_format(const char *accept)
{
	double openmetrics = 0, text = 0;

	while (accept && *accept) {
		const char *type = skip_blanks(accept), *end = type + strcspn(type, ",");
		struct range range = read_parameters(type + strcspn(type, ";,"), end);

		if (is_word(type, "application/openmetrics-text")) {
			if (!range.is_old && range.quality > openmetrics)
				openmetrics = range.quality;
		} else if (is_word(type, "text/plain")) {
			if (range.quality > text)
				text = range.quality;
		}
		accept = end + (*end == ',');
	}
	return openmetrics > 0 && openmetrics >= text ? FORMAT_OPENMETRICS : FORMAT_PROMETHEUS;
}
