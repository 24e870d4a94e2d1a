/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the kvmstats command share. */
#ifndef KVMSTATS_CLI_H
#define KVMSTATS_CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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

extern const struct cli_command command_doctor;
extern const struct cli_command command_dump;
extern const struct cli_command command_events;
extern const struct cli_command command_list;
extern const struct cli_command command_read;
extern const struct cli_command command_status;
extern const struct cli_command command_top;
extern const struct cli_command command_watch;

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

/* What the module says of itself; ends the program when it does not. */
void cli_get_info(struct kvmstats *ks, struct kvmstats_info *info);

/* --- the VMs; all of these end the program on an error --- */

/* The VMs that there are, with their names and those of the override file. */
struct kvmstats_inventory *cli_open_inventory(struct kvmstats *ks);
void cli_refresh_inventory(struct kvmstats_inventory *inv);

/* A VM or one of its vCPUs. */
struct cli_object {
	uint64_t vm_id;
	uint32_t vcpu_id;
	bool is_vcpu;
};

/*
 * What @text means: a VM by its id, name, uuid or pid, which a prefix "id:", "name:",
 * "uuid:" or "pid:" makes definite; for an object a vCPU too, as VM/VCPU. There may be
 * none or several, which is an error that lists them.
 * Return of the first: the VM's index in @inv
 */
size_t cli_find_vm(const struct kvmstats_inventory *inv, const char *text);
struct cli_object cli_find_object(const struct kvmstats_inventory *inv, const char *text);

/* Memory that is there, or the program ends. */
void *cli_memory(void *memory);

/* What was printed goes out now; the program ends when it cannot. */
void cli_flush(void);

/*
 * Waits until @fd can be read (-1: no fd) or @timeout_ms are over (-1: never). Ends the
 * program when nobody reads standard output any more.
 */
void cli_wait(int fd, int timeout_ms);

/* May colours be used on standard output? */
bool cli_colors(void);

/* --- values of options; a bad one ends the program, which names @option --- */

/* A whole number from 1 on. */
uint64_t cli_parse_count(const char *option, const char *text);

/* Seconds, with decimals, from 0.1 to a day. Return: milliseconds */
unsigned int cli_parse_interval(const char *option, const char *text);

/* --- which statistics the user wants --- */

struct stat_filter;

#define FILTER_SHORTS	"s:f:"
#define FILTER_OPTIONS						\
	{ "stat", required_argument, NULL, 's' },		\
	{ "filter", required_argument, NULL, 'f' }
#define FILTER_HELP								\
	"  -s, --stat NAME     only this statistic; may be given several times\n"	\
	"  -f, --filter REGEX  only statistics whose name matches (see regex(7))\n"

struct stat_filter *filter_new(void);
void filter_free(struct stat_filter *filter);
/* Deals with @c if it is one of FILTER_OPTIONS. */
bool filter_option(struct stat_filter *filter, int c);
/* Is this one wanted? What is asked for here is taken to be there. */
bool filter_takes(struct stat_filter *filter, const char *name);
/* Ends the program if a name or a regex took nothing of all that filter_takes() was asked. */
void filter_check(const struct stat_filter *filter);

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

/* "2026-11-21T20:15:30.123+01:00": local time, RFC 3339 */
enum { CLI_TIME_SIZE = 40 };
void cli_format_time(const struct timespec *time, char *buf, size_t size);

/*
 * @text for a terminal: what is not printable in the locale as \xNN for each byte, and
 * so the backslash of a literal \x. Libsmartcols does the same to what it prints.
 * Return: length of the whole, as snprintf()
 */
size_t cli_escape(const char *text, char *buf, size_t size);

/* The same in memory that the caller frees. */
char *cli_escaped(const char *text);

/* --- histograms --- */

enum { HISTOGRAM_BAR_SIZE = 128 };

/* The buckets from the first to the last in which something happened; false for none. */
bool histogram_range(const struct kvmstats_stat *stat, const uint64_t *values,
		     uint32_t *first, uint32_t *end);
/* "[256 ns, 512 ns)", or when @exact "[256, 512)". */
void histogram_bucket(const struct kvmstats_stat *stat, uint32_t bucket, bool exact,
		      char *buf, size_t size);
