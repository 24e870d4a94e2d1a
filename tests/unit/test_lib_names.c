// SPDX-License-Identifier: GPL-2.0-or-later
/* libkvmstats: what VMs are called, from command lines, control groups and processes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "names.h"

#define UUID	"0f2c1d3e-4b5a-6978-8796-a5b4c3d2e1f0"
#define SCOPE	"0::/machine.slice/machine-qemu\\x2d3\\x2d"

struct example {
	const char *line;	/* words, each followed by a '|' */
	const char *cgroup;
	const char *name;	/* NULL when there is none */
	const char *uuid;
	const char *id;
	uint32_t source;
};

#define NAMELESS(line, cgroup)	{ line, cgroup, .name = NULL }

static const struct example examples[] = {
	/* QEMU */
	{ "qemu-system-x86_64|-name|web|", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ "/usr/bin/qemu-kvm|--name|web|", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ "kvm|-m|1G|-name|web", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ ".qemu-system-x86_64-wrapped|-name|web|", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|web,debug-threads=on|", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|guest=web,process=qemu:web|", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|debug-threads=on,guest=web|", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|a,,b|", "", "a,b", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|a,,b=c,process=p|", "", "a,b=c", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|guest=a,,,,b,,,process=p|", "", "a,,b,", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|guest=a=b|", "", "a=b", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|guest=old,guest=new|", "", "new", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|old|-name|new|", "", "new", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|web|-uuid|" UUID "|", "", "web", UUID, .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-uuid|0F2C1D3E-4B5A-6978-8796-A5B4C3D2E1F0|", "", UUID, UUID,
	  .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|web|-uuid|no uuid|", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-append|-name x|-name|web|", "", "web", .source = KVMSTATS_NAME_QEMU },
	{ "qemu-kvm|-name|n\xc3\xa4me\nwith \x1b[31m|", "", "n\xc3\xa4me\nwith \x1b[31m",
	  .source = KVMSTATS_NAME_QEMU },
	NAMELESS("qemu-kvm|-name|", ""),
	NAMELESS("qemu-kvm|-name||", ""),
	NAMELESS("qemu-kvm|-name|,|", ""),
	NAMELESS("qemu-kvm|-name|process=p|", ""),
	NAMELESS("qemu-kvm|-uuid|", ""),
	NAMELESS("qemu-kvm|-uuid|0f2c1d3e-4b5a-6978-8796-a5b4c3d2e1fg|", ""),
	NAMELESS("qemu-kvm|-uuid|0f2c1d3e+4b5a-6978-8796-a5b4c3d2e1f0|", ""),
	NAMELESS("qemu-kvm|-names|x|name|x|---name|x|-|--|", ""),
	/* libvirt */
	{ "qemu-kvm|-name|guest=web,debug-threads=on|-mon|chardev=charmonitor,id=monitor|-uuid|" UUID,
	  "", "web", UUID, .source = KVMSTATS_NAME_LIBVIRT },
	{ "qemu-system-x86_64|-name|guest=w\xc3\xa4\xc3\xa4u,debug-threads=on|",
	  SCOPE "wb.scope/libvirt/emulator\n", "w\xc3\xa4\xc3\xa4u",
	  .source = KVMSTATS_NAME_LIBVIRT },
	{ "", SCOPE "web\\x2dserver.1.scope\n", "web-server.1", .source = KVMSTATS_NAME_LIBVIRT },
	{ "", "12:cpu:/\n" SCOPE "web.scope", "web", .source = KVMSTATS_NAME_LIBVIRT },
	{ "", "5:devices:/machine.slice/machine-qemu\\x2d12\\x2dweb.scope/emulator\n", "web",
	  .source = KVMSTATS_NAME_LIBVIRT },
	NAMELESS("", "0::/machine.slice/machine-qemu\\x2dweb.scope\n"),
	NAMELESS("", "0::/machine.slice/machine-qemu\\x2d3.scope\n"),
	NAMELESS("", "0::/machine.slice/machine-qemu\\x2d.scope\n"),
	NAMELESS("", "0::/machine.slice/machine-qemu\\x2d3\\x2d.scope\n"),
	NAMELESS("", "0::/machine.slice/machine-qemu\\x2d3\\x2dweb.slice\n"),
	NAMELESS("", "0::/machine.slice/machine-lxc\\x2d3\\x2dweb.scope\n"),
	NAMELESS("", "0::/user.slice\n"),
	/* Proxmox VE */
	{ "/usr/bin/kvm|-id|100|-name|web,debug-threads=on|-smbios|type=1,uuid=" UUID "|", "",
	  "web", .id = "100", .source = KVMSTATS_NAME_PROXMOX },
	{ "/usr/bin/kvm|-id|100|", "", "100", .id = "100", .source = KVMSTATS_NAME_PROXMOX },
	/* Firecracker */
	{ "./firecracker|--id|" UUID "|--start-time-us|5|", "", UUID, UUID,
	  .source = KVMSTATS_NAME_FIRECRACKER },
	{ "/opt/firecracker-v1.7-x86_64|--api-sock|/run/fc.sock|--id=web", "", "web",
	  .source = KVMSTATS_NAME_FIRECRACKER },
	NAMELESS("firecracker|-id|web|", ""),
	NAMELESS("firecracker|--id|", ""),
	NAMELESS("firecracker|--id=|", ""),
	NAMELESS("firecracker|--api-sock|x|--|--id|web|", ""),
	NAMELESS("firecracker|-name|web|", ""),
	/* Cloud Hypervisor */
	{ "cloud-hypervisor|--api-socket|/run/ch/web.sock|", "", "web",
	  .source = KVMSTATS_NAME_CLOUD_HYPERVISOR },
	{ "/usr/bin/cloud-hypervisor-static|--api-socket=path=/tmp/web.socket,x=1|", "", "web",
	  .source = KVMSTATS_NAME_CLOUD_HYPERVISOR },
	{ "cloud-hypervisor|--api-socket|web|", "", "web",
	  .source = KVMSTATS_NAME_CLOUD_HYPERVISOR },
	{ "cloud-hypervisor|--api-socket|/run/vc/vm/" UUID "/clh-api.sock|", "", UUID, UUID,
	  .source = KVMSTATS_NAME_CLOUD_HYPERVISOR },
	{ "cloud-hypervisor|--api-socket|api.sock|", "", "api",
	  .source = KVMSTATS_NAME_CLOUD_HYPERVISOR },
	{ "cloud-hypervisor|--api-socket|/api.sock|", "", "api",
	  .source = KVMSTATS_NAME_CLOUD_HYPERVISOR },
	{ "cloud-hypervisor|--api-socket|/run/.sock|", "", ".sock",
	  .source = KVMSTATS_NAME_CLOUD_HYPERVISOR },
	NAMELESS("cloud-hypervisor|--api-socket|fd=3|", ""),
	NAMELESS("cloud-hypervisor|--api-socket|/run/web/|", ""),
	NAMELESS("cloud-hypervisor|--api-socket|path=|", ""),
	NAMELESS("cloud-hypervisor|--api-socket|//api.sock|", ""),
	/* others */
	NAMELESS("lkvm|run|--name|web|", ""),
	NAMELESS("", ""),
	NAMELESS("|", ""),
	NAMELESS("||||", ""),
	NAMELESS("demo-guest|-name|web|", ""),
};

