// SPDX-License-Identifier: GPL-2.0-or-later
/* Histograms as bars. */
#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { BAR_CELLS = 24 };

bool histogram_range(const struct kvmstats_stat *stat, const uint64_t *values,
		     uint32_t *first, uint32_t *end)
{
	*end = stat->size;
	while (*end && !values[*end - 1])
		--*end;
	*first = 0;
	while (*first < *end && !values[*first])
		++*first;
	return *first < *end;
}

void histogram_bucket(const struct kvmstats_stat *stat, uint32_t bucket, bool exact,
		      char *buf, size_t size)
{
	char from[32], to[32] = "inf";
	uint64_t low = 0, high = 0;

	kvmstats_bucket_bounds(stat, bucket, &low, &high);
	cli_format_value(stat, low, exact, from, sizeof(from));
	if (high != UINT64_MAX)
		cli_format_value(stat, high, exact, to, sizeof(to));
	snprintf(buf, size, "[%s, %s)", from, to);
}

/* In eighths of a cell where there are characters for it; what is there is seen. */
void histogram_bar(uint64_t value, uint64_t largest, char *buf, size_t size)
{
	static const char *const eighths[] = {
		"", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589",
	};
	bool blocks = !strcmp(nl_langinfo(CODESET), "UTF-8");
	unsigned int parts = blocks ? 8 : 1;
	unsigned int length = largest ? (double)value / largest * BAR_CELLS * parts + 0.5 : 0;
	size_t used = 0;

	if (value && !length)
		length = 1;
	*buf = '\0';
	for (unsigned int i = 0; i < length / parts && used < size; i++)
		used += snprintf(buf + used, size - used, "%s", blocks ? "\u2588" : "#");
	if (length % parts && used < size)
		snprintf(buf + used, size - used, "%s", eighths[length % parts]);
}
