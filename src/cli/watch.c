// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats watch */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli.h"
#include "sample.h"

enum { OPT_VCPU = CLI_OPT_COMMAND };

struct watching {
	struct kvmstats_inventory *inv;
	struct sample_view view;
	uint64_t *vm_ids;	/* all VMs when there are none */
	uint32_t nr_vms;
	unsigned int interval_ms;
	uint64_t count;		/* lines; 0: for ever */
};

static void print_vm(struct watching *w, struct json *j, size_t *index)
{
	const struct kvmstats_sample *sample = kvmstats_sampler_get(w->view.sampler, *index);
	int place = kvmstats_inventory_find(w->inv, sample->vm_id);

	/* a VM that has just come or gone is in the next line, or in none */
	if (place < 0 || !sample_shown(&w->view, sample)) {
		++*index;
		return;
	}
	json_open(j, NULL, '{');
	json_vm_names(j, kvmstats_inventory_vm(w->inv, place),
		      kvmstats_inventory_name(w->inv, place));
	json_u64(j, "time_ns", sample->time_ns);
	if (w->view.rates)
		json_u64(j, "elapsed_ns", sample->elapsed_ns);
	json_vm_samples(j, &w->view, index);
	json_close(j, '}');
}

static void print_line(struct watching *w)
{
	struct json j = { 0 };

	json_open(&j, NULL, '{');
	json_time(&j);
	json_string(&j, "values", w->view.rates ? "rates" : "counters");
	json_open(&j, "vms", '[');
	for (size_t i = 0; i < kvmstats_sampler_count(w->view.sampler);)
		print_vm(w, &j, &i);
	json_close(&j, ']');
	json_close(&j, '}');
	cli_flush();
}

static void take(struct watching *w)
{
	cli_refresh_inventory(w->inv);
	sample_view_take(&w->view, w->nr_vms ? w->vm_ids : NULL, w->nr_vms);
}

/* The chosen ones are gone, and nothing will be again. */
static bool is_over(const struct watching *w)
{
	for (uint32_t i = 0; i < w->nr_vms; i++)
		if (kvmstats_inventory_find(w->inv, w->vm_ids[i]) >= 0)
			return false;
	return w->nr_vms;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

static void wait_until(uint64_t time_ms)
{
	for (uint64_t now = now_ms(); now < time_ms; now = now_ms())
		cli_wait(-1, time_ms - now);
}

static void watch(struct watching *w)
{
	uint64_t next = now_ms(), lines = 0;

	for (bool first = true;; first = false) {
		take(w);
		if (is_over(w))
			return;
		if (!first || !w->view.rates) {
			print_line(w);
			if (++lines == w->count)
				return;
		}
		next += w->interval_ms;
		if (next < now_ms())	/* stopped for a while: nothing to catch up with */
			next = now_ms();
		wait_until(next);
	}
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		{ "counters", no_argument, NULL, 'c' },
		{ "vcpu", no_argument, NULL, OPT_VCPU },
		FILTER_OPTIONS, CLI_COMMON_OPTIONS
	};
	uint32_t flags = KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU_SUM;
	struct watching w = {
		.view = { .filter = filter_new(), .rates = true },
		.interval_ms = 1000,
	};
	struct kvmstats *ks;
	int c;

	while ((c = cli_getopt(argc, argv, ":i:n:c" FILTER_SHORTS "hV", longs)) != -1) {
		if (filter_option(w.view.filter, c))
			continue;
		if (c == 'i')
			w.interval_ms = cli_parse_interval("--interval", optarg);
		else if (c == 'n')
			w.count = cli_parse_count("--count", optarg);
		else if (c == 'c')
			w.view.rates = false;
		else if (c == OPT_VCPU)
			flags |= KVMSTATS_SNAPSHOT_VCPU;
	}

	ks = cli_open_device();
	w.inv = cli_open_inventory(ks);
	w.vm_ids = cli_memory(calloc(argc, sizeof(*w.vm_ids)));
	for (int i = optind; i < argc; i++) {
		size_t index = cli_find_vm(w.inv, argv[i]);

		w.vm_ids[w.nr_vms++] = kvmstats_inventory_vm(w.inv, index)->id;
	}
	sample_view_open(&w.view, ks, flags);
	watch(&w);

	sample_view_close(&w.view);
	filter_free(w.view.filter);
	free(w.vm_ids);
	kvmstats_inventory_free(w.inv);
	kvmstats_close(ks);
	return EXIT_SUCCESS;
}

const struct cli_command command_watch = {
	.name = "watch",
	.summary = "rates or counters, a line of JSON at each interval",
	.help =
	"Usage: kvmstats watch [OPTIONS] [VM]...\n"
	"Print a JSON object at each interval, on one line, with the rates in a second of\n"
	"all VMs, or of those given by id, name, uuid or pid until they are gone.\n"
	"\n"
	"Options:\n"
	"  -i, --interval SEC  how often, 0.1 to 86400 seconds; 1 unless given\n"
	"  -n, --count N       end after N lines\n"
	"  -c, --counters      the counters as they are, not their rates\n"
	"      --vcpu          each vCPU too, not only their sum\n"
	FILTER_HELP
	CLI_HELP
	"\n"
	"A VM is there from its second reading on. What has no rate, such as an instant\n"
	"value or a peak, is as it is. kvmstats(1) describes the object.\n",
	.run = run,
};
