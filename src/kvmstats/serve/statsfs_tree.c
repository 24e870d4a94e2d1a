// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "statsfs_tree.h"
#include "statsfs_values.h"

/* Sources that one wait is for. */
#define BATCH		256

const struct statsfs_api *kvms_statsfs;

static struct kvms_shown *shown;		/* NULL without kvm */
static LIST_HEAD(going);			/* VMs that are taken away */
static struct statsfs_source *batch[BATCH];	/* to be revoked, each held */
static unsigned int nr_batch;

/* --- taking away --- */

static void revoke_batch(void)
{
	if (nr_batch)
		kvms_statsfs->sources_revoke(batch, nr_batch);
	while (nr_batch)
		kvms_statsfs->source_put(batch[--nr_batch]);
}

static void revoke_later(struct statsfs_source *src)
{
	batch[nr_batch++] = src;
	if (nr_batch == BATCH)
		revoke_batch();
}

static void forget_object(struct kvms_object *obj)
{
	obj->view.src = NULL;
	kfree(obj->view.zero);
	obj->view.zero = NULL;
}

static void forget_vm(struct kvms_vm *vm)
{
	struct kvms_vcpu *vcpu;

	kvms_for_each_vcpu(vcpu, vm)
		forget_object(&vcpu->obj);
	forget_object(&vm->obj);
	kvms_vm_put(vm);
}

void kvms_tree_take_away(struct kvms_vm *vm)
{
	if (!vm->obj.view.src)
		return;
	kvms_statsfs->source_remove_subordinate(shown->src, vm->obj.view.src);
	kvms_shown_del(vm);
	list_add_tail(&vm->view.shown, &going);
}

/* One wait for all of them, or few. */
void kvms_tree_finish(void)
{
	struct kvms_vm *vm, *next;
	struct kvms_vcpu *vcpu;

	list_for_each_entry(vm, &going, view.shown) {
		revoke_later(vm->obj.view.src);
		kvms_for_each_vcpu(vcpu, vm)
			if (vcpu->obj.view.src)
				revoke_later(vcpu->obj.view.src);
	}
	revoke_batch();
	list_for_each_entry_safe(vm, next, &going, view.shown)
		forget_vm(vm);
	INIT_LIST_HEAD(&going);
}

void kvms_tree_hide(void)
{
	struct kvms_vm *vm, *next;

	if (!shown)
		return;
	kvms_statsfs->source_unregister(shown->src);
	list_for_each_entry_safe(vm, next, &shown->vms, view.shown)
		kvms_tree_take_away(vm);
	revoke_later(shown->src);
	kvms_tree_finish();
	kvms_shown_free(shown);
	shown = NULL;
}

/* --- showing --- */

static struct statsfs_source *make(const char *name, const struct statsfs_value *values, void *base)
{
	struct statsfs_source *src = kvms_statsfs->source_create_owned(THIS_MODULE, 0, "%s", name);
	int err;

	if (IS_ERR(src))
		return src;
	err = kvms_statsfs->source_add_values(src, values, base, 0);
	if (!err)
		return src;
	kvms_statsfs->source_put(src);
	return ERR_PTR(err);
}

static int show_vcpu(struct kvms_vm *vm, struct kvms_vcpu *vcpu)
{
	char name[sizeof("vcpu4294967295")];
	struct statsfs_source *src;
	int err;

	snprintf(name, sizeof(name), "vcpu%u", vcpu->id);
	src = make(name, shown->vcpu, &vcpu->obj);
	if (IS_ERR(src))
		return PTR_ERR(src);
	err = kvms_statsfs->source_add_subordinate(vm->obj.view.src, src);
	if (err) {
		revoke_later(src);
		revoke_batch();
	} else {
		vcpu->obj.view.src = src;
	}
	return err;
}

static void show_vcpus(struct kvms_vm *vm)
{
	struct kvms_vcpu *vcpu;
	int err;

	kvms_for_each_vcpu(vcpu, vm) {
		if (vcpu->obj.view.src)
			continue;
		err = show_vcpu(vm, vcpu);
		if (err)
			pr_warn_ratelimited("vCPU %u of VM %llu is not in statsfs (%d)\n",
					    vcpu->id, vm->id, err);
	}
}

