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
#define SECONDS_HIST	(KVMSTATS_TYPE_LOG_HIST | KVMSTATS_UNIT_SECONDS | KVMSTATS_BASE_POW10)

/*
 * Names before Linux 5.14 whose meaning a plain counter does not tell, or that
 * upstream has renamed since. Plain counters need no row.
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
	{ "blocking",			NULL,			BOOLEAN, 0 },
	{ "halt_wait_ns",		NULL,			SECONDS, -9 },
	{ "halt_poll_success_hist",	NULL,			SECONDS_HIST, -9 },
	{ "halt_poll_fail_hist",	NULL,			SECONDS_HIST, -9 },
	{ "halt_wait_hist",		NULL,			SECONDS_HIST, -9 },
};

/* All names that upstream's x86 has had, of VMs and of vCPUs, Linux 5.14 to 7.x. */
static const char *const upstream[] = {
	"remote_tlb_flush", "remote_tlb_flush_requests", "mmu_shadow_zapped", "mmu_pte_write",
	"mmu_pde_zapped", "mmu_flooded", "mmu_recycled", "mmu_cache_miss", "mmu_unsync",
	"pages_4k", "pages_2m", "pages_1g", "nx_lpage_splits", "max_mmu_rmap_size",
	"max_mmu_page_hash_collisions", "halt_successful_poll", "halt_attempted_poll",
	"halt_poll_invalid", "halt_wakeup", "halt_poll_success_ns", "halt_poll_fail_ns",
	"halt_wait_ns", "halt_poll_success_hist", "halt_poll_fail_hist", "halt_wait_hist",
	"blocking", "pf_taken", "pf_fixed", "pf_emulate", "pf_spurious", "pf_fast",
	"pf_mmio_spte_created", "pf_guest", "tlb_flush", "invlpg", "exits", "io_exits",
	"mmio_exits", "signal_exits", "irq_window_exits", "nmi_window_exits", "l1d_flush",
	"halt_exits", "request_irq_exits", "irq_exits", "host_state_reload", "fpu_reload",
	"insn_emulation", "insn_emulation_fail", "hypercalls", "irq_injections", "nmi_injections",
	"req_event", "nested_run", "directed_yield_attempted", "directed_yield_successful",
	"preemption_reported", "preemption_other", "guest_mode", "notify_window_exits",
};

static const struct known *find_known(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].name, name))
			return &known[i];
	return NULL;
}

static int is_upstream(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(upstream) / sizeof(upstream[0]); i++)
		if (!strcmp(upstream[i], name))
			return 1;
	return 0;
}

static void supply_nothing(struct kvms_layout *layout)
{
	int source;

	for (source = 0; source < KVMS_NR_SOURCES; source++)
		layout->supplied[source] = KVMS_ABSENT;
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
	layout->native = layout->header;
	layout->native_size = data_size;
	layout->in_kvm = 0;
	layout->nr_runs = 1;
	layout->runs[0] = (struct kvms_run){ 0, 0, data_size };
	supply_nothing(layout);
	return 0;
}

static const char *name_today(const struct kvms_item *item)
{
	const struct known *row = find_known(item->name);

	return row && row->today ? row->today : item->name;
}

static int fill_desc(struct kvmstats_desc *desc, const struct kvms_item *item, __u32 offset)
{
	const struct known *row = find_known(item->name);
	const char *name = name_today(item);
	size_t len = strlen(name);

	if (len >= sizeof(desc->name))
		return -1;
	memset(desc, 0, sizeof(*desc));
	memcpy(desc->name, name, len);
	desc->flags = row ? row->flags : item->read_only ? INSTANT : COUNTER;
	desc->exponent = row ? row->exponent : 0;
	desc->size = item->source == KVMS_KVM ? 1 : item->size;
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

	if (last && last->src + last->len == src && last->dst + last->len == layout->data_size)
		last->len += sizeof(__u64);
	else
		layout->runs[layout->nr_runs++] =
			(struct kvms_run){ src, layout->data_size, sizeof(__u64) };
}

static int add_item(struct kvms_layout *layout, __u32 nr, const struct kvms_item *item,
		    __u32 src_size)
{
	struct kvmstats_desc *desc = &layout->desc[nr];

	if (fill_desc(desc, item, layout->data_size) || name_taken(layout, nr, desc->name))
		return -1;
	if (item->source != KVMS_KVM) {
		layout->supplied[item->source] = layout->data_size;
	} else {
		if (item->offset % sizeof(__u64) || src_size < sizeof(__u64) ||
		    item->offset > src_size - sizeof(__u64))
			return -1;
		add_run(layout, item->offset);
	}
	layout->data_size += desc->size * sizeof(__u64);
	return 0;
}

int kvms_layout_items(struct kvms_layout *layout, const struct kvms_item *items, __u32 nr,
		      __u32 src_size)
{
	__u32 i, done = 0;
	int theirs;

	if (!nr || nr > KVMS_MAX_DESC)
		return -1;

	kvms_header_init(&layout->header, nr);
	layout->data_size = 0;
	layout->in_kvm = KVMS_ABSENT;
	layout->nr_runs = 0;
	supply_nothing(layout);
	for (theirs = 1; theirs >= 0; theirs--) {
		for (i = 0; i < nr; i++) {
			if (is_upstream(name_today(&items[i])) != theirs)
				continue;
			if (add_item(layout, done++, &items[i], src_size))
				return -1;
		}
		if (theirs) {
			kvms_header_init(&layout->native, done);
			layout->native_size = layout->data_size;
		}
	}
	if (layout->nr_runs == 1 && layout->runs[0].len == layout->data_size)
		layout->in_kvm = layout->runs[0].src;
	return 0;
}
