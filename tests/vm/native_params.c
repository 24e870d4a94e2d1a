// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters native_abi and aggregate_abi: bad input, and what KVM's own fds answer
 * in each of their states. All that is not about statistics is answered as without
 * kvmstats. Built a second time as a 32-bit program.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answers.h"
#include "dev.h"
#include "flat.h"
#include "guest.h"
#include "klog.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define NATIVE		"native_abi"
#define AGGREGATE	"aggregate_abi"
#define NR_VCPUS	2

enum word { AUTO, ON, OFF, NR_WORDS };

static const char *const words[NR_WORDS] = { "auto", "on", "off" };

static const char *const bad_words[] = {
	"", "o", "onn", "On", "OFF", "Auto", "aut", "autox", "1", "0", "y", "n", "true", " on",
	"on ", "on,off", "on off", "native_abi=on",
};

#define NR_BAD_WORDS	(sizeof(bad_words) / sizeof(bad_words[0]))

/* What the kernel does by itself. */
static bool is_native;
static struct answers own;
static int own_vm_errno, own_vcpu_errno;

static struct guest guest;

static void make_guest(void)
{
	guest_create(&guest);
	for (uint32_t i = 0; i < NR_VCPUS; i++)
		guest_run(guest_add_vcpu(&guest, i), GUEST_OUT, 11 + i);
}

/* --- what is answered --- */

static int stats_fd_errno(int object_fd)
{
	int fd = ioctl(object_fd, KVM_GET_STATS_FD, 0);
	int err = ERRNO_OF(fd);

	if (fd >= 0)
		close(fd);
	return err;
}

static int command_errno(int object_fd, unsigned long command)
{
	static uint8_t room[KVM_STATS_NAME_LEN * FLAT_MAX + 8];
	const uint32_t size = sizeof(room) - 8;

	memcpy(room, &size, sizeof(size));
	return ERRNO_OF(ioctl(object_fd, command, room));
}

static void check_native(bool on, const char *state)
{
	is_u64(ioctl(guest.kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD), on,
	       "%s: extension of /dev/kvm", state);
	is_u64(ioctl(guest.vm_fd, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD), on,
	       "%s: extension of the VM", state);
	is_errno(stats_fd_errno(guest.vm_fd), on ? 0 : own_vm_errno,
		 "%s: KVM_GET_STATS_FD of the VM", state);
	is_errno(stats_fd_errno(guest.vcpus[0].fd), on ? 0 : own_vcpu_errno,
		 "%s: KVM_GET_STATS_FD of the vCPU", state);
}

static void check_aggregate(bool on, const char *state)
{
	static const unsigned long commands[] = {
		KVM_STATS_GET_INFO, KVM_STATS_GET_NAMES, KVM_STATS_GET_DATA,
	};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		is_errno(command_errno(guest.vm_fd, commands[i]), on ? 0 : own_vm_errno,
			 "%s: %#lx of the VM", state, commands[i]);
		is_errno(command_errno(guest.vcpus[0].fd, commands[i]), on ? 0 : own_vcpu_errno,
			 "%s: %#lx of the vCPU", state, commands[i]);
	}
	if (KVM_STATS_GET_DATA != I386_GET_DATA)
		is_errno(command_errno(guest.vm_fd, I386_GET_DATA), own_vm_errno,
			 "%s: GET_DATA of i386 in a 64-bit program", state);
}

static void check_own(const char *state)
{
	static struct answers seen;

	answers_take(&seen, &guest);
	is_u64(answers_unlike(&seen, &own), 0, "%s: answers that are not KVM's own", state);
}

static void check_row(int dev, const char *name, bool armed, const char *state)
{
	struct kvmstats_hook hook = dev_hook_named(dev, name);

	is_u64(hook.kind, KVMSTATS_HOOK_REDIRECT, "%s: kind of %s", state, name);
	is_u64(hook.need, KVMSTATS_HOOK_OPTIONAL, "%s: need of %s", state, name);
	is_u64(hook.state, armed ? KVMSTATS_HOOK_ARMED : KVMSTATS_HOOK_UNUSED,
	       "%s: state of %s", state, name);
}

