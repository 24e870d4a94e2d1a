// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <kvmstats/kvmstats.h>

#include "collect.h"

#define NO_ROW		UINT32_MAX
#define PIDS_SECONDS	60	/* a VM may outlive its creator */
#define NAMES_SECONDS	600	/* an override may change; this reads a lot of /proc */

/* --- boards --- */

static void forget_rows(struct collector *c)
{
	for (int i = 0; i < NR_BOARDS; i++) {
		if (c->boards[i].blocks)
			board_set_rows(&c->boards[i], NULL, 0);
	}
	free(c->places);
	free(c->raw);
	c->places = NULL;
	c->raw = NULL;
	c->nr_places = 0;
	c->nr_vms = 0;
	c->nr_vcpus = 0;
	c->has_vcpu_rows = false;
	vms_free(&c->vms);
	c->named = 0;
}

static bool make_board(struct collector *c, int index, const struct schema *schema,
		       const char *scope)
{
	struct families families;

	board_free(&c->boards[index]);
	return families_make(&families, scope, schema->all, schema->count, filter_wants,
			     c->filter) &&
	       board_init(&c->boards[index], &families, schema->nr_values);
}

static bool follow_schema(struct collector *c, const struct kvmstats_sampler *s)
{
	const struct kvmstats_descs *vm = kvmstats_sampler_descs(s, KVMSTATS_KIND_VM);
	const struct kvmstats_descs *vcpu = kvmstats_sampler_descs(s, KVMSTATS_KIND_VCPU);

	if (schema_is(&c->vm, vm) && schema_is(&c->vcpu, vcpu))
		return true;
	forget_rows(c);
	free(c->sum);
	c->sum = NULL;
	if (!schema_copy(&c->vm, vm) || !schema_copy(&c->vcpu, vcpu) ||
	    !make_board(c, BOARD_VM, &c->vm, "vm") ||
	    !make_board(c, BOARD_SUM, &c->vcpu, "vcpu") ||
	    !make_board(c, BOARD_VCPU, &c->vcpu, "vcpu"))
		goto fail;
	c->sum = calloc(c->vcpu.nr_values + 1, sizeof(*c->sum));
	if (c->sum)
		return true;
fail:
	/* so that the next time begins anew */
	schema_free(&c->vm);
	return false;
}

/* --- names --- */

static int read_names(struct collector *c, struct kvmstats *ks, struct vms *vms)
{
	struct kvmstats_inventory *inventory;
	int ret;

	ret = kvmstats_inventory_new(ks, &inventory);
	if (ret)
		return ret;
	c->names_line = 0;
	c->names_error = kvmstats_inventory_names(inventory, c->names, &c->names_line);
	ret = kvmstats_inventory_refresh(inventory);
	for (size_t i = 0; !ret && i < kvmstats_inventory_count(inventory); i++) {
		const struct kvmstats_vm *vm = kvmstats_inventory_vm(inventory, i);
		const struct kvmstats_name *name = kvmstats_inventory_name(inventory, i);
		const struct vm known = {
			.id = vm->id, .pid = vm->pid, .uid = vm->uid,
			.name = (char *)name->name, .uuid = (char *)name->uuid,
			.comm = (char *)vm->comm, .source = kvmstats_name_source(name->source),
		};

		if (!vms_add(vms, &known))
			ret = -ENOMEM;
	}
	kvmstats_inventory_free(inventory);
	if (!ret && !vms_finish(vms))
		ret = -ENOMEM;
	return ret;
}

/* --- rows --- */

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static bool is_laid_out(const struct collector *c, const struct kvmstats_sampler *s)
{
	if (c->nr_places != kvmstats_sampler_count(s))
		return false;
	for (size_t i = 0; i < c->nr_places; i++) {
		const struct kvmstats_sample *sample = kvmstats_sampler_get(s, i);
		const struct place *place = &c->places[i];

		if (place->vm_id != sample->vm_id || place->kind != sample->kind ||
		    place->vcpu_id != sample->vcpu_id)
			return false;
	}
	return true;
}

