/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the program, apart from the text that it makes, share. */
#ifndef EXPORTER_EXPORTER_H
#define EXPORTER_EXPORTER_H

#include <stdbool.h>
#include <stddef.h>

#include "collect.h"
#include "metrics.h"

enum {
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
};

#define LISTENERS_MAX	16

struct options {
	const char *listen[LISTENERS_MAX];
	size_t nr_listen;
	const char *unix_path;
	const char *textfile;
	unsigned int interval;	/* seconds, 0 for one shot */
	bool vcpu;
	struct filter filter;
	const char *device;
	const char *names;
};

/* Prints "kvmstats-exporter: ..." on standard error. */
__attribute__((format(printf, 1, 2)))
void complain(const char *format, ...);

/* The same, and ends the program. */
__attribute__((noreturn, format(printf, 2, 3)))
void fail(int status, const char *format, ...);

/* Says what is wrong with the statistics or the names, when it is not what it was. */
void report(const struct collector *c);

/* Ends the program for a bad one, and after --help. */
void options_parse(struct options *options, int argc, char **argv);

struct listeners {
	int fds[LISTENERS_MAX];
	size_t count;
	const char *unix_path;	/* to be unlinked in the end */
};

/* All of these end the program when it cannot be. */
void listen_systemd(struct listeners *listeners);
void listen_address(struct listeners *listeners, const char *address);
void listen_unix(struct listeners *listeners, const char *path);
void listeners_close(struct listeners *listeners);

/* A signalfd for SIGTERM and SIGINT, which are blocked. */
int signals_open(void);

/* Until a signal; return: the exit status. */
int serve(struct listeners *listeners, struct collector *c, const struct options *options);
int write_textfile(struct collector *c, const struct options *options);

#endif /* EXPORTER_EXPORTER_H */