static void check_state(enum word native, enum word aggregate)
{
	bool ours = !is_native && native != OFF;
	bool flat = aggregate == ON || (aggregate == AUTO && ours);
	int dev = dev_open();
	char state[32];

	snprintf(state, sizeof(state), "%s, %s", words[native], words[aggregate]);
	kvmstats_is_set(NATIVE, words[native]);
	kvmstats_is_set(AGGREGATE, words[aggregate]);
	check_native(is_native || ours, state);
	check_aggregate(flat, state);
	check_own(state);
	check_row(dev, "kvm_arch_vm_ioctl", ours || flat, state);
	check_row(dev, "kvm_arch_vcpu_ioctl", ours || flat, state);
	check_row(dev, "kvm_vm_ioctl_check_extension", ours, state);
	close(dev);
}

/* --- the flat arrays --- */

static void check_flat(void)
{
	uint64_t id = 0;
	static struct flat expected;
	int dev = dev_open(), status;
	pid_t child;

	id = dev_vm_of(dev, getpid()).id;
	flat_of_vm(&expected, dev, id);
	flat_check(guest.vm_fd, &expected, "KVM's own VM fd");
	flat_of_vcpu(&expected, dev, id, guest.vcpus[1].id);
	flat_check(guest.vcpus[1].fd, &expected, "KVM's own vCPU fd");
	child = fork();
	if (!child)
		_exit(command_errno(guest.vm_fd, KVM_STATS_GET_INFO) != EIO ||
		      command_errno(guest.vcpus[0].fd, KVM_STATS_GET_INFO) != EIO);
	if (child < 0 || waitpid(child, &status, 0) != child)
		tap_bail("no child");
	is_u64(status, 0, "a child gets EIO of both");
	close(dev);
}

static void check_flat_late(void)
{
	close(guest.vm_fd);
	guest.vm_fd = -1;
	is_errno(command_errno(guest.vcpus[0].fd, KVM_STATS_GET_INFO), ENODEV,
		 "GET_INFO of a vCPU once the VM's fd is closed");
	is_errno(command_errno(guest.vcpus[0].fd, KVM_STATS_GET_DATA), ENODEV,
		 "GET_DATA of a vCPU once the VM's fd is closed");
}

/* --- bad input --- */

static void check_mode(const char *parameter)
{
	char path[128];
	struct stat stat_buf;

	snprintf(path, sizeof(path), "/sys/module/kvmstats/parameters/%s", parameter);
	if (stat(path, &stat_buf))
		tap_bail("no %s", path);
	is_u64(stat_buf.st_mode & 07777, 0644, "mode of %s", parameter);
}

static void check_bad_loads(const char *parameter)
{
	char text[64];

	for (size_t i = 0; i < NR_BAD_WORDS; i++) {
		/* Blanks part parameters there. */
		if (strchr(bad_words[i], ' '))
			continue;
		snprintf(text, sizeof(text), "%s=%s", parameter, bad_words[i]);
		kvmstats_is_refused(text, EINVAL);
	}
	kvmstats_is_refused(parameter, EINVAL);
	snprintf(text, sizeof(text), "%s=off %s=never", parameter, parameter);
	kvmstats_is_refused(text, EINVAL);
}

static void check_bad_writes(const char *parameter)
{
	char text[64];

	for (enum word kept = 0; kept < NR_WORDS; kept++) {
		if (kvmstats_set(parameter, words[kept]))
			continue;
		for (size_t i = 0; i < NR_BAD_WORDS; i++) {
			snprintf(text, sizeof(text), "%s\n", bad_words[i]);
			is_errno(kvmstats_set(parameter, text), EINVAL, "%s: write of \"%s\"",
				 parameter, bad_words[i]);
		}
		kvmstats_is_set(parameter, words[kept]);
	}
	is_errno(kvmstats_set(parameter, "auto"), 0, "%s: write of auto", parameter);
}

#define REFUSAL	"kvmstats: " NATIVE "=on"