static bool set_rows(struct collector *c, int index)
{
	const uint32_t kind = index == BOARD_VCPU ? KVMSTATS_KIND_VCPU : KVMSTATS_KIND_VM;
	const uint32_t count = index == BOARD_VCPU ? c->nr_vcpus : c->nr_vms;
	struct row *rows = calloc(count + 1, sizeof(*rows));

	if (!rows)
		return false;
	for (size_t i = 0; i < c->nr_places; i++) {
		const struct place *place = &c->places[i];
		const struct vm *vm;
		struct row *row;

		if (place->kind != kind || place->row == NO_ROW)
			continue;
		vm = vms_find(&c->vms, place->vm_id);
		row = &rows[place->row];
		row->vm_id = place->vm_id;
		row->vcpu_id = place->vcpu_id;
		row->labels = kind == KVMSTATS_KIND_VM ? vm_labels(vm) :
							 vcpu_labels(vm, place->vcpu_id);
		row->labels_length = row->labels ? strlen(row->labels) : 0;
	}
	return board_set_rows(&c->boards[index], rows, count);
}

/* Do the rows' labels still tell the truth? */
static bool same_pids(const struct vms *vms, struct kvmstats *ks)
{
	const struct kvmstats_vm *vm;
	struct kvmstats_vm_iter *it;
	uint32_t n = 0;
	int ret;

	if (kvmstats_vm_iter_new(ks, &it))
		return false;
	while ((ret = kvmstats_vm_iter_next(it, &vm)) > 0) {
		if (n == vms->count || vms->all[n].id != vm->id || vms->all[n].pid != vm->pid)
			break;
		n++;
	}
	kvmstats_vm_iter_free(it);
	return !ret && n == vms->count;
}

/* A VM that is not in the list any more, or never was, gets no row. */
static bool lay_out(struct collector *c, const struct kvmstats_sampler *s)
{
	size_t count = kvmstats_sampler_count(s);

	c->places = calloc(count + 1, sizeof(*c->places));
	if (!c->places)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct kvmstats_sample *sample = kvmstats_sampler_get(s, i);
		struct place *place = &c->places[i];

		*place = (struct place){
			.vm_id = sample->vm_id, .vcpu_id = sample->vcpu_id,
			.kind = sample->kind, .row = NO_ROW,
		};
		if (sample->values && vms_find(&c->vms, sample->vm_id))
			place->row = sample->kind == KVMSTATS_KIND_VM ? c->nr_vms++ : c->nr_vcpus++;
	}
	c->nr_places = count;
	c->raw = calloc((size_t)c->nr_vcpus * c->vcpu.nr_values + 1, sizeof(*c->raw));
	return c->raw && set_rows(c, BOARD_VM) && set_rows(c, BOARD_SUM);
}

static bool follow_vms(struct collector *c, struct kvmstats *ks, const struct kvmstats_sampler *s)
{
	const bool same = is_laid_out(c, s);
	struct vms vms = { 0 };

	if (same && c->named && now() - c->named < NAMES_SECONDS) {
		if (now() - c->checked < PIDS_SECONDS)
			return true;
		c->checked = now();
		if (same_pids(&c->vms, ks))
			return true;
	}
	if (read_names(c, ks, &vms)) {
		vms_free(&vms);
		return false;
	}
	forget_rows(c);
	c->vms = vms;
	c->named = now();
	c->checked = c->named;
	return lay_out(c, s);
}

/* --- values --- */

static uint64_t *raw_row(const struct collector *c, uint32_t row)
{
	return c->raw + (size_t)row * c->vcpu.nr_values;
}

static bool take_sum(struct collector *c, uint32_t vm_row, uint32_t first, uint32_t count)
{
	const uint32_t nr_values = c->vcpu.nr_values;
	uint64_t *sum = c->sum;

	memcpy(sum, raw_row(c, first), nr_values * sizeof(*sum));
	for (uint32_t i = first + 1; i < first + count; i++) {
		const uint64_t *values = raw_row(c, i);

		for (uint32_t n = 0; n < nr_values; n++)
			sum[n] += values[n];
	}
	for (uint32_t p = 0; p < c->vcpu.nr_peaks; p++) {
		const uint32_t n = c->vcpu.peaks[p];

		sum[n] = 0;
		for (uint32_t i = first; i < first + count; i++) {
			if (raw_row(c, i)[n] > sum[n])
				sum[n] = raw_row(c, i)[n];
		}
	}
	return board_update(&c->boards[BOARD_SUM], vm_row, sum);
}

