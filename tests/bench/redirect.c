// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a running guest's VMM calls most, a guest's exit to userland and KVM_IRQ_LINE,
 * costs with KVM's functions redirected, against without kvmstats and with all of them
 * off again.
 */
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "exit.h"
#include "farm.h"
#include "guest.h"
#include "kvmstats.h"
#include "module.h"
#include "spread.h"
#include "tap.h"

#define IRQ	4

/* Masked in the interrupt controllers, as they are at first. */
static void pulse(void *argument)
{
	struct kvm_irq_level line = { .irq = IRQ, .level = 1 };
	int vm_fd = *(int *)argument;

	if (ioctl(vm_fd, KVM_IRQ_LINE, &line))
		tap_bail("KVM_IRQ_LINE failed");
	line.level = 0;
	if (ioctl(vm_fd, KVM_IRQ_LINE, &line))
		tap_bail("KVM_IRQ_LINE failed");
}

struct costs {
	struct spread exit;
	struct spread irq;
};

static struct costs measure(const char *state, struct guest_vcpu *vcpu, int *irq_vm)
{
	struct costs costs;
	char name[64];

	snprintf(name, sizeof(name), "kvm_run_%s", state);
	costs.exit = spread_count(name, exit_once, vcpu);
	snprintf(name, sizeof(name), "irq_line_%s", state);
	costs.irq = spread_count(name, pulse, irq_vm);
	return costs;
}

static void compare(const char *state, struct costs costs, struct costs without)
{
	char name[64];

	snprintf(name, sizeof(name), "kvm_run_%s_vs_without", state);
	spread_figure(name, costs.exit, without.exit, 1.0);
	snprintf(name, sizeof(name), "irq_line_%s_vs_without", state);
	spread_figure(name, costs.irq, without.irq, 1.0);
}

static void must_set(const char *parameter, const char *word)
{
	errno = kvmstats_set(parameter, word);
	if (errno)
		tap_bail("cannot set %s to %s", parameter, word);
}

int main(void)
{
	struct costs without, redirected, off;
	struct guest_vcpu *vcpu;
	struct guest guest;
	struct farm farm;
	int irq_vm, irq_vcpu;

	test_begin();
	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	exit_prepare(vcpu);
	farm_create(&farm, 1, 0);
	irq_vm = farm_vm_fd(&farm, 0);
	if (ioctl(irq_vm, KVM_CREATE_IRQCHIP, 0))
		tap_bail("no VM with an interrupt controller");
	irq_vcpu = ioctl(irq_vm, KVM_CREATE_VCPU, 0);

	without = measure("without", vcpu, &irq_vm);
	errno = kvmstats_load("aggregate_abi=on");
	if (errno)
		tap_bail("cannot load kvmstats");
	tap_ok(ioctl(irq_vm, KVM_STATS_GET_INFO, &(struct kvm_stats_info){ 0 }) == 0,
	       "KVM's functions are redirected");
	redirected = measure("redirected", vcpu, &irq_vm);
	must_set("aggregate_abi", "off");
	must_set("native_abi", "off");
	off = measure("off", vcpu, &irq_vm);
	compare("redirected", redirected, without);
	compare("off", off, without);

	close(irq_vcpu);
	farm_destroy(&farm);
	guest_destroy(&guest);
	return test_end();
}
