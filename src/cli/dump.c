// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats dump */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "sample.h"

static void print_info(struct json *j, const struct kvmstats_info *info)
{
	json_string(j, "version", info->package_version);
	json_u64(j, "abi", info->abi_version);
	json_u64(j, "schema_generation", info->schema_generation);
}

/* From where on each bucket counts; the last has no end. */
static void print_bounds(struct json *j, const struct kvmstats_stat *stat)
{
	uint64_t low, high;

	json_open(j, "bounds", '[');
	for (uint32_t i = 0; i < stat->size; i++)
		if (!kvmstats_bucket_bounds(stat, i, &low, &high))
			json_u64(j, NULL, low);
	json_close(j, ']');
}

static void print_stat(struct json *j, const struct kvmstats_stat *stat)
{
	static const char *const units[] = { "none", "bytes", "seconds", "cycles", "boolean" };
	char buf[24];

	json_open(j, NULL, '{');
	json_string(j, "name", stat->name);
	json_string(j, "type", cli_format_type(stat, buf, sizeof(buf)));
	json_string(j, "unit", cli_word(units, ARRAY_SIZE(units),
					(stat->flags & KVMSTATS_UNIT_MASK) >> 4, "unit",
					buf, sizeof(buf)));
	switch (stat->flags & KVMSTATS_BASE_MASK) {
	case KVMSTATS_BASE_POW10:
		json_u64(j, "base", 10);
		break;
	case KVMSTATS_BASE_POW2:
		json_u64(j, "base", 2);
		break;
	default:
		json_null(j, "base");
	}
	json_i64(j, "exponent", stat->exponent);
	json_u64(j, "size", stat->size);
	if (cli_is_histogram(stat))
		print_bounds(j, stat);
	json_close(j, '}');
}

static void print_schema(struct json *j, const char *key, const struct sample_view *view,
			 uint32_t kind)
{
	const struct kvmstats_descs *descs = kvmstats_sampler_descs(view->sampler, kind);

	json_open(j, key, '[');
	for (uint32_t i = 0; descs && i < kvmstats_descs_count(descs); i++)
		if (view->takes[kind != KVMSTATS_KIND_VM][i])
			print_stat(j, kvmstats_descs_stat(descs, i));
	json_close(j, ']');
}

static int print_total(struct json *j, const struct sample_view *view, int fd)
{
	struct kvmstats_reader *r;
	int ret;

	ret = kvmstats_reader_open(fd, &r);
	if (ret)
		return ret;
	ret = kvmstats_reader_update(r);
	if (!ret) {
		json_open(j, "total", '{');
		for (uint32_t i = 0; i < kvmstats_reader_count(r); i++) {
			const struct kvmstats_stat *stat = kvmstats_reader_stat(r, i);

			if (filter_takes(view->filter, stat->name))
				json_values(j, stat, kvmstats_reader_values(r, i));
		}
		json_close(j, '}');
	}
	kvmstats_reader_close(r);
	return ret;
}

/* Null where there is none: without kvm, and in a pid namespace of its own. */
static void print_host(struct json *j, const struct sample_view *view, struct kvmstats *ks)
{
	int fd = kvmstats_open_host(ks), ret;

	if (fd == -ENODEV || fd == -EPERM) {
		json_null(j, "total");
		return;
	}
	ret = fd < 0 ? fd : print_total(j, view, fd);
	if (ret)
		fail(EXIT_RUNTIME, "the host's total cannot be read: %s", strerror(-ret));
	close(fd);
}

static void print_vm(struct json *j, const struct sample_view *view,
		     const struct kvmstats_inventory *inv, size_t *index)
{
	const struct kvmstats_sample *sample = kvmstats_sampler_get(view->sampler, *index);
	int place = kvmstats_inventory_find(inv, sample->vm_id);
	const struct kvmstats_name *name;
	const struct kvmstats_vm *vm;

	if (place < 0 || !sample_shown(view, sample)) {	/* it has just begun or ended */
		++*index;
		return;
	}
	vm = kvmstats_inventory_vm(inv, place);
	name = kvmstats_inventory_name(inv, place);
	json_open(j, NULL, '{');
	json_vm_names(j, vm, name);
	json_string(j, "name_source", kvmstats_name_source(name->source));
	json_u64(j, "pid", vm->pid);
	json_u64(j, "uid", vm->uid);
	json_string(j, "comm", vm->comm);
	json_string(j, "stats_id", vm->stats_id);
	json_u64(j, "start_ns", vm->start_ns);
	json_bool(j, "adopted", vm->flags & KVMSTATS_VM_ADOPTED);
	json_u64(j, "time_ns", sample->time_ns);
	json_vm_samples(j, view, index);
	json_close(j, '}');
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = { FILTER_OPTIONS, CLI_COMMON_OPTIONS };
	struct sample_view view = { .filter = filter_new() };
	struct kvmstats_inventory *inv;
	struct json j = { .indent = 3 };
	struct kvmstats_info info;
	struct kvmstats *ks;
	int c;

	while ((c = cli_getopt(argc, argv, ":" FILTER_SHORTS "hV", longs)) != -1)
		filter_option(view.filter, c);
	cli_no_more_words(argc, argv, 0);

	ks = cli_open_device();
	cli_get_info(ks, &info);
	inv = cli_open_inventory(ks);
	sample_view_open(&view, ks, KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU_SUM |
				    KVMSTATS_SNAPSHOT_VCPU);
	sample_view_take(&view, NULL, 0);

	json_open(&j, NULL, '{');
	json_time(&j);
	print_info(&j, &info);
	json_open(&j, "schema", '{');
	print_schema(&j, "vm", &view, KVMSTATS_KIND_VM);
	print_schema(&j, "vcpu", &view, KVMSTATS_KIND_VCPU);
	json_close(&j, '}');
	print_host(&j, &view, ks);
	json_open(&j, "vms", '[');
	for (size_t i = 0; i < kvmstats_sampler_count(view.sampler);)
		print_vm(&j, &view, inv, &i);
	json_close(&j, ']');
	json_close(&j, '}');

	sample_view_close(&view);
	filter_free(view.filter);
	kvmstats_inventory_free(inv);
	kvmstats_close(ks);
	return EXIT_SUCCESS;
}

const struct cli_command command_dump = {
	.name = "dump",
	.summary = "the whole host as JSON, with the schema",
	.help =
	"Usage: kvmstats dump [OPTIONS]\n"
	"Print all VMs and vCPUs with their statistics, the sums, and what the statistics\n"
	"are, as one JSON object. kvmstats(1) describes it.\n"
	"\n"
	"Options:\n"
	FILTER_HELP
	CLI_HELP,
	.run = run,
};