/* Keeps a vCPU's values for the sum; are they other ones than before? */
static bool keep_raw(struct collector *c, uint32_t row, const uint64_t *values)
{
	const size_t size = c->vcpu.nr_values * sizeof(*values);
	uint64_t *raw = raw_row(c, row);

	if (!memcmp(raw, values, size))
		return false;
	memcpy(raw, values, size);
	return true;
}

static bool take_values(struct collector *c, const struct kvmstats_sampler *s, bool with_vcpus)
{
	uint32_t vm_row = NO_ROW, first = 0, count = 0;
	bool changed = false;

	for (size_t i = 0; i < c->nr_places; i++) {
		const struct place *place = &c->places[i];
		const uint64_t *values = kvmstats_sampler_get(s, i)->values;

		if (place->row == NO_ROW || !values)
			continue;
		if (place->kind != KVMSTATS_KIND_VM) {
			changed |= keep_raw(c, place->row, values);
			count++;
			if (with_vcpus && !board_update(&c->boards[BOARD_VCPU], place->row, values))
				return false;
			continue;
		}
		if (changed && !take_sum(c, vm_row, first, count))
			return false;
		vm_row = place->row;
		first += count;
		count = 0;
		changed = false;
		if (!board_update(&c->boards[BOARD_VM], vm_row, values))
			return false;
	}
	return (!changed || take_sum(c, vm_row, first, count)) &&
	       board_finish(&c->boards[BOARD_VM]) && board_finish(&c->boards[BOARD_SUM]) &&
	       (!with_vcpus || board_finish(&c->boards[BOARD_VCPU]));
}

/* --- the whole --- */

static int take(struct collector *c, struct kvmstats *ks, struct kvmstats_sampler *s,
		bool with_vcpus)
{
	struct kvmstats_info info = { .size = sizeof(info) };
	int ret = kvmstats_sampler_take(s, NULL, 0);

	if (!ret)
		ret = kvmstats_get_info(ks, &info, sizeof(info));
	if (ret)
		return ret;
	memcpy(c->module, info.package_version, sizeof(c->module));
	c->module[sizeof(c->module) - 1] = '\0';
	c->abi = info.abi_version;
	if (!kvmstats_sampler_descs(s, KVMSTATS_KIND_VM)) {
		forget_rows(c);
		return 0;
	}
	if (!follow_schema(c, s))
		return -ENOMEM;
	if (!follow_vms(c, ks, s))
		return -ENOMEM;
	if (with_vcpus && !c->has_vcpu_rows) {
		if (!set_rows(c, BOARD_VCPU))
			return -ENOMEM;
		c->has_vcpu_rows = true;
	}
	return take_values(c, s, with_vcpus) ? 0 : -ENOMEM;
}

/* Ids begin anew with a load of the module, which makes a new node. */
static void watch_node(struct collector *c)
{
	struct stat_id node = { 0 };
	struct stat st;

	if (!stat(c->device, &st))
		node = (struct stat_id){ st.st_dev, st.st_ino, st.st_ctim };
	if (node.device != c->node.device || node.inode != c->node.inode ||
	    node.changed.tv_sec != c->node.changed.tv_sec ||
	    node.changed.tv_nsec != c->node.changed.tv_nsec)
		c->named = 0;
	c->node = node;
}

bool collect(struct collector *c, bool with_vcpus)
{
	struct kvmstats_sampler *s = NULL;
	struct kvmstats *ks = NULL;
	char why[256];
	int ret;

	free(c->why);
	c->why = NULL;
	watch_node(c);
	ret = kvmstats_open(c->device, &ks);
	if (ret) {
		kvmstats_explain(c->device, ret, why, sizeof(why));
		goto out;
	}
	ret = kvmstats_sampler_new(ks, KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU, &s);
	if (!ret)
		ret = take(c, ks, s, with_vcpus);
	if (ret)
		snprintf(why, sizeof(why), "%s: cannot be read: %s", c->device, strerror(-ret));
	kvmstats_sampler_free(s);
	kvmstats_close(ks);
out:
	c->up = !ret;
	if (ret) {
		forget_rows(c);
		c->why = strdup(why);
	}
	return c->up;
}

void collector_free(struct collector *c)
{
	forget_rows(c);
	for (int i = 0; i < NR_BOARDS; i++)
		board_free(&c->boards[i]);
	schema_free(&c->vm);
	schema_free(&c->vcpu);
	free(c->sum);
	free(c->why);
}
