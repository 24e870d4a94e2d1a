// SPDX-License-Identifier: GPL-2.0-only
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "schema.h"

#define COUNTER		(KVMSTATS_TYPE_CUMULATIVE | KVMSTATS_UNIT_NONE | KVMSTATS_BASE_POW10)
#define INSTANT		(KVMSTATS_TYPE_INSTANT | KVMSTATS_UNIT_NONE | KVMSTATS_BASE_POW10)
#define PEAK		(KVMSTATS_TYPE_PEAK | KVMSTATS_UNIT_NONE | KVMSTATS_BASE_POW10)
#define SECONDS		(KVMSTATS_TYPE_CUMULATIVE | KVMSTATS_UNIT_SECONDS | KVMSTATS_BASE_POW10)
#define BOOLEAN		(KVMSTATS_TYPE_INSTANT | KVMSTATS_UNIT_BOOLEAN | KVMSTATS_BASE_POW10)

/*
 * Names in debugfs before Linux 5.14 whose meaning a plain counter does not
 * tell, or that upstream has renamed since. Plain counters need no row.
 */
static const struct known {
	const char *name;
	const char *today;
	__u32 flags;
	__s16 exponent;
} known[] = {
	{ "request_irq",		"request_irq_exits",	COUNTER, 0 },
	{ "irq_window",			"irq_window_exits",	COUNTER, 0 },
	{ "nmi_window",			"nmi_window_exits",	COUNTER, 0 },
	{ "nx_largepages_splitted",	"nx_lpage_splits",	INSTANT, 0 },
	{ "largepages",			NULL,			INSTANT, 0 },
	{ "mmu_unsync",			NULL,			INSTANT, 0 },
	{ "max_mmu_page_hash_collisions", NULL,			PEAK, 0 },
	{ "halt_poll_success_ns",	NULL,			SECONDS, -9 },
	{ "halt_poll_fail_ns",		NULL,			SECONDS, -9 },
	{ "guest_mode",			NULL,			BOOLEAN, 0 },
};

static const struct known *find_known(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			return &known[i];
	return NULL;
}

static int desc_fits(const struct kvmstats_desc *desc, __u32 data_size)
{
	__u64 end = (__u64)desc->offset + desc->size * sizeof(__u64);

	return desc->size && desc->offset % sizeof(__u64) == 0 && end <= data_size &&
	       memchr(desc->name, '\0', sizeof(desc->name));
}

int kvms_layout_native(struct kvms_layout *layout, const struct kvmstats_header *header,
		       const struct kvmstats_desc *desc, __u32 data_size)
{
	__u32 i;

	kvms_header_init(&layout->header, header->num_desc);
	if (memcmp(&layout->header, header, sizeof(*header)))
		return -1;
	if (data_size > KVMS_MAX_DATA || data_size % sizeof(__u64))
		return -1;

	for (i = 0; i < header->num_desc; i++) {
		if (!desc_fits(&desc[i], data_size))
			return -1;
		layout->desc[i] = desc[i];
	}
	layout->data_size = data_size;
	layout->nr_runs = 1;
	layout->runs[0] = (struct kvms_run){ 0, 0, data_size };
	return 0;
}

static int fill_desc(struct kvmstats_desc *desc, const struct kvms_item *item, __u32 offset)
{
	const struct known *row = find_known(item->name);
	const char *name = row && row->today ? row->today : item->name;
	size_t len = strlen(name);

	if (len >= sizeof(desc->name))
		return -1;
	memset(desc, 0, sizeof(*desc));
	memcpy(desc->name, name, len);
	desc->flags = row ? row->flags : item->read_only ? INSTANT : COUNTER;
	desc->exponent = row ? row->exponent : 0;
	desc->size = 1;
	desc->offset = offset;
	return 0;
}

static int name_taken(const struct kvms_layout *layout, __u32 nr, const char *name)
{
	__u32 i;

	for (i = 0; i < nr; i++)
		if (!strcmp(layout->desc[i].name, name))
			return 1;
	return 0;
}

static void add_run(struct kvms_layout *layout, __u32 src)
{
	struct kvms_run *last = layout->nr_runs ? &layout->runs[layout->nr_runs - 1] : NULL;

	if (last && last->src + last->len == src)
		last->len += sizeof(__u64);
	else
		layout->runs[layout->nr_runs++] =
			(struct kvms_run){ src, layout->data_size, sizeof(__u64) };
	layout->data_size += sizeof(__u64);
}

int kvms_layout_items(struct kvms_layout *layout, const struct kvms_item *items, __u32 nr,
		      __u32 src_size)
{
	__u32 i;

	if (!nr || nr > KVMS_MAX_DESC)
		return -1;

	kvms_header_init(&layout->header, nr);
	layout->data_size = 0;
	layout->nr_runs = 0;
	for (i = 0; i < nr; i++) {
		if (items[i].offset % sizeof(__u64) || src_size < sizeof(__u64) ||
		    items[i].offset > src_size - sizeof(__u64))
			return -1;
		if (fill_desc(&layout->desc[i], &items[i], layout->data_size))
			return -1;
		if (name_taken(layout, i, layout->desc[i].name))
			return -1;
		add_run(layout, items[i].offset);
	}
	return 0;
}
