// SPDX-License-Identifier: LGPL-2.1-or-later
/* The values of many objects at once, beside those of the time before. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define ALL_FLAGS	(KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU | \
			 KVMSTATS_SNAPSHOT_VCPU_SUM)
#define FIRST_ROOM	(64u << 10)
/* kvm is not loaded anew more often than this while one take is made. */
#define TRIES		4

/* Descriptors of VMs and of vCPUs; NULL while kvm is not loaded. */
struct schema {
	struct kvmstats_descs *vm;
	struct kvmstats_descs *vcpu;
};

/* One take: the records as the module wrote them, and the samples that point there. */
struct take {
	char *buf;
	size_t room;			/* bytes there */
	size_t used;
	size_t nr_records;
	struct kvmstats_sample *samples;
	size_t capacity;
	size_t count;
	uint64_t generation;
};

/* Three takes: the last one, the one before, and room for the next, which may fail. */
struct kvmstats_sampler {
	struct kvmstats *ks;
	uint32_t flags;
	struct schema schema;
	struct take takes[3];
	struct take *last, *before, *next;
	uint64_t *vm_ids;
	size_t vm_ids_capacity;
};

/* --- descriptors --- */

static void schema_free(struct schema *schema)
{
	kvmstats_descs_free(schema->vm);
	kvmstats_descs_free(schema->vcpu);
	*schema = (struct schema){ NULL, NULL };
}

static uint64_t generation_of(const struct schema *schema)
{
	return schema->vm ? schema->vm->generation : 0;
}

/* Return: 0, -ESTALE when kvm has been loaded anew or unloaded, or an errno */
static int schema_fetch(struct kvmstats *ks, uint64_t generation, struct schema *schema)
{
	struct schema fresh = { NULL, NULL };
	int ret = 0;

	if (generation) {
		ret = kvmstats_descs_new(ks, KVMSTATS_KIND_VM, &fresh.vm);
		if (!ret)
			ret = kvmstats_descs_new(ks, KVMSTATS_KIND_VCPU, &fresh.vcpu);
		if (ret == -ENODEV)
			ret = -ESTALE;
		if (!ret && (fresh.vm->generation != generation ||
			     fresh.vcpu->generation != generation))
			ret = -ESTALE;
	}
	if (ret)
		schema_free(&fresh);
	else
		*schema = fresh;
	return ret;
}

/* --- from the module --- */

/* Room for @room bytes at least, of which the first @used stay. */
static int take_grow(struct take *take, size_t room)
{
	char *buf;

	if (take->room >= room)
		return 0;
	if (!take->used) {	/* spares realloc() the copy */
		free(take->buf);
		take->buf = NULL;
		take->room = 0;
	}
	buf = realloc(take->buf, room);
	if (!buf)
		return -ENOMEM;
	take->buf = buf;
	take->room = room;
	return 0;
}

/* All records, in one call once the room is known to be enough. */
static int take_read(struct take *take, struct kvmstats *ks, struct kvmstats_snapshot *arg)
{
	int ret;

	take->used = 0;
	take->nr_records = 0;
	do {
		arg->buffer = (uintptr_t)take->buf + take->used;
		arg->buffer_size = take->room - take->used;
		ret = kvmstats_command(ks->fd, KVMSTATS_SNAPSHOT, arg);
		if (ret < 0 && ret != -ENOSPC)
			return ret;
		if (!ret) {
			if (arg->used > arg->buffer_size || (arg->more && !arg->used))
				return -EBADMSG;
			take->used += arg->used;
			take->nr_records += arg->count;
			if (!arg->more)
				return 0;
		}
		ret = take_grow(take, take->room * 2);
	} while (!ret);
	return ret;
}

/* --- from records to samples --- */

/* The place of a kind within its VM. */
static int rank(uint32_t kind)
{
	return kind == KVMSTATS_KIND_VM ? 0 : kind == KVMSTATS_KIND_VCPU_SUM ? 1 : 2;
}

/* The order of samples. */
static int compare(const struct kvmstats_sample *a, const struct kvmstats_sample *b)
{
	if (a->vm_id != b->vm_id)
		return a->vm_id < b->vm_id ? -1 : 1;
	if (a->kind != b->kind)
		return rank(a->kind) - rank(b->kind);
	return (a->vcpu_id > b->vcpu_id) - (a->vcpu_id < b->vcpu_id);
}

