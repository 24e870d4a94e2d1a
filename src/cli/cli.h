/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the kvmstats command share. */
#ifndef KVMSTATS_CLI_H
#define KVMSTATS_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libsmartcols.h>

#include <kvmstats/kvmstats.h>

enum {
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
};

/**
 * struct cli_command - a row of the table of commands in main.c
 * @name: the word on the command line
 * @summary: its line in `kvmstats --help`
 * @help: what `kvmstats NAME --help` says: at most 24 lines of 80 columns
 * @run: gets the command line from @name on; returns the exit status
 */
struct cli_command {
	const char *name;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct cli_command command_list;
extern const struct cli_command command_read;
extern const struct cli_command command_status;

/* Long options that every command takes; cli_getopt() deals with them itself. */
#define CLI_COMMON_OPTIONS					\
	{ "device", required_argument, NULL, CLI_OPT_DEVICE },	\
	{ "help", no_argument, NULL, 'h' },			\
	{ "version", no_argument, NULL, 'V' },			\
	{ NULL, 0, NULL, 0 }

enum {
	CLI_OPT_DEVICE = 256,
	CLI_OPT_COMMAND,	/* the first that is a command's own */
};

/* Prints "kvmstats: ..." on standard error and ends the program. */
__attribute__((noreturn, format(printf, 2, 3)))
void fail(int status, const char *format, ...);

/* The same for a wrong command line: adds where the help is. */
__attribute__((noreturn, format(printf, 1, 2)))
void fail_usage(const char *format, ...);

/* As getopt_long(), but a usage error ends the program. @shorts needs "hV" in it. */
int cli_getopt(int argc, char **argv, const char *shorts, const struct option *longs);

/* Refuses what is left of @argv after @allowed words. */
void cli_no_more_words(int argc, char **argv, int allowed);

/* The device that the user chose, or the default one. */
const char *cli_device(void);

/* Opens it, or ends the program. */
struct kvmstats *cli_open_device(void);

/*
 * The VM that @text means: its id, name, uuid or pid. Ends the program when there is
 * none, and with a list of the candidates when there are several.
 * Return: index in @inv
 */
struct kvmstats_inventory;
size_t cli_find_vm(const struct kvmstats_inventory *inv, const char *text);

/* Memory that is there, or the program ends. */
void *cli_memory(void *memory);

/* --- values of options; a bad one ends the program, which names @option --- */

/* A whole number from 1 on. */
uint64_t cli_parse_count(const char *option, const char *text);

/* Seconds, with decimals, from 0.1 to a day. Return: milliseconds */
unsigned int cli_parse_interval(const char *option, const char *text);

/* --- text --- */

/* A word for @value, or "@what 0x..." for one that is not among the @count @words. */
const char *cli_word(const char *const *words, size_t count, uint32_t value,
		     const char *what, char *buf, size_t size);

/* "cumulative", "log-hist", ...; @buf is for types that this program does not know. */
const char *cli_format_type(const struct kvmstats_stat *stat, char *buf, size_t size);

bool cli_is_histogram(const struct kvmstats_stat *stat);

/* What the values of @stat count, and by what they are scaled: "ns", "KiB", "". */
void cli_format_unit(const struct kvmstats_stat *stat, char *buf, size_t size);

/*
 * A value of @stat in the unit that suits it, "12.3 ms", or as it is when @raw. For a
 * histogram @value is a bound of a bucket.
 */
void cli_format_value(const struct kvmstats_stat *stat, uint64_t value, bool raw,
		      char *buf, size_t size);

/*
 * @text for a terminal: what is not printable in the locale as \xNN for each byte, and
 * so the backslash of a literal \x. Libsmartcols does the same to what it prints.
 * Return: length of the whole, as snprintf()
 */
size_t cli_escape(const char *text, char *buf, size_t size);

/* --- tables --- */

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
