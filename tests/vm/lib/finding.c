// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "finding.h"

void finding_add(struct finding *finding, const char *fmt, ...)
{
	va_list args;

	if (finding->nr++)
		return;
	va_start(args, fmt);
	vsnprintf(finding->first, sizeof(finding->first), fmt, args);
	va_end(args);
}

bool finding_is_none(const struct finding *finding, const char *fmt, ...)
{
	char text[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (tap_ok(!finding->nr, "%s", text))
		return true;
	tap_note("%u faults, the first: %s", finding->nr, finding->first);
	return false;
}
