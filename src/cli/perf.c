// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats status --events: KVM's statistics as events of perf. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define PMU		"/sys/bus/event_source/devices/kvm"
#define MODULE_EVENT	0x2000		/* event= of other modules' events begins here */

enum { EVENT, OF, PERF, UNIT, CONFIG, DESCRIPTION };

static const struct table_column columns[] = {
	[EVENT] = { "EVENT", 0, SCOLS_JSON_STRING },
	[OF] = { "OF", 0, SCOLS_JSON_STRING },
	[PERF] = { "PERF", 0, SCOLS_JSON_STRING },
	[UNIT] = { "UNIT", 0, SCOLS_JSON_STRING },
	[CONFIG] = { "CONFIG", 0, SCOLS_JSON_STRING },
	[DESCRIPTION] = { "DESCRIPTION", 0, SCOLS_JSON_STRING },
};

static const char standard[] = "EVENT,OF,PERF,UNIT,CONFIG,DESCRIPTION";

/* The line that a file of the PMU consists of; false when there is no such file. */
static bool read_line(const char *dir, const char *name, const char *suffix, char *buf, size_t size)
{
	char path[512];
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), PMU "/%s/%s%s", dir, name, suffix);
	file = fopen(path, "re");
	if (!file)
		return false;
	good = fgets(buf, size, file);
	fclose(file);
	if (good)
		buf[strcspn(buf, "\n")] = '\0';
	return good;
}

static void add_event(struct table *table, const char *name, const char *of, const char *perf,
		      const char *config)
{
	struct libscols_line *line = table_line(table, NULL);
	char text[256];

	table_set(table, line, EVENT, "kvm/%s/", name);
	table_set(table, line, OF, "%s", of);
	table_set(table, line, PERF, "%s", perf);
	table_set(table, line, CONFIG, "%s", config);
	if (read_line("events", name, ".unit", text, sizeof(text)))
		table_set(table, line, UNIT, "%s", text);
	if (read_line("descriptions", name, "", text, sizeof(text)))
		table_set(table, line, DESCRIPTION, "%s", text);
}

static void add_refused(struct table *table, const struct kvmstats_stat *stat, const char *of)
{
	struct libscols_line *line = table_line(table, NULL);
	char buf[24];

	table_set(table, line, EVENT, "%s", stat->name);
	table_set(table, line, OF, "%s", of);
	table_set(table, line, PERF, "no");
	table_set(table, line, DESCRIPTION, "%s, no counter",
		  cli_format_type(stat, buf, sizeof(buf)));
}

static void add_schema(struct table *table, struct kvmstats *ks, uint32_t kind, const char *of,
		       const char *perf)
{
	struct kvmstats_descs *descs;
	char config[64];
	int ret;

	ret = kvmstats_descs_new(ks, kind, &descs);
	if (ret == -ENODEV)
		return;
	if (ret)
		fail(EXIT_RUNTIME, "cannot ask for the statistics: %s", strerror(-ret));
	for (uint32_t i = 0; i < kvmstats_descs_count(descs); i++) {
		const struct kvmstats_stat *stat = kvmstats_descs_stat(descs, i);

		if (read_line("events", stat->name, "", config, sizeof(config)))
			add_event(table, stat->name, of, perf, config);
		else
			add_refused(table, stat, of);
	}
	kvmstats_descs_free(descs);
}

static int is_module_event(const struct dirent *entry)
{
	unsigned int config;
	char text[64];

	return read_line("events", entry->d_name, "", text, sizeof(text)) &&
	       sscanf(text, "event=%x", &config) == 1 && config >= MODULE_EVENT;
}

static void add_modules(struct table *table)
{
	struct dirent **entries;
	char config[64];
	int count = scandir(PMU "/events", &entries, is_module_event, alphasort);

	if (count < 0)
		fail(EXIT_RUNTIME, "perf has no PMU kvm: %s: %s; see `dmesg | grep kvmstats`",
		     PMU "/events", strerror(errno));
	for (int i = 0; i < count; i++) {
		if (read_line("events", entries[i]->d_name, "", config, sizeof(config)))
			add_event(table, entries[i]->d_name, "module", "-t -p", config);
		free(entries[i]);
	}
	free(entries);
}

void perf_events_print(const struct table_view *view, struct kvmstats *ks)
{
	struct table *table = table_new(view, columns, ARRAY_SIZE(columns), standard);
	struct json json = { .indent = 2 };

	add_schema(table, ks, KVMSTATS_KIND_VCPU, "vcpu", "-t -p -a");
	add_schema(table, ks, KVMSTATS_KIND_VM, "vm", "-a");
	add_modules(table);
	if (view->json) {
		json_open(&json, NULL, '{');
		table_print(table, "events", &json);
		json_close(&json, '}');
	} else {
		table_print(table, NULL, NULL);
	}
}
