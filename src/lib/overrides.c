// SPDX-License-Identifier: LGPL-2.1-or-later
/* The override file: names that the operator gives. docs/man/kvmstats-names.5 tells of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

/* @key and @name are within the same allocation as the struct. */
struct override {
	bool is_uuid;		/* the key is an uuid, else a name that was found */
	unsigned int line;
	char key[KVMSTATS_MAX_VM_NAME + 1];
	char name[KVMSTATS_MAX_VM_NAME + 1];
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct text skip_blanks(struct text t)
{
	while (t.len && is_blank(*t.s))
		t = text_skip(t, 1);
	return t;
}

static struct text drop_blanks_behind(struct text t)
{
	while (t.len && is_blank(t.s[t.len - 1]))
		t.len--;
	return t;
}

/* With \xHH for any byte; false when @t is empty, too long or wrong. */
static bool unescape(struct text t, char *to)
{
	size_t len = 0;

	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = t.s[i];

		if (len == KVMSTATS_MAX_VM_NAME || (c < ' ' && c != '\t') || c == 0x7f)
			return false;
		if (c == '\\') {
			int byte = text_escaped_byte(text_skip(t, i));

			if (byte <= 0)
				return false;
			c = byte;
			i += 3;
		}
		to[len++] = c;
	}
	to[len] = '\0';
	return len;
}

/* KEY NAME */
static bool parse_line(struct text line, struct override *o)
{
	size_t key_len = 0;
	struct text key;

	while (key_len < line.len && !is_blank(line.s[key_len]))
		key_len++;
	key = text_of(line.s, key_len);
	if (!unescape(skip_blanks(text_skip(line, key_len)), o->name))
		return false;
	if (text_starts(key, "uuid=")) {
		o->is_uuid = true;
		return text_copy_uuid(text_skip(key, strlen("uuid=")), o->key);
	}
	o->is_uuid = false;
	return text_starts(key, "name=") && unescape(text_skip(key, strlen("name=")), o->key);
}

static int by_key(const void *a, const void *b)
{
	const struct override *x = a, *y = b;

	if (x->is_uuid != y->is_uuid)
		return x->is_uuid - y->is_uuid;
	return strcmp(x->key, y->key);
}

static int add(struct overrides *o, const struct override *one)
{
	/* Powers of two are when the room is used up. */
	if (!(o->count & (o->count - 1))) {
		size_t room = o->count ? o->count * 2 : 1;
		struct override *all = reallocarray(o->all, room, sizeof(*all));

		if (!all)
			return -ENOMEM;
		o->all = all;
	}
	o->all[o->count++] = *one;
	return 0;
}

/* Return: the number of the first line whose key an earlier one has, or 0 */
static unsigned int repeated_line(const struct overrides *o)
{
	unsigned int line = 0;

	for (size_t i = 1; i < o->count; i++) {
		const struct override *x = &o->all[i - 1], *y = &o->all[i];

		if (!by_key(x, y)) {
			unsigned int later = x->line > y->line ? x->line : y->line;

			if (!line || later < line)
				line = later;
		}
	}
	return line;
}

int overrides_parse(struct text file, struct overrides *out, unsigned int *line)
{
	struct overrides o = { 0, NULL };
	struct override one;
	unsigned int number = 0;
	int ret;

	while (file.len) {
		struct text t = drop_blanks_behind(skip_blanks(text_cut(&file, '\n')));

		number++;
		if (!t.len || *t.s == '#')
			continue;
		ret = -EBADMSG;
		if (!parse_line(t, &one))
			goto bad;
		one.line = number;
		ret = add(&o, &one);
		if (ret)
			goto bad;
	}
	if (o.count)
		qsort(o.all, o.count, sizeof(*o.all), by_key);
	number = repeated_line(&o);
	ret = -EBADMSG;
	if (number)
		goto bad;
	*out = o;
	return 0;

bad:
	*line = number;
	overrides_clear(&o);
	return ret;
}

void overrides_clear(struct overrides *o)
{
	free(o->all);
	*o = (struct overrides){ 0, NULL };
}

static const char *find(const struct overrides *o, bool is_uuid, const char *key)
{
	struct override one = { .is_uuid = is_uuid };
	const struct override *found;

	if (!o->count || !*key)
		return NULL;
	text_copy(text_of(key, strlen(key)), one.key);
	found = bsearch(&one, o->all, o->count, sizeof(one), by_key);
	return found ? found->name : NULL;
}

const char *overrides_find(const struct overrides *o, const struct identity *id)
{
	const char *name = find(o, true, id->uuid);

	return name ? name : find(o, false, id->name);
}
