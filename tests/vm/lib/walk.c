// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "exits.h"
#include "image.h"
#include "makers.h"
#include "snapshot.h"
#include "walk.h"

#define MAX_IDS		64

static void schema_get(int dev, struct schema *schema, uint32_t kind)
{
	struct kvmstats_schema arg = {
		.size = sizeof(arg), .kind = kind, .capacity = SCHEMA_MAX,
		.descs = (uintptr_t)schema->descs,
	};

	if (ioctl(dev, KVMSTATS_GET_SCHEMA, &arg))
		tap_bail("KVMSTATS_GET_SCHEMA failed");
	schema->generation = arg.generation;
	schema->count = arg.count;
	schema->data_size = arg.data_size;
}

void schemas_get(int dev, struct schemas *schemas)
{
	const struct kvmstats_desc *desc = schemas->vcpu.descs;

	schema_get(dev, &schemas->vm, KVMSTATS_KIND_VM);
	schema_get(dev, &schemas->vcpu, KVMSTATS_KIND_VCPU);
	for (uint32_t i = 0; i < schemas->vcpu.count; i++, desc++) {
		if (!strcmp(desc->name, EXITS_STAT)) {
			schemas->exits = desc->offset / sizeof(uint64_t);
			return;
		}
	}
	tap_bail("no statistic %s", EXITS_STAT);
}

void walk_take(int dev, struct walk *walk, uint32_t piece, struct finding *fault)
{
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, NULL, piece);

	walk->used = 0;
	walk->count = 0;
	do {
		snapshot.buffer = (uintptr_t)walk->bytes + walk->used;
		if (snapshot_call(dev, &snapshot))
			tap_bail("KVMSTATS_SNAPSHOT failed");
		if (snapshot.used > piece || (snapshot.more && !snapshot.count))
			finding_add(fault, "a snapshot of %" PRIu64 " bytes in a buffer of %u, %u records",
				  (uint64_t)snapshot.used, piece, snapshot.count);
		walk->used += snapshot.used;
		walk->count += snapshot.count;
	} while (snapshot.more && walk->used + piece <= WALK_BYTES);
}

/* --- one record --- */

static const struct kvmstats_record *record_at(const struct walk *walk, uint64_t at)
{
	return at < walk->used ? (const void *)(walk->bytes + at) : NULL;
}

static const struct schema *schema_of(const struct kvmstats_record *record,
				      const struct schemas *schemas)
{
	return record->kind == KVMSTATS_KIND_VM ? &schemas->vm : &schemas->vcpu;
}

static const uint64_t *values_of(const struct kvmstats_record *record)
{
	return (const void *)(record + 1);
}

/* Of a VM its own record comes first, then the sum, then its vCPUs. */
static uint64_t place_of(const struct kvmstats_record *record)
{
	static const uint64_t ranks[] = {
		[KVMSTATS_KIND_VM] = 0, [KVMSTATS_KIND_VCPU_SUM] = 1, [KVMSTATS_KIND_VCPU] = 2,
	};

	return record->vm_id << 16 | ranks[record->kind] << 8 | record->vcpu_id;
}

static uint64_t most_exits(const struct kvmstats_record *record)
{
	switch (record->kind) {
	case KVMSTATS_KIND_VCPU:
		return MAKER_EXITS(record->vcpu_id);
	case KVMSTATS_KIND_VCPU_SUM:
		return MAKER_EXITS_OF_VM;
	default:
		return UINT64_MAX;
	}
}

static const char *record_fault(const struct kvmstats_record *record, uint64_t room,
				const struct schemas *schemas)
{
	const struct schema *schema;

	if (room < sizeof(*record) || record->length > room || record->length < sizeof(*record))
		return "does not fit";
	if (record->kind > KVMSTATS_KIND_VCPU_SUM || record->state > KVMSTATS_STATE_GONE ||
	    record->reserved || !record->vm_id)
		return "has fields that cannot be";
	schema = schema_of(record, schemas);
	if (record->length != sizeof(*record) + schema->data_size)
		return "has a wrong length";
	if (record->generation != schema->generation)
		return "has a wrong generation";
	if (record->vcpu_id >= (record->kind == KVMSTATS_KIND_VCPU ? MAKER_VCPUS : 1))
		return "has a wrong vCPU id";
	if (record->kind != KVMSTATS_KIND_VM &&
	    values_of(record)[schemas->exits] > most_exits(record))
		return "tells more exits than there were";
	return NULL;
}

static void add_record_fault(struct finding *fault, const struct kvmstats_record *record,
			     const char *text)
{
	finding_add(fault, "record of VM %" PRIu64 " kind %u vCPU %u state %u length %u: %s",
		  (uint64_t)record->vm_id, record->kind, record->vcpu_id, record->state,
		  record->length, text);
}

/* --- all of them --- */

