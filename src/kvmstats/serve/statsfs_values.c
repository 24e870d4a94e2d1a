// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "statsfs_values.h"

/*
 * KVM's counters are never written to. A value that is cleared has a zero point, what
 * the counter was then, and shows what was added since.
 *
 * The lock guards the making of zero points and the list of VMs that are shown.
 * Whoever holds it calls nothing of statsfs, which may wait for clear() meanwhile.
 */
static DEFINE_MUTEX(zero_lock);

/* Read before the counter is: a later zero point may be above it. */
static u64 zero_at(u64 **zero, u32 at)
{
	/* Pairs with the release in zero_make(). */
	u64 *points = smp_load_acquire(zero);

	if (!points)
		return 0;
	/* Pairs with the release in zero_set(). */
	return smp_load_acquire(&points[at]);
}

/* A counter below its zero point was cleared itself, in KVM's debugfs. */
static u64 since(u64 value, u64 zero)
{
	return value < zero ? value : value - zero;
}

/* Called under zero_lock. Without memory what is cleared stays as it is. */
static u64 *zero_make(u64 **zero, u32 nr)
{
	u64 *points = *zero;

	if (!points) {
		points = kcalloc(nr, sizeof(*points), GFP_KERNEL);
		/* Pairs with the acquire in zero_at(). */
		smp_store_release(zero, points);
	}
	return points;
}

static void zero_set(u64 *point, u64 value)
{
	/* Pairs with the acquire in zero_at(): whoever sees it, sees such a counter. */
	smp_store_release(point, value);
}

/* --- a VM or a vCPU --- */

static u64 object_read(struct kvms_object *obj, u32 offset)
{
	/* Another reader may bring the data up to date meanwhile. */
	return data_race(obj->data[offset / sizeof(u64)]);
}

static u64 object_get(const struct statsfs_value *val, void *base)
{
	struct kvms_object *obj = base;
	u64 zero = zero_at(&obj->view.zero, val->offset / sizeof(u64));

	kvms_object_refresh(obj, val->offset, sizeof(u64));
	return since(object_read(obj, val->offset), zero);
}

static void object_get_many(const struct statsfs_value *first, unsigned int nr, void *base,
			    u64 *to)
{
	struct kvms_object *obj = base;
	/* Pairs with the release in zero_make(). */
	u64 *zero = smp_load_acquire(&obj->view.zero);
	unsigned int i;

	for (i = 0; zero && i < nr; i++)
		to[i] = zero_at(&zero, first[i].offset / sizeof(u64));
	kvms_object_refresh(obj, 0, obj->layout->data_size);
	for (i = 0; i < nr; i++) {
		u64 value = object_read(obj, first[i].offset);

		to[i] = zero ? since(value, to[i]) : value;
	}
}

/* Called under zero_lock. */
static void clear_object(struct kvms_object *obj, u32 offset)
{
	u64 *zero = zero_make(&obj->view.zero, obj->layout->data_size / sizeof(u64));

	if (!zero)
		return;
	kvms_object_refresh(obj, offset, sizeof(u64));
	zero_set(&zero[offset / sizeof(u64)], object_read(obj, offset));
}

static void object_clear(const struct statsfs_value *val, void *base)
{
	mutex_lock(&zero_lock);
	clear_object(base, val->offset);
	mutex_unlock(&zero_lock);
}

static const struct statsfs_type object_type = {
	.get = object_get, .get_many = object_get_many, .clear = object_clear,
};

/* --- the host --- */

/* A total is cut short only for a task that is being killed. */
static u64 host_read(struct kvms_shown *shown, const struct statsfs_value *val)
{
	bool instant = val->flags == STATSFS_FLOATING;
	struct kvms_part part = {
		.from = val->offset / sizeof(u64), .nr = 1, .larger = val->flags & STATSFS_PEAK,
	};
	const struct kvms_parts gone = { &part, !instant }, living = { &part, 1 };
	struct kvms_plan one = { .size = 1 };
	struct kvms_parts *parts;
	u64 sum;

	parts = val < shown->host + shown->plan.vcpu_at ? one.vm : one.vcpu;
	parts[false] = gone;
	parts[true] = living;
	kvms_total_host(shown->schema, &one, &sum);
	return sum;
}

static u64 host_get(const struct statsfs_value *val, void *base)
{
	struct kvms_shown *shown = base;
	u64 zero = zero_at(&shown->zero, val - shown->host);

	return since(host_read(shown, val), zero);
}

