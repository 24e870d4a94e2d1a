/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the kvmstats command share. */
#ifndef KVMSTATS_CLI_H
#define KVMSTATS_CLI_H

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>

#include <libsmartcols.h>

#include <kvmstats/kvmstats.h>

enum {
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
};

/* Long options that every command takes; cli_getopt() deals with them itself. */
#define CLI_COMMON_OPTIONS					\
	{ "device", required_argument, NULL, CLI_OPT_DEVICE },	\
	{ "help", no_argument, NULL, 'h' },			\
	{ "version", no_argument, NULL, 'V' },			\
	{ NULL, 0, NULL, 0 }

enum {
	CLI_OPT_DEVICE = 256,
};

int cmd_list(int argc, char **argv);
int cmd_read(int argc, char **argv);
int cmd_status(int argc, char **argv);

/* Prints "kvmstats: ..." on standard error and ends the program. */
__attribute__((noreturn, format(printf, 2, 3)))
void fail(int status, const char *format, ...);

/* As getopt_long(), but a usage error ends the program. @shorts needs "hV" in it. */
int cli_getopt(int argc, char **argv, const char *shorts, const struct option *longs);

/* Refuses what is left of @argv after @allowed words. */
void cli_no_more_words(int argc, char **argv, int allowed);

/* Opens the device that the user chose, or ends the program. */
struct kvmstats *cli_open_device(void);

/* A word for @value, or "@what 0x..." for one that is not among the @count @words. */
const char *cli_word(const char *const *words, size_t count, uint32_t value,
		     const char *what, char *buf, size_t size);

struct table_column {
	const char *name;
	int flags;		/* SCOLS_FL_* */
};

/* All of these end the program when memory runs out. Cells left unset are empty. */
struct libscols_table *table_new(const struct table_column *columns, size_t count);
struct libscols_line *table_line(struct libscols_table *table, struct libscols_line *parent);
__attribute__((format(printf, 3, 4)))
void table_set(struct libscols_line *line, size_t column, const char *format, ...);
void table_print(struct libscols_table *table);

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#endif /* KVMSTATS_CLI_H */