static const char *order_fault(const struct kvmstats_record *last,
			       const struct kvmstats_record *record)
{
	bool is_same_vm = last && last->vm_id == record->vm_id;

	if (last && place_of(record) <= place_of(last))
		return "is out of order";
	if (!is_same_vm && record->kind != KVMSTATS_KIND_VM)
		return "comes before that of its VM";
	if (is_same_vm && record->state < last->state)
		return "lives in a VM that is gone";
	if (last && record->time_ns < last->time_ns)
		return "is older than the one before it";
	return NULL;
}

static const char *later_fault(const struct kvmstats_record *record,
			       const struct kvmstats_record *before, const struct schema *schema)
{
	const struct kvmstats_desc *desc = schema->descs;

	if (before->state == KVMSTATS_STATE_GONE)
		return "was gone before";
	if (record->time_ns < before->time_ns)
		return "is older than before";
	for (uint32_t i = 0; i < schema->count; i++, desc++) {
		uint32_t first = desc->offset / sizeof(uint64_t);

		for (uint32_t j = first; desc_is_monotone(desc) && j < first + desc->size; j++)
			if (values_of(record)[j] < values_of(before)[j])
				return desc->name;
	}
	return NULL;
}

/* The record of the same thing in an earlier walk; @at moves on there. */
static const struct kvmstats_record *find_before(const struct walk *before, uint64_t *at,
						 const struct kvmstats_record *record)
{
	const struct kvmstats_record *found;

	while ((found = record_at(before, *at)) && place_of(found) < place_of(record))
		*at += found->length;
	return found && place_of(found) == place_of(record) ? found : NULL;
}

void walk_judge(const struct walk *walk, const struct walk *before,
		const struct schemas *schemas, struct finding *fault)
{
	const struct kvmstats_record *record, *earlier, *last = NULL;
	uint64_t at = 0, at_before = 0;
	uint64_t count = 0;
	const char *text;

	for (; (record = record_at(walk, at)); at += record->length, count++) {
		text = record_fault(record, walk->used - at, schemas);
		if (text) {
			add_record_fault(fault, record, text);
			return;
		}
		text = order_fault(last, record);
		earlier = find_before(before, &at_before, record);
		if (!text && earlier)
			text = later_fault(record, earlier, schema_of(record, schemas));
		if (text)
			add_record_fault(fault, record, text);
		last = record;
	}
	if (count != walk->count)
		finding_add(fault, "%" PRIu64 " records where %" PRIu64 " were told",
			  count, walk->count);
}

/* --- by id --- */

static uint32_t ids_of(const struct walk *walk, uint64_t *ids)
{
	const struct kvmstats_record *record;
	uint32_t nr = 0;

	for (uint64_t at = 0; (record = record_at(walk, at)) && nr < MAX_IDS - 2;
	     at += record->length)
		if (record->kind == KVMSTATS_KIND_VM)
			ids[nr++] = record->vm_id;
	ids[nr++] = 0;
	ids[nr++] = UINT64_MAX;
	return nr;
}

/* Takes the records of one id. */
static uint64_t judge_id(const struct walk *walk, uint64_t at, uint64_t id,
			 const struct schemas *schemas, struct finding *fault)
{
	const struct kvmstats_record *record = record_at(walk, at), *last = NULL;
	const char *text = NULL;

	if (!record || record->vm_id != id) {
		finding_add(fault, "VM %" PRIu64 " was asked for and did not come", id);
		return walk->used;
	}
	if (record->length == sizeof(*record)) {
		if (record->state != KVMSTATS_STATE_GONE || record->kind || record->generation)
			add_record_fault(fault, record, "is not that of a VM that nobody knows");
		return at + record->length;
	}
	for (; !text && (record = record_at(walk, at)) && record->vm_id == id; last = record) {
		text = record_fault(record, walk->used - at, schemas);
		if (!text)
			text = order_fault(last, record);
		if (text)
			add_record_fault(fault, record, text);
		at += record->length;
	}
	return text ? walk->used : at;
}

void walk_take_by_id(int dev, struct walk *walk, const struct walk *of,
		     const struct schemas *schemas, struct finding *fault)
{
	struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, walk->bytes, WALK_BYTES);
	uint64_t ids[MAX_IDS], at = 0;

	snapshot.vm_ids = (uintptr_t)ids;
	snapshot.nr_vm_ids = ids_of(of, ids);
	if (snapshot_call(dev, &snapshot) || snapshot.more)
		tap_bail("KVMSTATS_SNAPSHOT by id failed");
	walk->used = snapshot.used;
	walk->count = snapshot.count;
	for (uint32_t i = 0; i < snapshot.nr_vm_ids; i++)
		at = judge_id(walk, at, ids[i], schemas, fault);
	if (at != walk->used)
		finding_add(fault, "records of VMs that nobody asked for");
}
