// SPDX-License-Identifier: GPL-2.0-or-later
/* Standard output: a terminal or not, read or not. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

void cli_flush(void)
{
	errno = 0;
	if (fflush(stdout) || ferror(stdout))
		fail(EXIT_RUNTIME, "standard output: %s",
		     errno ? strerror(errno) : "write error");
}

void cli_wait(int fd, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = STDOUT_FILENO },
		{ .fd = fd, .events = POLLIN },
	};

	if (poll(fds, ARRAY_SIZE(fds), timeout_ms) < 0) {
		if (errno != EINTR)
			fail(EXIT_RUNTIME, "cannot wait: %s", strerror(errno));
		return;
	}
	if (fds[0].revents & POLLERR) {
		raise(SIGPIPE);		/* what the next write would do */
		fail(EXIT_RUNTIME, "standard output: %s", strerror(EPIPE));
	}
}

bool cli_colors(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) &&
		term && *term && strcmp(term, "dumb");
}