/* Where the values of @record are, NULL when there are none that @schema describes. */
static int find_values(const struct kvmstats_record *record, const struct schema *schema,
		       const uint64_t **values)
{
	size_t size = record->length - sizeof(*record);
	const struct kvmstats_descs *descs =
		record->kind == KVMSTATS_KIND_VM ? schema->vm : schema->vcpu;

	*values = NULL;
	if (!size)
		return 0;
	if (record->generation != generation_of(schema))
		return record->state == KVMSTATS_STATE_LIVE ? -ESTALE : 0;
	if (!descs || size != descs->data_size)
		return -EBADMSG;
	*values = (const uint64_t *)(record + 1);
	return 0;
}

static int make_sample(struct kvmstats_sample *sample, const struct kvmstats_record *record,
		       const struct schema *schema)
{
	*sample = (struct kvmstats_sample){
		.kind = record->kind,
		.state = record->state,
		.vm_id = record->vm_id,
		.vcpu_id = record->vcpu_id,
		.time_ns = record->time_ns,
	};
	return find_values(record, schema, &sample->values);
}

static void link_before(struct kvmstats_sample *sample, const struct kvmstats_sample *before)
{
	if (!sample->values || !before->values)
		return;
	sample->before = before->values;
	if (sample->time_ns > before->time_ns)
		sample->elapsed_ns = sample->time_ns - before->time_ns;
}

static int take_make_samples(struct take *take, const struct schema *schema,
			     const struct take *before)
{
	size_t nr_before = before->generation == generation_of(schema) ? before->count : 0;
	size_t at = 0, b = 0;

	if (take->capacity < take->nr_records) {
		free(take->samples);
		take->capacity = 0;
		take->samples = calloc(take->nr_records, sizeof(*take->samples));
		if (!take->samples)
			return -ENOMEM;
		take->capacity = take->nr_records;
	}

	for (take->count = 0; take->count < take->nr_records; take->count++) {
		const struct kvmstats_record *record = (const void *)(take->buf + at);
		struct kvmstats_sample *sample = &take->samples[take->count];
		int ret;

		if (take->used - at < sizeof(*record) || record->length < sizeof(*record) ||
		    record->length > take->used - at || record->length % sizeof(uint64_t) ||
		    record->kind > KVMSTATS_KIND_VCPU_SUM)
			return -EBADMSG;
		ret = make_sample(sample, record, schema);
		if (ret)
			return ret;
		if (take->count && compare(sample - 1, sample) >= 0)
			return -EBADMSG;
		while (b < nr_before && compare(&before->samples[b], sample) < 0)
			b++;
		if (b < nr_before && !compare(&before->samples[b], sample))
			link_before(sample, &before->samples[b]);
		at += record->length;
	}
	take->generation = generation_of(schema);
	return at == take->used ? 0 : -EBADMSG;
}

/* --- the whole --- */

int kvmstats_sampler_new(struct kvmstats *ks, uint32_t flags, struct kvmstats_sampler **out)
{
	struct kvmstats_sampler *s;

	if (!flags || flags & ~ALL_FLAGS)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->ks = ks;
	s->flags = flags;
	s->last = &s->takes[0];
	s->before = &s->takes[1];
	s->next = &s->takes[2];
	*out = s;
	return 0;
}

void kvmstats_sampler_free(struct kvmstats_sampler *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < 3; i++) {
		free(s->takes[i].samples);
		free(s->takes[i].buf);
	}
	schema_free(&s->schema);
	free(s->vm_ids);
	free(s);
}

