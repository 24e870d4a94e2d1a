// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/module.h>
#include <linux/mutex.h>

#include "../../compat/compat.h"
#include "../shadow/shadow.h"
#include "hooks.h"
#include "rows.h"
#include "selftest.h"
#include "sweep.h"
#include "symbols.h"
#include "tables.h"

static DEFINE_MUTEX(hooks_lock);
static bool armed;
static bool redirect_ioctls, redirect_extension;
static bool follow_runs;

/* --- what readers see --- */

int kvms_hooks_row(u32 index, struct kvmstats_hook *row)
{
	struct hook *hook;

	if (index >= NR_ROWS)
		return -ENOENT;
	hook = &kvms_rows[index];

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
		.vm_header = kvms_rows[ROW_VM_HEADER].addr,
		.vm_desc = kvms_rows[ROW_VM_DESC].addr,
		.vcpu_header = kvms_rows[ROW_VCPU_HEADER].addr,
		.vcpu_desc = kvms_rows[ROW_VCPU_DESC].addr,
#else
		.debugfs_entries = kvms_rows[ROW_DEBUGFS].addr,
#endif
#ifdef COMPAT_COUNTS_HALTS
		.halts = kvms_rows[ROW_WAKEUP].state == KVMSTATS_HOOK_ARMED,
#endif
	};

	return kvms_tables_read(&tables);
}

static void disarm_from(int row)
{
	/* The release hook goes last: a pin is never taken without it. */
	while (row-- > 0)
		kvms_hook_disarm(&kvms_rows[row]);
}

/* Out of memory is nothing that a user must mend; all else is a kernel that does not fit. */
static int misfit(int err)
{
	return err == -ENOMEM ? err : -EOPNOTSUPP;
}

static void warn_if_failed(const struct hook *hook)
{
	if (hook->state == KVMSTATS_HOOK_FAILED)
		pr_warn("%s is not to be had (%d): lost is %s\n", hook->name, hook->error,
			hook->lost);
}

/* Once is enough. */
static int prove_redirect(void)
{
	static bool proven;
	int err;

	if (proven)
		return 0;
	err = kvms_selftest_redirect();
	proven = !err;
	return err;
}

/* A row that is armed only while it is wanted. */
static int arm_if_wanted(enum row row, bool want)
{
	struct hook *hook = &kvms_rows[row];

	if (!want) {
		kvms_hook_disarm(hook);
		hook->state = KVMSTATS_HOOK_UNUSED;
		hook->error = 0;
		return 0;
	}
	return hook->state == KVMSTATS_HOOK_ARMED ? 0 : kvms_hook_arm(hook);
}

static int redirect_row(enum row row, bool want)
{
	int err = want ? prove_redirect() : 0;

	if (!err)
		return arm_if_wanted(row, want);
	kvms_hook_set(&kvms_rows[row], err);
	return err;
}

/* Whoever finds the capability finds the rest too: it comes last and goes first. */
static int redirect(void)
{
	int err;

	if (!redirect_extension)
		redirect_row(ROW_EXTENSION, false);
	err = redirect_row(ROW_VM_IOCTL, redirect_ioctls);
	err = redirect_row(ROW_VCPU_IOCTL, redirect_ioctls && !err) ?: err;
	return redirect_row(ROW_EXTENSION, redirect_extension && !err) ?: err;
}

int kvms_hooks_redirect(bool ioctls, bool extension)
{
	int row, err = 0;

	mutex_lock(&hooks_lock);
	redirect_ioctls = ioctls;
	redirect_extension = extension;
	if (armed)
		err = redirect();
	if (err)
		for (row = ROW_VM_IOCTL; row <= ROW_EXTENSION; row++)
			warn_if_failed(&kvms_rows[row]);
	mutex_unlock(&hooks_lock);
	return err;
}

int kvms_hooks_follow_runs(bool follow)
{
	int err = 0;

	mutex_lock(&hooks_lock);
	if (armed)
		err = arm_if_wanted(ROW_RUN, follow);
	follow_runs = follow && !err;
	if (err)
		warn_if_failed(&kvms_rows[ROW_RUN]);
	mutex_unlock(&hooks_lock);
	return err;
}

/*
 * Symbols come before probes, so that nothing is taken up before the schema is
 * there, and the release hook comes before those that pin.
 */
static int arm_all(void)
{
	struct kvms_schema *schema;
	int row, err;

	for (row = NR_ROWS - 1; row > ROW_EXTENSION; row--) {
		err = kvms_hook_arm(&kvms_rows[row]);
		if (err && kvms_rows[row].need == KVMSTATS_HOOK_REQUIRED)
			goto fail;
	}
	schema = read_schema();
	if (IS_ERR(schema)) {
		err = PTR_ERR(schema);
		kvms_hook_set(&kvms_rows[ROW_SCHEMA], err);
		if (err != -ENOMEM)
			pr_err("KVM's stats tables are not what this build expects: build kvmstats anew for this kernel\n");
		disarm_from(NR_ROWS);
		return misfit(err);
	}
	kvms_shadow_attach(schema);
	for (row = 0; row <= ROW_CREATE; row++) {
		err = kvms_hook_arm(&kvms_rows[row]);
		if (err && kvms_rows[row].need == KVMSTATS_HOOK_REQUIRED)
			goto fail;
	}
	redirect();
	arm_if_wanted(ROW_RUN, follow_runs);
	for (row = 0; row < NR_ROWS; row++)
		warn_if_failed(&kvms_rows[row]);
	return 0;

fail:
	if (err != -ENOMEM)
		pr_err("%s is not to be had (%d), so %s would be lost: this kernel is not supported\n",
		       kvms_rows[row].name, err, kvms_rows[row].lost);
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
		kvms_rows[row].state = KVMSTATS_HOOK_IDLE;
		kvms_rows[row].error = 0;
	}
	mutex_unlock(&hooks_lock);
}

/* Nothing is pinned any more but by a sweep. */
static void stop_taking(void)
{
	mutex_lock(&hooks_lock);
	kvms_hook_disarm(&kvms_rows[ROW_CREATE]);
	kvms_hook_disarm(&kvms_rows[ROW_VCPU]);
	mutex_unlock(&hooks_lock);
}

/* VMs that already run: once, at load. Hooks are armed, so none slips between. */
static void adopt(void)
{
	struct mutex *lock;
	struct list_head *list;
	struct kvms_vm *vm;
	struct kvm *kvm;

	mutex_lock(&hooks_lock);
	lock = kvms_rows[ROW_KVM_LOCK].addr;
	list = kvms_rows[ROW_VM_LIST].addr;
	if (armed && lock && list) {
		mutex_lock(lock);
		list_for_each_entry(kvm, list, vm_list) {
			vm = kvms_shadow_take_vm(kvm, -1, KVMSTATS_VM_ADOPTED, GFP_KERNEL);
			kvms_row_count(ROW_VM_LIST, PTR_ERR_OR_ZERO(vm));
			if (IS_ERR(vm))
				continue;
			kvms_sweep_vcpus(kvm, atomic_read(&kvm->online_vcpus));
			kvms_vm_put(vm);
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

/* Before that of tracepoints, which must not see any in use when kvm goes. */
static struct notifier_block module_nb = { .notifier_call = on_module, .priority = 1 };

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
	kvms_sweep_start(sweep_ms, &kvms_rows[ROW_RELEASE].misses);
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