/* A bar for @value, as long as HISTOGRAM_BAR_SIZE bytes hold for @largest. */
void histogram_bar(uint64_t value, uint64_t largest, char *buf, size_t size);

/* --- JSON on standard output --- */

/**
 * struct json - one value that is being written
 * @indent: objects and arrays down to this depth have their members on lines of their own
 */
struct json {
	unsigned int indent;
	unsigned int depth;
	bool more;		/* something was written at this depth, */
	bool lines;		/* and was on a line of its own */
};

/* @key is NULL in arrays and at the top. @bracket is '{' or '[', and its other half. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_u64(struct json *j, const char *key, uint64_t value);
void json_i64(struct json *j, const char *key, int64_t value);
/* With three decimals. */
void json_double(struct json *j, const char *key, double value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
/* Bytes that are not UTF-8 are written as cli_escape() does it. */
void json_string(struct json *j, const char *key, const char *text);
/* A number or a word of JSON as it is. */
void json_word(struct json *j, const char *key, const char *word);

/* --- tables --- */

/**
 * struct table_column - a column that a command knows
 * @name: its heading, and in lower case its key in JSON
 * @flags: SCOLS_FL_*
 * @json: SCOLS_JSON_STRING, _NUMBER, or _BOOLEAN for cells of 0 and 1
 */
struct table_column {
	const char *name;
	int flags;
	int json;
};

/* How the user wants to see a table: the options of TABLE_OPTIONS. */
struct table_view {
	const char *columns;
	bool all_columns;
	bool json;
	bool pairs;
	bool raw;
	bool no_headings;
	bool exact;		/* numbers as they are; JSON implies it */
};

#define TABLE_SHORTS	"o:JPrnb"
#define TABLE_OPTIONS						\
	{ "output", required_argument, NULL, 'o' },		\
	{ "output-all", no_argument, NULL, TABLE_OPT_ALL },	\
	{ "json", no_argument, NULL, 'J' },			\
	{ "pairs", no_argument, NULL, 'P' },			\
	{ "raw", no_argument, NULL, 'r' },			\
	{ "noheadings", no_argument, NULL, 'n' },		\
	{ "exact", no_argument, NULL, 'b' }

/* Their lines in the help of a command. */
#define TABLE_HELP									\
	"  -o, --output LIST   these columns, or with +LIST these too; --output-all\n"		\
	"  -J, -P, -r          JSON, pairs KEY=\"value\", raw; --json, --pairs, --raw\n"	\
	"  -n, --noheadings    no headings\n"							\
	"  -b, --exact         numbers as they are, not 12.3 ms or 4.0 MiB\n"

/* The end of every help. */
#define CLI_HELP						\
	"      --device PATH   the device\n"			\
	"  -h, --help          show this help\n"		\
	"  -V, --version       show the version\n"

enum {
	TABLE_OPT_ALL = 512,
};

/* Deals with @c if it is one of TABLE_OPTIONS. */
bool table_option(struct table_view *view, int c);

struct table;

/*
 * @standard: the columns unless the user chose, separated by commas. A wrong choice ends
 * the program; so does, in all of these, a lack of memory. Cells left unset are empty.
 */
struct table *table_new(const struct table_view *view, const struct table_column *columns,
			size_t count, const char *standard);
bool table_has(const struct table *table, size_t column);
struct libscols_line *table_line(struct table *table, struct libscols_line *parent);
__attribute__((format(printf, 4, 5)))
void table_set(struct table *table, struct libscols_line *line, size_t column,
	       const char *format, ...);
/* @color: a name that libsmartcols knows; used on a terminal only. */
void table_color(struct table *table, struct libscols_line *line, size_t column,
		 const char *color);
/* Leaves a column that the user has not asked for out of what people read. */
void table_hide(struct table *table, size_t column);
/* Prints and frees it. As JSON: an array, member @name of @j, or of an object of its own. */
void table_print(struct table *table, const char *name, struct json *j);

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- perf --- */

/* Prints which statistics perf counts as events, and those of other modules. */
void perf_events_print(const struct table_view *view, struct kvmstats *ks);

#endif /* KVMSTATS_CLI_H */
