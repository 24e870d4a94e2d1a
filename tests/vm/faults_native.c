// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM's own fds answer with kvmstats' help, with each allocation and each user copy
 * failed in turn, and the switch that has them answer.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev.h"
#include "fault.h"
#include "fault_flat.h"
#include "guest.h"
#include "module.h"
#include "native.h"
#include "rows.h"
#include "tap.h"

#define AGGREGATE	"aggregate_abi"

static struct guest guest;
static unsigned int nr_probes;		/* while it is off */

static bool answers(int fd)
{
	struct kvm_stats_info info;

	return !ioctl(fd, KVM_STATS_GET_INFO, &info);
}

static void must_set(const char *word)
{
	errno = kvmstats_set(AGGREGATE, word);
	if (errno)
		tap_bail("cannot set " AGGREGATE " to %s", word);
}

/* --- the switch --- */

static void before_on(void *context)
{
	(void)context;
	must_set("off");
}

static int switch_on(void *context)
{
	(void)context;
	return kvmstats_set(AGGREGATE, "on");
}

/* It is all on or all off, and can be switched on again. */
static bool after_on(void *context, int err)
{
	bool vm = answers(guest.vm_fd), vcpu = answers(guest.vcpus[0].fd);
	bool right = vm == !err && vcpu == !err;

	(void)context;
	if (err && count_probes() != nr_probes) {
		tap_note("a probe is left");
		right = false;
	}
	must_set("on");
	return right && answers(guest.vm_fd) && answers(guest.vcpus[0].fd);
}

/* Nothing there may fail. */
static int switch_off(void *context)
{
	(void)context;
	return kvmstats_set(AGGREGATE, "off");
}

static void before_off(void *context)
{
	(void)context;
	must_set("on");
}

static bool after_off(void *context, int err)
{
	(void)context;
	(void)err;
	return !answers(guest.vm_fd) && !answers(guest.vcpus[0].fd) && count_probes() == nr_probes;
}

static void check_switch(void)
{
	const struct fault_case on = {
		.name = "switching on", .before = before_on, .call = switch_on, .after = after_on,
		.allowed = { ENOMEM }, .least = 1,
	};
	const struct fault_case off = {
		.name = "switching off", .before = before_off, .call = switch_off,
		.after = after_off,
	};

	must_set("off");
	nr_probes = count_probes();
	fault_within("kvmstats");
	fault_run(&on);
	fault_run(&off);
}

/* --- stats fds, whoever answers --- */

static int get_stats_fd(void *context)
{
	int fd = ioctl(*(int *)context, KVM_GET_STATS_FD, 0);
	int err = ERRNO_OF(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static void check_stats_fd(int *fd, const char *name)
{
	const struct fault_case fault = {
		.name = name, .call = get_stats_fd, .context = fd,
		.allowed = { ENOMEM, ENFILE }, .least = 2,
	};

	fault_run(&fault);
}

int main(void)
{
	int dev;

	fault_begin();
	dev = test_begin_loaded(AGGREGATE "=on");
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 9);
	check_switch();
	must_set("on");
	fault_anywhere();
	fault_flat(guest.vm_fd, "KVM's own VM fd");
	fault_flat(guest.vcpus[0].fd, "KVM's own vCPU fd");
	check_stats_fd(&guest.vm_fd, "KVM_GET_STATS_FD of a VM");
	check_stats_fd(&guest.vcpus[0].fd, "KVM_GET_STATS_FD of a vCPU");
	guest_destroy(&guest);
	return fault_end_loaded(dev);
}
