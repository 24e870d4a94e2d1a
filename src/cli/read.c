// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats read */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { ID, STAT, VALUE, UNIT, TYPE };

static const struct table_column columns[] = {
	[ID] = { "ID", 0 },
	[STAT] = { "STAT", SCOLS_FL_TREE },
	[VALUE] = { "VALUE", SCOLS_FL_RIGHT },
	[UNIT] = { "UNIT", 0 },
	[TYPE] = { "TYPE", 0 },
};

/* A VM or a vCPU as the user writes it: 3 or 3/0. */
struct object {
	uint64_t vm_id;
	uint32_t vcpu_id;
	bool is_vcpu;
};

struct wanted {
	const char *name;
	bool found;
};

struct reading {
	struct kvmstats *ks;
	struct libscols_table *table;
	struct wanted *wanted;	/* all statistics when there are none */
	size_t nr_wanted;
	size_t nr_objects;	/* read so far */
};

/* strtoull() alone would take blanks, signs and an empty string. */
static bool parse_number(const char *text, char **end, uint64_t max, uint64_t *number)
{
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, end, 10);
	return !errno && *number <= max;
}

static bool parse_object(const char *text, struct object *o)
{
	uint64_t vcpu_id = 0;
	char *end;

	if (!parse_number(text, &end, UINT64_MAX, &o->vm_id) || !o->vm_id)
		return false;
	o->is_vcpu = *end == '/';
	if (o->is_vcpu && !parse_number(end + 1, &end, UINT32_MAX, &vcpu_id))
		return false;
	o->vcpu_id = vcpu_id;
	return !*end;
}

static void format_object(const struct object *o, char *buf, size_t size)
{
	if (o->is_vcpu)
		snprintf(buf, size, "%" PRIu64 "/%" PRIu32, o->vm_id, o->vcpu_id);
	else
		snprintf(buf, size, "%" PRIu64, o->vm_id);
}

/* Buckets in which nothing happened are left out; the histogram's row has the sum. */
static void add_histogram(struct reading *rd, struct libscols_line *parent, const char *id,
			  const struct kvmstats_stat *stat, const uint64_t *values)
{
	uint64_t low, high, sum = 0;
	char unit[64] = " ";

	cli_format_unit(stat, unit + 1, sizeof(unit) - 1);
	if (!unit[1])
		*unit = '\0';
	for (uint32_t i = 0; i < stat->size; i++) {
		struct libscols_line *line;

		if (!values[i] || kvmstats_bucket_bounds(stat, i, &low, &high))
			continue;
		sum += values[i];
		line = table_line(rd->table, parent);
		table_set(line, ID, "%s", id);
		table_set(line, VALUE, "%" PRIu64, values[i]);
		if (high == UINT64_MAX)
			table_set(line, STAT, "[%" PRIu64 ", inf)%s", low, unit);
		else
			table_set(line, STAT, "[%" PRIu64 ", %" PRIu64 ")%s", low, high, unit);
	}
	table_set(parent, VALUE, "%" PRIu64, sum);
}

static void add_values(struct reading *rd, struct libscols_line *parent, const char *id,
		       const struct kvmstats_stat *stat, const uint64_t *values)
{
	char unit[64];

	cli_format_unit(stat, unit, sizeof(unit));
	table_set(parent, UNIT, "%s", unit);
	if (stat->size == 1) {
		table_set(parent, VALUE, "%" PRIu64, *values);
		return;
	}
	for (uint32_t i = 0; i < stat->size; i++) {
		struct libscols_line *line = table_line(rd->table, parent);

		table_set(line, ID, "%s", id);
		table_set(line, STAT, "[%" PRIu32 "]", i);
		table_set(line, VALUE, "%" PRIu64, values[i]);
		table_set(line, UNIT, "%s", unit);
	}
}

static void add_stat(struct reading *rd, const char *id, const struct kvmstats_stat *stat,
		     const uint64_t *values)
{
	struct libscols_line *line = table_line(rd->table, NULL);
	char buf[24];

	table_set(line, ID, "%s", id);
	table_set(line, STAT, "%s", stat->name);
	table_set(line, TYPE, "%s", cli_format_type(stat, buf, sizeof(buf)));
	if (cli_is_histogram(stat))
		add_histogram(rd, line, id, stat, values);
	else
		add_values(rd, line, id, stat, values);
}

static bool is_wanted(struct reading *rd, const char *name)
{
	bool wanted = !rd->nr_wanted;

	for (size_t i = 0; i < rd->nr_wanted; i++)
		if (!strcmp(rd->wanted[i].name, name))
			wanted = rd->wanted[i].found = true;
	return wanted;
}

