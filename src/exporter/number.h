/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values in base units, as text. */
#ifndef EXPORTER_NUMBER_H
#define EXPORTER_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include <kvmstats/kvmstats.h>

enum scale_kind {
	SCALE_PLACES,	/* value / 10^places, exact */
	SCALE_ZEROS,	/* value * 10^places, exact */
	SCALE_FACTOR,	/* value * factor, rounded to a double */
};

struct scale {
	enum scale_kind kind;
	unsigned int places;
	double factor;
};

#define NUMBER_MAX	64	/* bytes that number_format() may write */

/* Of one: the value itself. */
extern const struct scale scale_one;

struct scale scale_of(const struct kvmstats_stat *stat);

/* Without a NUL; returns the length. No float is involved but for SCALE_FACTOR. */
unsigned int number_format(char *to, uint64_t value, const struct scale *scale);

/*
 * A bound as OpenMetrics wants it in le="": the shortest that reads back the same, with
 * ".0" when it is whole. With a NUL, at most NUMBER_MAX bytes.
 */
void number_bound(char *to, uint64_t value, const struct scale *scale);

#endif /* EXPORTER_NUMBER_H */
