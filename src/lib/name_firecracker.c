// SPDX-License-Identifier: LGPL-2.1-or-later
/* Firecracker: --id, which its jailer always gives. */
#include "names.h"

bool name_firecracker(struct text line, struct identity *id)
{
	struct text value;

	if (!words_option(line, "id", &value))
		return false;
	id->source = KVMSTATS_NAME_FIRECRACKER;
	text_copy(value, id->name);
	text_copy_uuid(value, id->uuid);
	return *id->name;
}
