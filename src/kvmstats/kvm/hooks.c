// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "../../compat/compat.h"
#include "../shadow/shadow.h"
#include "hook.h"
#include "hooks.h"
#include "selftest.h"
#include "sweep.h"
#include "symbols.h"
#include "tables.h"

enum row {
	ROW_RELEASE,
	ROW_VCPU,
	ROW_CREATE,
	ROW_VM_LIST,
	ROW_KVM_LOCK,
	ROW_SCHEMA,		/* the first of those that the schema is read from */
#ifdef HAVE_KVM_STATS_TABLES
	ROW_VM_HEADER = ROW_SCHEMA,
	ROW_VM_DESC,
	ROW_VCPU_HEADER,
	ROW_VCPU_DESC,
#else
	ROW_DEBUGFS = ROW_SCHEMA,
#endif
	NR_ROWS
};

/* Changes under hooks_lock, but for what probes count. */
static struct hook hooks[NR_ROWS];
static DEFINE_MUTEX(hooks_lock);
static bool armed;

/* --- handlers: the current task is the VMM's --- */

static void count(enum row row, int err)
{
	if (err == -ENOMEM)
		atomic64_inc(&hooks[row].misses);
	else if (!err)
		atomic64_inc(&hooks[row].hits);
}

static int on_vm_release(struct kprobe *kp, struct pt_regs *regs)
{
	struct file *file = (struct file *)regs_get_kernel_argument(regs, 1);

	if (kvms_shadow_release(file->private_data))
		count(ROW_RELEASE, 0);
	return 0;
}
NOKPROBE_SYMBOL(on_vm_release);

static int on_vcpu_created(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs_get_kernel_argument(regs, 0);

	count(ROW_VCPU, kvms_shadow_take_vcpu(vcpu, 0, GFP_ATOMIC));
	return 0;
}
NOKPROBE_SYMBOL(on_vcpu_created);

static int on_dev_ioctl(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	/* Non-zero: no interest in the return. */
	return (unsigned int)regs_get_kernel_argument(regs, 1) != KVM_CREATE_VM;
}
NOKPROBE_SYMBOL(on_dev_ioctl);

static int on_vm_created(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	int fd = (int)regs_return_value(regs);
	struct file *file;

	if (fd < 0)
		return 0;
	file = fget(fd);
	if (!file)
		return 0;
	/* Another thread may have closed the fd and opened something else. */
	if (compat_probe_is_on(&hooks[ROW_RELEASE].kp, file->f_op->release))
		count(ROW_CREATE, kvms_shadow_take_vm(file->private_data, 0, GFP_ATOMIC));
	fput(file);
	return 0;
}
NOKPROBE_SYMBOL(on_vm_created);

/* --- the table --- */