/* Return: 0, or a negated errno, -ENOENT when the object is not there */
static int read_object(struct reading *rd, const struct object *o)
{
	struct kvmstats_reader *r;
	char id[32];
	int fd, ret;

	fd = o->is_vcpu ? kvmstats_open_vcpu(rd->ks, o->vm_id, o->vcpu_id) :
			  kvmstats_open_vm(rd->ks, o->vm_id);
	if (fd < 0)
		return fd;
	ret = kvmstats_reader_open(fd, &r);
	if (ret)
		goto close_fd;
	ret = kvmstats_reader_update(r);
	if (ret)
		goto close_reader;

	format_object(o, id, sizeof(id));
	for (uint32_t i = 0; i < kvmstats_reader_count(r); i++) {
		const struct kvmstats_stat *stat = kvmstats_reader_stat(r, i);

		if (is_wanted(rd, stat->name))
			add_stat(rd, id, stat, kvmstats_reader_values(r, i));
	}
	rd->nr_objects++;

close_reader:
	kvmstats_reader_close(r);
close_fd:
	close(fd);
	return ret;
}

__attribute__((noreturn))
static void fail_object(const struct object *o, int error)
{
	const char *what = o->is_vcpu ? "vCPU" : "VM";
	char id[32];

	format_object(o, id, sizeof(id));
	if (error == ENOENT)
		fail(EXIT_RUNTIME, "no %s %s: see `kvmstats list`", what, id);
	if (error == EBADMSG)
		fail(EXIT_RUNTIME, "%s %s: malformed statistics: report this as a bug", what, id);
	fail(EXIT_RUNTIME, "%s %s: cannot be read: %s", what, id, strerror(error));
}

/* One of many objects may end while they are read. */
static void read_unless_gone(struct reading *rd, const struct object *o)
{
	int ret = read_object(rd, o);

	if (ret && ret != -ENOENT)
		fail_object(o, -ret);
}

static int read_vcpus(struct reading *rd, uint64_t vm_id)
{
	const struct kvmstats_vcpu *vcpu;
	struct kvmstats_vcpu_iter *it;
	int ret;

	ret = kvmstats_vcpu_iter_new(rd->ks, vm_id, &it);
	if (ret)
		return ret;
	while ((ret = kvmstats_vcpu_iter_next(it, &vcpu)) > 0)
		read_unless_gone(rd, &(struct object){ vm_id, vcpu->vcpu_id, true });
	kvmstats_vcpu_iter_free(it);
	return ret == -ENOENT ? 0 : ret;
}

static int read_all(struct reading *rd)
{
	const struct kvmstats_vm *vm;
	struct kvmstats_vm_iter *it;
	int ret;

	ret = kvmstats_vm_iter_new(rd->ks, &it);
	if (ret)
		return ret;
	while ((ret = kvmstats_vm_iter_next(it, &vm)) > 0) {
		read_unless_gone(rd, &(struct object){ .vm_id = vm->id });
		ret = read_vcpus(rd, vm->id);
		if (ret)
			break;
	}
	kvmstats_vm_iter_free(it);
	return ret;
}

/* Without a single object nothing says which names exist. */
static void check_wanted(const struct reading *rd)
{
	for (size_t i = 0; rd->nr_objects && i < rd->nr_wanted; i++)
		if (!rd->wanted[i].found)
			fail(EXIT_RUNTIME,
			     "no statistic `%s`: `kvmstats read` without -s shows all names",
			     rd->wanted[i].name);
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "stat", required_argument, NULL, 's' },
		CLI_COMMON_OPTIONS
	};
	struct reading rd = { 0 };
	struct object o = { 0 };
	int ret;

	rd.wanted = cli_memory(calloc(argc, sizeof(*rd.wanted)));
	while (cli_getopt(argc, argv, ":s:hV", longs) != -1)
		rd.wanted[rd.nr_wanted++].name = optarg;
	cli_no_more_words(argc, argv, 1);
	if (optind < argc && !parse_object(argv[optind], &o))
		fail(EXIT_USAGE, "`%s` is no id: give VM or VM/VCPU as shown by `kvmstats list`",
		     argv[optind]);

	rd.ks = cli_open_device();
	rd.table = table_new(columns, ARRAY_SIZE(columns));
	if (o.vm_id) {
		ret = read_object(&rd, &o);
		if (ret)
			fail_object(&o, -ret);
	} else {
		ret = read_all(&rd);
		if (ret)
			fail(EXIT_RUNTIME, "cannot list the VMs: %s", strerror(-ret));
	}
	check_wanted(&rd);
	table_print(rd.table);
	kvmstats_close(rd.ks);
	free(rd.wanted);
	return EXIT_SUCCESS;
}

const struct cli_command command_read = {
	.name = "read",
	.summary = "the statistics of VMs and vCPUs",
	.help =
	"Usage: kvmstats read [OPTIONS] [VM[/VCPU]]\n"
	"Show the statistics of VM 3 (3), of its vCPU 0 (3/0), or of all VMs and all\n"
	"vCPUs; ids as shown by list.\n"
	"\n"
	"Options:\n"
	"  -s, --stat NAME     only this statistic; may be given several times\n"
	"      --device PATH   the device\n"
	"  -h, --help          show this help\n"
	"  -V, --version       show the version\n",
	.run = run,
};
