/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which statistics are wanted: extended regular expressions for whole names. */
#ifndef EXPORTER_FILTER_H
#define EXPORTER_FILTER_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#define FILTER_MAX	16	/* expressions of a kind */
#define FILTER_ERROR	192	/* bytes of the line that says what is wrong */

struct patterns {
	regex_t all[FILTER_MAX];
	size_t count;
};

/* Wanted is what one of @include matches, all if there is none, and none of @exclude. */
struct filter {
	struct patterns include;
	struct patterns exclude;
};

/* False, and one line in @error, for one too many or for what is no expression. */
bool patterns_add(struct patterns *patterns, const char *expression,
		  char error[FILTER_ERROR]);
void filter_free(struct filter *filter);
/* @filter is a struct filter. */
bool filter_wants(const void *filter, const char *name);

#endif /* EXPORTER_FILTER_H */
