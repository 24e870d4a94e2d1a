// SPDX-License-Identifier: GPL-2.0-or-later
/* Samples and their descriptors as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "sample.h"

void json_time(struct json *j)
{
	char text[CLI_TIME_SIZE];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	cli_format_time(&now, text, sizeof(text));
	json_string(j, "time", text);
}

void json_vm_names(struct json *j, const struct kvmstats_vm *vm, const struct kvmstats_name *name)
{
	json_u64(j, "id", vm->id);
	json_string(j, "name", name->name);
	if (*name->uuid)
		json_string(j, "uuid", name->uuid);
	else
		json_null(j, "uuid");
}

void json_values(struct json *j, const struct kvmstats_stat *stat, const uint64_t *values)
{
	if (stat->size == 1 && !cli_is_histogram(stat)) {
		json_u64(j, stat->name, *values);
		return;
	}
	json_open(j, stat->name, '[');
	for (uint32_t i = 0; i < stat->size; i++)
		json_u64(j, NULL, values[i]);
	json_close(j, ']');
}

static void json_rates(struct json *j, const struct kvmstats_stat *stat,
		       const struct kvmstats_sample *sample, uint32_t at)
{
	if (stat->size == 1 && !cli_is_histogram(stat)) {
		json_double(j, stat->name, kvmstats_sample_rate(sample, at));
		return;
	}
	json_open(j, stat->name, '[');
	for (uint32_t i = 0; i < stat->size; i++)
		json_double(j, NULL, kvmstats_sample_rate(sample, at + i));
	json_close(j, ']');
}

/* What is no counter has no rate. */
static bool has_rate(const struct kvmstats_stat *stat)
{
	return cli_is_histogram(stat) ||
		(stat->flags & KVMSTATS_TYPE_MASK) == KVMSTATS_TYPE_CUMULATIVE;
}

static void json_sample(struct json *j, const char *key, const struct sample_view *view,
			const struct kvmstats_sample *sample)
{
	const struct kvmstats_descs *descs = kvmstats_sampler_descs(view->sampler, sample->kind);
	const bool *takes = view->takes[sample->kind != KVMSTATS_KIND_VM];

	json_open(j, key, '{');
	for (uint32_t i = 0; i < kvmstats_descs_count(descs); i++) {
		const struct kvmstats_stat *stat = kvmstats_descs_stat(descs, i);
		uint32_t at = kvmstats_descs_value(descs, i);

		if (!takes[i])
			continue;
		if (view->rates && has_rate(stat))
			json_rates(j, stat, sample, at);
		else
			json_values(j, stat, sample->values + at);
	}
	json_close(j, '}');
}

bool sample_shown(const struct sample_view *view, const struct kvmstats_sample *sample)
{
	return sample->values && sample->state == KVMSTATS_STATE_LIVE &&
		(!view->rates || sample->before);
}

void json_vm_samples(struct json *j, const struct sample_view *view, size_t *index)
{
	size_t count = kvmstats_sampler_count(view->sampler);
	uint64_t vm_id = kvmstats_sampler_get(view->sampler, *index)->vm_id;
	bool in_vcpus = false;

	for (; *index < count; ++*index) {
		const struct kvmstats_sample *sample = kvmstats_sampler_get(view->sampler, *index);

		if (sample->vm_id != vm_id)
			break;
		if (!sample_shown(view, sample))
			continue;
		if (sample->kind == KVMSTATS_KIND_VM) {
			json_sample(j, "vm", view, sample);
		} else if (sample->kind == KVMSTATS_KIND_VCPU_SUM) {
			json_sample(j, "vcpu_sum", view, sample);
		} else {
			if (!in_vcpus)
				json_open(j, "vcpus", '[');
			in_vcpus = true;
			json_open(j, NULL, '{');
			json_u64(j, "id", sample->vcpu_id);
			json_sample(j, "stats", view, sample);
			json_close(j, '}');
		}
	}
	if (view->vcpus && !in_vcpus)
		json_open(j, "vcpus", '[');
	if (view->vcpus)
		json_close(j, ']');
}

void sample_view_take(struct sample_view *view, const uint64_t *vm_ids, uint32_t nr)
{
	static const uint32_t kinds[] = { KVMSTATS_KIND_VM, KVMSTATS_KIND_VCPU };
	int ret = kvmstats_sampler_take(view->sampler, vm_ids, nr);

	if (ret)
		fail(EXIT_RUNTIME, "cannot read the statistics: %s", strerror(-ret));
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		const struct kvmstats_descs *descs = kvmstats_sampler_descs(view->sampler, kinds[k]);
		uint32_t count = descs ? kvmstats_descs_count(descs) : 0;

		free(view->takes[k]);
		view->takes[k] = cli_memory(calloc(count + 1, sizeof(bool)));
		for (uint32_t i = 0; i < count; i++)
			view->takes[k][i] = filter_takes(view->filter,
							 kvmstats_descs_stat(descs, i)->name);
	}
	filter_check(view->filter);
}

void sample_view_open(struct sample_view *view, struct kvmstats *ks, uint32_t flags)
{
	int ret = kvmstats_sampler_new(ks, flags, &view->sampler);

	if (ret)
		fail(EXIT_RUNTIME, "cannot read the statistics: %s", strerror(-ret));
	view->vcpus = flags & KVMSTATS_SNAPSHOT_VCPU;
}

void sample_view_close(struct sample_view *view)
{
	kvmstats_sampler_free(view->sampler);
	free(view->takes[0]);
	free(view->takes[1]);
}
