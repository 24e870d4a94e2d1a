/* SPDX-License-Identifier: GPL-2.0-only */
/* The KVM view in statsfs, which is mounted, held against /dev/kvmstats. */
#ifndef VMTEST_VIEW_H
#define VMTEST_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "guest.h"
#include "statsfs.h"

#define VIEW		STATSFS "/kvm"
#define VIEW_PATH	256
/* The descriptor of a VMM's VM, see vmm.h: behind its socket, and /dev/kvm twice. */
#define VMM_VM_FD	6

void view_dir(char path[VIEW_PATH], pid_t tid, int vm_fd);
/* Checks that a path comes or goes in the time that the view may take. */
bool view_comes(bool there, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A value that must be there. */
uint64_t view_value(const char *dir, const char *name);
int view_clear(const char *dir, const char *name);	/* 0 or an errno */

/*
 * Checks that a directory shows what a stats fd does, as text and in .stats, but for
 * histograms. Closes the fd.
 */
void view_dir_is(const char *dir, int fd, const char *text);
/* The same for the newest VM of a process, its vCPUs, and the host. */
void view_is(int dev, pid_t pid, int vm_fd, const char *text);

/* A guest whose vCPUs, with ids 0, 3, 6 ..., have done all there is, @times and more. */
void view_guest(struct guest *guest, unsigned int nr_vcpus, uint32_t times);

#endif
