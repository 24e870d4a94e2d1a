// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, names, bars and sparklines on a terminal. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "cli.h"
#include "top.h"

void top_format(double number, char *buf, size_t size)
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P", "E" };
	size_t unit = 0;

	if (isnan(number)) {
		snprintf(buf, size, "-");
		return;
	}
	if (number < 99.95) {
		snprintf(buf, size, number == floor(number) ? "%.0f" : "%.1f", number);
		return;
	}
	if (number >= 99999.5) {
		do {
			number /= 1000;
			unit++;
		} while (number >= 999.95 && unit < ARRAY_SIZE(units) - 1);
	}
	snprintf(buf, size, unit ? "%.1f%s" : "%.0f%s", number, units[unit]);
}

unsigned int top_clip(char *text, unsigned int columns)
{
	mbstate_t state = { 0 };
	unsigned int used = 0;
	char *at = text;

	while (*at) {
		wchar_t wide;
		size_t length = mbrtowc(&wide, at, strlen(at), &state);
		int width;

		if (length == (size_t)-1 || length == (size_t)-2 || !length)
			break;
		width = wcwidth(wide);
		if (width < 0 || used + width > columns)
			break;
		used += width;
		at += length;
	}
	*at = '\0';
	return used;
}

/* Appends one character as long as there is room. */
static void append(char *buf, size_t size, const char *text)
{
	size_t length = strlen(buf);

	if (length + strlen(text) < size)
		strcpy(buf + length, text);
}

void top_sparkline(const double *values, unsigned int nr, unsigned int columns, bool utf8,
		   char *buf, size_t size)
{
	static const char *const utf8_levels[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const levels[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
	double largest = 0;

	*buf = '\0';
	if (nr > columns) {
		values += nr - columns;
		nr = columns;
	}
	for (unsigned int i = 0; i < nr; i++)
		if (values[i] > largest)
			largest = values[i];
	for (unsigned int i = 0; i < nr; i++) {
		int level = 0;

		if (isnan(values[i])) {
			append(buf, size, " ");
			continue;
		}
		if (largest > 0)
			level = lround(values[i] / largest * (ARRAY_SIZE(levels) - 1));
		append(buf, size, utf8 ? utf8_levels[level] : levels[level]);
	}
}
