// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats status */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { HOOK, KIND, NEED, STATE, HITS, MISSES, ERROR, LOST };

static const struct table_column columns[] = {
	[HOOK] = { "HOOK", 0 },
	[KIND] = { "KIND", 0 },
	[NEED] = { "NEED", 0 },
	[STATE] = { "STATE", 0 },
	[HITS] = { "HITS", SCOLS_FL_RIGHT },
	[MISSES] = { "MISSES", SCOLS_FL_RIGHT },
	[ERROR] = { "ERROR", 0 },
	[LOST] = { "LOST", 0 },
};

static void print_info(const struct kvmstats_info *info)
{
	static const char *const sources[] = {
		[KVMSTATS_SCHEMA_NONE] = "none, kvm is not loaded",
		[KVMSTATS_SCHEMA_NATIVE] = "native, the tables of kvm itself",
		[KVMSTATS_SCHEMA_DEBUGFS] = "debugfs, the list that kvm keeps for debugfs",
	};
	unsigned long long unknown = info->features;
	char buf[24];

	printf("module   %s, ABI %u\n", info->package_version, info->abi_version);
	printf("library  %s, ABI %u\n", kvmstats_version(), KVMSTATS_ABI_VERSION);
	printf("VMs      %llu with %llu vCPUs, checked every %u ms\n",
	       info->nr_vms, info->nr_vcpus, info->sweep_interval_ms);
	printf("schema   %s (generation %llu)\n",
	       cli_word(sources, ARRAY_SIZE(sources), info->schema_source, "source",
			buf, sizeof(buf)),
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

static void add_hook(struct libscols_table *table, const struct kvmstats_hook *hook)
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

	table_set(line, HOOK, "%s", hook->name);
	table_set(line, KIND, "%s",
		  cli_word(kinds, ARRAY_SIZE(kinds), hook->kind, "kind", buf, sizeof(buf)));
	table_set(line, NEED, "%s",
		  cli_word(needs, ARRAY_SIZE(needs), hook->need, "need", buf, sizeof(buf)));
	table_set(line, STATE, "%s",
		  cli_word(states, ARRAY_SIZE(states), hook->state, "state", buf, sizeof(buf)));
	table_set(line, HITS, "%llu", hook->hits);
	table_set(line, MISSES, "%llu", hook->misses);
	if (hook->state == KVMSTATS_HOOK_FAILED) {
		table_set(line, ERROR, "%s", strerror(hook->error));
		table_set(line, LOST, "%s", hook->lost);
	}
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = { CLI_COMMON_OPTIONS };
	struct libscols_table *table;
	struct kvmstats_info info;
	struct kvmstats_hook hook;
	struct kvmstats *ks;
	int ret;

	cli_getopt(argc, argv, ":hV", longs);
	cli_no_more_words(argc, argv, 0);

	ks = cli_open_device();
	ret = kvmstats_get_info(ks, &info, sizeof(info));
	if (ret)
		fail(EXIT_RUNTIME, "cannot ask the module: %s", strerror(-ret));
	print_info(&info);

	table = table_new(columns, ARRAY_SIZE(columns));
	for (uint32_t i = 0; i < info.nr_hooks; i++) {
		ret = kvmstats_get_hook(ks, i, &hook, sizeof(hook));
		if (ret)
			fail(EXIT_RUNTIME, "cannot ask for hook %u: %s", i, strerror(-ret));
		add_hook(table, &hook);
	}
	if (info.nr_hooks)
		putchar('\n');
	table_print(table);
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
	"      --device PATH   the device\n"
	"  -h, --help          show this help\n"
	"  -V, --version       show the version\n",
	.run = run,
};
