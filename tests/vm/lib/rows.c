// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "dev.h"
#include "native.h"
#include "rows.h"
#include "tap.h"

#define PROBES	DEBUGFS "/kprobes/list"

void rows_read(int dev, uint32_t error, struct rows *rows)
{
	struct kvmstats_info info;

	memset(rows, 0, sizeof(*rows));
	dev_info(dev, &info);
	if (info.nr_hooks > ROWS_MAX)
		tap_bail("%u hooks", info.nr_hooks);
	rows->nr = info.nr_hooks;
	for (uint32_t i = 0; i < rows->nr; i++) {
		struct kvmstats_hook *hook = &rows->hooks[i];
		bool failed;

		dev_hook(dev, i, hook);
		failed = hook->state == KVMSTATS_HOOK_FAILED;
		rows->idle += hook->state == KVMSTATS_HOOK_IDLE;
		rows->armed += hook->state == KVMSTATS_HOOK_ARMED;
		rows->unused += hook->state == KVMSTATS_HOOK_UNUSED;
		rows->failed += failed;
		rows->failed_required += failed && hook->need == KVMSTATS_HOOK_REQUIRED;
		rows->wrong += hook->error != (failed ? error : 0);
	}
}

static bool are(const struct rows *rows, bool good, const char *text)
{
	if (!good)
		tap_note("%u rows are not those of %s: %u idle, %u armed, %u unused, %u failed, %u of these required, %u with a wrong error",
			 rows->nr, text, rows->idle, rows->armed, rows->unused, rows->failed,
			 rows->failed_required, rows->wrong);
	return good;
}

bool rows_attached(const struct rows *rows)
{
	return are(rows, rows->armed + rows->unused + rows->failed == rows->nr &&
		   !rows->failed_required && !rows->wrong, "a KVM that is hooked");
}

bool rows_refused(const struct rows *rows)
{
	return are(rows, !rows->armed && rows->failed_required == 1 && !rows->wrong,
		   "a KVM that cannot be hooked");
}

bool rows_idle(const struct rows *rows)
{
	return are(rows, rows->idle == rows->nr && !rows->wrong, "no KVM");
}

unsigned int count_probes(void)
{
	FILE *list = fopen(PROBES, "re");
	unsigned int nr = 0;
	int c;

	if (!list)
		tap_bail("cannot read " PROBES);
	while ((c = fgetc(list)) != EOF)
		nr += c == '\n';
	fclose(list);
	return nr;
}