static struct hook hooks[NR_ROWS] = {
	[ROW_RELEASE] = {
		.name = "kvm_vm_release", .kind = KVMSTATS_HOOK_ENTRY,
		.need = KVMSTATS_HOOK_REQUIRED, .entry = on_vm_release,
		.lost = "the moment a VM ends",
	},
	[ROW_VCPU] = {
		.name = "kvm_arch_vcpu_postcreate", .kind = KVMSTATS_HOOK_ENTRY,
		.need = KVMSTATS_HOOK_REQUIRED, .entry = on_vcpu_created,
		.lost = "vCPUs",
	},
	[ROW_CREATE] = {
		.name = "kvm_dev_ioctl", .kind = KVMSTATS_HOOK_RETURN,
		.need = KVMSTATS_HOOK_OPTIONAL,
		.on_entry = on_dev_ioctl, .on_return = on_vm_created,
		.lost = "a VM until its first vCPU is created",
	},
	[ROW_VM_LIST] = {
		.name = "vm_list", .kind = KVMSTATS_HOOK_SYMBOL,
		.need = KVMSTATS_HOOK_OPTIONAL,
		.lost = "VMs that already run when kvmstats is loaded",
	},
	[ROW_KVM_LOCK] = {
		.name = "kvm_lock", .kind = KVMSTATS_HOOK_SYMBOL,
		.need = KVMSTATS_HOOK_OPTIONAL,
		.lost = "VMs that already run when kvmstats is loaded",
	},
#ifdef HAVE_KVM_STATS_TABLES
	[ROW_VM_HEADER] = {
		.name = "kvm_vm_stats_header", .kind = KVMSTATS_HOOK_SYMBOL,
		.need = KVMSTATS_HOOK_REQUIRED,
		.lost = "how many stats a VM has",
	},
	[ROW_VM_DESC] = {
		.name = "kvm_vm_stats_desc", .kind = KVMSTATS_HOOK_SYMBOL,
		.need = KVMSTATS_HOOK_REQUIRED,
		.lost = "what the stats of a VM mean",
	},
	[ROW_VCPU_HEADER] = {
		.name = "kvm_vcpu_stats_header", .kind = KVMSTATS_HOOK_SYMBOL,
		.need = KVMSTATS_HOOK_REQUIRED,
		.lost = "how many stats a vCPU has",
	},
	[ROW_VCPU_DESC] = {
		.name = "kvm_vcpu_stats_desc", .kind = KVMSTATS_HOOK_SYMBOL,
		.need = KVMSTATS_HOOK_REQUIRED,
		.lost = "what the stats of a vCPU mean",
	},
#else
	[ROW_DEBUGFS] = {
		.name = "debugfs_entries", .kind = KVMSTATS_HOOK_SYMBOL,
		.need = KVMSTATS_HOOK_REQUIRED,
		.lost = "what KVM counts",
	},
#endif
};

int kvms_hooks_row(u32 index, struct kvmstats_hook *row)
{
	struct hook *hook;

	if (index >= NR_ROWS)
		return -ENOENT;
	hook = &hooks[index];

	mutex_lock(&hooks_lock);
	row->kind = hook->kind;
	row->need = hook->need;
	row->state = hook->state;
	row->error = -hook->error;
	row->hits = atomic64_read(&hook->hits);
	row->misses = kvms_hook_misses(hook);
	strscpy(row->name, hook->name, sizeof(row->name));
	strscpy(row->lost, hook->lost, sizeof(row->lost));
	mutex_unlock(&hooks_lock);
	return 0;
}

/* --- arming --- */

static struct kvms_schema *read_schema(void)
{
	struct kvms_tables tables = {
#ifdef HAVE_KVM_STATS_TABLES
		.vm_header = hooks[ROW_VM_HEADER].addr,
		.vm_desc = hooks[ROW_VM_DESC].addr,
		.vcpu_header = hooks[ROW_VCPU_HEADER].addr,
		.vcpu_desc = hooks[ROW_VCPU_DESC].addr,
#else
		.debugfs_entries = hooks[ROW_DEBUGFS].addr,
#endif
	};

	return kvms_tables_read(&tables);
}

static void disarm_from(int row)
{
	/* The release hook goes last: a pin is never taken without it. */
	while (row-- > 0)
		kvms_hook_disarm(&hooks[row]);
}

/* Out of memory is nothing that a user must mend; all else is a kernel that does not fit. */
static int misfit(int err)
{
	return err == -ENOMEM ? err : -EOPNOTSUPP;
}

/*
 * Symbols come before probes, so that nothing is taken up before the schema is
 * there, and the release hook comes before those that pin.
 */
