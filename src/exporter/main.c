// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats-exporter: KVM's statistics for Prometheus, and a page for people. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "exporter.h"

#define DEFAULT_ADDRESS	"127.0.0.1:9774"

static void print(const char *format, va_list args)
{
	fputs("kvmstats-exporter: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(format, args);
	va_end(args);
}

void fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(format, args);
	va_end(args);
	exit(status);
}

void report(const struct collector *c)
{
	static char before[256];
	static unsigned int line;
	static int error;
	char now[sizeof(before)];

	snprintf(now, sizeof(now), "%s", c->why ? c->why : "");
	if (strcmp(now, before))
		complain("%s", *now ? now : "the statistics can be read");
	memcpy(before, now, sizeof(before));

	if (c->names_error != error || c->names_line != line) {
		const char *file = c->names ? c->names : KVMSTATS_NAMES_FILE;

		if (c->names_error && c->names_line)
			complain("%s: line %u is wrong: the file is not used", file, c->names_line);
		else if (c->names_error)
			complain("%s: %s", file, strerror(-c->names_error));
		else
			complain("%s: is good again", file);
	}
	error = c->names_error;
	line = c->names_line;
}

int signals_open(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fail(EXIT_RUNTIME, "signalfd: %s", strerror(errno));
	return fd;
}

static void listen_all(struct listeners *listeners, const struct options *options)
{
	listen_systemd(listeners);
	for (size_t i = 0; i < options->nr_listen; i++)
		listen_address(listeners, options->listen[i]);
	if (options->unix_path)
		listen_unix(listeners, options->unix_path);
	if (!listeners->count)
		listen_address(listeners, DEFAULT_ADDRESS);
}

int main(int argc, char **argv)
{
	struct listeners listeners = { 0 };
	struct options options;
	struct collector c;
	int status;

	options_parse(&options, argc, argv);
	/* A snapshot's memory is wanted again by the next one: the kernel would clear it. */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);	/* the most that is taken */
	mallopt(M_TRIM_THRESHOLD, 512 << 20);
	signal(SIGPIPE, SIG_IGN);

	c = (struct collector){
		.device = options.device, .names = options.names, .filter = &options.filter,
	};
	if (options.textfile) {
		status = write_textfile(&c, &options);
	} else {
		listen_all(&listeners, &options);
		status = serve(&listeners, &c, &options);
		listeners_close(&listeners);
	}
	collector_free(&c);
	filter_free(&options.filter);
	return status;
}
