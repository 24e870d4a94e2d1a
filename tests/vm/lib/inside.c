// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "inside.h"
#include "native.h"
#include "tap.h"

static int wait_for(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child)
		tap_bail("no child");
	return status;
}

bool inside_supported(int flags)
{
	pid_t child = fork();

	if (!child)
		_exit(unshare(flags) ? 1 : 0);
	return !wait_for(child);
}

static void enter(int flags)
{
	if (unshare(flags))
		tap_bail("unshare failed");
	if (!(flags & CLONE_NEWUSER))
		return;
	errno = -write_text("/proc/self/uid_map", "0 0 1");
	if (errno)
		tap_bail("cannot map the user");
}

/* The keeper itself stays outside: its children are inside. */
static _Noreturn void keep(int socket, int flags)
{
	struct vmm vmm;
	pid_t opener;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter(flags);
	vmm_start(&vmm, "inside");
	opener = fork();
	if (!opener) {
		send_fd(socket, dev_open());
		_exit(0);
	}
	if (wait_for(opener))
		_exit(1);
	send_fd(socket, vmm.socket);
	if (send(socket, &vmm.pid, sizeof(vmm.pid), 0) != sizeof(vmm.pid))
		_exit(1);
	close(vmm.socket);
	_exit(wait_for(vmm.pid) ? 0 : 1);
}

void inside_start(struct inside *inside, int flags)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		tap_bail("socketpair failed");
	inside->keeper = fork();
	if (!inside->keeper) {
		close(sockets[0]);
		keep(sockets[1], flags);
	}
	close(sockets[1]);
	inside->dev = receive_fd(sockets[0]);
	inside->vmm.socket = receive_fd(sockets[0]);
	if (recv(sockets[0], &inside->vmm.pid, sizeof(pid_t), 0) != sizeof(pid_t))
		tap_bail("no VMM inside");
	close(sockets[0]);
}

/* The keeper reaps the VMM. */
void inside_kill(struct inside *inside)
{
	kill(inside->vmm.pid, SIGKILL);
	wait_for(inside->keeper);
	close(inside->vmm.socket);
}
