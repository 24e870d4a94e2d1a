/* SPDX-License-Identifier: GPL-2.0-only */
/* Test results in the Test Anything Protocol, with the values seen and expected. */
#ifndef VMTEST_TAP_H
#define VMTEST_TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAP_PRINTF(fmt, args)	__attribute__((format(printf, fmt, args)))

/* The errno that a system call left, 0 when it succeeded. */
#define ERRNO_OF(call)		((call) < 0 ? errno : 0)

bool tap_ok(bool good, const char *fmt, ...) TAP_PRINTF(2, 3);
bool is_u64(uint64_t seen, uint64_t expected, const char *fmt, ...) TAP_PRINTF(3, 4);
bool in_range(uint64_t seen, uint64_t least, uint64_t most, const char *fmt, ...) TAP_PRINTF(4, 5);
bool is_errno(int seen, int expected, const char *fmt, ...) TAP_PRINTF(3, 4);
bool is_str(const char *seen, const char *expected, const char *fmt, ...) TAP_PRINTF(3, 4);
bool is_bytes(const void *seen, const void *expected, size_t n, const char *fmt, ...)
	TAP_PRINTF(4, 5);

void tap_skip(const char *fmt, ...) TAP_PRINTF(1, 2);
void tap_note(const char *fmt, ...) TAP_PRINTF(1, 2);
/* A note that the lab shows of a test that passes too. */
void tap_summary(const char *fmt, ...) TAP_PRINTF(1, 2);

/* Ends the program: nothing of it can be tested here. */
_Noreturn void tap_skip_all(const char *fmt, ...) TAP_PRINTF(1, 2);
/* Ends the program, of a child too: what the tests stand on does not work. */
_Noreturn void tap_bail(const char *fmt, ...) TAP_PRINTF(1, 2);
/* The same when the machine failed that the test runs on: the lab runs it again. */
_Noreturn void tap_again(const char *why);

/* Prints the plan and gives the exit status. */
int tap_done(void);

#endif