static void check_example(const struct example *e)
{
	size_t len = strlen(e->line), cgroup_len = strlen(e->cgroup);
	/* As long as they are, so that ASan sees a read past them. */
	char *line = malloc(len), *cgroup = malloc(cgroup_len);
	struct identity id;
	bool found;

	for (size_t i = 0; i < len; i++)
		line[i] = e->line[i] == '|' ? '\0' : e->line[i];
	memcpy(cgroup, e->cgroup, cgroup_len);
	found = kvmstats_identify_text(text_of(line, len), text_of(cgroup, cgroup_len), &id);
	if (found != !!e->name || strcmp(id.name, e->name ? e->name : ""))
		fail_msg("'%s' %s: '%s', expected '%s'", e->line, e->cgroup, id.name, e->name);
	if (strcmp(id.uuid, e->uuid ? e->uuid : "") || strcmp(id.id, e->id ? e->id : ""))
		fail_msg("'%s': uuid '%s', id '%s'", e->line, id.uuid, id.id);
	if (found && id.source != e->source)
		fail_msg("'%s': source %s", e->line, kvmstats_name_source(id.source));
	free(line);
	free(cgroup);
}

static void every_vmm_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++)
		check_example(&examples[i]);
}

static void long_names_are_cut(void **state)
{
	char line[3000] = "qemu-kvm\0-name\0guest=";
	const size_t start = sizeof("qemu-kvm") + sizeof("-name") + strlen("guest=");
	struct identity id;

	(void)state;
	memset(line + start, 'x', sizeof(line) - start);
	assert_true(kvmstats_identify_text(text_of(line, sizeof(line)), text_of(NULL, 0), &id));
	assert_int_equal(strlen(id.name), KVMSTATS_MAX_VM_NAME);

	memcpy(line, "firecracker\0--id=", 17);
	memset(line + 17, 'y', sizeof(line) - 17);
	assert_true(kvmstats_identify_text(text_of(line, sizeof(line)), text_of(NULL, 0), &id));
	assert_int_equal(strlen(id.name), KVMSTATS_MAX_VM_NAME);

	memcpy(line, "0::/machine-qemu\\x2d1\\x2d", 25);
	memcpy(line + sizeof(line) - 6, ".scope", 6);
	assert_true(kvmstats_identify_text(text_of(NULL, 0), text_of(line, sizeof(line)), &id));
	assert_int_equal(strlen(id.name), KVMSTATS_MAX_VM_NAME);
}

