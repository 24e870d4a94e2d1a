// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as an override file: nothing breaks, one line is at fault when it is refused,
 * and what is accepted is found again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static unsigned int lines_in(const uint8_t *data, size_t size)
{
	unsigned int lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n' || i == size - 1;
	return lines;
}

/* Without escapes a line that names a VM is taken word for word. */
static void check_found(const struct overrides *o, struct text line)
{
	struct identity id = { 0 };
	const char *name;
	struct text key;

	if (!text_starts(line, "name=") || text_has(line, "\\") || text_has(line, "\t"))
		return;
	key = text_skip(text_cut(&line, ' '), strlen("name="));
	text_copy(key, id.name);
	name = overrides_find(o, &id);
	require(name && *name && text_has(line, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text file = text_of((const char *)data, size);
	struct overrides o = { 0, NULL };
	unsigned int line = 0;
	int ret;

	ret = overrides_parse(file, &o, &line);
	require(!ret || ret == -EBADMSG);
	if (ret) {
		require(!o.count && line >= 1 && line <= lines_in(data, size));
		return 0;
	}
	while (file.len)
		check_found(&o, text_cut(&file, '\n'));
	overrides_clear(&o);
	return 0;
}
