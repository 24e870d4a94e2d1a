// SPDX-License-Identifier: GPL-2.0-or-later
/* What kvmstats top has sampled: VMs, their values, and what these rose by. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "top.h"

/* --- schema --- */

static void free_schema(struct top_schema *schema)
{
	for (uint32_t i = 0; i < schema->count; i++)
		free((char *)schema->stats[i].name);
	free(schema->stats);
	free(schema->first);
	*schema = (struct top_schema){ 0 };
}

static bool same_stat(const struct kvmstats_stat *a, const struct kvmstats_stat *b)
{
	return !strcmp(a->name, b->name) && a->flags == b->flags && a->size == b->size &&
	       a->bucket_size == b->bucket_size && a->exponent == b->exponent;
}

static bool same_schema(const struct top_schema *a, const struct top_schema *b)
{
	if (a->count != b->count || a->nr_values != b->nr_values)
		return false;
	for (uint32_t i = 0; i < a->count; i++)
		if (a->first[i] != b->first[i] || !same_stat(&a->stats[i], &b->stats[i]))
			return false;
	return true;
}

/* Values that were read by another schema mean nothing any more. */
void top_model_schema(struct top_model *m, enum top_kind kind, const struct top_schema *schema)
{
	struct top_schema *mine = &m->schema[kind];

	if (same_schema(mine, schema))
		return;
	top_model_clear(m);
	free_schema(mine);
	m->schema_changes++;
	mine->stats = cli_memory(calloc(schema->count + 1, sizeof(*mine->stats)));
	mine->first = cli_memory(calloc(schema->count + 1, sizeof(*mine->first)));
	mine->nr_values = schema->nr_values;
	for (; mine->count < schema->count; mine->count++) {
		uint32_t i = mine->count;

		mine->stats[i] = schema->stats[i];
		mine->stats[i].name = cli_memory(strdup(schema->stats[i].name));
		mine->first[i] = schema->first[i];
	}
}

/* --- objects --- */

static void free_values(struct top_values *v)
{
	free(v->now < v->before ? v->now : v->before);
	*v = (struct top_values){ 0 };
}

static void free_vm(struct top_vm *vm)
{
	for (uint32_t i = 0; i < vm->nr_known_vcpus; i++)
		free_values(&vm->vcpus[i].values);
	free(vm->vcpus);
	free_values(&vm->values);
	free_values(&vm->sum);
	free(vm->name);
}

void top_model_clear(struct top_model *m)
{
	for (size_t i = 0; i < m->nr_vms; i++)
		free_vm(&m->vms[i]);
	free(m->vms);
	m->vms = NULL;
	m->nr_vms = 0;
}

void top_model_free(struct top_model *m)
{
	top_model_clear(m);
	for (int kind = 0; kind < TOP_KINDS; kind++)
		free_schema(&m->schema[kind]);
}

void top_model_begin(struct top_model *m)
{
	for (size_t i = 0; i < m->nr_vms; i++) {
		m->vms[i].seen = false;
		for (uint32_t j = 0; j < m->vms[i].nr_known_vcpus; j++)
			m->vms[i].vcpus[j].seen = false;
	}
}

