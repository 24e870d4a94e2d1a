// SPDX-License-Identifier: GPL-2.0-or-later
/* Each thing that can be wrong with kvmstats on a host, but for the module's file. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"

/* --- what the checks are made of --- */

struct doctor_finding *doctor_find(struct doctor *d, const char *check, enum doctor_state state,
				   const char *text, ...)
{
	struct doctor_finding *finding;
	va_list args;

	d->findings = cli_memory(realloc(d->findings,
					 (d->nr_findings + 1) * sizeof(*d->findings)));
	finding = &d->findings[d->nr_findings++];
	*finding = (struct doctor_finding){ .check = check, .state = state };
	va_start(args, text);
	if (vasprintf(&finding->text, text, args) < 0)
		finding->text = NULL;
	va_end(args);
	cli_memory(finding->text);
	return finding;
}

void doctor_mend(struct doctor_finding *finding, const char *command, ...)
{
	va_list args;

	va_start(args, command);
	if (vasprintf(&finding->mend, command, args) < 0)
		finding->mend = NULL;
	va_end(args);
	cli_memory(finding->mend);
}

static bool full_path(const struct doctor *d, const char *path, char *buf, size_t size)
{
	return snprintf(buf, size, "%s%s", d->host->root, path) < (int)size;
}

ssize_t doctor_read(const struct doctor *d, const char *path, char *buf, size_t size)
{
	char full[PATH_MAX];
	size_t length = 0;
	ssize_t n;
	int fd;

	if (!full_path(d, path, full, sizeof(full)))
		return -ENAMETOOLONG;
	fd = open(full, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buf + length, size - 1 - length);
		if (n > 0)
			length += n;
	} while (n > 0 && length < size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	buf[length] = '\0';
	return n < 0 ? n : (ssize_t)length;
}

bool doctor_exists(const struct doctor *d, const char *path)
{
	char full[PATH_MAX];

	return full_path(d, path, full, sizeof(full)) && !access(full, F_OK);
}

/* Is @word in @text, with nothing but blanks around it? */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += length)
		if ((at == text || isspace((unsigned char)at[-1])) &&
		    (!at[length] || isspace((unsigned char)at[length])))
			return true;
	return false;
}

bool doctor_is_loaded(const struct doctor *d)
{
	char state[16];

	return doctor_read(d, "/sys/module/kvmstats/initstate", state, sizeof(state)) > 0 &&
	       has_word(state, "live");
}

enum doctor_lockdown doctor_lockdown(const struct doctor *d)
{
	char text[128];

	if (doctor_read(d, "/sys/kernel/security/lockdown", text, sizeof(text)) <= 0)
		return LOCKDOWN_UNKNOWN;
	if (strstr(text, "[confidentiality]"))
		return LOCKDOWN_CONFIDENTIALITY;
	if (strstr(text, "[integrity]"))
		return LOCKDOWN_INTEGRITY;
	return LOCKDOWN_NONE;
}

/* --- the checks --- */

static void check_kvm(struct doctor *d)
{
	struct doctor_finding *finding;
	char cpu[16384] = "";

	if (doctor_exists(d, "/sys/devices/virtual/misc/kvm")) {
		doctor_find(d, "kvm", DOCTOR_OK, "KVM is there");
		return;
	}
	doctor_read(d, "/proc/cpuinfo", cpu, sizeof(cpu));
	if (has_word(cpu, "vmx") || has_word(cpu, "svm")) {
		finding = doctor_find(d, "kvm", DOCTOR_FAIL,
				      "KVM is not loaded, so there are no VMs");
		doctor_mend(finding, "modprobe %s", has_word(cpu, "vmx") ? "kvm_intel" : "kvm_amd");
		return;
	}
	doctor_find(d, "kvm", DOCTOR_FAIL,
		    "this CPU cannot run VMs, or its firmware forbids it: switch VT-x or AMD-V on there");
}

/* A word after "--" is for init. */
static void check_command_line(struct doctor *d)
{
	struct doctor_finding *finding;
	char line[4096] = "", *end;

	doctor_read(d, "/proc/cmdline", line, sizeof(line));
	end = strstr(line, " -- ");
	if (end)
		*end = '\0';
	if (!has_word(line, "nokvmstats")) {
		doctor_find(d, "cmdline", DOCTOR_OK,
			    "the kernel command line does not keep kvmstats out");
		return;
	}
	finding = doctor_find(d, "cmdline", DOCTOR_FAIL,
			      "nokvmstats on the kernel command line keeps the module out: take it from GRUB_CMDLINE_LINUX in /etc/default/grub and reboot");
	doctor_mend(finding, "update-grub");
}

