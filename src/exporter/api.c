// SPDX-License-Identifier: GPL-2.0-or-later
#include <time.h>

#include "api.h"

static void add_stats(struct text *text, const struct board *board, const char *scope,
		      const char **comma)
{
	for (uint32_t i = 0; i < board->families.count; i++) {
		const struct family *family = &board->families.all[i];

		if (family->type == FAMILY_HISTOGRAM)
			continue;
		text_printf(text, "%s{\"of\":\"%s\",\"name\":", *comma, scope);
		text_json(text, family->stat);
		text_str(text, ",\"metric\":");
		text_json(text, family->name);
		text_printf(text, ",\"counter\":%s}",
			    family->type == FAMILY_COUNTER ? "true" : "false");
		*comma = ",";
	}
}

static void add_values(struct text *text, const struct board *board, uint32_t row,
		       const char **comma)
{
	const uint64_t *values = board_values(board, row);
	char number[NUMBER_MAX];
	unsigned int length;

	for (uint32_t i = 0; i < board->families.count; i++) {
		const struct family *family = &board->families.all[i];

		if (family->type == FAMILY_HISTOGRAM)
			continue;
		length = number_format(number, values[family->value], &family->scale);
		text_str(text, *comma);
		if (*number == '+')	/* infinite, which JSON has no word for */
			text_str(text, "null");
		else
			text_add(text, number, length);
		*comma = ",";
	}
}

static void add_vm(struct text *text, const struct vm *vm)
{
	text_printf(text, "{\"id\":%llu,\"pid\":%u,\"uid\":%u,\"name\":",
		    (unsigned long long)vm->id, vm->pid, vm->uid);
	text_json(text, vm->name);
	text_str(text, ",\"uuid\":");
	text_json(text, vm->uuid);
	text_str(text, ",\"source\":");
	text_json(text, vm->source);
	text_str(text, ",\"comm\":");
	text_json(text, vm->comm);
}

void api_json(struct text *text, const struct vms *vms, const struct board *vm,
	      const struct board *sum, const char *why)
{
	const char *comma = "", *between = "";
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	text_printf(text, "{\"version\":\"%s\",\"time_ms\":%llu,\"up\":%s,\"why\":",
		    KVMSTATS_VERSION, now.tv_sec * 1000ull + now.tv_nsec / 1000000,
		    why ? "false" : "true");
	text_json(text, why ? why : "");
	text_str(text, ",\"stats\":[");
	add_stats(text, vm, "vm", &comma);
	add_stats(text, sum, "vcpu", &comma);
	text_str(text, "],\"vms\":[");
	for (uint32_t i = 0; i < vm->nr_rows; i++) {
		const struct vm *known = vms_find(vms, vm->rows[i].vm_id);

		if (!known)
			continue;
		text_str(text, between);
		add_vm(text, known);
		text_str(text, ",\"values\":[");
		comma = "";
		add_values(text, vm, i, &comma);
		add_values(text, sum, i, &comma);
		text_str(text, "]}");
		between = ",";
	}
	text_str(text, "]}\n");
}
