/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/kvmstats through its plain ioctls. */
#ifndef VMTEST_DEV_H
#define VMTEST_DEV_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kvmstats.h"

#define DEV_MAX_VMS	64

int dev_open(void);

void dev_info(int dev, struct kvmstats_info *info);
void dev_hook(int dev, uint32_t index, struct kvmstats_hook *hook);
/* The row of this name; that there is none ends the program. */
struct kvmstats_hook dev_hook_named(int dev, const char *name);

/* Give the number of records; more than @capacity ends the program. */
uint32_t dev_list_vms(int dev, struct kvmstats_vm *vms, uint32_t capacity);
uint32_t dev_list_vcpus(int dev, uint64_t vm_id, struct kvmstats_vcpu *vcpus, uint32_t capacity);

/* The newest VM of a process. False when it has none. */
bool dev_find_vm(int dev, pid_t pid, struct kvmstats_vm *vm);
/* The same for a VM that must be there. */
struct kvmstats_vm dev_vm_of(int dev, pid_t pid);
uint32_t dev_count_vms_of(int dev, pid_t pid);

/* Records written by one call, or -1 and errno. */
int dev_try_list_vcpus(int dev, uint64_t vm_id, struct kvmstats_vcpu *vcpus, uint32_t capacity);

/* A stats fd, or -1 and errno. */
int dev_try_open_vm(int dev, uint64_t vm_id);
int dev_try_open_vcpu(int dev, uint64_t vm_id, uint32_t vcpu_id);
/* A stats fd; that it cannot be had ends the program. */
int dev_open_vm(int dev, uint64_t vm_id);
int dev_open_vcpu(int dev, uint64_t vm_id, uint32_t vcpu_id);

/* Whether poll() says now that the VM is gone. */
bool fd_is_hung_up(int fd);
/* Waits for that. */
bool fd_hangs_up_within(int fd, int milliseconds);

uint64_t boottime_ns(void);

#endif