/* Index of the first VM whose id is not below @id. */
static size_t place(const struct top_model *m, uint64_t id)
{
	size_t low = 0, high = m->nr_vms;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (m->vms[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct top_vm *top_model_find(const struct top_model *m, uint64_t id)
{
	size_t i = place(m, id);

	return i < m->nr_vms && m->vms[i].id == id ? &m->vms[i] : NULL;
}

struct top_vm *top_model_vm(struct top_model *m, uint64_t id, uint64_t start_ns)
{
	struct top_vm *vm = top_model_find(m, id);
	size_t i;

	if (vm && vm->start_ns != start_ns) {
		free_vm(vm);
		*vm = (struct top_vm){ .id = id };
	} else if (!vm) {
		i = place(m, id);
		m->vms = cli_memory(realloc(m->vms, (m->nr_vms + 1) * sizeof(*m->vms)));
		vm = &m->vms[i];
		memmove(vm + 1, vm, (m->nr_vms - i) * sizeof(*vm));
		m->nr_vms++;
		*vm = (struct top_vm){ .id = id };
	}
	vm->start_ns = start_ns;
	vm->seen = true;
	return vm;
}

struct top_vcpu *top_model_vcpu(struct top_vm *vm, uint32_t id)
{
	struct top_vcpu *vcpu = vm->vcpus;

	for (uint32_t i = 0; i < vm->nr_known_vcpus; i++, vcpu++) {
		if (vcpu->id == id) {
			vcpu->seen = true;
			return vcpu;
		}
	}
	vm->vcpus = cli_memory(realloc(vm->vcpus,
				       (vm->nr_known_vcpus + 1) * sizeof(*vm->vcpus)));
	vcpu = &vm->vcpus[vm->nr_known_vcpus++];
	*vcpu = (struct top_vcpu){ .id = id, .seen = true };
	return vcpu;
}

void top_model_values(const struct top_model *m, enum top_kind kind, struct top_values *v,
		      const uint64_t *values, uint64_t time_ns)
{
	uint32_t nr = m->schema[kind].nr_values;
	uint64_t *older = v->before;

	if (!v->now) {
		v->now = cli_memory(calloc(3 * nr + 1, sizeof(*v->now)));
		v->before = v->now + nr;
		v->base = v->before + nr;
	} else {
		v->elapsed_ns = time_ns > v->time_ns ? time_ns - v->time_ns : 0;
		v->before = v->now;
		v->now = older;
	}
	memcpy(v->now, values, nr * sizeof(*values));
	v->time_ns = time_ns;
}

void top_model_end(struct top_model *m)
{
	size_t vms = 0;

	for (size_t i = 0; i < m->nr_vms; i++) {
		struct top_vm *vm = &m->vms[i];
		uint32_t vcpus = 0;

		if (!vm->seen) {
			free_vm(vm);
			continue;
		}
		for (uint32_t j = 0; j < vm->nr_known_vcpus; j++) {
			if (vm->vcpus[j].seen)
				vm->vcpus[vcpus++] = vm->vcpus[j];
			else
				free_values(&vm->vcpus[j].values);
		}
		vm->nr_known_vcpus = vcpus;
		m->vms[vms++] = *vm;
	}
	m->nr_vms = vms;
}

static void reset_values(const struct top_model *m, enum top_kind kind, struct top_values *v)
{
	if (v->now)
		memcpy(v->base, v->now, m->schema[kind].nr_values * sizeof(*v->now));
}

void top_model_reset(struct top_model *m)
{
	for (size_t i = 0; i < m->nr_vms; i++) {
		struct top_vm *vm = &m->vms[i];

		reset_values(m, TOP_VM, &vm->values);
		reset_values(m, TOP_VCPU, &vm->sum);
		for (uint32_t j = 0; j < vm->nr_known_vcpus; j++)
			reset_values(m, TOP_VCPU, &vm->vcpus[j].values);
	}
}

/* --- what the values tell --- */

double top_rate(const struct top_values *v, uint32_t value)
{
	if (!v->now || !v->elapsed_ns)
		return NAN;
	if (v->now[value] < v->before[value])
		return 0;
	return (v->now[value] - v->before[value]) * 1e9 / v->elapsed_ns;
}

uint64_t top_total(const struct top_values *v, uint32_t value)
{
	if (!v->now || v->now[value] < v->base[value])
		return 0;
	return v->now[value] - v->base[value];
}

bool top_is_counter(const struct kvmstats_stat *stat)
{
	uint32_t type = stat->flags & KVMSTATS_TYPE_MASK;

	return type != KVMSTATS_TYPE_INSTANT && type != KVMSTATS_TYPE_PEAK;
}

/* What of @vm is in the scope; NULL when it has nothing there. */
static const struct top_values *in_scope(const struct top_vm *vm, const struct top_scope *scope,
					 enum top_kind kind)
{
	if (scope->level != TOP_HOST && vm->id != scope->vm_id)
		return NULL;
	if (scope->level != TOP_OF_VCPU)
		return kind == TOP_VM ? &vm->values : &vm->sum;
	for (uint32_t i = 0; i < vm->nr_known_vcpus; i++)
		if (vm->vcpus[i].id == scope->vcpu_id && kind == TOP_VCPU)
			return &vm->vcpus[i].values;
	return NULL;
}

double top_scope_rate(const struct top_model *m, const struct top_scope *scope,
		      enum top_kind kind, uint32_t stat, uint32_t from, uint32_t nr)
{
	uint32_t first = m->schema[kind].first[stat];
	double sum = NAN;

	for (size_t i = 0; i < m->nr_vms; i++) {
		const struct top_values *v = in_scope(&m->vms[i], scope, kind);

		if (!v || isnan(top_rate(v, first)))
			continue;
		if (isnan(sum))
			sum = 0;
		for (uint32_t j = from; j < from + nr; j++)
			sum += top_rate(v, first + j);
	}
	return sum;
}

/* A level has no total to start from: it is what it is now. */
uint64_t top_scope_total(const struct top_model *m, const struct top_scope *scope,
			 enum top_kind kind, uint32_t stat, uint32_t from, uint32_t nr)
{
	const struct kvmstats_stat *desc = &m->schema[kind].stats[stat];
	bool peak = (desc->flags & KVMSTATS_TYPE_MASK) == KVMSTATS_TYPE_PEAK;
	uint32_t first = m->schema[kind].first[stat];
	uint64_t total = 0, value;

	for (size_t i = 0; i < m->nr_vms; i++) {
		const struct top_values *v = in_scope(&m->vms[i], scope, kind);

		for (uint32_t j = from; v && v->now && j < from + nr; j++) {
			value = top_is_counter(desc) ? top_total(v, first + j) :
						       v->now[first + j];
			if (!peak)
				total += value;
			else if (value > total)
				total = value;
		}
	}
	return total;
}
