/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel itself tells: its own stats fd, and debugfs. */
#ifndef VMTEST_NATIVE_H
#define VMTEST_NATIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

bool native_has_stats_fd(int kvm_fd);
/*
 * The kernel's stats fd of a VM or vCPU fd. For a vCPU this waits while it runs.
 * The stats fd holds no VM on kernels before 6.5: close it first.
 */
int native_stats_fd(int kvm_object_fd);

/* Mounts a pseudo filesystem unless it is there. False: the kernel has none. */
bool mount_once(const char *type, const char *path);
/* Bytes read, NUL-terminated in @text, or -errno. */
ssize_t read_text(const char *path, char *text, size_t size);
/* 0 or -errno */
int write_text(const char *path, const char *text);

#define DEBUGFS	"/sys/kernel/debug"

/* The directory of a VM that thread @tid created as descriptor @vm_fd. */
void debugfs_vm_path(char *path, size_t size, pid_t tid, int vm_fd);
/* 0 or -errno; names may be those of newer kernels */
int debugfs_read(const char *vm_path, const char *name, uint64_t *value);
/* A statistic that kvmstats makes where KVM counts none: debugfs has none either then. */
bool is_supplied(const char *name);
/* What debugfs of this kernel calls the statistic. */
const char *debugfs_old_name(const char *name);

#endif