static void check_debugfs_switch(struct doctor *d)
{
	char text[16];
	ssize_t n = doctor_read(d, "/sys/kernel/debug/kprobes/enabled", text, sizeof(text));
	struct doctor_finding *finding;

	if (n > 0 && *text == '0') {
		finding = doctor_find(d, "probes", DOCTOR_FAIL,
				      "kprobes are off: VMs that start are not seen, and the module does not load");
		doctor_mend(finding, "echo 1 > /sys/kernel/debug/kprobes/enabled");
	} else if (n > 0) {
		doctor_find(d, "probes", DOCTOR_OK, "kprobes are on");
	} else if (n == -ENOENT) {
		finding = doctor_find(d, "probes", DOCTOR_WARN,
				      "whether kprobes are on cannot be seen, debugfs is not mounted");
		doctor_mend(finding, "mount -t debugfs none /sys/kernel/debug");
	} else if (doctor_lockdown(d) > LOCKDOWN_NONE) {
		doctor_find(d, "probes", DOCTOR_OK,
			    "whether kprobes are on cannot be seen, nor be changed, under lockdown");
	} else {
		finding = doctor_find(d, "probes", DOCTOR_WARN,
				      "only root sees whether kprobes are on");
		doctor_mend(finding, "sudo kvmstats doctor");
	}
}

static void check_probes(struct doctor *d)
{
	struct doctor_finding *finding;
	char text[16];

	check_debugfs_switch(d);
	if (doctor_read(d, "/proc/sys/kernel/ftrace_enabled", text, sizeof(text)) > 0 &&
	    *text == '0') {
		finding = doctor_find(d, "probes", DOCTOR_FAIL,
				      "ftrace is off, and with it the probes at the start of functions: VMs that start are not seen");
		doctor_mend(finding, "sysctl kernel.ftrace_enabled=1");
	}
	if (doctor_read(d, "/proc/sys/debug/kprobes-optimization", text, sizeof(text)) > 0 &&
	    *text == '0') {
		finding = doctor_find(d, "probes", DOCTOR_WARN,
				      "probes are not optimized: a VM's start and end cost more");
		doctor_mend(finding, "sysctl debug.kprobes-optimization=1");
	}
}

static void check_group(struct doctor *d)
{
	const struct doctor_host *host = d->host;
	struct doctor_finding *finding;

	if (host->group == (gid_t)-1) {
		finding = doctor_find(d, "group", DOCTOR_FAIL,
				      "there is no group " DOCTOR_GROUP ", so only root may read");
		doctor_mend(finding, "groupadd --system " DOCTOR_GROUP
			    " && udevadm trigger --name-match=kvmstats");
	} else if (!host->uid) {
		doctor_find(d, "group", DOCTOR_OK, "root may read");
	} else if (host->group_in_force) {
		doctor_find(d, "group", DOCTOR_OK, "you are a member of the group " DOCTOR_GROUP);
	} else if (host->group_listed) {
		finding = doctor_find(d, "group", DOCTOR_FAIL,
				      "you are a member of the group " DOCTOR_GROUP
				      " from your next login on");
		doctor_mend(finding, "newgrp " DOCTOR_GROUP);
	} else {
		finding = doctor_find(d, "group", DOCTOR_FAIL,
				      "you are no member of the group " DOCTOR_GROUP
				      ": have yourself added, and log in anew");
		doctor_mend(finding, "sudo usermod -aG " DOCTOR_GROUP " \"$USER\"");
	}
}

