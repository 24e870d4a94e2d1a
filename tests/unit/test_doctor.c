// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kvmstats doctor on fabricated hosts: a healthy one, and one for each thing that can be
 * wrong. FAKE_MODULE is an object file with the .modinfo of a module for RELEASE.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Before cmocka.h, which makes a macro of fail(). */
#include "cli.h"
#include "doctor.h"

#include <cmocka.h>

#define RELEASE		"6.1.0-1-amd64"
#define MODULES		"/lib/modules/" RELEASE
#define MODULE		MODULES "/updates/dkms/kvmstats.ko"
#define SECURE_BOOT	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define MOK_LIST	"/sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"
#define KVM		"/sys/devices/virtual/misc/kvm/uevent"
#define KEY		"\x30\x82\x01\x02 a certificate"

static char root[64];
static struct kvmstats_hook hooks[2];
static const char *dkms_says;
static struct doctor_host host;

void *cli_memory(void *memory)
{
	assert_non_null(memory);
	return memory;
}

/* In brackets it is not cmocka's macro. */
void (fail)(int status, const char *format, ...)
{
	fail_msg("ended with status %d: %s", status, format);
	abort();
}

/* --- the host --- */

static char *dkms_status(void)
{
	return dkms_says ? strdup(dkms_says) : NULL;
}

