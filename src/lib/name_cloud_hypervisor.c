// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Cloud Hypervisor: a VM has no name there but the socket of --api-socket, which is the
 * path alone, or "path=" and more behind a comma, or an inherited "fd=", which is no name.
 */
#include <string.h>

#include "names.h"

/* Files that are called the same for every VM, each in a directory of its own. */
static bool is_common(struct text file)
{
	return text_is(file, "api") || text_is(file, "ch") || text_is(file, "clh") ||
	       text_is(file, "clh-api") || text_is(file, "cloud-hypervisor");
}

static struct text drop_suffix(struct text file)
{
	static const char *const suffixes[] = { ".sock", ".socket" };

	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(suffixes[i]);

		if (file.len > len &&
		    text_is(text_skip(file, file.len - len), suffixes[i]))
			return text_of(file.s, file.len - len);
	}
	return file;
}

bool name_cloud_hypervisor(struct text line, struct identity *id)
{
	struct text value, path, file;

	if (!words_option(line, "api-socket", &value))
		return false;
	path = text_cut(&value, ',');
	if (text_starts(path, "fd="))
		return false;
	if (text_starts(path, "path="))
		path = text_skip(path, strlen("path="));

	file = text_basename(path);
	path.len -= file.len;
	file = drop_suffix(file);
	if (is_common(file) && path.len > 1) {
		path.len--;	/* the slash */
		file = text_basename(path);
	}
	id->source = KVMSTATS_NAME_CLOUD_HYPERVISOR;
	text_copy(file, id->name);
	text_copy_uuid(file, id->uuid);
	return *id->name;
}
