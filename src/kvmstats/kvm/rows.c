// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>

#include "../shadow/runs.h"
#include "redirect.h"
#include "rows.h"
#include "wakeup.h"

void kvms_row_count(enum row row, int err)
{
	if (err == -ENOMEM)
		atomic64_inc(&kvms_rows[row].misses);
	else if (!err)
		atomic64_inc(&kvms_rows[row].hits);
}

static int on_vm_release(struct kprobe *kp, struct pt_regs *regs)
{
	struct file *file = (struct file *)regs_get_kernel_argument(regs, 1);

	if (kvms_shadow_release(file->private_data))
		kvms_row_count(ROW_RELEASE, 0);
	return 0;
}
NOKPROBE_SYMBOL(on_vm_release);

static int on_vcpu_created(struct kprobe *kp, struct pt_regs *regs)
{
	struct kvm_vcpu *vcpu = (struct kvm_vcpu *)regs_get_kernel_argument(regs, 0);

	kvms_row_count(ROW_VCPU, kvms_shadow_take_vcpu(vcpu, 0, GFP_ATOMIC));
	return 0;
}
NOKPROBE_SYMBOL(on_vcpu_created);

static int on_dev_ioctl(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	/* Non-zero: no interest in the return. */
	return (unsigned int)regs_get_kernel_argument(regs, 1) != KVM_CREATE_VM;
}
NOKPROBE_SYMBOL(on_dev_ioctl);

static int take_vm(struct kvm *kvm, int fd)
{
	struct kvms_vm *vm = kvms_shadow_take_vm(kvm, fd, 0, GFP_ATOMIC);

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	kvms_vm_put(vm);
	return 0;
}

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
	if (compat_probe_is_on(&kvms_rows[ROW_RELEASE].kp, file->f_op->release))
		kvms_row_count(ROW_CREATE, take_vm(file->private_data, fd));
	fput(file);
	return 0;
}
NOKPROBE_SYMBOL(on_vm_created);

/*
 * KVM_RUN gets itself the pid of a thread that is not the one which ran the vCPU last; next
 * to nobody else asks for his own.
 */
static int on_get_task_pid(struct kprobe *kp, struct pt_regs *regs)
{
	if ((struct task_struct *)regs_get_kernel_argument(regs, 0) == current &&
	    (enum pid_type)regs_get_kernel_argument(regs, 1) == PIDTYPE_PID && in_task()) {
		kvms_runs_change();
		kvms_row_count(ROW_RUN, 0);
	}
	return 0;
}
NOKPROBE_SYMBOL(on_get_task_pid);

struct hook kvms_rows[NR_ROWS] = {
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
	[ROW_RUN] = {
		.name = "get_task_pid", .kind = KVMSTATS_HOOK_ENTRY, .in_kernel = true,
		.need = KVMSTATS_HOOK_OPTIONAL, .entry = on_get_task_pid,
		.lost = "perf's counting for threads that run vCPUs",
	},
	[ROW_VM_IOCTL] = {
		.name = "kvm_arch_vm_ioctl", .kind = KVMSTATS_HOOK_REDIRECT,
		.need = KVMSTATS_HOOK_OPTIONAL, .entry = kvms_redirect_vm_ioctl,
		.lost = "stats through KVM's own VM fds",
	},
	[ROW_VCPU_IOCTL] = {
		.name = "kvm_arch_vcpu_ioctl", .kind = KVMSTATS_HOOK_REDIRECT,
		.need = KVMSTATS_HOOK_OPTIONAL, .entry = kvms_redirect_vcpu_ioctl,
		.lost = "stats through KVM's own vCPU fds",
	},
	[ROW_EXTENSION] = {
		.name = "kvm_vm_ioctl_check_extension", .kind = KVMSTATS_HOOK_REDIRECT,
		.need = KVMSTATS_HOOK_OPTIONAL, .entry = kvms_redirect_extension,
		.lost = "KVM_CAP_BINARY_STATS_FD, by which VMMs find their stats",
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
#ifdef COMPAT_COUNTS_HALTS
	[ROW_WAKEUP] = {
		.name = "kvm_vcpu_wakeup", .kind = KVMSTATS_HOOK_TRACEPOINT,
		.need = KVMSTATS_HOOK_OPTIONAL,
		.prepare = kvms_wakeup_prepare, .traced = kvms_wakeup_traced,
		.lost = "how long halted vCPUs polled and waited",
	},
#endif
};
