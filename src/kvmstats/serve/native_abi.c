// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kvmstats: " fmt

#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "../../compat/compat.h"
#include "../kvm/hooks.h"
#include "../kvm/redirect.h"
#include "../shadow/shadow.h"
#include "aggregate.h"
#include "native_abi.h"
#include "stats_fd.h"

/* --- the fds of native clients --- */

/* Only names that upstream has, whatever this kernel adds: see kvms_layout.native. */
static ssize_t native_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct kvms_object *obj = file->private_data;
	struct kvms_head head = obj->head;

	head.header = obj->layout->native;
	return kvms_stats_fd_read_as(obj, &head, obj->layout->native_size, buf, count, ppos);
}

/* A seek succeeds and does not move, as with KVM's own. */
static const struct file_operations native_fops = {
	.owner = THIS_MODULE,
	.read = native_read,
	.llseek = noop_llseek,
	.release = kvms_stats_fd_release,
};

/* --- answers, each with a reference on the module --- */

static long aggregate(struct kvms_object *obj, unsigned int command, unsigned long arg)
{
#ifdef CONFIG_COMPAT
	if (in_compat_syscall())
		return kvms_aggregate_compat(obj, command, compat_ptr(arg));
#endif
	return kvms_aggregate(obj, command, (void __user *)arg);
}

static long vm_answer(struct kvm *kvm, unsigned int command, unsigned long arg)
{
	struct kvms_vm *vm;
	long ret;

	vm = kvms_shadow_take_vm(kvm, -1, KVMSTATS_VM_ADOPTED, GFP_KERNEL);
	if (IS_ERR(vm))
		return PTR_ERR(vm);
	if (command == KVM_GET_STATS_FD)
		ret = kvms_stats_fd_open_as(&vm->obj, "kvm-vm-stats", &native_fops);
	else
		ret = aggregate(&vm->obj, command, arg);
	kvms_vm_put(vm);
	return ret;
}

static struct kvms_vcpu *vcpu_of(struct kvms_vm *vm, struct kvm_vcpu *kvcpu)
{
	struct kvms_vcpu *vcpu = kvms_vcpu_find(vm, kvcpu->vcpu_id);
	int err;

	if (vcpu)
		return vcpu;
	err = kvms_vcpu_add(vm, kvcpu, KVMSTATS_VM_ADOPTED, GFP_KERNEL);
	if (err && err != -EEXIST)
		return ERR_PTR(err);
	return kvms_vcpu_find(vm, kvcpu->vcpu_id);
}

/*
 * A VM that is not in the table is not taken up here: its own fd may be closed, and
 * then nothing would tell of its end.
 */
static long vcpu_answer(struct kvm_vcpu *kvcpu, unsigned int command, unsigned long arg)
{
	char name[sizeof("kvm-vcpu-stats:-2147483648")];
	struct kvms_vcpu *vcpu;
	struct kvms_vm *vm;
	long ret;

	vm = kvms_shadow_find(kvcpu->kvm);
	if (!vm)
		return -ENODEV;
	vcpu = vcpu_of(vm, kvcpu);
	if (IS_ERR(vcpu)) {
		ret = PTR_ERR(vcpu);
	} else if (command == KVM_GET_STATS_FD) {
		snprintf(name, sizeof(name), "kvm-vcpu-stats:%d", kvcpu->vcpu_id);
		ret = kvms_stats_fd_open_as(&vcpu->obj, name, &native_fops);
	} else {
		ret = aggregate(&vcpu->obj, command, arg);
	}
	kvms_vm_put(vm);
	return ret;
}

static long vm_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	long ret = vm_answer(file->private_data, command, arg);

	module_put(THIS_MODULE);
	return ret;
}

static long vcpu_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	long ret = vcpu_answer(file->private_data, command, arg);

	module_put(THIS_MODULE);
	return ret;
}

static int has_extension(struct kvm *kvm, long extension)
{
	int has = kvms_promise(current->mm);

	module_put(THIS_MODULE);
	return has;
}

/* --- what is answered --- */

enum mode { MODE_AUTO, MODE_ON, MODE_OFF };

static const char *const mode_words[] = { "auto", "on", "off" };

/* Under kernel_param_lock(). */
static int native_abi = MODE_AUTO;
static int aggregate_abi = MODE_AUTO;
static bool started;

/* Read in probes. */
static bool takes_native, takes_aggregate;

static bool takes(unsigned int command)
{
	if (command == KVM_GET_STATS_FD)
		return READ_ONCE(takes_native);
	return READ_ONCE(takes_aggregate) && kvms_is_aggregate(command);
}
NOKPROBE_SYMBOL(takes);

static const struct kvms_answers answers = {
	.takes = takes,
	.vm_ioctl = vm_ioctl,
	.vcpu_ioctl = vcpu_ioctl,
	.extension = KVM_CAP_BINARY_STATS_FD,
	.has_extension = has_extension,
};

static int apply(void)
{
	bool native, aggregate;

	if (!started)
		return 0;
	native = native_abi == MODE_AUTO ? !COMPAT_HAS_STATS_FD : native_abi == MODE_ON;
	aggregate = aggregate_abi == MODE_AUTO ? native : aggregate_abi == MODE_ON;
	WRITE_ONCE(takes_native, native);
	WRITE_ONCE(takes_aggregate, aggregate);
	kvms_promises_allow(native);
	return kvms_hooks_redirect(native || aggregate, native);
}

static int mode_set(const char *word, const struct kernel_param *param)
{
	int *mode = param->arg, old = *mode, new, err;

	new = sysfs_match_string(mode_words, word);
	if (new < 0) {
		pr_err("%s=%.*s: give auto, on or off\n", param->name,
		       (int)strcspn(word, "\n"), word);
		return -EINVAL;
	}
	if (COMPAT_HAS_STATS_FD && mode == &native_abi && new == MODE_ON) {
		pr_err("native_abi=on: this kernel has KVM_GET_STATS_FD of its own, give auto or off\n");
		return -EOPNOTSUPP;
	}
	*mode = new;
	err = apply();
	if (err) {
		*mode = old;
		apply();
	}
	return err;
}

static int mode_get(char *buf, const struct kernel_param *param)
{
	return sprintf(buf, "%s\n", mode_words[*(int *)param->arg]);
}

static const struct kernel_param_ops mode_ops = { .set = mode_set, .get = mode_get };

module_param_cb(native_abi, &mode_ops, &native_abi, 0644);
MODULE_PARM_DESC(native_abi,
		 "KVM_GET_STATS_FD on KVM's own fds: on, off, or auto (default), where the kernel lacks it");
module_param_cb(aggregate_abi, &mode_ops, &aggregate_abi, 0644);
MODULE_PARM_DESC(aggregate_abi,
		 "KVM_STATS_GET_* on KVM's own fds: on, off, or auto (default), with native_abi");

void kvms_native_abi_init(void)
{
	kvms_redirect_to(&answers);
	kernel_param_lock(THIS_MODULE);
	started = true;
	apply();
	kernel_param_unlock(THIS_MODULE);
}

void kvms_native_abi_exit(void)
{
	kernel_param_lock(THIS_MODULE);
	started = false;
	kvms_hooks_redirect(false, false);
	kernel_param_unlock(THIS_MODULE);
	kvms_redirect_drain();
}
