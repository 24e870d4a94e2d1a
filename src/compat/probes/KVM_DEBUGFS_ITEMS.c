// SPDX-License-Identifier: GPL-2.0-only
/* Before Linux 5.14: one list of debugfs files is all that KVM says of its stats. */
#include <linux/kvm_host.h>

int probe(void);
int probe(void)
{
	struct kvm_stats_debugfs_item *item = debugfs_entries;

	return item->name && item->kind == KVM_STAT_VM ? item->offset : item->mode;
}
