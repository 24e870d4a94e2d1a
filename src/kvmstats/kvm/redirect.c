// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "redirect.h"

static const struct kvms_answers *answers;
static bool used;

void kvms_redirect_to(const struct kvms_answers *ours)
{
	answers = ours;
}

/*
 * The module stays while a task is in an answer. One that is unloading has no more to
 * give: the task goes on in KVM's own function, as if we were gone already.
 */
static int redirect(struct pt_regs *regs, unsigned long to)
{
	if (!try_module_get(THIS_MODULE))
		return 0;
	WRITE_ONCE(used, true);
	instruction_pointer_set(regs, to);
	return 1;
}
NOKPROBE_SYMBOL(redirect);

static bool takes_command(struct pt_regs *regs)
{
	return answers->takes((unsigned int)regs_get_kernel_argument(regs, 1));
}
NOKPROBE_SYMBOL(takes_command);

int kvms_redirect_vm_ioctl(struct kprobe *kp, struct pt_regs *regs)
{
	return takes_command(regs) ? redirect(regs, (unsigned long)answers->vm_ioctl) : 0;
}
NOKPROBE_SYMBOL(kvms_redirect_vm_ioctl);

int kvms_redirect_vcpu_ioctl(struct kprobe *kp, struct pt_regs *regs)
{
	return takes_command(regs) ? redirect(regs, (unsigned long)answers->vcpu_ioctl) : 0;
}
NOKPROBE_SYMBOL(kvms_redirect_vcpu_ioctl);

int kvms_redirect_extension(struct kprobe *kp, struct pt_regs *regs)
{
	if ((long)regs_get_kernel_argument(regs, 1) != answers->extension)
		return 0;
	return redirect(regs, (unsigned long)answers->has_extension);
}
NOKPROBE_SYMBOL(kvms_redirect_extension);

/*
 * A task that has given its reference back has a few instructions of ours left, and may
 * be preempted on them: wait until each has been off the CPU of its own will.
 */
void kvms_redirect_drain(void)
{
	if (READ_ONCE(used))
		synchronize_rcu_tasks();
}
