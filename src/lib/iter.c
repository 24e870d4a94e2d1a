// SPDX-License-Identifier: LGPL-2.1-or-later
/* Walking over VMs and vCPUs, a batch of records per system call. */
#include <errno.h>
#include <stdlib.h>

#include "internal.h"

#define BATCH	64

struct walk {
	int fd;			/* the device's */
	unsigned long cmd;
	uint64_t vm_id;
	uint64_t cursor;
	uint32_t count;		/* records in the batch */
	uint32_t next;		/* the one to give next */
};

struct kvmstats_vm_iter {
	struct walk walk;
	struct kvmstats_vm batch[BATCH];
};

struct kvmstats_vcpu_iter {
	struct walk walk;
	struct kvmstats_vcpu batch[BATCH];
};

/* Return: 1 when batch[w->next] is to be given, 0 at the end, or a negated errno */
static int walk_on(struct walk *w, void *batch, uint32_t record_size)
{
	struct kvmstats_list list = {
		.size = sizeof(list),
		.vm_id = w->vm_id,
		.cursor = w->cursor,
		.records = (uintptr_t)batch,
		.record_size = record_size,
		.capacity = BATCH,
	};
	int ret;

	if (w->next < w->count)
		return 1;
	ret = kvmstats_command(w->fd, w->cmd, &list);
	if (ret < 0)
		return ret;
	if (list.count > BATCH)
		return -EBADMSG;
	w->cursor = list.cursor;
	w->count = list.count;
	w->next = 0;
	return list.count ? 1 : 0;
}

int kvmstats_vm_iter_new(struct kvmstats *ks, struct kvmstats_vm_iter **out)
{
	struct kvmstats_vm_iter *it = calloc(1, sizeof(*it));

	if (!it)
		return -ENOMEM;
	it->walk = (struct walk){ .fd = ks->fd, .cmd = KVMSTATS_LIST_VMS };
	*out = it;
	return 0;
}

int kvmstats_vm_iter_next(struct kvmstats_vm_iter *it, const struct kvmstats_vm **vm)
{
	struct kvmstats_vm *next;
	int ret = walk_on(&it->walk, it->batch, sizeof(*it->batch));

	if (ret <= 0)
		return ret;
	next = &it->batch[it->walk.next++];
	next->comm[sizeof(next->comm) - 1] = '\0';
	next->stats_id[sizeof(next->stats_id) - 1] = '\0';
	*vm = next;
	return 1;
}

void kvmstats_vm_iter_free(struct kvmstats_vm_iter *it)
{
	free(it);
}

int kvmstats_vcpu_iter_new(struct kvmstats *ks, uint64_t vm_id, struct kvmstats_vcpu_iter **out)
{
	struct kvmstats_vcpu_iter *it = calloc(1, sizeof(*it));

	if (!it)
		return -ENOMEM;
	it->walk = (struct walk){ .fd = ks->fd, .cmd = KVMSTATS_LIST_VCPUS, .vm_id = vm_id };
	*out = it;
	return 0;
}

int kvmstats_vcpu_iter_next(struct kvmstats_vcpu_iter *it, const struct kvmstats_vcpu **vcpu)
{
	struct kvmstats_vcpu *next;
	int ret = walk_on(&it->walk, it->batch, sizeof(*it->batch));

	if (ret <= 0)
		return ret;
	next = &it->batch[it->walk.next++];
	next->stats_id[sizeof(next->stats_id) - 1] = '\0';
	*vcpu = next;
	return 1;
}

void kvmstats_vcpu_iter_free(struct kvmstats_vcpu_iter *it)
{
	free(it);
}
