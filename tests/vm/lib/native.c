// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "native.h"
#include "tap.h"

bool native_has_stats_fd(int kvm_fd)
{
	return ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD) > 0;
}

int native_stats_fd(int kvm_object_fd)
{
	int fd = ioctl(kvm_object_fd, KVM_GET_STATS_FD, NULL);

	if (fd < 0)
		tap_bail("KVM_GET_STATS_FD failed");
	return fd;
}

bool mount_once(const char *type, const char *path)
{
	return !mount(type, path, type, 0, NULL) || errno == EBUSY;
}

ssize_t read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	else
		text[n] = '\0';
	close(fd);
	return n;
}

int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = ERRNO_OF(write(fd, text, strlen(text)));
	close(fd);
	return -err;
}

void debugfs_vm_path(char *path, size_t size, pid_t tid, int vm_fd)
{
	snprintf(path, size, DEBUGFS "/kvm/%d-%d", tid, vm_fd);
}

const char *debugfs_old_name(const char *name)
{
	static const char *const renamed[][2] = {
		{ "request_irq_exits", "request_irq" },
		{ "irq_window_exits", "irq_window" },
		{ "nmi_window_exits", "nmi_window" },
		{ "nx_lpage_splits", "nx_largepages_splitted" },
	};

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
		if (!strcmp(name, renamed[i][0]))
			return renamed[i][1];
	}
	return name;
}

bool is_supplied(const char *name)
{
	static const char *const supplied[] = {
		"guest_mode", "blocking", "halt_wait_ns", "halt_poll_success_hist",
		"halt_poll_fail_hist", "halt_wait_hist",
	};

	for (size_t i = 0; i < sizeof(supplied) / sizeof(supplied[0]); i++) {
		if (!strcmp(name, supplied[i]))
			return true;
	}
	return false;
}

static int read_number(const char *vm_path, const char *name, uint64_t *value)
{
	char path[256], text[64], *end;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", vm_path, name);
	n = read_text(path, text, sizeof(text));
	if (n < 0)
		return n;
	*value = strtoull(text, &end, 10);
	return end == text || strcmp(end, "\n") ? -EINVAL : 0;
}

int debugfs_read(const char *vm_path, const char *name, uint64_t *value)
{
	int err = read_number(vm_path, name, value);

	if (err == -ENOENT)
		err = read_number(vm_path, debugfs_old_name(name), value);
	return err;
}
