// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/klog.h>

#include "klog.h"
#include "tap.h"

#define LOG_SIZE	(1 << 20)
#define READ_ALL	3

unsigned int klog_lines(const char *word, const char *other)
{
	static char log[LOG_SIZE];
	int n = klogctl(READ_ALL, log, sizeof(log) - 1);
	unsigned int nr = 0;

	if (n < 0)
		tap_bail("cannot read the kernel's log");
	log[n] = '\0';
	for (char *save, *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		nr += strstr(line, word) && strstr(line, other);
	return nr;
}
