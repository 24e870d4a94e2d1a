// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"

bool patterns_add(struct patterns *patterns, const char *expression,
		  char error[FILTER_ERROR])
{
	char *whole, why[FILTER_ERROR / 2];
	int ret;

	if (patterns->count == FILTER_MAX) {
		snprintf(error, FILTER_ERROR, "more than %d regular expressions", FILTER_MAX);
		return false;
	}
	if (asprintf(&whole, "^(%s)$", expression) < 0) {
		snprintf(error, FILTER_ERROR, "out of memory");
		return false;
	}
	ret = regcomp(&patterns->all[patterns->count], whole, REG_EXTENDED | REG_NOSUB);
	free(whole);
	if (ret) {
		regerror(ret, NULL, why, sizeof(why));
		snprintf(error, FILTER_ERROR, "no regular expression, `%.48s`: %s", expression,
			 why);
		return false;
	}
	patterns->count++;
	return true;
}

static bool matches(const struct patterns *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->count; i++) {
		if (!regexec(&patterns->all[i], name, 0, NULL, 0))
			return true;
	}
	return false;
}

bool filter_wants(const void *context, const char *name)
{
	const struct filter *filter = context;

	return (!filter->include.count || matches(&filter->include, name)) &&
	       !matches(&filter->exclude, name);
}

static void patterns_free(struct patterns *patterns)
{
	while (patterns->count)
		regfree(&patterns->all[--patterns->count]);
}

void filter_free(struct filter *filter)
{
	patterns_free(&filter->include);
	patterns_free(&filter->exclude);
}