/* As KVM calls its directory in debugfs, PID-FD, and if need be the VM's id. */
static void name_vm(const struct kvms_vm *vm, bool with_id, char name[STATSFS_NAME_MAX + 1])
{
	const char *pid = vm->obj.head.id + strlen("kvm-");
	int len;

	if (vm->fd < 0)
		len = scnprintf(name, STATSFS_NAME_MAX + 1, "%s", pid);
	else
		len = scnprintf(name, STATSFS_NAME_MAX + 1, "%s-%d", pid, vm->fd);
	if (vm->fd < 0 || with_id)
		snprintf(name + len, STATSFS_NAME_MAX + 1 - len, "-vm%llu", vm->id);
}

/* Nobody has seen its directories, so nobody is waited for. */
static void drop_unseen(struct kvms_vm *vm)
{
	struct kvms_vcpu *vcpu;

	kvms_shown_del(vm);
	kvms_for_each_vcpu(vcpu, vm)
		kvms_statsfs->source_put(vcpu->obj.view.src);
	kvms_statsfs->source_put(vm->obj.view.src);
	forget_vm(vm);
}

/* It comes into the tree when it is whole. */
static int show_vm_as(struct kvms_vm *vm, const char *name)
{
	struct statsfs_source *src = make(name, shown->vm, &vm->obj);
	int err;

	if (IS_ERR(src))
		return PTR_ERR(src);
	kvms_vm_get(vm);
	vm->obj.view.src = src;
	kvms_shown_add(shown, vm);
	err = kvms_statsfs->source_add_values(src, shown->vcpu, NULL, 0);
	if (!err) {
		show_vcpus(vm);
		err = kvms_statsfs->source_add_subordinate(shown->src, src);
	}
	if (err)
		drop_unseen(vm);
	return err;
}

/* What is told of it later comes by kvms_view_push(), since that sees attached by then. */
static bool may_be_shown(struct kvms_vm *vm)
{
	bool closed;

	spin_lock(&vm->lock);
	closed = vm->closed;
	spin_unlock(&vm->lock);
	return !closed && shown && shown->schema == vm->schema;
}

void kvms_tree_show(struct kvms_vm *vm)
{
	char name[STATSFS_NAME_MAX + 1];
	int err;

	if (!may_be_shown(vm))
		return;
	if (vm->obj.view.src) {
		show_vcpus(vm);
		return;
	}
	name_vm(vm, false, name);
	err = show_vm_as(vm, name);
	if (err == -EEXIST) {
		name_vm(vm, true, name);
		err = show_vm_as(vm, name);
	}
	if (err)
		pr_warn_ratelimited("VM %llu is not in statsfs (%d)\n", vm->id, err);
}

static int make_kvm(void)
{
	struct statsfs_source *src = make("kvm", shown->host, shown);
	int err;

	if (IS_ERR(src))
		return PTR_ERR(src);
	err = kvms_statsfs->source_register(src);
	if (err) {
		revoke_later(src);
		revoke_batch();
	} else {
		shown->src = src;
	}
	return err;
}

/* Takes over the reference on the schema. */
static void show_kvm(struct kvms_schema *schema)
{
	struct kvms_vm *vm;
	u64 id = 0;
	int err;

	shown = kvms_shown_make(schema);
	err = shown ? make_kvm() : -ENOMEM;
	if (err) {
		pr_warn_ratelimited("there is no /sys/kernel/stats/kvm (%d)\n", err);
		if (shown)
			kvms_shown_free(shown);
		shown = NULL;
		return;
	}
	while ((vm = kvms_vm_next(id, &init_pid_ns))) {
		id = vm->id + 1;
		/* Of one that is marked, as new ones are, it is done then: they may come fast. */
		if (!test_bit(0, &vm->view.marked))
			kvms_tree_show(vm);
		kvms_vm_put(vm);
		cond_resched();
	}
}

void kvms_tree_follow(void)
{
	struct kvms_schema *schema = kvms_statsfs ? kvms_schema_get() : NULL;

	if (shown && shown->schema != schema)
		kvms_tree_hide();
	if (schema && !shown)
		show_kvm(schema);
	else if (schema)
		kvms_schema_put(schema);
}