static int arm_all(void)
{
	struct kvms_schema *schema;
	int row, err;

	for (row = NR_ROWS - 1; row > ROW_CREATE; row--) {
		err = kvms_hook_arm(&hooks[row]);
		if (err && hooks[row].need == KVMSTATS_HOOK_REQUIRED)
			goto fail;
	}
	schema = read_schema();
	if (IS_ERR(schema)) {
		err = PTR_ERR(schema);
		kvms_hook_set(&hooks[ROW_SCHEMA], err);
		if (err != -ENOMEM)
			pr_err("KVM's stats tables are not what this build expects: build kvmstats anew for this kernel\n");
		disarm_from(NR_ROWS);
		return misfit(err);
	}
	kvms_shadow_attach(schema);
	for (row = 0; row <= ROW_CREATE; row++) {
		err = kvms_hook_arm(&hooks[row]);
		if (err && hooks[row].need == KVMSTATS_HOOK_REQUIRED)
			goto fail;
	}
	for (row = 0; row < NR_ROWS; row++)
		if (hooks[row].state == KVMSTATS_HOOK_FAILED)
			pr_warn("%s is not to be had (%d): lost is %s\n",
				hooks[row].name, hooks[row].error, hooks[row].lost);
	return 0;

fail:
	if (err != -ENOMEM)
		pr_err("%s is not to be had (%d), so %s would be lost: this kernel is not supported\n",
		       hooks[row].name, err, hooks[row].lost);
	disarm_from(NR_ROWS);
	kvms_shadow_detach();
	return misfit(err);
}

static int arm(void)
{
	int err = 0;

	mutex_lock(&hooks_lock);
	if (!armed && kvms_kvm_present()) {
		err = arm_all();
		armed = !err;
	}
	mutex_unlock(&hooks_lock);
	return err;
}

static void disarm(void)
{
	int row;

	mutex_lock(&hooks_lock);
	if (armed) {
		disarm_from(NR_ROWS);
		kvms_shadow_detach();
		armed = false;
	}
	/* What failed, failed with the kvm that goes. */
	for (row = 0; row < NR_ROWS; row++) {
		hooks[row].state = KVMSTATS_HOOK_IDLE;
		hooks[row].error = 0;
	}
	mutex_unlock(&hooks_lock);
}

/* Nothing is pinned any more but by a sweep. */
static void stop_taking(void)
{
	mutex_lock(&hooks_lock);
	kvms_hook_disarm(&hooks[ROW_CREATE]);
	kvms_hook_disarm(&hooks[ROW_VCPU]);
	mutex_unlock(&hooks_lock);
}

/* VMs that already run: once, at load. Hooks are armed, so none slips between. */
static void adopt(void)
{
	struct mutex *lock;
	struct list_head *list;
	struct kvm *kvm;
	int err;

	mutex_lock(&hooks_lock);
	lock = hooks[ROW_KVM_LOCK].addr;
	list = hooks[ROW_VM_LIST].addr;
	if (armed && lock && list) {
		mutex_lock(lock);
		list_for_each_entry(kvm, list, vm_list) {
			err = kvms_shadow_take_vm(kvm, KVMSTATS_VM_ADOPTED, GFP_KERNEL);
			count(ROW_VM_LIST, err);
			if (!err)
				kvms_sweep_vcpus(kvm, atomic_read(&kvm->online_vcpus));
		}
		mutex_unlock(lock);
	}
	mutex_unlock(&hooks_lock);
}

/* --- kvm.ko comes and goes --- */

static int on_module(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *mod = data;

	if (strcmp(mod->name, "kvm"))
		return NOTIFY_DONE;
	if (state == MODULE_STATE_LIVE && arm() == -ENOMEM)
		pr_err("no memory to follow kvm: load kvmstats anew\n");
	else if (state == MODULE_STATE_GOING)
		disarm();
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = { .notifier_call = on_module };

int kvms_hooks_init(unsigned int sweep_ms)
{
	int err;

	err = kvms_selftest();
	if (err)
		return err;
	err = register_module_notifier(&module_nb);
	if (err)
		return err;
	err = arm();
	if (err) {
		unregister_module_notifier(&module_nb);
		return err;
	}
	adopt();
	kvms_sweep_start(sweep_ms, &hooks[ROW_RELEASE].misses);
	return 0;
}

/*
 * Pins are given back while the release hook still sees VMs end: it takes long to
 * disarm on a busy host, and a VM that ends unseen stays until we let go of it.
 */
void kvms_hooks_exit(void)
{
	struct kvm *kvm;

	unregister_module_notifier(&module_nb);
	stop_taking();
	kvms_sweep_stop();
	while ((kvm = kvms_shadow_evict(true)))
		kvms_kvm_put(kvm);
	disarm();
}
