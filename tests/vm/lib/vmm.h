/* SPDX-License-Identifier: GPL-2.0-only */
/* A VMM in a process of its own that does what it is told, until it is killed. */
#ifndef VMTEST_VMM_H
#define VMTEST_VMM_H

#include <stdint.h>
#include <sys/types.h>

enum vmm_command {
	VMM_CREATE,		/* a VM */
	VMM_ADD_VCPU,		/* argument: vCPU id */
	VMM_RUN,		/* argument: port writes, on every vCPU */
	VMM_SPIN,		/* every vCPU, from now on */
	VMM_SPIN_STOP,
	VMM_DESTROY,		/* the VM */
	VMM_CHURN,		/* create, run and destroy VMs until the next command ... */
	VMM_CHURN_STOP,		/* ... which is this, and leaves the last one alive */
	VMM_SET_UID,		/* argument: uid, while no VM is there */
	VMM_SEND_VM_FD,		/* to vmm_receive_fd */
};

struct vmm {
	pid_t pid;
	int socket;
};

/* The child inherits no descriptor, so it keeps nothing of the caller's alive. */
void vmm_start(struct vmm *vmm, const char *comm);
/*
 * Returns once it is done; VMM_CHURN and VMM_SPIN go on. Gives the number of VMs
 * that the last VMM_CHURN made.
 */
uint64_t vmm_do(struct vmm *vmm, enum vmm_command command, uint32_t argument);
/* vmm_do in a row: a VM with vCPUs 0 to @nr_vcpus - 1 that each wrote @times. */
void vmm_make_vm(struct vmm *vmm, uint32_t nr_vcpus, uint32_t times);
int vmm_receive_fd(struct vmm *vmm);
/* SIGKILL; returns when the process is reaped. */
void vmm_kill(struct vmm *vmm);

/* Over a unix socket. */
void send_fd(int socket, int fd);
int receive_fd(int socket);

#endif
