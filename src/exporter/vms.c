// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "vms.h"

bool vms_add(struct vms *vms, const struct vm *vm)
{
	struct vm *all = reallocarray(vms->all, vms->count + 1, sizeof(*all)), *copy;

	if (!all)
		return false;
	vms->all = all;
	copy = &all[vms->count++];
	*copy = *vm;
	copy->name = strdup(vm->name);
	copy->uuid = strdup(vm->uuid);
	copy->comm = strdup(vm->comm);
	return copy->name && copy->uuid && copy->comm;
}

static void add_labels(struct text *text, const struct vm *vm)
{
	text_printf(text, "vm=\"%llu\",pid=\"%u\"", (unsigned long long)vm->id, vm->pid);
}

static void add_info(struct text *text, const struct vm *vm)
{
	text_str(text, "kvmstats_vm_info{");
	add_labels(text, vm);
	text_str(text, ",");
	text_label(text, "name", vm->name);
	text_str(text, ",");
	text_label(text, "uuid", vm->uuid);
	text_str(text, ",");
	text_label(text, "source", vm->source);
	text_str(text, ",");
	text_label(text, "comm", vm->comm);
	text_printf(text, ",uid=\"%u\"} 1\n", vm->uid);
}

bool vms_finish(struct vms *vms)
{
	struct text text = { 0 };
	struct block *block;

	for (uint32_t i = 0; i < vms->count; i++)
		add_info(&text, &vms->all[i]);
	block = text.failed ? NULL : malloc(sizeof(*block) + text.length);
	if (block) {
		*block = (struct block){ .users = 1, .length = text.length, .size = text.length };
		if (text.length)
			memcpy(block->data, text.data, text.length);
	}
	text_free(&text);
	vms->info = block;
	return block;
}

const struct vm *vms_find(const struct vms *vms, uint64_t id)
{
	uint32_t from = 0, to = vms->count;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (vms->all[middle].id == id)
			return &vms->all[middle];
		if (vms->all[middle].id < id)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

void vms_free(struct vms *vms)
{
	for (uint32_t i = 0; i < vms->count; i++) {
		free(vms->all[i].name);
		free(vms->all[i].uuid);
		free(vms->all[i].comm);
	}
	free(vms->all);
	block_put(vms->info);
	*vms = (struct vms){ 0 };
}

char *vm_labels(const struct vm *vm)
{
	struct text text = { 0 };

	add_labels(&text, vm);
	return text_take(&text);
}

char *vcpu_labels(const struct vm *vm, uint32_t vcpu_id)
{
	struct text text = { 0 };

	add_labels(&text, vm);
	text_printf(&text, ",vcpu=\"%u\"", vcpu_id);
	return text_take(&text);
}

void vms_to_page(const struct vms *vms, struct page *page)
{
	if (!vms->count)
		return;
	page_head(page, "kvmstats_vm", "info", "", "The VMs, for joins on vm and pid.");
	page_block(page, vms->info);
}
