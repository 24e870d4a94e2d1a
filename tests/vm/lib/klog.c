// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/klog.h>

#include "klog.h"
#include "tap.h"

#define LOG_SIZE	(1 << 20)
#define READ_ALL	3

static char *read_all(void)
{
	static char log[LOG_SIZE];
	int n = klogctl(READ_ALL, log, sizeof(log) - 1);

	if (n < 0)
		tap_bail("cannot read the kernel's log");
	log[n] = '\0';
	return log;
}

unsigned int klog_lines(const char *word, const char *other)
{
	unsigned int nr = 0;

	for (char *save, *line = strtok_r(read_all(), "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		nr += strstr(line, word) && strstr(line, other);
	return nr;
}

bool klog_last(const char *word, char *rest, size_t size)
{
	bool found = false;

	for (char *save, *at, *line = strtok_r(read_all(), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		at = strstr(line, word);
		if (!at)
			continue;
		snprintf(rest, size, "%s", at + strlen(word));
		found = true;
	}
	return found;
}