/* KVM's own is not to be had twice. */
static void check_refused_on(void)
{
	unsigned int lines = klog_lines(REFUSAL, "of its own");

	is_errno(kvmstats_set(NATIVE, "off"), 0, "native_abi: write of off");
	is_errno(kvmstats_set(NATIVE, "on"), EOPNOTSUPP, "native_abi: write of on");
	kvmstats_is_set(NATIVE, "off");
	is_u64(klog_lines(REFUSAL, "of its own") - lines, 1, "lines in the log that say why");
	is_errno(kvmstats_unload(), 0, "kvmstats unloads");
	lines = klog_lines(REFUSAL, "of its own");
	kvmstats_is_refused("native_abi=on", EOPNOTSUPP);
	is_u64(klog_lines(REFUSAL, "of its own") - lines, 1, "lines in the log that say why");
}

/* --- */

static void set(const char *parameter, enum word word, const char *end)
{
	char text[8];

	snprintf(text, sizeof(text), "%s%s", words[word], end);
	is_errno(kvmstats_set(parameter, text), 0, "%s: write of %s", parameter, words[word]);
}

static void check_switching(void)
{
	for (enum word native = 0; native < NR_WORDS; native++) {
		if (is_native && native == ON)
			continue;
		set(NATIVE, native, "\n");
		for (enum word aggregate = 0; aggregate < NR_WORDS; aggregate++) {
			set(AGGREGATE, aggregate, "");
			check_state(native, aggregate);
			set(AGGREGATE, aggregate, "\n");
			check_state(native, aggregate);
		}
	}
}

/* Whoever was told of stats fds keeps kvmstats loaded, unless it is switched off. */
static void unload(void)
{
	is_errno(kvmstats_set(NATIVE, "off"), 0, "native_abi: write of off");
	is_errno(kvmstats_unload(), 0, "kvmstats unloads");
}

static void check_loads(void)
{
	char parameters[64];

	for (enum word native = 0; native < NR_WORDS; native++) {
		for (enum word aggregate = 0; aggregate < NR_WORDS; aggregate++) {
			if (is_native && native == ON)
				continue;
			snprintf(parameters, sizeof(parameters), NATIVE "=%s " AGGREGATE "=%s",
				 words[native], words[aggregate]);
			if (!is_errno(kvmstats_load(parameters), 0, "load with %s", parameters))
				continue;
			check_state(native, aggregate);
			unload();
		}
	}
}

static void must_load(const char *parameters)
{
	errno = kvmstats_load(parameters);
	if (errno)
		tap_bail("cannot load kvmstats");
}

/* The switches stay as they are while KVM goes and comes. */
static void check_kvm_reload(void)
{
	guest_destroy(&guest);
	must_load(AGGREGATE "=on");
	is_errno(kvm_unload(), 0, "KVM unloads");
	is_errno(kvmstats_set(NATIVE, "off"), 0, "native_abi is switched off meanwhile");
	kvm_load();
	make_guest();
	check_state(OFF, ON);
	set(NATIVE, AUTO, "");
	check_state(AUTO, ON);
	guest_destroy(&guest);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads");
}

int main(void)
{
	test_begin();
	make_guest();
	is_native = native_has_stats_fd(guest.kvm_fd);
	own_vm_errno = command_errno(guest.vm_fd, KVM_STATS_GET_INFO);
	own_vcpu_errno = command_errno(guest.vcpus[0].fd, KVM_STATS_GET_INFO);
	tap_note("KVM says %s of a VM and %s of a vCPU to what it does not know",
		 strerrorname_np(own_vm_errno), strerrorname_np(own_vcpu_errno));
	answers_take(&own, &guest);
	check_native(is_native, "without kvmstats");
	check_aggregate(false, "without kvmstats");
	check_own("without kvmstats");

	check_bad_loads(NATIVE);
	check_bad_loads(AGGREGATE);
	check_loads();
	must_load("");
	check_state(AUTO, AUTO);
	check_mode(NATIVE);
	check_mode(AGGREGATE);
	check_bad_writes(NATIVE);
	check_bad_writes(AGGREGATE);
	check_state(AUTO, AUTO);
	check_switching();
	set(NATIVE, AUTO, "");
	set(AGGREGATE, ON, "");
	check_flat();
	check_flat_late();
	if (is_native)
		check_refused_on();
	else
		unload();
	check_kvm_reload();
	return tap_done();
}
