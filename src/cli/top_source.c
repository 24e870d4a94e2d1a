// SPDX-License-Identifier: GPL-2.0-or-later
/* From the device to the model of kvmstats top. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "top.h"

static const uint32_t library_kind[TOP_KINDS] = {
	[TOP_VM] = KVMSTATS_KIND_VM,
	[TOP_VCPU] = KVMSTATS_KIND_VCPU,
};

static uint32_t values_of(const struct kvmstats_descs *descs)
{
	uint32_t nr = 0;

	for (uint32_t i = 0; descs && i < kvmstats_descs_count(descs); i++) {
		uint32_t end = kvmstats_descs_value(descs, i) +
			       kvmstats_descs_stat(descs, i)->size;

		nr = end > nr ? end : nr;
	}
	return nr;
}

static void set_schema(struct top_model *m, enum top_kind kind, const struct kvmstats_descs *descs)
{
	uint32_t count = descs ? kvmstats_descs_count(descs) : 0;
	struct top_schema schema = { .count = count, .nr_values = values_of(descs) };

	schema.stats = cli_memory(calloc(count + 1, sizeof(*schema.stats)));
	schema.first = cli_memory(calloc(count + 1, sizeof(*schema.first)));
	for (uint32_t i = 0; i < count; i++) {
		const struct kvmstats_stat *stat = kvmstats_descs_stat(descs, i);

		/* Not the whole of it: it may be longer in a later library. */
		schema.stats[i] = (struct kvmstats_stat){
			.name = stat->name,
			.flags = stat->flags,
			.bucket_size = stat->bucket_size,
			.exponent = stat->exponent,
			.size = stat->size,
		};
		schema.first[i] = kvmstats_descs_value(descs, i);
	}
	top_model_schema(m, kind, &schema);
	free(schema.stats);
	free(schema.first);
}

static int list_vms(struct kvmstats *ks, struct top_model *m, bool *unnamed)
{
	const struct kvmstats_vm *record;
	struct kvmstats_vm_iter *it;
	struct top_vm *vm;
	int ret;

	ret = kvmstats_vm_iter_new(ks, &it);
	if (ret)
		return ret;
	while ((ret = kvmstats_vm_iter_next(it, &record)) > 0) {
		vm = top_model_vm(m, record->id, record->start_ns);
		vm->pid = record->pid;
		vm->nr_vcpus = record->nr_vcpus;
		*unnamed |= !vm->name;
	}
	kvmstats_vm_iter_free(it);
	return ret;
}

/* Names are looked up when a VM is new. A bad override file is told of in @why. */
static int name_vms(struct kvmstats *ks, struct top_model *m, char *why, size_t size)
{
	struct kvmstats_inventory *inv;
	int ret, bad;

	ret = kvmstats_inventory_new(ks, &inv);
	if (ret)
		return ret;
	bad = kvmstats_inventory_names(inv, NULL, NULL);
	if (bad)
		snprintf(why, size, "%s is not used: %s: see `kvmstats list`",
			 KVMSTATS_NAMES_FILE, strerror(-bad));
	ret = kvmstats_inventory_refresh(inv);
	for (size_t i = 0; !ret && i < kvmstats_inventory_count(inv); i++) {
		struct top_vm *vm = top_model_find(m, kvmstats_inventory_vm(inv, i)->id);

		if (vm && !vm->name)
			vm->name = cli_memory(strdup(kvmstats_inventory_name(inv, i)->name));
	}
	kvmstats_inventory_free(inv);
	return ret;
}

static void take_values(struct top_model *m, const struct kvmstats_sampler *sampler)
{
	for (int kind = 0; kind < TOP_KINDS; kind++) {
		const struct kvmstats_descs *descs = kvmstats_sampler_descs(sampler,
									    library_kind[kind]);

		/* KVM was loaded anew since the schema was read: the next sample has it. */
		if (descs && values_of(descs) != m->schema[kind].nr_values)
			return;
	}
	for (size_t i = 0; i < kvmstats_sampler_count(sampler); i++) {
		const struct kvmstats_sample *sample = kvmstats_sampler_get(sampler, i);
		struct top_vm *vm = top_model_find(m, sample->vm_id);

		/* It began after the list was made, or ended before. */
		if (!vm || !vm->seen || !sample->values)
			continue;
		if (sample->kind == KVMSTATS_KIND_VM)
			top_model_values(m, TOP_VM, &vm->values, sample->values,
					 sample->time_ns);
		else if (sample->kind == KVMSTATS_KIND_VCPU_SUM)
			top_model_values(m, TOP_VCPU, &vm->sum, sample->values,
					 sample->time_ns);
		else
			top_model_values(m, TOP_VCPU,
					 &top_model_vcpu(vm, sample->vcpu_id)->values,
					 sample->values, sample->time_ns);
	}
}

/* Return: 0 or a negated errno; @sampler is to be freed in any case */
static int take(struct kvmstats *ks, uint32_t flags, const uint64_t *vm_ids, uint32_t nr,
		struct kvmstats_sampler **sampler)
{
	int ret = kvmstats_sampler_new(ks, flags, sampler);

	return ret ? ret : kvmstats_sampler_take(*sampler, vm_ids, nr);
}

static int take_all(struct kvmstats *ks, struct top_model *m, uint64_t focus, char *why,
		    size_t size)
{
	struct kvmstats_sampler *all = NULL, *one = NULL;
	bool unnamed = false;
	int ret;

	ret = take(ks, KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU_SUM, NULL, 0, &all);
	if (!ret && focus)
		ret = take(ks, KVMSTATS_SNAPSHOT_VCPU, &focus, 1, &one);
	if (ret)
		goto free;

	for (int kind = 0; kind < TOP_KINDS; kind++)
		set_schema(m, kind, kvmstats_sampler_descs(all, library_kind[kind]));
	top_model_begin(m);
	ret = list_vms(ks, m, &unnamed);
	if (!ret && unnamed)
		ret = name_vms(ks, m, why, size);
	if (!ret) {
		take_values(m, all);
		if (one)
			take_values(m, one);
	}
	top_model_end(m);
free:
	kvmstats_sampler_free(one);
	kvmstats_sampler_free(all);
	return ret;
}

int top_source_take(const char *device, struct top_model *m, uint64_t focus, char *why,
		    size_t size)
{
	struct kvmstats *ks;
	int ret;

	*why = '\0';
	ret = kvmstats_open(device, &ks);
	if (ret) {
		top_model_clear(m);
		kvmstats_explain(device, ret, why, size);
		return ret;
	}
	ret = take_all(ks, m, focus, why, size);
	kvmstats_close(ks);
	if (ret)
		snprintf(why, size, "%s cannot be read: %s", device, strerror(-ret));
	else if (!m->schema[TOP_VM].count && !*why)
		snprintf(why, size, "KVM is not loaded");
	return ret;
}

/* What fails here, the next sample tells of. */
void top_source_look(const char *device, struct top_model *m, uint64_t vm_id)
{
	struct kvmstats_sampler *one = NULL;
	struct kvmstats *ks;

	if (kvmstats_open(device, &ks))
		return;
	if (!take(ks, KVMSTATS_SNAPSHOT_VCPU, &vm_id, 1, &one))
		take_values(m, one);
	kvmstats_sampler_free(one);
	kvmstats_close(ks);
}
