// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdlib.h>

#include "env.h"
#include "tap.h"

uint32_t env_number(const char *name, uint32_t otherwise, uint32_t least, uint32_t most)
{
	const char *text = getenv(name);
	unsigned long number;
	char *end;

	if (!text)
		return otherwise;
	errno = 0;
	number = strtoul(text, &end, 10);
	if (!isdigit(*text) || *end || errno || number < least || number > most) {
		errno = EINVAL;
		tap_bail("%s=%s: give a number from %u to %u", name, text, least, most);
	}
	return number;
}
