// SPDX-License-Identifier: GPL-2.0-only
/*
 * A task that stands still within a redirected call, since the memory it is to write to
 * is not there yet: kvmstats does not unload under it, switching off does not wait for
 * it, and it gets its answer in the end.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "kvmstats.h"
#include "memory.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define PATIENCE_MS	10000
#define AGGREGATE	"aggregate_abi"

static int fault_fd;

/* A page of memory whose first touch waits for give_page(). */
static uint8_t *missing_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	uint8_t *page = memory_map(1);

	fault_fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fault_fd < 0)
		tap_skip_all("no userfaultfd to hold a task with: %s", strerrorname_np(errno));
	area.range.start = (uintptr_t)page;
	area.range.len = page_size();
	if (ioctl(fault_fd, UFFDIO_API, &api) || ioctl(fault_fd, UFFDIO_REGISTER, &area))
		tap_bail("userfaultfd does not work");
	return page;
}

static void give_page(uint8_t *page)
{
	uint8_t *content = memory_map(1);
	const uint32_t size = page_size() - 8;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page, .src = (uintptr_t)content, .len = page_size(),
	};

	memcpy(content, &size, sizeof(size));
	if (ioctl(fault_fd, UFFDIO_COPY, &copy))
		tap_bail("UFFDIO_COPY failed");
	memory_unmap(content, 1);
}

struct call {
	pthread_t thread;
	int fd;
	uint8_t *page;
	int err;
};

static void *call_kvm(void *argument)
{
	struct call *call = argument;

	call->err = ERRNO_OF(ioctl(call->fd, KVM_STATS_GET_DATA, call->page));
	return NULL;
}

static bool touches_page(void)
{
	struct pollfd poll_fd = { .fd = fault_fd, .events = POLLIN };

	return poll(&poll_fd, 1, PATIENCE_MS) == 1;
}

static void check_held(int fd, const char *text)
{
	struct call call = { .fd = fd, .page = missing_page() };
	struct kvm_stats_info info;

	errno = kvmstats_load(AGGREGATE "=on");
	if (errno)
		tap_bail("cannot load kvmstats");
	if (pthread_create(&call.thread, NULL, call_kvm, &call))
		tap_bail("no thread");
	tap_ok(touches_page(), "%s: a task is within the call", text);
	is_errno(kvmstats_unload(), EWOULDBLOCK, "%s: unload", text);
	is_errno(kvmstats_set(AGGREGATE, "off"), 0, "%s: switching off returns", text);
	is_errno(kvmstats_set("native_abi", "off"), 0, "%s: both return", text);
	is_errno(kvmstats_unload(), EWOULDBLOCK, "%s: unload while it is off", text);
	is_errno(kvmstats_set(AGGREGATE, "on"), 0, "%s: switching on again returns", text);
	is_errno(kvmstats_unload(), EWOULDBLOCK, "%s: unload while it is on", text);
	give_page(call.page);
	pthread_join(call.thread, NULL);
	is_errno(call.err, 0, "%s: the call has its answer", text);
	is_errno(kvmstats_unload(), 0, "%s: unload then", text);
	tap_ok(ioctl(fd, KVM_STATS_GET_INFO, &info) < 0, "%s: KVM's own answer is back", text);
	close(fault_fd);
	memory_unmap(call.page, 1);
}

int main(void)
{
	struct guest guest;

	test_begin();
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 5);
	check_held(guest.vm_fd, "VM");
	check_held(guest.vcpus[0].fd, "vCPU");
	guest_destroy(&guest);
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	return tap_done();
}
