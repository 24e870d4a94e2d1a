// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/slab.h>

#include "../../compat/compat.h"
#include "tables.h"

static struct kvms_schema *schema_alloc(u32 source, u32 vm_desc, u32 vcpu_desc)
{
	static u64 last_generation;
	struct kvms_schema *schema;
	u32 nr = vm_desc + vcpu_desc;

	if (vm_desc > KVMS_MAX_DESC || vcpu_desc > KVMS_MAX_DESC)
		return ERR_PTR(-EINVAL);
	schema = kzalloc(sizeof(*schema) +
			 nr * (sizeof(struct kvmstats_desc) + sizeof(struct kvms_run)), GFP_KERNEL);
	if (!schema)
		return ERR_PTR(-ENOMEM);
	kref_init(&schema->ref);
	schema->generation = ++last_generation;
	schema->source = source;
	schema->vm.desc = (void *)(schema + 1);
	schema->vcpu.desc = schema->vm.desc + vm_desc;
	schema->vm.runs = (void *)(schema->vcpu.desc + vcpu_desc);
	schema->vcpu.runs = schema->vm.runs + vm_desc;
	return schema;
}

static struct kvms_schema *schema_finish(struct kvms_schema *schema)
{
	int err = kvms_schema_complete(schema);

	if (!err)
		return schema;
	kvms_schema_put(schema);
	return ERR_PTR(err);
}

#if defined(HAVE_KVM_STATS_TABLES)

struct kvms_schema *kvms_tables_read(const struct kvms_tables *tables)
{
	struct kvms_schema *schema;

	/* KVM calls them by other types, and not by the same ones in all kernels. */
	BUILD_BUG_ON(sizeof(struct kvmstats_header) != sizeof(struct kvm_stats_header));

	schema = schema_alloc(KVMSTATS_SCHEMA_NATIVE, tables->vm_header->num_desc,
			      tables->vcpu_header->num_desc);
	if (IS_ERR(schema))
		return schema;
	if (kvms_layout_native(&schema->vm, tables->vm_header, tables->vm_desc,
			       sizeof_field(struct kvm, stat)) ||
	    kvms_layout_native(&schema->vcpu, tables->vcpu_header, tables->vcpu_desc,
			       sizeof_field(struct kvm_vcpu, stat))) {
		kvms_schema_put(schema);
		return ERR_PTR(-EINVAL);
	}
	return schema_finish(schema);
}

#elif defined(HAVE_KVM_DEBUGFS_ITEMS)

static u32 pick(const struct kvm_stats_debugfs_item *from, int kind, u32 base,
		struct kvms_item *items)
{
	u32 nr = 0;

	for (; from->name && nr < KVMS_MAX_DESC; from++) {
		if (from->kind != kind)
			continue;
		items[nr++] = (struct kvms_item){
			.name = from->name,
			.offset = from->offset - base,
			.read_only = from->mode && !(from->mode & 0222),
		};
	}
	return nr;
}

static bool has_item(const struct kvms_item *items, u32 nr, const char *name)
{
	while (nr--)
		if (!strcmp(items[nr].name, name))
			return true;
	return false;
}

/* Appends what we make, all of it or, where the kernel has some of it itself, nothing. */
static u32 append(struct kvms_item *items, u32 nr, const struct kvms_item *ours, u32 nr_ours)
{
	u32 i;

	if (nr + nr_ours > KVMS_MAX_DESC)
		return nr;
	for (i = 0; i < nr_ours; i++)
		if (has_item(items, nr, ours[i].name))
			return nr;
	memcpy(items + nr, ours, nr_ours * sizeof(*ours));
	return nr + nr_ours;
}

static u32 supply(struct kvms_item *items, u32 nr, bool halts)
{
	static const struct kvms_item guest_mode = { "guest_mode", KVMS_GUEST_MODE, .size = 1 };
	static const struct kvms_item blocking = { "blocking", KVMS_BLOCKING, .size = 1 };
	/* halts.c counts them together */
	static const struct kvms_item of_halts[] = {
		{ "halt_wait_ns", KVMS_HALT_WAIT_NS, .size = 1 },
		{ "halt_poll_success_hist", KVMS_POLL_SUCCESS_HIST, .size = KVMS_HALT_HIST_SIZE },
		{ "halt_poll_fail_hist", KVMS_POLL_FAIL_HIST, .size = KVMS_HALT_HIST_SIZE },
		{ "halt_wait_hist", KVMS_HALT_WAIT_HIST, .size = KVMS_HALT_HIST_SIZE },
	};

	if (COMPAT_KNOWS_GUEST_MODE)
		nr = append(items, nr, &guest_mode, 1);
	if (COMPAT_KNOWS_BLOCKING)
		nr = append(items, nr, &blocking, 1);
	if (halts)
		nr = append(items, nr, of_halts, ARRAY_SIZE(of_halts));
	return nr;
}

struct kvms_schema *kvms_tables_read(const struct kvms_tables *tables)
{
	struct kvms_schema *schema = ERR_PTR(-ENOMEM);
	struct kvms_item *vm, *vcpu;
	u32 nr_vm, nr_vcpu;

	/* VM stats are ulong there, and are copied as u64. */
	BUILD_BUG_ON(sizeof(ulong) != sizeof(u64));

	vm = kcalloc(2 * KVMS_MAX_DESC, sizeof(*vm), GFP_KERNEL);
	if (!vm)
		return schema;
	vcpu = vm + KVMS_MAX_DESC;
	nr_vm = pick(tables->debugfs_entries, KVM_STAT_VM, offsetof(struct kvm, stat), vm);
	nr_vcpu = pick(tables->debugfs_entries, KVM_STAT_VCPU, offsetof(struct kvm_vcpu, stat),
		       vcpu);
	nr_vcpu = supply(vcpu, nr_vcpu, tables->halts);

	schema = schema_alloc(KVMSTATS_SCHEMA_DEBUGFS, nr_vm, nr_vcpu);
	if (IS_ERR(schema))
		goto out;
	if (kvms_layout_items(&schema->vm, vm, nr_vm, sizeof_field(struct kvm, stat)) ||
	    kvms_layout_items(&schema->vcpu, vcpu, nr_vcpu, sizeof_field(struct kvm_vcpu, stat))) {
		kvms_schema_put(schema);
		schema = ERR_PTR(-EINVAL);
		goto out;
	}
	schema = schema_finish(schema);
out:
	kfree(vm);
	return schema;
}

#else
#error "This kernel has neither KVM stats tables nor a list of debugfs items."
#endif
