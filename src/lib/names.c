// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who a VM is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"

/* Far more than a command line of libvirt has; what is behind it is not looked at. */
#define MAX_PROC_FILE	(1u << 20)

const char *kvmstats_name_source(uint32_t source)
{
	static const char *const words[] = {
		[KVMSTATS_NAME_OVERRIDE] = "override",
		[KVMSTATS_NAME_LIBVIRT] = "libvirt",
		[KVMSTATS_NAME_QEMU] = "qemu",
		[KVMSTATS_NAME_PROXMOX] = "proxmox",
		[KVMSTATS_NAME_FIRECRACKER] = "firecracker",
		[KVMSTATS_NAME_CLOUD_HYPERVISOR] = "cloud-hypervisor",
		[KVMSTATS_NAME_COMM] = "comm",
	};

	return source < sizeof(words) / sizeof(*words) ? words[source] : "unknown";
}

/* --- from text --- */

struct text scope_find(struct text cgroup)
{
	static const char prefix[] = "machine-qemu\\x2d", suffix[] = ".scope";

	while (cgroup.len) {
		struct text line = text_cut(&cgroup, '\n');

		while (line.len) {
			struct text part = text_cut(&line, '/');

			if (!text_starts(part, prefix) || part.len < strlen(suffix))
				continue;
			part.len -= strlen(suffix);
			if (text_is(text_of(part.s + part.len, strlen(suffix)), suffix))
				return text_skip(part, strlen(prefix));
		}
	}
	return text_of(NULL, 0);
}

bool kvmstats_identify_text(struct text line, struct text cgroup, struct identity *id)
{
	struct text scope = scope_find(cgroup), program;

	*id = (struct identity){ .source = KVMSTATS_NAME_COMM };
	if (!words_next(&line, &program))
		program = text_of(NULL, 0);
	program = text_basename(program);
	if (scope.len || text_has(program, "qemu") || text_starts(program, "kvm"))
		return name_qemu(line, scope, id);
	if (text_has(program, "firecracker"))
		return name_firecracker(line, id);
	if (text_has(program, "cloud-hypervisor"))
		return name_cloud_hypervisor(line, id);
	return false;
}

/* --- from a process --- */

static struct text read_at(int dir, const char *file, char *buf)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return text_of(NULL, 0);
	do {
		n = read(fd, buf + len, MAX_PROC_FILE - len);
		len += n > 0 ? n : 0;
	} while (n > 0 && len < MAX_PROC_FILE);
	close(fd);
	return text_of(buf, len);
}

/*
 * A process that has got the pid of one that is gone began after the VM. Both times are
 * those of CLOCK_BOOTTIME, one of them in ticks.
 */
static bool is_creator(int dir, uint64_t start_ns, char *buf)
{
	const int starttime = 22, state = 3;
	struct text stat = read_at(dir, "stat", buf);
	char *end = stat.len ? memrchr(buf, ')', stat.len) : NULL;
	unsigned long long ticks;
	char *digits;

	if (!end || stat.len == MAX_PROC_FILE)
		return false;
	buf[stat.len] = '\0';
	for (int field = state; field <= starttime && end; field++)
		end = strchr(end + 1, ' ');
	if (!end)
		return false;
	digits = end + 1;
	ticks = strtoull(digits, &end, 10);
	return end > digits && ticks <= start_ns / (1000000000ull / sysconf(_SC_CLK_TCK));
}

static void identify_process(int dir, uint64_t start_ns, char *buf, char *cgroup_buf,
			     struct identity *id)
{
	struct text line, cgroup;

	if (!is_creator(dir, start_ns, buf))
		return;
	line = read_at(dir, "cmdline", buf);
	cgroup = read_at(dir, "cgroup", cgroup_buf);
	kvmstats_identify_text(line, cgroup, id);
}

static void name_by_command(const struct kvmstats_vm *vm, struct identity *id)
{
	id->source = KVMSTATS_NAME_COMM;
	if (vm->pid)
		snprintf(id->name, sizeof(id->name), "%s-%u", vm->comm, vm->pid);
	else
		snprintf(id->name, sizeof(id->name), "%s", vm->comm);
}

int kvmstats_identify(const char *proc, const struct kvmstats_vm *vm, struct identity *id)
{
	char path[64], *buf;
	int dir;

	buf = malloc(2 * MAX_PROC_FILE);
	if (!buf)
		return -ENOMEM;
	*id = (struct identity){ .source = KVMSTATS_NAME_COMM };
	snprintf(path, sizeof(path), "%s/%u", proc, vm->pid);
	dir = vm->pid ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (dir >= 0) {
		identify_process(dir, vm->start_ns, buf, buf + MAX_PROC_FILE, id);
		close(dir);
	}
	if (!*id->name)
		name_by_command(vm, id);
	free(buf);
	return 0;
}
