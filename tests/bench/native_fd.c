// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM_GET_STATS_FD costs with one pread of the whole and close, on whichever
 * kernel this is: its own, or ours where it has none. The lab compares the two.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

static char buffer[IMAGE_MAX];

static void open_and_close(void *arg)
{
	close(native_stats_fd(*(int *)arg));
}

static void open_read_close(void *arg)
{
	int fd = native_stats_fd(*(int *)arg);

	if (pread(fd, buffer, sizeof(buffer), 0) <= 0)
		tap_bail("pread failed");
	close(fd);
}

static void check_extension(void *arg)
{
	if (ioctl(*(int *)arg, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD) != 1)
		tap_bail("no KVM_GET_STATS_FD");
}

int main(void)
{
	int dev = test_begin_loaded("");
	struct guest guest;

	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 100);
	bench_count("native_fd_extension", check_extension, &guest.vm_fd);
	bench_count("native_fd_vm_unread", open_and_close, &guest.vm_fd);
	bench_count("native_fd_vm", open_read_close, &guest.vm_fd);
	bench_count("native_fd_vcpu_unread", open_and_close, &guest.vcpus[0].fd);
	bench_count("native_fd_vcpu", open_read_close, &guest.vcpus[0].fd);
	guest_destroy(&guest);
	return test_end_loaded(dev);
}
