/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel counts: descriptors, and where in KVM's own structs
 * each value stands.
 *
 * Plain C without kernel calls: this and schema.c are also compiled into the
 * unit tests.
 */
#ifndef KVMS_SCHEMA_H
#define KVMS_SCHEMA_H

#include "image.h"

/* More than any kernel has; a table that claims more is not believed. */
#define KVMS_MAX_DESC		1024
#define KVMS_MAX_DATA		65536

/**
 * struct kvms_run - neighbouring values that are copied in one go
 * @src: bytes from the start of KVM's stat struct
 * @dst: bytes from the start of the data block
 * @len: bytes
 */
struct kvms_run {
	__u32 src;
	__u32 dst;
	__u32 len;
};

/* Where a value comes from: what KVM counts, or what we make for it. */
enum kvms_source {
	KVMS_KVM,
	KVMS_GUEST_MODE,	/* looked up in the vCPU when it is read */
	KVMS_BLOCKING,
	KVMS_HALT_WAIT_NS,	/* counted by us, where the value stands */
	KVMS_POLL_SUCCESS_HIST,
	KVMS_POLL_FAIL_HIST,
	KVMS_HALT_WAIT_HIST,
	KVMS_NR_SOURCES,
};

#define KVMS_ABSENT	(~0U)

#define KVMS_HALT_HIST_SIZE	32	/* as upstream has it */

/**
 * struct kvms_layout - the stats of one kind of object, VM or vCPU
 * @header: header of its stats fds
 * @data_size: bytes of the data block
 * @native: header of a native client's stats fds, which show upstream's names only:
 *	the first descriptors, and the first @native_size bytes of the data
 * @native_size: bytes
 * @in_kvm: where the data block stands in KVM's stat struct as a whole, or KVMS_ABSENT
 * @nr_runs: length of @runs
 * @desc: descriptors, header.num_desc of them
 * @runs: in ascending order of dst; gaps are for what we supply
 * @supplied: where in the data block each value stands that we supply, or KVMS_ABSENT
 *
 * @desc and @runs belong to whoever called the function that filled them.
 */
struct kvms_layout {
	struct kvmstats_header header;
	__u32 data_size;
	struct kvmstats_header native;
	__u32 native_size;
	__u32 in_kvm;
	__u32 nr_runs;
	struct kvmstats_desc *desc;
	struct kvms_run *runs;
	__u32 supplied[KVMS_NR_SOURCES];
};

/**
 * struct kvms_item - one statistic of a kernel that has no descriptor tables
 * @name: as in debugfs, or as upstream calls what we supply
 * @source: KVMS_KVM for what KVM counts
 * @offset: of KVM's, bytes from the start of its stat struct
 * @read_only: of KVM's, the debugfs file cannot be cleared
 * @size: of what we supply, number of __u64; KVM's have one
 */
struct kvms_item {
	const char *name;
	enum kvms_source source;
	__u32 offset;
	int read_only;
	__u16 size;
};

/* One value, whatever it means: no histogram. */
static inline int kvms_desc_is_scalar(const struct kvmstats_desc *desc)
{
	__u32 type = desc->flags & KVMSTATS_TYPE_MASK;

	return desc->size == 1 && type != KVMSTATS_TYPE_LINEAR_HIST &&
	       type != KVMSTATS_TYPE_LOG_HIST;
}

/* One value that only grows: what events can be made of. */
static inline int kvms_desc_counts(const struct kvmstats_desc *desc)
{
	return kvms_desc_is_scalar(desc) &&
	       (desc->flags & KVMSTATS_TYPE_MASK) == KVMSTATS_TYPE_CUMULATIVE;
}

/**
 * kvms_layout_native - take over a native table as it is
 * @layout: desc (room for header->num_desc) and runs (room for 1) are set by
 *	the caller, all else is filled
 * @header: KVM's header
 * @desc: KVM's descriptors
 * @data_size: sizeof of KVM's stat struct, which is the data block
 *
 * Return: 0, or -1 when the table breaks the rules of the format.
 */
int kvms_layout_native(struct kvms_layout *layout, const struct kvmstats_header *header,
		       const struct kvmstats_desc *desc, __u32 data_size);

/**
 * kvms_layout_items - make descriptors for a list of values
 * @layout: desc and runs (room for @nr each) are set by the caller, all else is
 *	filled
 * @items: the statistics
 * @nr: length of @items
 * @src_size: sizeof of KVM's stat struct
 *
 * They come in the order of the list, but those that upstream does not have come last.
 * Type, unit and exponent come from a table of known names. A name that upstream
 * has changed since is given as upstream has it today. An unknown name is a
 * plain counter, or an instant value when its file is read-only.
 *
 * Return: 0, or -1 when a value lies outside the struct, a name does not fit, or
 * a name comes twice.
 */
int kvms_layout_items(struct kvms_layout *layout, const struct kvms_item *items, __u32 nr,
		      __u32 src_size);

#endif