static void check_node(struct doctor *d)
{
	const struct doctor_host *host = d->host;
	struct doctor_finding *finding;
	char path[PATH_MAX];
	struct stat st;

	if (!full_path(d, host->device, path, sizeof(path)) || stat(path, &st)) {
		if (!doctor_is_loaded(d)) {
			doctor_find(d, "device", DOCTOR_FAIL,
				    "%s is not there, as the module is not loaded", host->device);
			return;
		}
		finding = doctor_find(d, "device", DOCTOR_FAIL,
				      "%s is not there, though the module is loaded", host->device);
		doctor_mend(finding, "udevadm trigger --action=add --name-match=kvmstats");
	} else if (host->open_error == -ENOTTY) {
		finding = doctor_find(d, "device", DOCTOR_FAIL,
				      "%s is not the device of kvmstats", host->device);
		doctor_mend(finding, "rm %s && rmmod kvmstats; modprobe kvmstats", host->device);
	} else if (host->open_error && host->open_error != -EACCES) {
		doctor_find(d, "device", DOCTOR_FAIL, "%s cannot be opened: %s", host->device,
			    strerror(-host->open_error));
	} else if (st.st_mode & 07) {
		finding = doctor_find(d, "device", DOCTOR_WARN,
				      "%s lets everyone on this host read (mode %04o)",
				      host->device, st.st_mode & 07777);
		doctor_mend(finding, "chmod 0640 %s", host->device);
	} else if (host->group != (gid_t)-1 &&
		   (st.st_gid != host->group || !(st.st_mode & 040))) {
		finding = doctor_find(d, "device", host->open_error ? DOCTOR_FAIL : DOCTOR_WARN,
				      "%s does not let the group " DOCTOR_GROUP
				      " read: udev has not applied its rule",
				      host->device);
		doctor_mend(finding,
			    "udevadm control --reload && udevadm trigger --name-match=kvmstats");
	} else if (host->open_error) {
		doctor_find(d, "device", DOCTOR_FAIL, "%s may not be opened by you",
			    host->device);
	} else {
		doctor_find(d, "device", DOCTOR_OK, "%s can be read", host->device);
	}
}

static void check_version(struct doctor *d)
{
	const struct kvmstats_info *info = &d->host->info;
	struct doctor_finding *finding;

	if (!strcmp(info->package_version, kvmstats_version()) &&
	    info->abi_version == KVMSTATS_ABI_VERSION) {
		doctor_find(d, "version", DOCTOR_OK, "module and library are both %s, ABI %u",
			    info->package_version, info->abi_version);
		return;
	}
	finding = doctor_find(d, "version", info->abi_version < KVMSTATS_ABI_VERSION ?
			      DOCTOR_FAIL : DOCTOR_WARN,
			      "the module that is loaded is %s, ABI %u, this library %s, ABI %u: upgrade the older one, then load the module anew",
			      info->package_version, info->abi_version, kvmstats_version(),
			      KVMSTATS_ABI_VERSION);
	doctor_mend(finding, "rmmod kvmstats && modprobe kvmstats");
}

static void check_hooks(struct doctor *d)
{
	const struct kvmstats_info *info = &d->host->info;
	struct doctor_finding *finding;
	uint32_t armed = 0, failed = 0;

	for (uint32_t i = 0; i < info->nr_hooks; i++) {
		const struct kvmstats_hook *hook = &d->host->hooks[i];

		armed += hook->state == KVMSTATS_HOOK_ARMED;
		if (hook->state != KVMSTATS_HOOK_FAILED)
			continue;
		failed++;
		finding = doctor_find(d, "hooks",
				      hook->need == KVMSTATS_HOOK_REQUIRED ?
				      DOCTOR_FAIL : DOCTOR_WARN,
				      "%s is missing (%s): lost is %s", hook->name,
				      strerror(hook->error), hook->lost);
		doctor_mend(finding, "dmesg | grep kvmstats");
	}
	if (failed)
		return;
	if (info->features & KVMSTATS_FEAT_KVM_PRESENT) {
		doctor_find(d, "hooks", DOCTOR_OK, "%u hooks into KVM work", armed);
	} else if (doctor_exists(d, "/sys/devices/virtual/misc/kvm")) {
		finding = doctor_find(d, "hooks", DOCTOR_FAIL,
				      "kvmstats has not attached to KVM: the kernel's log says why");
		doctor_mend(finding, "dmesg | grep kvmstats");
	} else {
		doctor_find(d, "hooks", DOCTOR_OK, "they wait for KVM");
	}
}

static void check_vms(struct doctor *d)
{
	const struct kvmstats_info *info = &d->host->info;

	doctor_find(d, "vms", DOCTOR_OK, "%llu VMs with %llu vCPUs are seen", info->nr_vms,
		    info->nr_vcpus);
}

void doctor_examine(struct doctor *d)
{
	check_kvm(d);
	check_command_line(d);
	doctor_check_module(d);
	doctor_check_signature(d);
	doctor_check_lockdown(d);
	check_probes(d);
	check_group(d);
	check_node(d);
	if (d->host->open_error)
		return;
	check_version(d);
	check_hooks(d);
	check_vms(d);
}

void doctor_free(struct doctor *d)
{
	for (size_t i = 0; i < d->nr_findings; i++) {
		free(d->findings[i].text);
		free(d->findings[i].mend);
	}
	free(d->findings);
}
