// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "tap.h"
#include "vmm.h"

#define CHILD_SOCKET	3
#define CHURN_RUNS	3

struct order {
	uint32_t command;
	uint32_t argument;
};

void send_fd(int socket, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(fd))];
	} control = { 0 };
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) < 0)
		tap_bail("cannot pass a descriptor");
}

int receive_fd(int socket)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	int fd;

	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1)
		tap_bail("no descriptor came");
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS)
		tap_bail("a message came without a descriptor");
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* Overwrites @guest with a VM that lives; @kvm_fd stays open. */
static void create_vm(struct guest *guest, int kvm_fd)
{
	guest_create_on(guest, fcntl(kvm_fd, F_DUPFD_CLOEXEC, 0));
}

static uint64_t churn(struct guest *guest, int kvm_fd)
{
	struct pollfd orders = { .fd = CHILD_SOCKET, .events = POLLIN };
	uint64_t nr = 0;

	for (;;) {
		create_vm(guest, kvm_fd);
		guest_try_run(guest_add_vcpu(guest, 0), GUEST_OUT, CHURN_RUNS);
		nr++;
		if (poll(&orders, 1, 0))
			return nr;
		guest_destroy(guest);
	}
}

static void obey(const struct order *order, struct guest *guest, int kvm_fd)
{
	switch (order->command) {
	case VMM_CREATE:
		create_vm(guest, kvm_fd);
		break;
	case VMM_ADD_VCPU:
		guest_add_vcpu(guest, order->argument);
		break;
	case VMM_RUN:
		for (unsigned int i = 0; i < guest->nr_vcpus; i++)
			guest_run(&guest->vcpus[i], GUEST_OUT, order->argument);
		break;
	case VMM_SPIN:
		for (unsigned int i = 0; i < guest->nr_vcpus; i++)
			guest_spin(&guest->vcpus[i]);
		guest_spin_wait(&guest->vcpus[0], 1);
		break;
	case VMM_SPIN_STOP:
		for (unsigned int i = 0; i < guest->nr_vcpus; i++)
			guest_spin_stop(&guest->vcpus[i]);
		break;
	case VMM_DESTROY:
		guest_destroy(guest);
		break;
	case VMM_SET_UID:
		if (setresuid(order->argument, order->argument, order->argument))
			tap_bail("setresuid failed");
		break;
	}
}

static _Noreturn void serve(void)
{
	int kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct guest guest = { 0 };
	uint64_t churned = 0;
	struct order order;

	if (kvm_fd < 0)
		tap_bail("cannot open /dev/kvm");
	while (recv(CHILD_SOCKET, &order, sizeof(order), 0) == sizeof(order)) {
		if (order.command == VMM_SEND_VM_FD) {
			send_fd(CHILD_SOCKET, guest.vm_fd);
			continue;
		}
		obey(&order, &guest, kvm_fd);
		send(CHILD_SOCKET, &churned, sizeof(churned), 0);
		if (order.command == VMM_CHURN)
			churned = churn(&guest, kvm_fd);
	}
	_exit(0);
}

void vmm_start(struct vmm *vmm, const char *comm)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		tap_bail("socketpair failed");
	vmm->pid = fork();
	if (vmm->pid < 0)
		tap_bail("fork failed");
	if (!vmm->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, comm);
		dup2(sockets[1], CHILD_SOCKET);
		syscall(SYS_close_range, CHILD_SOCKET + 1, ~0u, 0);
		serve();
	}
	close(sockets[1]);
	vmm->socket = sockets[0];
}

uint64_t vmm_do(struct vmm *vmm, enum vmm_command command, uint32_t argument)
{
	struct order order = { command, argument };
	uint64_t reply;

	if (send(vmm->socket, &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order))
		tap_bail("the VMM takes no orders");
	if (command == VMM_SEND_VM_FD)
		return 0;
	if (recv(vmm->socket, &reply, sizeof(reply), 0) != sizeof(reply))
		tap_bail("the VMM died of order %d", command);
	return reply;
}

void vmm_make_vm(struct vmm *vmm, uint32_t nr_vcpus, uint32_t times)
{
	vmm_do(vmm, VMM_CREATE, 0);
	for (uint32_t i = 0; i < nr_vcpus; i++)
		vmm_do(vmm, VMM_ADD_VCPU, i);
	vmm_do(vmm, VMM_RUN, times);
}

int vmm_receive_fd(struct vmm *vmm)
{
	vmm_do(vmm, VMM_SEND_VM_FD, 0);
	return receive_fd(vmm->socket);
}

void vmm_kill(struct vmm *vmm)
{
	kill(vmm->pid, SIGKILL);
	if (waitpid(vmm->pid, NULL, 0) != vmm->pid)
		tap_bail("cannot reap the VMM");
	close(vmm->socket);
}
