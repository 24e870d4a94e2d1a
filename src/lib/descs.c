// SPDX-License-Identifier: LGPL-2.1-or-later
/* The descriptors that all VMs, or all vCPUs, of the host share. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Return: 0, -ENOSPC when kvm has been loaded anew with more, or another errno */
static int fill(struct kvmstats *ks, struct kvmstats_schema *arg, struct kvmstats_descs *d)
{
	struct kvmstats_desc *buf;
	int ret;

	if (arg->count > KVMSTATS_MAX_DESC)
		return -EBADMSG;
	arg->capacity = arg->count + 1;	/* 0 would ask for the count again */
	buf = calloc(arg->capacity, sizeof(*buf));
	if (!buf)
		return -ENOMEM;
	arg->descs = (uintptr_t)buf;
	ret = kvmstats_command(ks->fd, KVMSTATS_GET_SCHEMA, arg);
	if (ret < 0)
		goto free;
	ret = -EBADMSG;
	if (arg->count > arg->capacity || arg->data_size % sizeof(uint64_t) ||
	    arg->data_size > KVMSTATS_MAX_FILE)
		goto free;
	ret = kvmstats_parse_descs((const char *)buf, arg->count, KVMSTATS_NAME_LEN, d);
	if (ret)
		goto free;
	if (d->data_size > arg->data_size) {
		kvmstats_descs_clear(d);
		ret = -EBADMSG;
		goto free;
	}
	d->data_size = arg->data_size;
	d->generation = arg->generation;

free:
	free(buf);
	return ret;
}

static int query(struct kvmstats *ks, uint32_t kind, struct kvmstats_schema *arg)
{
	*arg = (struct kvmstats_schema){
		.size = sizeof(*arg),
		.kind = kind == KVMSTATS_KIND_VCPU_SUM ? KVMSTATS_KIND_VCPU : kind,
	};
	return kvmstats_command(ks->fd, KVMSTATS_GET_SCHEMA, arg);
}

int kvmstats_generation(struct kvmstats *ks, uint64_t *generation)
{
	struct kvmstats_schema arg;
	int ret = query(ks, KVMSTATS_KIND_VM, &arg);

	if (ret < 0 && ret != -ENODEV)
		return ret;
	*generation = ret ? 0 : arg.generation;
	return 0;
}

int kvmstats_descs_new(struct kvmstats *ks, uint32_t kind, struct kvmstats_descs **out)
{
	struct kvmstats_descs *d = calloc(1, sizeof(*d));
	struct kvmstats_schema arg;
	int ret;

	if (!d)
		return -ENOMEM;
	do {
		ret = query(ks, kind, &arg);
		if (ret >= 0)
			ret = fill(ks, &arg, d);
	} while (ret == -ENOSPC);
	if (ret)
		free(d);
	else
		*out = d;
	return ret;
}

void kvmstats_descs_free(struct kvmstats_descs *d)
{
	if (!d)
		return;
	kvmstats_descs_clear(d);
	free(d);
}

uint64_t kvmstats_descs_generation(const struct kvmstats_descs *d)
{
	return d->generation;
}

uint32_t kvmstats_descs_count(const struct kvmstats_descs *d)
{
	return d->count;
}

const struct kvmstats_stat *kvmstats_descs_stat(const struct kvmstats_descs *d, uint32_t index)
{
	return index < d->count ? &d->stats[index] : NULL;
}

int kvmstats_descs_find(const struct kvmstats_descs *d, const char *name)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (!strcmp(d->stats[i].name, name))
			return i;
	return -ENOENT;
}

uint32_t kvmstats_descs_value(const struct kvmstats_descs *d, uint32_t index)
{
	return index < d->count ? d->value_index[index] : 0;
}
