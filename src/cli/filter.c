// SPDX-License-Identifier: GPL-2.0-or-later
/* Which statistics the user wants: by name, or by a regular expression. */
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct wanted {
	const char *text;
	regex_t *regex;		/* NULL: @text is a name */
	bool found;
};

struct stat_filter {
	struct wanted *wanted;	/* all statistics when there are none */
	size_t count;
	bool asked;
};

struct stat_filter *filter_new(void)
{
	return cli_memory(calloc(1, sizeof(struct stat_filter)));
}

void filter_free(struct stat_filter *filter)
{
	for (size_t i = 0; i < filter->count; i++) {
		if (filter->wanted[i].regex)
			regfree(filter->wanted[i].regex);
		free(filter->wanted[i].regex);
	}
	free(filter->wanted);
	free(filter);
}

static regex_t *compile(const char *text)
{
	regex_t *regex = cli_memory(malloc(sizeof(*regex)));
	char why[128];
	int ret = regcomp(regex, text, REG_EXTENDED | REG_NOSUB);

	if (!ret)
		return regex;
	regerror(ret, regex, why, sizeof(why));
	fail_usage("`%s` is no regular expression: %s", text, why);
}

bool filter_option(struct stat_filter *filter, int c)
{
	if (c != 's' && c != 'f')
		return false;
	filter->wanted = cli_memory(reallocarray(filter->wanted, filter->count + 1,
						 sizeof(*filter->wanted)));
	filter->wanted[filter->count++] = (struct wanted){
		.text = optarg,
		.regex = c == 'f' ? compile(optarg) : NULL,
	};
	return true;
}

static bool matches(const struct wanted *wanted, const char *name)
{
	if (wanted->regex)
		return !regexec(wanted->regex, name, 0, NULL, 0);
	return !strcmp(wanted->text, name);
}

bool filter_takes(struct stat_filter *filter, const char *name)
{
	bool takes = !filter->count;

	filter->asked = true;
	for (size_t i = 0; i < filter->count; i++)
		if (matches(&filter->wanted[i], name))
			takes = filter->wanted[i].found = true;
	return takes;
}

/* Without a single statistic nothing says which names exist. */
void filter_check(const struct stat_filter *filter)
{
	for (size_t i = 0; filter->asked && i < filter->count; i++)
		if (!filter->wanted[i].found)
			fail(EXIT_RUNTIME, "no statistic %s `%s`: `kvmstats read` shows all names",
			     filter->wanted[i].regex ? "matches" : "is named",
			     filter->wanted[i].text);
}
