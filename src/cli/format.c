// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers, units and names as people read them. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "cli.h"

const char *cli_word(const char *const *words, size_t count, uint32_t value,
		     const char *what, char *buf, size_t size)
{
	if (value < count)
		return words[value];
	snprintf(buf, size, "%s 0x%x", what, value);
	return buf;
}

const char *cli_format_type(const struct kvmstats_stat *stat, char *buf, size_t size)
{
	static const char *const types[] = {
		[KVMSTATS_TYPE_CUMULATIVE] = "cumulative",
		[KVMSTATS_TYPE_INSTANT] = "instant",
		[KVMSTATS_TYPE_PEAK] = "peak",
		[KVMSTATS_TYPE_LINEAR_HIST] = "linear-hist",
		[KVMSTATS_TYPE_LOG_HIST] = "log-hist",
	};

	return cli_word(types, ARRAY_SIZE(types), stat->flags & KVMSTATS_TYPE_MASK, "type",
			buf, size);
}

bool cli_is_histogram(const struct kvmstats_stat *stat)
{
	uint32_t type = stat->flags & KVMSTATS_TYPE_MASK;

	return type == KVMSTATS_TYPE_LINEAR_HIST || type == KVMSTATS_TYPE_LOG_HIST;
}

void cli_format_unit(const struct kvmstats_stat *stat, char *buf, size_t size)
{
	static const struct {
		uint32_t flags;
		int exponent;
		const char *name;
	} short_names[] = {
		{ KVMSTATS_UNIT_SECONDS | KVMSTATS_BASE_POW10, -3, "ms" },
		{ KVMSTATS_UNIT_SECONDS | KVMSTATS_BASE_POW10, -6, "us" },
		{ KVMSTATS_UNIT_SECONDS | KVMSTATS_BASE_POW10, -9, "ns" },
		{ KVMSTATS_UNIT_BYTES | KVMSTATS_BASE_POW2, 10, "KiB" },
		{ KVMSTATS_UNIT_BYTES | KVMSTATS_BASE_POW2, 20, "MiB" },
		{ KVMSTATS_UNIT_BYTES | KVMSTATS_BASE_POW2, 30, "GiB" },
	};
	static const char *const units[] = { "", "bytes", "s", "cycles", "boolean" };
	static const char *const bases[] = { "10", "2" };
	uint32_t base = stat->flags & KVMSTATS_BASE_MASK;
	uint32_t unit = stat->flags & KVMSTATS_UNIT_MASK;
	char base_buf[24], unit_buf[24];
	const char *unit_word;

	for (size_t i = 0; i < ARRAY_SIZE(short_names); i++) {
		if (short_names[i].flags == (unit | base) &&
		    short_names[i].exponent == stat->exponent) {
			snprintf(buf, size, "%s", short_names[i].name);
			return;
		}
	}

	unit_word = cli_word(units, ARRAY_SIZE(units), unit >> 4, "unit",
			     unit_buf, sizeof(unit_buf));
	if (!stat->exponent)
		snprintf(buf, size, "%s", unit_word);
	else
		snprintf(buf, size, "%s^%d%s%s",
			 cli_word(bases, ARRAY_SIZE(bases), base >> 8, "base",
				  base_buf, sizeof(base_buf)),
			 stat->exponent, *unit_word ? " " : "", unit_word);
}

/* @amount of the first of @names, each of which is @step of the one before it. */
static void format_scaled(double amount, double step, const char *const *names, size_t count,
			  char *buf, size_t size)
{
	size_t i = 0;

	/* what would be rounded up to a whole step is one */
	while (i + 1 < count && amount >= step - (i && step <= 1000 ? 0.05 : 0.5)) {
		amount /= step;
		i++;
	}
	snprintf(buf, size, "%.*f %s", i && amount < 1000 ? 1 : 0, amount, names[i]);
}

static bool scale_is_known(const struct kvmstats_stat *stat)
{
	uint32_t base = stat->flags & KVMSTATS_BASE_MASK;

	return base == KVMSTATS_BASE_POW10 || base == KVMSTATS_BASE_POW2 || !stat->exponent;
}

void cli_format_value(const struct kvmstats_stat *stat, uint64_t value, bool raw,
		      char *buf, size_t size)
{
	static const char *const times[] = { "ns", "us", "ms", "s" };
	static const char *const sizes[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint32_t unit = stat->flags & KVMSTATS_UNIT_MASK;
	double amount = value * kvmstats_scale(stat);
	char word[64];

	if (!raw && scale_is_known(stat)) {
		switch (unit) {
		case KVMSTATS_UNIT_SECONDS:
			format_scaled(amount * 1e9, 1000, times, ARRAY_SIZE(times), buf, size);
			return;
		case KVMSTATS_UNIT_BYTES:
			format_scaled(amount, 1024, sizes, ARRAY_SIZE(sizes), buf, size);
			return;
		case KVMSTATS_UNIT_BOOLEAN:
			if (value > 1)
				break;
			snprintf(buf, size, "%s", value ? "yes" : "no");
			return;
		}
	}
	cli_format_unit(stat, word, sizeof(word));
	if (raw || !*word)
		snprintf(buf, size, "%" PRIu64, value);
	else
		snprintf(buf, size, "%" PRIu64 " %s", value, word);
}

void cli_format_time(const struct timespec *time, char *buf, size_t size)
{
	char date[32], zone[8];
	struct tm tm;

	localtime_r(&time->tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(buf, size, "%s.%03ld%.3s:%s", date, time->tv_nsec / 1000000, zone, zone + 3);
}

/* Bytes of the printable character at @text, 0 when it is none. */
static size_t printable(const char *text, mbstate_t *state)
{
	wchar_t wide;
	size_t len = mbrtowc(&wide, text, MB_CUR_MAX, state);

	if (len == (size_t)-1 || len == (size_t)-2) {
		memset(state, 0, sizeof(*state));
		return 0;
	}
	if (!iswprint(wide) || (*text == '\\' && text[1] == 'x'))
		return 0;
	return len;
}

size_t cli_escape(const char *text, char *buf, size_t size)
{
	mbstate_t state = { 0 };
	size_t whole = 0, room = size;
	char piece[MB_LEN_MAX + 1];

	while (*text) {
		size_t len = printable(text, &state);

		if (len) {
			memcpy(piece, text, len);
			piece[len] = '\0';
			text += len;
		} else {
			snprintf(piece, sizeof(piece), "\\x%02x", (unsigned char)*text++);
			len = 4;
		}
		/* no half of a character at the end */
		if (len < room) {
			memcpy(buf + whole, piece, len);
			room -= len;
		} else if (room) {
			buf[size - room] = '\0';
			room = 0;
		}
		whole += len;
	}
	if (room)
		buf[size - room] = '\0';
	return whole;
}

char *cli_escaped(const char *text)
{
	size_t size = cli_escape(text, NULL, 0) + 1;
	char *buf = cli_memory(malloc(size));

	cli_escape(text, buf, size);
	return buf;
}