static void put_bytes(const char *path, const void *bytes, size_t size)
{
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	file = fopen(full, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static void drop(const char *path)
{
	char command[512];

	snprintf(command, sizeof(command), "rm -r '%s%s'", root, path);
	assert_int_equal(system(command), 0);
}

static void set_mode(const char *path, mode_t mode)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(chmod(full, mode), 0);
}

static void depmod(void)
{
	char command[512];

	snprintf(command, sizeof(command), "depmod -b '%s' " RELEASE " 2>/dev/null", root);
	assert_int_equal(system(command), 0);
}

/* @signature: what follows the file, or nothing */
static void install_module(const void *signature, size_t size)
{
	static char bytes[65536];
	FILE *file = fopen(FAKE_MODULE, "rb");
	size_t length;

	assert_non_null(file);
	length = fread(bytes, 1, sizeof(bytes) - size, file);
	fclose(file);
	memcpy(bytes + length, signature, size);
	put_bytes(MODULE, bytes, length + size);
	put(MODULES "/build/Makefile", "");
	depmod();
}

static void unload(void)
{
	drop("/sys/module/kvmstats");
	drop("/dev/kvmstats");
	host.open_error = -ENOENT;
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/test_doctor.XXXXXX");
	assert_non_null(mkdtemp(root));
	put("/proc/cmdline", "BOOT_IMAGE=/vmlinuz quiet\n");
	put("/proc/cpuinfo", "processor : 0\nflags\t\t: fpu svm sse\n");
	put("/proc/sys/kernel/ftrace_enabled", "1\n");
	put("/proc/sys/debug/kprobes-optimization", "1\n");
	put("/sys/kernel/debug/kprobes/enabled", "1\n");
	put("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
	put("/sys/module/module/parameters/sig_enforce", "N\n");
	put("/sys/module/kvmstats/initstate", "live\n");
	put("/sys/module/kvmstats/version", KVMSTATS_VERSION "\n");
	put(KVM, "");
	put("/dev/kvmstats", "");
	set_mode("/dev/kvmstats", 0640);
	install_module("", 0);

	hooks[0] = (struct kvmstats_hook){ .state = KVMSTATS_HOOK_ARMED, .name = "kvm_vm_release" };
	hooks[1] = (struct kvmstats_hook){ .state = KVMSTATS_HOOK_ARMED, .name = "kvm_dev_ioctl",
					   .lost = "new VMs" };
	dkms_says = "kvmstats/0.1.0, " RELEASE ", x86_64: installed\n";
	host = (struct doctor_host){
		.root = root,
		.release = RELEASE,
		.device = "/dev/kvmstats",
		.uid = 1000,
		.group = getegid(),
		.group_listed = true,
		.group_in_force = true,
		.info = {
			.abi_version = KVMSTATS_ABI_VERSION,
			.features = KVMSTATS_FEAT_KVM_PRESENT,
			.package_version = KVMSTATS_VERSION,
			.nr_hooks = 2,
			.nr_vms = 3,
			.nr_vcpus = 7,
		},
		.hooks = hooks,
		.dkms_status = dkms_status,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	drop("");
	return 0;
}

/* --- what is found --- */

/*
 * Examines the host: @check is to be in @state, with @text in what it says and @mend in
 * the command, which is to be missing where @mend is NULL. Nothing else fails.
 */
static void expect(const char *check, enum doctor_state state, const char *text,
		   const char *mend)
{
	struct doctor d = { .host = &host };
	bool found = false;

	doctor_examine(&d);
	for (size_t i = 0; i < d.nr_findings; i++) {
		const struct doctor_finding *f = &d.findings[i];

		assert_null(strchr(f->text, '\n'));
		if (strcmp(f->check, check) || f->state != state || !strstr(f->text, text) ||
		    !f->mend != !mend || (mend && !strstr(f->mend, mend)))
			continue;
		found = true;
	}
	for (size_t i = 0; i < d.nr_findings && !found; i++)
		print_message("# %d %s: %s: %s\n", d.findings[i].state, d.findings[i].check,
			      d.findings[i].text, d.findings[i].mend);
	assert_true(found);
	doctor_free(&d);
}

static void test_well(void **state)
{
	struct doctor d = { .host = &host };

	(void)state;
	doctor_examine(&d);
	for (size_t i = 0; i < d.nr_findings; i++) {
		if (d.findings[i].state != DOCTOR_OK)
			fail_msg("%s: %s", d.findings[i].check, d.findings[i].text);
		assert_null(d.findings[i].mend);
	}
	assert_true(d.nr_findings >= 11);
	doctor_free(&d);
	expect("module", DOCTOR_OK, "kvmstats " KVMSTATS_VERSION " is loaded", NULL);
	expect("hooks", DOCTOR_OK, "2 hooks", NULL);
	expect("vms", DOCTOR_OK, "3 VMs with 7 vCPUs", NULL);
}

static void test_command_line(void **state)
{
	(void)state;
	put("/proc/cmdline", "quiet nokvmstats\n");
	expect("cmdline", DOCTOR_FAIL, "nokvmstats", "update-grub");
	put("/proc/cmdline", "nokvmstats quiet\n");
	expect("cmdline", DOCTOR_FAIL, "nokvmstats", "update-grub");
	put("/proc/cmdline", "quiet nokvmstats=1 xnokvmstats -- nokvmstats\n");
	expect("cmdline", DOCTOR_OK, "", NULL);
	drop("/proc/cmdline");
	expect("cmdline", DOCTOR_OK, "", NULL);
}

static void test_kvm(void **state)
{
	(void)state;
	drop("/sys/devices");
	host.info.features = 0;
	expect("kvm", DOCTOR_FAIL, "not loaded", "modprobe kvm_amd");
	expect("hooks", DOCTOR_OK, "wait for KVM", NULL);
	put("/proc/cpuinfo", "flags: fpu vmx\n");
	expect("kvm", DOCTOR_FAIL, "not loaded", "modprobe kvm_intel");
	put("/proc/cpuinfo", "flags: fpu vmxon svmx\n");
	expect("kvm", DOCTOR_FAIL, "firmware", NULL);
}

static void test_not_loaded(void **state)
{
	(void)state;
	unload();
	expect("module", DOCTOR_FAIL, "not loaded", "modprobe kvmstats");
	expect("device", DOCTOR_FAIL, "not there", NULL);
	put("/sys/module/kvmstats/initstate", "going\n");
	expect("module", DOCTOR_FAIL, "not loaded", "modprobe kvmstats");
}

static void test_other_kernel(void **state)
{
	(void)state;
	unload();
	host.release = "6.1.0-2-amd64";
	put("/lib/modules/6.1.0-2-amd64/kvmstats.ko", "");
	drop("/lib/modules/6.1.0-2-amd64");
	assert_int_equal(chdir(root), 0);
	assert_int_equal(system("cp -r lib/modules/" RELEASE " lib/modules/6.1.0-2-amd64"), 0);
	assert_int_equal(chdir("/"), 0);
	expect("module", DOCTOR_FAIL, "built for " RELEASE, "-k 6.1.0-2-amd64");
}

static void test_stale_list(void **state)
{
	(void)state;
	unload();
	drop(MODULE);
	expect("module", DOCTOR_FAIL, "cannot be read", "depmod -a");
	depmod();
	expect("module", DOCTOR_FAIL, "lacks it", "depmod -a");
}

static void test_not_built(void **state)
{
	(void)state;
	unload();
	drop(MODULE);
	depmod();
	dkms_says = "kvmstats/0.1.0, " RELEASE ", x86_64: built\n";
	expect("module", DOCTOR_FAIL, "not installed it", "dkms install kvmstats/0.1.0 -k " RELEASE);
	dkms_says = "kvmstats, 0.1.0, 5.10.0-1, x86_64: installed\n"
		    "kvmstats, 0.1.0, " RELEASE ", x86_64: built (WARNING! Diff)\n";
	expect("module", DOCTOR_FAIL, "not installed it", "dkms install kvmstats/0.1.0 -k " RELEASE);
	dkms_says = "kvmstats/0.1.0: added";
	expect("module", DOCTOR_FAIL, "make.log", "dkms install kvmstats/0.1.0 -k " RELEASE);
	dkms_says = "kvmstats/0.1.0, 5.10.0-1-amd64, x86_64: installed";
	expect("module", DOCTOR_FAIL, "make.log", "dkms install kvmstats/0.1.0 -k " RELEASE);
	dkms_says = "Deprecated feature: x\nother/1.0: added\n";
	expect("module", DOCTOR_FAIL, "knows no kvmstats", "apt install kvmstats-dkms");
	dkms_says = "";
	expect("module", DOCTOR_FAIL, "knows no kvmstats", "apt install kvmstats-dkms");
	dkms_says = NULL;
	expect("module", DOCTOR_FAIL, "no dkms", "apt install kvmstats-dkms");
	put("/usr/bin/dnf", "");
	expect("module", DOCTOR_FAIL, "no dkms", "dnf install kvmstats-dkms");
	drop(MODULES "/build");
	expect("module", DOCTOR_FAIL, "headers", "dnf install kernel-devel-" RELEASE);
	put("/usr/bin/apt", "");
	expect("module", DOCTOR_FAIL, "headers", "apt install linux-headers-" RELEASE);
}

static void test_unsupported(void **state)
{
	static const char *const releases[] = { "4.19.0-1-amd64", "5.9.1", "8.0.0", "3", "" };

	(void)state;
	unload();
	drop(MODULE);
	depmod();
	put("/sys/kernel/realtime", "1\n");
	expect("module", DOCTOR_FAIL, "PREEMPT_RT", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		host.release = releases[i];
		expect("module", DOCTOR_FAIL, "5.10 to 7.x", NULL);
	}
}

/* --- keys --- */

static void install_signed(const char *signer)
{
	static const char magic[] = "~Module signature appended~\n";
	unsigned char bytes[128];
	size_t length = strlen(signer);

	memcpy(bytes, signer, length);
	memcpy(bytes + length, "keysign", 7);
	length += 7;
	/* algorithm, hash, X.509, lengths of signer and key id, of the signature */
	memcpy(bytes + length, ((unsigned char[]){ 1, 4, 1, strlen(signer), 3, 0, 0, 0,
						   0, 0, 0, 4 }), 12);
	length += 12;
	memcpy(bytes + length, magic, sizeof(magic) - 1);
	install_module(bytes, length + sizeof(magic) - 1);
}

static void test_secure_boot(void **state)
{
	(void)state;
	put_bytes(SECURE_BOOT, "\6\0\0\0\1", 5);
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	put("/var/lib/dkms/mok.pub", KEY);
	expect("key", DOCTOR_OK, "Secure Boot is on, and the kernel has taken", NULL);
	unload();
	expect("key", DOCTOR_FAIL, "not signed", "dkms install --force kvmstats/");
	install_signed("DKMS key");
	expect("key", DOCTOR_WARN, "signed by DKMS key", "mokutil --import /var/lib/dkms/mok.pub");
	put(MOK_LIST, "12345678 another certificate");
	expect("key", DOCTOR_FAIL, "rejects", "mokutil --import /var/lib/dkms/mok.pub");
	put(MOK_LIST, "12345678 another " KEY " and more");
	expect("key", DOCTOR_OK, "enrolled", NULL);
	drop(MODULE);
	depmod();
	expect("key", DOCTOR_WARN, "there is none yet", NULL);
}

static void test_enforced(void **state)
{
	(void)state;
	unload();
	expect("key", DOCTOR_OK, "Secure Boot is off, and the kernel takes unsigned", NULL);
	put("/sys/module/module/parameters/sig_enforce", "Y\n");
	expect("key", DOCTOR_FAIL, "not signed", "dkms install --force kvmstats/");
}

static void test_lockdown(void **state)
{
	(void)state;
	expect("lockdown", DOCTOR_OK, "none", NULL);
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	expect("lockdown", DOCTOR_OK, "integrity", NULL);
	put("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
	expect("lockdown", DOCTOR_OK, "confidentiality", NULL);
	drop("/sys/kernel/security");
	expect("lockdown", DOCTOR_OK, "has none", NULL);
}

/* --- probes, rights, the module's own word --- */

static void test_probes(void **state)
{
	(void)state;
	put("/sys/kernel/debug/kprobes/enabled", "0\n");
	expect("probes", DOCTOR_FAIL, "kprobes are off", "echo 1 >");
	drop("/sys/kernel/debug/kprobes");
	expect("probes", DOCTOR_WARN, "not mounted", "mount -t debugfs");
	put("/proc/sys/kernel/ftrace_enabled", "0\n");
	expect("probes", DOCTOR_FAIL, "ftrace", "sysctl kernel.ftrace_enabled=1");
	put("/proc/sys/debug/kprobes-optimization", "0\n");
	expect("probes", DOCTOR_WARN, "not optimized", "sysctl debug.kprobes-optimization=1");
}

static void test_probes_hidden(void **state)
{
	(void)state;
	/* root reads all files, so a directory stands for what cannot be read */
	drop("/sys/kernel/debug/kprobes/enabled");
	put("/sys/kernel/debug/kprobes/enabled/x", "");
	expect("probes", DOCTOR_WARN, "only root", "sudo kvmstats doctor");
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
	expect("probes", DOCTOR_OK, "under lockdown", NULL);
}

static void test_group(void **state)
{
	(void)state;
	host.group_in_force = false;
	host.open_error = -EACCES;
	expect("group", DOCTOR_FAIL, "next login", "newgrp");
	host.group_listed = false;
	expect("group", DOCTOR_FAIL, "no member", "usermod -aG kvmstats");
	expect("device", DOCTOR_FAIL, "may not be opened", NULL);
	host.group = -1;
	expect("group", DOCTOR_FAIL, "no group", "groupadd --system kvmstats");
	host.uid = 0;
	host.open_error = 0;
	host.group = getegid();
	expect("group", DOCTOR_OK, "root", NULL);
}

static void test_node(void **state)
{
	(void)state;
	set_mode("/dev/kvmstats", 0644);
	expect("device", DOCTOR_WARN, "everyone", "chmod 0640 /dev/kvmstats");
	set_mode("/dev/kvmstats", 0600);
	expect("device", DOCTOR_WARN, "udev", "udevadm trigger");
	host.open_error = -EACCES;
	expect("device", DOCTOR_FAIL, "udev", "udevadm trigger");
	host.open_error = -ENOTTY;
	expect("device", DOCTOR_FAIL, "not the device", "rm /dev/kvmstats");
	host.open_error = -EMFILE;
	expect("device", DOCTOR_FAIL, "cannot be opened", NULL);
	set_mode("/dev/kvmstats", 0640);
	host.group += 1;
	host.open_error = 0;
	expect("device", DOCTOR_WARN, "udev", "udevadm trigger");
	drop("/dev/kvmstats");
	host.open_error = -ENOENT;
	expect("device", DOCTOR_FAIL, "though the module is loaded", "udevadm trigger");
}

static void test_version(void **state)
{
	(void)state;
	strcpy(host.info.package_version, "0.0.9");
	expect("version", DOCTOR_WARN, "0.0.9", "modprobe kvmstats");
	host.info.abi_version = KVMSTATS_ABI_VERSION - 1;
	expect("version", DOCTOR_FAIL, "0.0.9", "modprobe kvmstats");
	host.info.abi_version = KVMSTATS_ABI_VERSION + 1;
	expect("version", DOCTOR_WARN, "0.0.9", "modprobe kvmstats");
}

static void test_hooks(void **state)
{
	(void)state;
	hooks[1].state = KVMSTATS_HOOK_FAILED;
	hooks[1].error = ENOENT;
	expect("hooks", DOCTOR_WARN, "kvm_dev_ioctl is missing (No such file or directory): lost is new VMs",
	       "dmesg");
	hooks[1].need = KVMSTATS_HOOK_REQUIRED;
	expect("hooks", DOCTOR_FAIL, "lost is new VMs", "dmesg");
	hooks[1].state = KVMSTATS_HOOK_IDLE;
	host.info.features = 0;
	expect("hooks", DOCTOR_FAIL, "not attached", "dmesg");
}

#define doctor_test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		doctor_test(test_well),
		doctor_test(test_command_line),
		doctor_test(test_kvm),
		doctor_test(test_not_loaded),
		doctor_test(test_other_kernel),
		doctor_test(test_stale_list),
		doctor_test(test_not_built),
		doctor_test(test_unsupported),
		doctor_test(test_secure_boot),
		doctor_test(test_enforced),
		doctor_test(test_lockdown),
		doctor_test(test_probes),
		doctor_test(test_probes_hidden),
		doctor_test(test_group),
		doctor_test(test_node),
		doctor_test(test_version),
		doctor_test(test_hooks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