static int by_id(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Samples come in the order of ids, each once, however the caller lists them. */
static int sort_ids(struct kvmstats_sampler *s, const uint64_t *vm_ids, uint32_t nr,
		    uint32_t *nr_sorted)
{
	uint32_t n = 0;

	if (s->vm_ids_capacity < nr) {
		free(s->vm_ids);
		s->vm_ids_capacity = 0;
		s->vm_ids = calloc(nr, sizeof(*s->vm_ids));
		if (!s->vm_ids)
			return -ENOMEM;
		s->vm_ids_capacity = nr;
	}
	memcpy(s->vm_ids, vm_ids, nr * sizeof(*vm_ids));
	qsort(s->vm_ids, nr, sizeof(*s->vm_ids), by_id);
	for (uint32_t i = 0; i < nr; i++)
		if (!n || s->vm_ids[i] != s->vm_ids[n - 1])
			s->vm_ids[n++] = s->vm_ids[i];
	*nr_sorted = n;
	return 0;
}

/* Return: 0, -ESTALE when kvm was loaded anew or unloaded meanwhile, or an errno */
static int try_take(struct kvmstats_sampler *s, struct kvmstats_snapshot arg,
		    struct schema *fresh)
{
	const struct schema *schema = &s->schema;
	uint64_t generation;
	int ret;

	ret = kvmstats_generation(s->ks, &generation);
	if (ret)
		return ret;
	if (generation != generation_of(schema)) {
		schema_free(fresh);
		ret = schema_fetch(s->ks, generation, fresh);
		if (ret)
			return ret;
		schema = fresh;
	}
	ret = take_read(s->next, s->ks, &arg);
	return ret ? ret : take_make_samples(s->next, schema, s->last);
}

int kvmstats_sampler_take(struct kvmstats_sampler *s, const uint64_t *vm_ids, uint32_t nr)
{
	struct kvmstats_snapshot arg = { .size = sizeof(arg), .flags = s->flags };
	size_t room = s->last->room > FIRST_ROOM ? s->last->room : FIRST_ROOM;
	struct schema fresh = { NULL, NULL };
	struct take *spare;
	int ret = 0;

	if (!vm_ids != !nr)
		return -EINVAL;
	if (nr) {
		ret = sort_ids(s, vm_ids, nr, &arg.nr_vm_ids);
		arg.vm_ids = (uintptr_t)s->vm_ids;
	}
	s->next->used = 0;
	if (!ret)
		ret = take_grow(s->next, room);
	for (int i = 0; !ret && i < TRIES; i++) {
		ret = try_take(s, arg, &fresh);
		if (!ret)
			break;
		if (ret == -ESTALE && i < TRIES - 1)
			ret = 0;
	}
	if (ret) {
		schema_free(&fresh);
		return ret == -ESTALE ? -EBADMSG : ret;
	}

	if (s->next->generation != generation_of(&s->schema)) {
		schema_free(&s->schema);
		s->schema = fresh;
	} else {
		schema_free(&fresh);
	}
	spare = s->before;
	s->before = s->last;
	s->last = s->next;
	s->next = spare;
	return 0;
}

size_t kvmstats_sampler_count(const struct kvmstats_sampler *s)
{
	return s->last->count;
}

const struct kvmstats_sample *kvmstats_sampler_get(const struct kvmstats_sampler *s, size_t index)
{
	return index < s->last->count ? &s->last->samples[index] : NULL;
}

static int compare_for_search(const void *a, const void *b)
{
	return compare(a, b);
}

const struct kvmstats_sample *kvmstats_sampler_find(const struct kvmstats_sampler *s, uint32_t kind,
						    uint64_t vm_id, uint32_t vcpu_id)
{
	const struct kvmstats_sample key = {
		.kind = kind,
		.vm_id = vm_id,
		.vcpu_id = kind == KVMSTATS_KIND_VCPU ? vcpu_id : 0,
	};

	if (!s->last->count)
		return NULL;
	return bsearch(&key, s->last->samples, s->last->count, sizeof(key), compare_for_search);
}

const struct kvmstats_descs *kvmstats_sampler_descs(const struct kvmstats_sampler *s, uint32_t kind)
{
	return kind == KVMSTATS_KIND_VM ? s->schema.vm : s->schema.vcpu;
}

uint64_t kvmstats_sample_delta(const struct kvmstats_sample *sample, uint32_t value)
{
	if (!sample->before || sample->values[value] < sample->before[value])
		return 0;
	return sample->values[value] - sample->before[value];
}

double kvmstats_sample_rate(const struct kvmstats_sample *sample, uint32_t value)
{
	if (!sample->elapsed_ns)
		return 0;
	return kvmstats_sample_delta(sample, value) * 1e9 / sample->elapsed_ns;
}