static void every_source_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(kvmstats_name_source(KVMSTATS_NAME_OVERRIDE), "override");
	assert_string_equal(kvmstats_name_source(KVMSTATS_NAME_CLOUD_HYPERVISOR),
			    "cloud-hypervisor");
	assert_string_equal(kvmstats_name_source(KVMSTATS_NAME_COMM), "comm");
	assert_string_equal(kvmstats_name_source(KVMSTATS_NAME_COMM + 1), "unknown");
}

/* --- processes --- */

static char proc[64];

static void put(const char *file, const char *content, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/42/%s", proc, file);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, len), len);
	close(fd);
}

/* A process that began @ticks after the boot. */
static void put_stat(const char *comm, unsigned int ticks)
{
	char stat[256];

	put("stat", stat, snprintf(stat, sizeof(stat),
		"42 (%s) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 4 0 %u 1 2 3\n", comm, ticks));
}

static int make_proc(void **state)
{
	char path[128];

	(void)state;
	strcpy(proc, "/tmp/test_lib_names.XXXXXX");
	if (!mkdtemp(proc))
		return -1;
	snprintf(path, sizeof(path), "%s/42", proc);
	if (mkdir(path, 0700))
		return -1;
	put_stat("qemu", 100);
	put("cmdline", "qemu-kvm\0-name\0web", 18);
	put("cgroup", "0::/\n", 5);
	return 0;
}

static int drop_proc(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", proc);
	return system(command);
}

static const struct kvmstats_vm vm = {
	.pid = 42, .comm = "qemu-system-x86",
	.start_ns = 2000000000,	/* 200 ticks */
};

static void is_called(const struct kvmstats_vm *v, const char *name, uint32_t source)
{
	struct identity id;

	assert_int_equal(kvmstats_identify(proc, v, &id), 0);
	assert_string_equal(id.name, name);
	assert_int_equal(id.source, source);
}

static void process_is_asked(void **state)
{
	(void)state;
	is_called(&vm, "web", KVMSTATS_NAME_QEMU);
	put("cgroup", SCOPE "web.scope\n", strlen(SCOPE "web.scope\n"));
	is_called(&vm, "web", KVMSTATS_NAME_LIBVIRT);
	put_stat("x) S 1 (y", 100);
	is_called(&vm, "web", KVMSTATS_NAME_LIBVIRT);
	put_stat("began with the VM", 200);
	is_called(&vm, "web", KVMSTATS_NAME_LIBVIRT);
}

static void process_that_is_gone_is_called_by_its_command(void **state)
{
	struct kvmstats_vm gone = vm;

	(void)state;
	gone.pid = 43;
	is_called(&gone, "qemu-system-x86-43", KVMSTATS_NAME_COMM);
	gone.pid = 0;
	is_called(&gone, "qemu-system-x86", KVMSTATS_NAME_COMM);
}

static void process_with_the_pid_of_another_is_not_asked(void **state)
{
	(void)state;
	put_stat("qemu", 201);
	is_called(&vm, "qemu-system-x86-42", KVMSTATS_NAME_COMM);
}

static void files_that_make_no_sense_are_no_name(void **state)
{
	static const char *const stats[] = {
		"", ")", "42 (qemu)", "42 (qemu) S 1", "42 qemu S 1 2 3", "42 (qemu) ",
		"42 (qemu) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 4 0 ",
		"42 (qemu) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 4 0 x",
	};
	static char zeros[3 << 20];

	(void)state;
	for (size_t i = 0; i < sizeof(stats) / sizeof(*stats); i++) {
		put("stat", stats[i], strlen(stats[i]));
		is_called(&vm, "qemu-system-x86-42", KVMSTATS_NAME_COMM);
	}
	put_stat("qemu", 100);
	put("cmdline", "", 0);
	is_called(&vm, "qemu-system-x86-42", KVMSTATS_NAME_COMM);
	memset(zeros, 'x', sizeof(zeros));
	memcpy(zeros, "qemu-kvm\0-name\0web", 19);
	put("cmdline", zeros, sizeof(zeros));
	put("cgroup", zeros + 19, sizeof(zeros) - 19);
	is_called(&vm, "web", KVMSTATS_NAME_QEMU);
	put("stat", zeros, sizeof(zeros));
	is_called(&vm, "qemu-system-x86-42", KVMSTATS_NAME_COMM);
}

#define process_test(name)	cmocka_unit_test_setup_teardown(name, make_proc, drop_proc)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vmm_is_understood),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(every_source_has_a_word),
		process_test(process_is_asked),
		process_test(process_that_is_gone_is_called_by_its_command),
		process_test(process_with_the_pid_of_another_is_not_asked),
		process_test(files_that_make_no_sense_are_no_name),
	};

	return cmocka_run_group_tests_name("libkvmstats: names", tests, NULL, NULL);
}
