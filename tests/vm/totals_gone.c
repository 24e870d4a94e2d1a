// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's total counts VMs that are gone, however they went, never falls while
 * they come and go, and belongs to the KVM that it was opened under.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "tap.h"
#include "total.h"
#include "vmm.h"

/* Side by side, since each end waits for RCU. */
#define NR_CHURNERS	40
#define LIFECYCLES	5		/* of each */

static int dev;

static void check_killed(int host_fd)
{
	uint64_t before = fd_value(host_fd, "io_exits");
	struct image first, last;
	struct vmm vmm;

	vmm_start(&vmm, "total");
	vmm_make_vm(&vmm, 2, 50);
	image_read(host_fd, &first);
	is_u64(image_value(&first, "io_exits"), before + 100, "host: VMM that is to be killed");
	vmm_kill(&vmm);
	image_read(host_fd, &last);
	tap_ok(image_is_later(&last, &first), "host: nothing has fallen with a killed VMM");
	is_u64(image_value(&last, "io_exits"), before + 100, "host: VMM that was killed");
}

static atomic_bool stop;

/* Counts the reads that fell behind an earlier one. */
static void *read_host(void *argument)
{
	static struct image before, now;
	unsigned int *fell = argument, reads = 0;
	int fd = total_open_host(dev);

	image_read(fd, &before);
	while (!atomic_load(&stop)) {
		image_read(fd, &now);
		*fell += !image_is_later(&now, &before);
		before = now;
		usleep(100);
		if (++reads % 16)
			continue;
		close(fd);
		fd = total_open_host(dev);
	}
	close(fd);
	tap_note("%u reads of the host's total beside the VMs", reads);
	return NULL;
}

static void *churn(void *argument)
{
	struct guest guest;

	for (int i = 0; i < LIFECYCLES; i++) {
		guest_create(&guest);
		guest_run(guest_add_vcpu(&guest, i % 4), GUEST_OUT, 10);
		guest_destroy(&guest);
	}
	return argument;
}

static pthread_t start(void *(*fn)(void *argument), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, argument))
		tap_bail("pthread_create failed");
	return thread;
}

static void check_lifecycles(int host_fd)
{
	uint64_t before = fd_value(host_fd, "io_exits");
	pthread_t reader, churners[NR_CHURNERS];
	unsigned int fell = 0;

	reader = start(read_host, &fell);
	for (int i = 0; i < NR_CHURNERS; i++)
		churners[i] = start(churn, NULL);
	for (int i = 0; i < NR_CHURNERS; i++)
		pthread_join(churners[i], NULL);
	atomic_store(&stop, true);
	pthread_join(reader, NULL);
	is_u64(fell, 0, "reads of the host's total that fell");
	is_u64(fd_value(host_fd, "io_exits"), before + 10 * NR_CHURNERS * LIFECYCLES,
	       "exits of %u VMs that are gone", NR_CHURNERS * LIFECYCLES);
}

/* Of a KVM that is fresh, before, with and after its first VM. */
static void check_fresh_host(int fd, const struct total *nothing)
{
	struct total truth = *nothing;
	struct guest guest;
	uint64_t vm_id;

	total_is(fd, &truth, "host of a fresh KVM");
	tap_ok(!fd_is_hung_up(fd), "host of a fresh KVM: not hung up");
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_MMIO_READ, 12);
	vm_id = dev_vm_of(dev, getpid()).id;
	total_add_vm(&truth, dev, vm_id, true);
	total_is(fd, &truth, "host of a fresh KVM, with a VM");
	truth = *nothing;
	total_add_vm(&truth, dev, vm_id, false);
	guest_destroy(&guest);
	total_is(fd, &truth, "host of a fresh KVM, after a VM");
}

static pid_t poll_in_child(int fd)
{
	pid_t child = fork();

	if (!child)
		_exit(fd_hangs_up_within(fd, 5000) ? 0 : 1);
	if (child < 0)
		tap_bail("fork failed");
	usleep(50000);
	return child;
}

static void check_kvm_reloads(int host_fd)
{
	struct total nothing = { 0 };
	struct kvmstats_info info;
	struct image last, now;
	int status, fd;
	pid_t child;

	dev_info(dev, &info);
	nothing.nr_vm_values = info.vm_data_size / sizeof(uint64_t);
	nothing.nr_vcpu_values = info.vcpu_data_size / sizeof(uint64_t);
	image_read(host_fd, &last);
	child = poll_in_child(host_fd);
	is_u64(waitpid(child, &status, WNOHANG), 0, "host: poll sleeps while KVM is there");
	is_errno(kvm_unload(), 0, "KVM unloads under the host's total");
	if (waitpid(child, &status, 0) != child)
		tap_bail("no child");
	is_u64(status, 0, "host: poll is woken when KVM goes");
	tap_ok(fd_is_hung_up(host_fd), "host: hung up when KVM is gone");
	image_read(host_fd, &now);
	is_bytes(now.bytes, last.bytes, last.size, "host: the last values stay");
	is_errno(ERRNO_OF(total_try_open_host(dev)), ENODEV, "host: open without KVM");

	kvm_load();
	fd = total_open_host(dev);
	check_fresh_host(fd, &nothing);
	close(fd);
	tap_ok(fd_is_hung_up(host_fd), "host of the KVM that went: still hung up");
	image_read(host_fd, &now);
	is_bytes(now.bytes, last.bytes, last.size, "host of the KVM that went: values still stay");
}

int main(void)
{
	int host_fd;

	dev = test_begin_loaded("");
	host_fd = total_open_host(dev);
	check_killed(host_fd);
	check_lifecycles(host_fd);
	check_kvm_reloads(host_fd);
	close(host_fd);
	return test_end_loaded(dev);
}
