// SPDX-License-Identifier: LGPL-2.1-or-later
/* Pieces of text that nobody has terminated. */
#include <string.h>

#include "names.h"

bool text_is(struct text t, const char *word)
{
	return t.len == strlen(word) && text_starts(t, word);
}

bool text_has(struct text t, const char *word)
{
	return t.len && memmem(t.s, t.len, word, strlen(word));
}

bool text_starts(struct text t, const char *word)
{
	size_t len = strlen(word);

	return t.len >= len && (!len || !memcmp(t.s, word, len));
}

struct text text_skip(struct text t, size_t bytes)
{
	return bytes < t.len ? text_of(t.s + bytes, t.len - bytes) : text_of(NULL, 0);
}

struct text text_cut(struct text *t, char c)
{
	const char *at = t->len ? memchr(t->s, c, t->len) : NULL;
	struct text head = *t;

	if (at)
		head.len = at - t->s;
	*t = text_skip(*t, head.len + 1);
	return head;
}

struct text text_basename(struct text path)
{
	const char *slash = path.len ? memrchr(path.s, '/', path.len) : NULL;

	return slash ? text_skip(path, slash + 1 - path.s) : path;
}

void text_copy(struct text t, char *name)
{
	size_t len = t.len < KVMSTATS_MAX_VM_NAME ? t.len : KVMSTATS_MAX_VM_NAME;

	if (len)
		len = strnlen(t.s, len);
	if (len)
		memcpy(name, t.s, len);
	name[len] = '\0';
}

bool text_copy_uuid(struct text t, char *uuid)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	char lower[KVMSTATS_UUID_LEN + 1] = "";

	if (t.len != KVMSTATS_UUID_LEN)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		char c = t.s[i];

		if (c >= 'A' && c <= 'F')
			c += 'a' - 'A';
		if (form[i] == '-' ? c != '-' :
		    !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
		lower[i] = c;
	}
	memcpy(uuid, lower, sizeof(lower));
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int text_escaped_byte(struct text t)
{
	int high, low;

	if (t.len < 4 || !text_starts(t, "\\x"))
		return -1;
	high = hex_digit(t.s[2]);
	low = hex_digit(t.s[3]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool words_next(struct text *line, struct text *word)
{
	if (!line->len)
		return false;
	*word = text_cut(line, '\0');
	return true;
}

bool words_option(struct text line, const char *option, struct text *value)
{
	struct text word;

	while (words_next(&line, &word) && !text_is(word, "--")) {
		struct text rest = word, name = text_cut(&rest, '=');

		if (!text_starts(name, "--") || !text_is(text_skip(name, 2), option))
			continue;
		if (name.len == word.len)
			return words_next(&line, value);
		*value = rest;
		return true;
	}
	return false;
}
