// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats status */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { HOOK, KIND, NEED, STATE, HITS, MISSES, ERROR, LOST };

static const struct table_column columns[] = {
	[HOOK] = { "HOOK", 0, SCOLS_JSON_STRING },
	[KIND] = { "KIND", 0, SCOLS_JSON_STRING },
	[NEED] = { "NEED", 0, SCOLS_JSON_STRING },
	[STATE] = { "STATE", 0, SCOLS_JSON_STRING },
	[HITS] = { "HITS", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[MISSES] = { "MISSES", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[ERROR] = { "ERROR", 0, SCOLS_JSON_STRING },
	[LOST] = { "LOST", 0, SCOLS_JSON_STRING },
};

static const char standard[] = "HOOK,KIND,NEED,STATE,HITS,MISSES,ERROR,LOST";

static const char *const sources[] = {
	[KVMSTATS_SCHEMA_NONE] = "none",
	[KVMSTATS_SCHEMA_NATIVE] = "native",
	[KVMSTATS_SCHEMA_DEBUGFS] = "debugfs",
};

static void json_info(struct json *j, const struct kvmstats_info *info)
{
	char buf[24];

	json_open(j, "module", '{');
	json_string(j, "version", info->package_version);
	json_u64(j, "abi", info->abi_version);
	json_u64(j, "vms", info->nr_vms);
	json_u64(j, "vcpus", info->nr_vcpus);
	json_u64(j, "sweep_interval_ms", info->sweep_interval_ms);
	json_string(j, "schema_source", cli_word(sources, ARRAY_SIZE(sources), info->schema_source,
						 "source", buf, sizeof(buf)));
	json_u64(j, "schema_generation", info->schema_generation);
	json_u64(j, "vm_stats", info->vm_num_desc);
	json_u64(j, "vm_bytes", info->vm_data_size);
	json_u64(j, "vcpu_stats", info->vcpu_num_desc);
	json_u64(j, "vcpu_bytes", info->vcpu_data_size);
	json_bool(j, "kvm_present", info->features & KVMSTATS_FEAT_KVM_PRESENT);
	json_bool(j, "native_stats_fd", info->features & KVMSTATS_FEAT_NATIVE_STATS_FD);
	json_close(j, '}');
	json_open(j, "library", '{');
	json_string(j, "version", kvmstats_version());
	json_u64(j, "abi", KVMSTATS_ABI_VERSION);
	json_close(j, '}');
}

static void print_info(const struct kvmstats_info *info)
{
	static const char *const explained[] = {
		[KVMSTATS_SCHEMA_NONE] = ", kvm is not loaded",
		[KVMSTATS_SCHEMA_NATIVE] = ", the tables of kvm itself",
		[KVMSTATS_SCHEMA_DEBUGFS] = ", the list that kvm keeps for debugfs",
	};
	unsigned long long unknown = info->features;
	char buf[24];

	printf("module   %s, ABI %u\n", info->package_version, info->abi_version);
	printf("library  %s, ABI %u\n", kvmstats_version(), KVMSTATS_ABI_VERSION);
	printf("VMs      %llu with %llu vCPUs, checked every %u ms\n",
	       info->nr_vms, info->nr_vcpus, info->sweep_interval_ms);
	printf("schema   %s%s (generation %llu)\n",
	       cli_word(sources, ARRAY_SIZE(sources), info->schema_source, "source",
			buf, sizeof(buf)),
	       info->schema_source < ARRAY_SIZE(explained) ? explained[info->schema_source] : "",
	       info->schema_generation);
	printf("per VM   %u statistics, %u bytes\n", info->vm_num_desc, info->vm_data_size);
	printf("per vCPU %u statistics, %u bytes\n", info->vcpu_num_desc, info->vcpu_data_size);

	printf("features");
	if (info->features & KVMSTATS_FEAT_KVM_PRESENT)
		printf(" kvm-present");
	if (info->features & KVMSTATS_FEAT_NATIVE_STATS_FD)
		printf(" native-stats-fd");
	unknown &= ~(KVMSTATS_FEAT_KVM_PRESENT | KVMSTATS_FEAT_NATIVE_STATS_FD);
	if (unknown)
		printf(" 0x%llx", unknown);
	printf("%s\n", info->features ? "" : " none");
}

static void add_hook(struct table *table, const struct kvmstats_hook *hook)
{
	static const char *const kinds[] = {
		[KVMSTATS_HOOK_ENTRY] = "entry",
		[KVMSTATS_HOOK_RETURN] = "return",
		[KVMSTATS_HOOK_SYMBOL] = "symbol",
		[KVMSTATS_HOOK_REDIRECT] = "redirect",
		[KVMSTATS_HOOK_TRACEPOINT] = "tracepoint",
	};
	static const char *const needs[] = {
		[KVMSTATS_HOOK_OPTIONAL] = "optional",
		[KVMSTATS_HOOK_REQUIRED] = "required",
	};
	static const char *const states[] = {
		[KVMSTATS_HOOK_IDLE] = "idle",
		[KVMSTATS_HOOK_ARMED] = "armed",
		[KVMSTATS_HOOK_FAILED] = "failed",
		[KVMSTATS_HOOK_UNUSED] = "unused",
	};
	struct libscols_line *line = table_line(table, NULL);
	char buf[24];

	table_set(table, line, HOOK, "%s", hook->name);
	table_set(table, line, KIND, "%s",
		  cli_word(kinds, ARRAY_SIZE(kinds), hook->kind, "kind", buf, sizeof(buf)));
	table_set(table, line, NEED, "%s",
		  cli_word(needs, ARRAY_SIZE(needs), hook->need, "need", buf, sizeof(buf)));
	table_set(table, line, STATE, "%s",
		  cli_word(states, ARRAY_SIZE(states), hook->state, "state", buf, sizeof(buf)));
	if (hook->state == KVMSTATS_HOOK_FAILED)
		table_color(table, line, STATE, "red");
	table_set(table, line, HITS, "%llu", hook->hits);
	table_set(table, line, MISSES, "%llu", hook->misses);
	if (hook->state == KVMSTATS_HOOK_FAILED) {
		table_set(table, line, ERROR, "%s", strerror(hook->error));
		table_set(table, line, LOST, "%s", hook->lost);
	}
}

static int run(int argc, char **argv)
{
	enum { OPT_EVENTS = CLI_OPT_COMMAND };
	static const struct option longs[] = {
		TABLE_OPTIONS,
		{ "events", no_argument, NULL, OPT_EVENTS },
		CLI_COMMON_OPTIONS
	};
	struct json json = { .indent = 2 };
	struct table_view view = { 0 };
	struct kvmstats_info info;
	struct kvmstats_hook hook;
	struct table *table;
	struct kvmstats *ks;
	bool events = false;
	int c, ret;

	while ((c = cli_getopt(argc, argv, ":" TABLE_SHORTS "hV", longs)) != -1) {
		if (c == OPT_EVENTS)
			events = true;
		else
			table_option(&view, c);
	}
	cli_no_more_words(argc, argv, 0);
	if (events) {
		ks = cli_open_device();
		perf_events_print(&view, ks);
		kvmstats_close(ks);
		return EXIT_SUCCESS;
	}
	table = table_new(&view, columns, ARRAY_SIZE(columns), standard);

	ks = cli_open_device();
	cli_get_info(ks, &info);
	for (uint32_t i = 0; i < info.nr_hooks; i++) {
		ret = kvmstats_get_hook(ks, i, &hook, sizeof(hook));
		if (ret)
			fail(EXIT_RUNTIME, "cannot ask for hook %u: %s", i, strerror(-ret));
		add_hook(table, &hook);
	}

	if (view.json) {
		json_open(&json, NULL, '{');
		json_info(&json, &info);
		table_print(table, "hooks", &json);
		json_close(&json, '}');
	} else {
		/* pairs and raw are for programs, which want one kind of line */
		if (!view.pairs && !view.raw) {
			print_info(&info);
			putchar('\n');
		}
		table_print(table, NULL, NULL);
	}
	kvmstats_close(ks);
	return EXIT_SUCCESS;
}

const struct cli_command command_status = {
	.name = "status",
	.summary = "versions, and which hooks into KVM work",
	.help =
	"Usage: kvmstats status [OPTIONS]\n"
	"Show versions, where the schema comes from, and which hooks into KVM work.\n"
	"\n"
	"Options:\n"
	"  --events            instead, KVM's statistics as events of perf\n"
	TABLE_HELP
	CLI_HELP
	"\n"
	"Columns, which are those of the hooks (-P and -r show nothing else):\n"
	"  HOOK KIND NEED STATE HITS MISSES ERROR LOST\n"
	"With --events: EVENT OF PERF UNIT CONFIG DESCRIPTION\n",
	.run = run,
};