static void host_get_many(const struct statsfs_value *first, unsigned int nr, void *base, u64 *to)
{
	struct kvms_shown *shown = base;
	unsigned int i, at = first - shown->host;
	u64 *sums;

	for (i = 0; i < nr; i++)
		to[i] = zero_at(&shown->zero, at + i);
	sums = kmalloc_array(shown->plan.size, sizeof(*sums), GFP_KERNEL);
	if (sums)
		kvms_total_host(shown->schema, &shown->plan, sums);
	for (i = 0; i < nr; i++)
		to[i] = since(sums ? sums[at + i] : host_read(shown, first + i), to[i]);
	kfree(sums);
}

/* Called under zero_lock. */
static void clear_in_vm(struct kvms_vm *vm, const struct statsfs_value *val, bool of_vm)
{
	struct kvms_vcpu *vcpu;

	if (of_vm) {
		clear_object(&vm->obj, val->offset);
		return;
	}
	kvms_for_each_vcpu(vcpu, vm)
		clear_object(&vcpu->obj, val->offset);
}

/* As it is said of aggregates: with all below. */
static void host_clear(const struct statsfs_value *val, void *base)
{
	struct kvms_shown *shown = base;
	u32 at = val - shown->host;
	struct kvms_vm *vm;
	u64 *zero;

	mutex_lock(&zero_lock);
	zero = zero_make(&shown->zero, shown->plan.size);
	if (zero)
		zero_set(&zero[at], host_read(shown, val));
	list_for_each_entry(vm, &shown->vms, view.shown) {
		clear_in_vm(vm, val, at < shown->plan.vcpu_at);
		cond_resched();
	}
	mutex_unlock(&zero_lock);
}

static const struct statsfs_type host_type = {
	.get = host_get, .get_many = host_get_many, .clear = host_clear,
};

/* --- definitions --- */

static u32 flags_of(const struct kvmstats_desc *desc)
{
	switch (kvms_how(desc)) {
	case KVMS_ADD:
		return 0;
	case KVMS_LARGER:
		/* A peak since some moment is not to be had from one since the start. */
		return STATSFS_PEAK | STATSFS_FLOATING;
	default:
		return STATSFS_FLOATING;
	}
}

/* Returns what comes behind the last. */
static struct statsfs_value *define(struct statsfs_value *to, const struct kvms_layout *layout,
				    const struct statsfs_type *type)
{
	const struct kvmstats_desc *desc = layout->desc;
	const struct kvmstats_desc *end = desc + layout->header.num_desc;

	for (; desc < end; desc++) {
		if (!kvms_desc_is_scalar(desc))
			continue;
		*to++ = (struct statsfs_value) {
			.name = desc->name,
			.offset = desc->offset,
			.type = type,
			.aggregate = kvms_how(desc) == KVMS_LARGER ? STATSFS_MAX : STATSFS_SUM,
			.flags = flags_of(desc),
			.unit = desc->flags & (KVMSTATS_UNIT_MASK | KVMSTATS_BASE_MASK),
			.exponent = desc->exponent,
		};
	}
	return to;
}

/* All three, each ended by a value without a name, in one piece of memory. */
static int define_all(struct kvms_shown *shown)
{
	const struct kvms_layout *vm = &shown->schema->vm, *vcpu = &shown->schema->vcpu;

	shown->host = kcalloc(2 * shown->plan.size + 3, sizeof(*shown->host), GFP_KERNEL);
	if (!shown->host)
		return -ENOMEM;
	shown->vm = define(define(shown->host, vm, &host_type), vcpu, &host_type) + 1;
	shown->vcpu = define(shown->vm, vm, &object_type) + 1;
	define(shown->vcpu, vcpu, &object_type);
	return 0;
}

struct kvms_shown *kvms_shown_make(struct kvms_schema *schema)
{
	struct kvms_shown *shown = kzalloc(sizeof(*shown), GFP_KERNEL);

	if (!shown) {
		kvms_schema_put(schema);
		return NULL;
	}
	shown->schema = schema;
	INIT_LIST_HEAD(&shown->vms);
	if (kvms_plan_make(&shown->plan, schema, true) || define_all(shown)) {
		kvms_shown_free(shown);
		return NULL;
	}
	return shown;
}

void kvms_shown_free(struct kvms_shown *shown)
{
	kvms_plan_free(&shown->plan);
	kvms_schema_put(shown->schema);
	kfree(shown->host);
	kfree(shown->zero);
	kfree(shown);
}

void kvms_shown_add(struct kvms_shown *shown, struct kvms_vm *vm)
{
	mutex_lock(&zero_lock);
	list_add_tail(&vm->view.shown, &shown->vms);
	mutex_unlock(&zero_lock);
}

void kvms_shown_del(struct kvms_vm *vm)
{
	mutex_lock(&zero_lock);
	list_del(&vm->view.shown);
	mutex_unlock(&zero_lock);
}
