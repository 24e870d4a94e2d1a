// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a command line and a control group, parted by the first line that is
 * "%": nothing breaks, and what is found is well-formed.
 */
#include <stdlib.h>
#include <string.h>

#include "names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check(const struct identity *id, bool found)
{
	char uuid[KVMSTATS_UUID_LEN + 1] = "";

	require(found == (*id->name != '\0'));
	require(strnlen(id->name, sizeof(id->name)) < sizeof(id->name));
	require(strnlen(id->id, sizeof(id->id)) < sizeof(id->id));
	require(strnlen(id->uuid, sizeof(id->uuid)) < sizeof(id->uuid));
	require(id->source > KVMSTATS_NAME_OVERRIDE && id->source <= KVMSTATS_NAME_COMM);
	require(!found || id->source != KVMSTATS_NAME_COMM);
	if (*id->uuid) {
		require(text_copy_uuid(text_of(id->uuid, strlen(id->uuid)), uuid));
		require(!strcmp(id->uuid, uuid));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text line = text_of((const char *)data, size), cgroup = text_of(NULL, 0);
	const char *mark = memmem(data, size, "\n%\n", 3);
	struct identity id;
	bool found;

	if (mark) {
		line.len = mark - line.s;
		cgroup = text_of(mark + 3, (const char *)data + size - (mark + 3));
	}
	found = kvmstats_identify_text(line, cgroup, &id);
	check(&id, found);
	return 0;
}
