// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "text.h"

#define MOST_PLACES	30

const struct scale scale_one = { .kind = SCALE_PLACES };

struct scale scale_of(const struct kvmstats_stat *stat)
{
	uint32_t base = stat->flags & KVMSTATS_BASE_MASK;
	int exponent = stat->exponent;

	if (!exponent)
		return scale_one;
	if (base == KVMSTATS_BASE_POW10 && abs(exponent) <= MOST_PLACES)
		return (struct scale){
			.kind = exponent < 0 ? SCALE_PLACES : SCALE_ZEROS,
			.places = abs(exponent),
		};
	if (base == KVMSTATS_BASE_POW10)
		return (struct scale){ SCALE_FACTOR, 0, pow(10, exponent) };
	if (base == KVMSTATS_BASE_POW2)
		return (struct scale){ SCALE_FACTOR, 0, ldexp(1, exponent) };
	return scale_one;
}

static unsigned int format_places(char *to, uint64_t value, unsigned int places)
{
	unsigned int length = format_u64(to, value), missing;

	if (length <= places) {
		missing = places - length + 1;
		memmove(to + missing, to, length);
		memset(to, '0', missing);
		length += missing;
	}
	memmove(to + length - places + 1, to + length - places, places);
	to[length - places] = '.';
	return length + 1;
}

static unsigned int format_factor(char *to, double value)
{
	/* Whole and small enough to be exact, as most are. */
	if (value < 0x1p53 && value == floor(value))
		return format_u64(to, value);
	if (isinf(value)) {
		memcpy(to, "+Inf", 4);
		return 4;
	}
	return snprintf(to, NUMBER_MAX, "%.17g", value);
}

unsigned int number_format(char *to, uint64_t value, const struct scale *scale)
{
	unsigned int length;

	if (scale->kind == SCALE_FACTOR)
		return format_factor(to, value * scale->factor);
	if (!scale->places || !value)
		return format_u64(to, value);
	if (scale->kind == SCALE_PLACES)
		return format_places(to, value, scale->places);
	length = format_u64(to, value);
	memset(to + length, '0', scale->places);
	return length + scale->places;
}

void number_bound(char *to, uint64_t value, const struct scale *scale)
{
	char exact[NUMBER_MAX + 1];
	double number;

	exact[number_format(exact, value, scale)] = '\0';
	number = strtod(exact, NULL);
	for (int precision = 1; precision <= 17; precision++) {
		snprintf(to, NUMBER_MAX, "%.*g", precision, number);
		if (strtod(to, NULL) == number)
			break;
	}
	if (strstr(to, "e+") && number < 1e21)
		snprintf(to, NUMBER_MAX, "%.0f", number);
	if (!strpbrk(to, ".en"))
		strcat(to, ".0");
}
