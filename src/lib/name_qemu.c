// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * QEMU, by itself, under libvirt or under Proxmox VE, whose QEMU knows an option -id.
 *
 * QEMU takes an option with one dash or two, its value as the next word, and the last
 * of several. The value of -name is a list of KEY=VALUE between commas, where the first
 * may be the value of "guest" alone and two commas stand for one that belongs to it.
 */
#include <string.h>

#include "names.h"

/* The next piece of a list, without what makes two commas of one; false at its end. */
static bool next_piece(struct text *list, char *piece, size_t size)
{
	size_t at = 0, len = 0;

	if (!list->len)
		return false;
	for (; at < list->len; at++) {
		if (list->s[at] == ',') {
			if (at + 1 == list->len || list->s[at + 1] != ',')
				break;
			at++;
		}
		if (len < size - 1)
			piece[len++] = list->s[at];
	}
	piece[len] = '\0';
	*list = text_skip(*list, at + 1);
	return true;
}

static void read_name(struct text list, char *name)
{
	static const char key[] = "guest=";
	/* What is "a,,b=c" in the first place is a name as a whole. */
	struct text first = list;
	char piece[sizeof(key) + KVMSTATS_MAX_VM_NAME];
	bool implied;

	first = text_cut(&first, ',');
	implied = !first.len || !memchr(first.s, '=', first.len);
	while (next_piece(&list, piece, sizeof(piece))) {
		if (implied)
			text_copy(text_of(piece, strlen(piece)), name);
		else if (!strncmp(piece, key, strlen(key)))
			text_copy(text_of(piece + strlen(key), strlen(piece + strlen(key))), name);
		implied = false;
	}
}

static bool is_option(struct text word, const char *option)
{
	if (text_starts(word, "--"))
		word = text_skip(word, 2);
	else if (text_starts(word, "-"))
		word = text_skip(word, 1);
	else
		return false;
	return text_is(word, option);
}

/* "qemu-3-NAME", of which systemd writes what it cannot have in a unit's name as \xHH. */
static void read_scope(struct text scope, char *name)
{
	char plain[KVMSTATS_MAX_VM_NAME + 32];
	size_t len = 0;
	const char *at;

	while (scope.len && len < sizeof(plain) - 1) {
		int byte = text_escaped_byte(scope);

		plain[len++] = byte > 0 ? byte : *scope.s;
		scope = text_skip(scope, byte > 0 ? 4 : 1);
	}
	plain[len] = '\0';
	at = plain + strspn(plain, "0123456789");
	if (at > plain && *at == '-')
		text_copy(text_of(at + 1, strlen(at + 1)), name);
}

bool name_qemu(struct text line, struct text scope, struct identity *id)
{
	bool libvirt = scope.len;
	struct text word, value;

	while (words_next(&line, &word)) {
		bool is_name = is_option(word, "name"), is_uuid = is_option(word, "uuid");
		bool is_id = is_option(word, "id"), is_mon = is_option(word, "mon");

		if (!(is_name || is_uuid || is_id || is_mon) || !words_next(&line, &value))
			continue;
		if (is_name)
			read_name(value, id->name);
		else if (is_uuid)
			text_copy_uuid(value, id->uuid);
		else if (is_id)
			text_copy(value, id->id);
		else if (text_has(value, "chardev=charmonitor"))
			libvirt = true;	/* what it calls its monitor, since ever */
	}

	id->source = libvirt ? KVMSTATS_NAME_LIBVIRT :
		     *id->id ? KVMSTATS_NAME_PROXMOX : KVMSTATS_NAME_QEMU;
	if (!*id->name && scope.len)
		read_scope(scope, id->name);
	if (!*id->name)
		strcpy(id->name, *id->id ? id->id : id->uuid);
	return *id->name;
}
