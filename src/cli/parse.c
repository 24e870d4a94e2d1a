// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of options. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "cli.h"

uint64_t cli_parse_count(const char *option, const char *text)
{
	uint64_t count;
	char *end;

	errno = 0;
	count = strtoull(text, &end, 10);
	/* strtoull() alone would take blanks, signs and an empty string */
	if (!isdigit((unsigned char)*text) || errno || *end || !count)
		fail_usage("%s: `%s` is no whole number from 1 on", option, text);
	return count;
}

unsigned int cli_parse_interval(const char *option, const char *text)
{
	unsigned long ms = 0;
	const char *p = text;
	unsigned int step;

	/* by hand: strtod() takes a comma or a point, as the locale says */
	for (; isdigit((unsigned char)*p) && ms <= 86400; p++)
		ms = ms * 10 + (*p - '0');
	ms *= 1000;
	if (*p == '.' && p[1])
		for (p++, step = 100; isdigit((unsigned char)*p); p++, step /= 10)
			ms += (*p - '0') * step;
	if (*p || ms < 100 || ms > 86400000)
		fail_usage("%s: `%s` is no number of seconds from 0.1 to 86400", option, text);
	return ms;
}
