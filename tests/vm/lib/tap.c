// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define EXIT_SKIP	77
#define AGAIN_FILE	"/tmp/again"	/* guest-run.sh looks for it */

static unsigned int nr_tests, nr_failed, nr_skipped;

static bool report(bool good, const char *fmt, va_list args)
{
	nr_tests++;
	nr_failed += !good;
	printf("%sok %u - ", good ? "" : "not ", nr_tests);
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
	return good;
}

#define REPORT(good, fmt)				\
	({						\
		va_list args_;				\
		bool good_ = (good);			\
							\
		va_start(args_, fmt);			\
		report(good_, fmt, args_);		\
		va_end(args_);				\
		good_;					\
	})

bool tap_ok(bool good, const char *fmt, ...)
{
	return REPORT(good, fmt);
}

bool is_u64(uint64_t seen, uint64_t expected, const char *fmt, ...)
{
	if (REPORT(seen == expected, fmt))
		return true;
	tap_note("seen %" PRIu64 " (%#" PRIx64 ") expected %" PRIu64 " (%#" PRIx64 ")",
		 seen, seen, expected, expected);
	return false;
}

bool in_range(uint64_t seen, uint64_t least, uint64_t most, const char *fmt, ...)
{
	if (REPORT(seen >= least && seen <= most, fmt))
		return true;
	tap_note("seen %" PRIu64 " expected %" PRIu64 " to %" PRIu64, seen, least, most);
	return false;
}

static const char *errno_name(int err)
{
	const char *name = strerrorname_np(err);

	return err ? name ? name : "unknown" : "success";
}

bool is_errno(int seen, int expected, const char *fmt, ...)
{
	if (REPORT(seen == expected, fmt))
		return true;
	tap_note("seen %s (%d) expected %s (%d)", errno_name(seen), seen,
		 errno_name(expected), expected);
	return false;
}

bool is_str(const char *seen, const char *expected, const char *fmt, ...)
{
	if (REPORT(!strcmp(seen, expected), fmt))
		return true;
	tap_note("seen \"%s\" expected \"%s\"", seen, expected);
	return false;
}

bool is_bytes(const void *seen, const void *expected, size_t n, const char *fmt, ...)
{
	const uint8_t *a = seen, *b = expected;
	size_t differ = 0, first = 0;

	for (size_t i = n; i-- > 0;) {
		if (a[i] == b[i])
			continue;
		differ++;
		first = i;
	}
	if (REPORT(!differ, fmt))
		return true;
	tap_note("%zu of %zu bytes differ, first at %zu: seen %#x expected %#x",
		 differ, n, first, a[first], b[first]);
	return false;
}

void tap_skip(const char *fmt, ...)
{
	va_list args;

	printf("ok %u - # SKIP ", ++nr_tests);
	nr_skipped++;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void tap_note(const char *fmt, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void tap_summary(const char *fmt, ...)
{
	va_list args;

	fputs("# summary: ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

void tap_skip_all(const char *fmt, ...)
{
	va_list args;

	fputs("1..0 # SKIP ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	exit(EXIT_SKIP);
}

void tap_bail(const char *fmt, ...)
{
	int err = errno;
	va_list args;

	fputs("Bail out! ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" (errno %s)\n", errno_name(err));
	exit(EXIT_FAILURE);
}

void tap_again(const char *why)
{
	FILE *file = fopen(AGAIN_FILE, "w");

	if (file) {
		fprintf(file, "%s\n", why);
		fclose(file);
	}
	tap_bail("%s", why);
}

int tap_done(void)
{
	printf("1..%u\n", nr_tests);
	if (nr_failed)
		tap_note("%u of %u failed", nr_failed, nr_tests);
	if (nr_failed)
		return EXIT_FAILURE;
	return nr_tests && nr_tests == nr_skipped ? EXIT_SKIP : EXIT_SUCCESS;
}
