/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading what the running KVM says of its own stats. */
#ifndef KVMS_TABLES_H
#define KVMS_TABLES_H

#include "../shadow/shadow.h"

/**
 * struct kvms_tables - addresses of KVM's own lists; NULL where it has none
 * @halts: halts are counted by us, see shadow/halts.h
 */
struct kvms_tables {
	const struct kvmstats_header *vm_header;
	const struct kvmstats_desc *vm_desc;
	const struct kvmstats_header *vcpu_header;
	const struct kvmstats_desc *vcpu_desc;
	const void *debugfs_entries;
	bool halts;
};

/**
 * kvms_tables_read - make a schema of them
 * @tables: what was found
 *
 * Return: a schema with one reference, or an ERR_PTR: -ENOMEM, or -EINVAL when
 * the tables are not what this build expects. Context: process.
 */
struct kvms_schema *kvms_tables_read(const struct kvms_tables *tables);

#endif
