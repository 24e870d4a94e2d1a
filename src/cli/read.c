// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats read */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

enum { ID, NAME, STAT, VALUE, UNIT, TYPE, LOW, HIGH, BAR };

static const struct table_column columns[] = {
	[ID] = { "ID", 0, SCOLS_JSON_STRING },
	[NAME] = { "NAME", 0, SCOLS_JSON_STRING },
	[STAT] = { "STAT", SCOLS_FL_TREE, SCOLS_JSON_STRING },
	[VALUE] = { "VALUE", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[UNIT] = { "UNIT", 0, SCOLS_JSON_STRING },
	[TYPE] = { "TYPE", 0, SCOLS_JSON_STRING },
	[LOW] = { "LOW", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[HIGH] = { "HIGH", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[BAR] = { "BAR", 0, SCOLS_JSON_STRING },
};

static const char standard[] = "ID,STAT,VALUE,TYPE,BAR";
static const char standard_exact[] = "ID,STAT,VALUE,UNIT,TYPE,LOW,HIGH";

struct reading {
	struct kvmstats *ks;
	struct kvmstats_inventory *inv;
	struct stat_filter *filter;
	struct table *table;
	bool exact;
	bool total;
	bool has_buckets;
	/* of what is read now */
	char id[264];
	const char *name;
};

static struct libscols_line *new_line(struct reading *rd, struct libscols_line *parent)
{
	struct libscols_line *line = table_line(rd->table, parent);

	table_set(rd->table, line, ID, "%s", rd->id);
	if (rd->name)
		table_set(rd->table, line, NAME, "%s", rd->name);
	return line;
}

static void add_bucket(struct reading *rd, struct libscols_line *parent,
		       const struct kvmstats_stat *stat, const uint64_t *values, uint32_t bucket,
		       uint64_t largest)
{
	struct libscols_line *line = new_line(rd, parent);
	char bar[HISTOGRAM_BAR_SIZE], text[80];
	uint64_t low, high;

	histogram_bucket(stat, bucket, rd->exact, text, sizeof(text));
	table_set(rd->table, line, STAT, "%s", text);
	table_set(rd->table, line, VALUE, "%" PRIu64, values[bucket]);
	histogram_bar(values[bucket], largest, bar, sizeof(bar));
	table_set(rd->table, line, BAR, "%s", bar);
	table_color(rd->table, line, BAR, "cyan");
	rd->has_buckets = true;
	if (kvmstats_bucket_bounds(stat, bucket, &low, &high))
		return;
	table_set(rd->table, line, LOW, "%" PRIu64, low);
	if (high != UINT64_MAX)
		table_set(rd->table, line, HIGH, "%" PRIu64, high);
}

/* The histogram's own row has the sum. */
static void add_histogram(struct reading *rd, struct libscols_line *parent,
			  const struct kvmstats_stat *stat, const uint64_t *values)
{
	uint64_t sum = 0, largest = 0;
	uint32_t first, end;

	if (histogram_range(stat, values, &first, &end)) {
		for (uint32_t i = first; i < end; i++) {
			sum += values[i];
			largest = values[i] > largest ? values[i] : largest;
		}
		for (uint32_t i = first; i < end; i++)
			add_bucket(rd, parent, stat, values, i, largest);
	}
	table_set(rd->table, parent, VALUE, "%" PRIu64, sum);
}

static void set_value(struct reading *rd, struct libscols_line *line,
		      const struct kvmstats_stat *stat, uint64_t value)
{
	char text[80];

	cli_format_value(stat, value, rd->exact, text, sizeof(text));
	table_set(rd->table, line, VALUE, "%s", text);
}

static void add_stat(struct reading *rd, const struct kvmstats_stat *stat, const uint64_t *values)
{
	struct libscols_line *line = new_line(rd, NULL);
	char text[64];

	table_set(rd->table, line, STAT, "%s", stat->name);
	table_set(rd->table, line, TYPE, "%s", cli_format_type(stat, text, sizeof(text)));
	cli_format_unit(stat, text, sizeof(text));
	table_set(rd->table, line, UNIT, "%s", text);

	if (cli_is_histogram(stat)) {
		add_histogram(rd, line, stat, values);
	} else if (stat->size == 1) {
		set_value(rd, line, stat, *values);
	} else {	/* of a type that this program does not know */
		for (uint32_t i = 0; i < stat->size; i++) {
			struct libscols_line *child = new_line(rd, line);

			table_set(rd->table, child, STAT, "[%" PRIu32 "]", i);
			set_value(rd, child, stat, values[i]);
		}
	}
	if (stat->size == 1 && !*values) {
		table_color(rd->table, line, STAT, "darkgray");
		table_color(rd->table, line, VALUE, "darkgray");
		table_color(rd->table, line, TYPE, "darkgray");
	}
}

/* A file of statsfs says itself what it is of: "kvmstats/kvm/123-4/vcpu0". */
static void set_id_of_file(struct reading *rd, const struct kvmstats_reader *r)
{
	static const char root[] = "kvmstats/";
	const char *id = kvmstats_reader_id(r);

	if (!strncmp(id, root, strlen(root)))
		id += strlen(root);
	snprintf(rd->id, sizeof(rd->id), "%s", id);
}

/* Closes @fd. Return: 0 or a negated errno */
static int read_fd(struct reading *rd, int fd)
{
	struct kvmstats_reader *r;
	int ret;

	if (fd < 0)
		return fd;
	ret = kvmstats_reader_open(fd, &r);
	if (ret)
		goto close_fd;
	ret = kvmstats_reader_update(r);
	if (ret)
		goto close_reader;
	if (!*rd->id)
		set_id_of_file(rd, r);
	for (uint32_t i = 0; i < kvmstats_reader_count(r); i++) {
		const struct kvmstats_stat *stat = kvmstats_reader_stat(r, i);

		if (filter_takes(rd->filter, stat->name))
			add_stat(rd, stat, kvmstats_reader_values(r, i));
	}

close_reader:
	kvmstats_reader_close(r);
close_fd:
	close(fd);
	return ret;
}

/* @name: of its VM. Return: as read_fd(), -ENOENT when the object is not there */
static int read_object(struct reading *rd, const struct cli_object *o, const char *name)
{
	rd->name = name;
	if (o->is_vcpu) {
		snprintf(rd->id, sizeof(rd->id), "%" PRIu64 "/%" PRIu32, o->vm_id, o->vcpu_id);
		return read_fd(rd, kvmstats_open_vcpu(rd->ks, o->vm_id, o->vcpu_id));
	}
	snprintf(rd->id, sizeof(rd->id), "%" PRIu64, o->vm_id);
	return read_fd(rd, rd->total ? kvmstats_open_vm_total(rd->ks, o->vm_id) :
				       kvmstats_open_vm(rd->ks, o->vm_id));
}

__attribute__((noreturn))
static void fail_reading(const struct reading *rd, int error)
{
	const char *what = strchr(rd->id, '/') ? "vCPU" : "VM";

	if (error == ENOENT)
		fail(EXIT_RUNTIME, "no %s %s: see `kvmstats list`", what, rd->id);
	if (error == EBADMSG)
		fail(EXIT_RUNTIME, "%s: malformed statistics: report this as a bug", rd->id);
	fail(EXIT_RUNTIME, "%s: cannot be read: %s", rd->id, strerror(error));
}

/* --- files of statsfs --- */

static bool is_path(const char *word)
{
	return *word == '/' || *word == '.';
}

__attribute__((noreturn))
static void fail_path(const char *path, const char *why)
{
	fail(EXIT_RUNTIME, "%s: %s", cli_escaped(path), why);
}

/* A file .stats, or the one in a directory. Never waits for a writer. */
static int open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), dir = fd;
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		fail_path(path, strerror(errno));
	if (!S_ISDIR(stat.st_mode))
		return fd;
	fd = openat(dir, ".stats", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		fail_path(path, "no .stats in it: is it a directory of statsfs, and is that mounted?");
	if (fd < 0)
		fail_path(path, strerror(errno));
	close(dir);
	return fd;
}

static void read_path(struct reading *rd, const char *path)
{
	int ret;

	if (rd->total)
		fail_usage("`%s` is a file, which has no total", path);
	rd->name = NULL;
	*rd->id = '\0';
	ret = read_fd(rd, open_path(path));
	if (ret == -EBADMSG)
		fail_path(path, "no binary statistics: give a file .stats of statsfs or its directory");
	if (ret)
		fail_path(path, strerror(-ret));
}

/* --- */

static void open_host(struct reading *rd)
{
	if (rd->ks)
		return;
	rd->ks = cli_open_device();
	rd->inv = cli_open_inventory(rd->ks);
}

static void read_word(struct reading *rd, const char *word)
{
	struct cli_object o;
	int index, ret;

	if (is_path(word)) {
		read_path(rd, word);
		return;
	}
	open_host(rd);
	o = cli_find_object(rd->inv, word);
	index = kvmstats_inventory_find(rd->inv, o.vm_id);
	if (o.is_vcpu && rd->total)
		fail_usage("`%s` is a vCPU, which has no total", word);
	ret = read_object(rd, &o, kvmstats_inventory_name(rd->inv, index)->name);
	if (ret)
		fail_reading(rd, -ret);
}

/* One of many objects may end while they are read. */
static void read_unless_gone(struct reading *rd, const struct cli_object *o, const char *name)
{
	int ret = read_object(rd, o, name);

	if (ret && ret != -ENOENT)
		fail_reading(rd, -ret);
}

static void read_vm(struct reading *rd, size_t index)
{
	const char *name = kvmstats_inventory_name(rd->inv, index)->name;
	uint64_t vm_id = kvmstats_inventory_vm(rd->inv, index)->id;
	const struct kvmstats_vcpu *vcpu;
	struct kvmstats_vcpu_iter *it;
	int ret;

	read_unless_gone(rd, &(struct cli_object){ .vm_id = vm_id }, name);
	ret = kvmstats_vcpu_iter_new(rd->ks, vm_id, &it);
	if (ret)
		fail(EXIT_RUNTIME, "%s", strerror(-ret));
	while ((ret = kvmstats_vcpu_iter_next(it, &vcpu)) > 0)
		read_unless_gone(rd, &(struct cli_object){ vm_id, vcpu->vcpu_id, true }, name);
	kvmstats_vcpu_iter_free(it);
	if (ret && ret != -ENOENT)
		fail(EXIT_RUNTIME, "cannot list the vCPUs: %s", strerror(-ret));
}

static void read_host(struct reading *rd)
{
	int ret;

	snprintf(rd->id, sizeof(rd->id), "host");
	rd->name = NULL;
	ret = read_fd(rd, kvmstats_open_host(rd->ks));
	if (ret == -ENODEV)
		fail(EXIT_RUNTIME, "no total: kvm is not loaded: load it with `modprobe kvm_intel` or `modprobe kvm_amd`");
	if (ret == -EPERM)
		fail(EXIT_RUNTIME, "the host's total is not for a pid namespace of its own: read it on the host");
	if (ret)
		fail_reading(rd, -ret);
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "total", no_argument, NULL, 't' },
		FILTER_OPTIONS, TABLE_OPTIONS, CLI_COMMON_OPTIONS
	};
	struct reading rd = { .filter = filter_new() };
	struct table_view view = { 0 };
	int c;

	while ((c = cli_getopt(argc, argv, ":t" FILTER_SHORTS TABLE_SHORTS "hV", longs)) != -1)
		if (c == 't')
			rd.total = true;
		else if (!filter_option(rd.filter, c))
			table_option(&view, c);
	rd.exact = view.exact;
	rd.table = table_new(&view, columns, ARRAY_SIZE(columns),
			     rd.exact ? standard_exact : standard);

	for (int i = optind; i < argc; i++)
		read_word(&rd, argv[i]);
	if (optind == argc)
		open_host(&rd);
	if (optind == argc && rd.total) {
		read_host(&rd);
	} else if (optind == argc) {
		for (size_t i = 0; i < kvmstats_inventory_count(rd.inv); i++)
			read_vm(&rd, i);
	}
	filter_check(rd.filter);
	if (!rd.has_buckets) {
		table_hide(rd.table, BAR);
		table_hide(rd.table, LOW);
		table_hide(rd.table, HIGH);
	}
	table_print(rd.table, "stats", NULL);
	filter_free(rd.filter);
	kvmstats_inventory_free(rd.inv);
	kvmstats_close(rd.ks);
	return EXIT_SUCCESS;
}

const struct cli_command command_read = {
	.name = "read",
	.summary = "the statistics of VMs and vCPUs",
	.help =
	"Usage: kvmstats read [OPTIONS] [VM[/VCPU]|PATH]...\n"
	"Show the statistics of VMs (3, web1), of vCPUs (3/0, web1/0), or of all of them.\n"
	"A VM is given by its id, name, uuid or pid, or as id:ID, name:NAME, ...\n"
	"What begins with / or . is a directory of statsfs or the file .stats in it.\n"
	"\n"
	"Options:\n"
	"  -t, --total         of the host, or of each VM with its vCPUs added up\n"
	FILTER_HELP
	TABLE_HELP
	CLI_HELP
	"\n"
	"Columns:\n"
	"  ID NAME STAT VALUE UNIT TYPE LOW HIGH BAR\n"
	"A histogram has the number of its events, and below it a row for each bucket.\n",
	.run = run,
};
