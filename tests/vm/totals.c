// SPDX-License-Identifier: GPL-2.0-only
/*
 * Totals of a VM and of the host are what their parts make, with those that are
 * gone, and read as any stats fd. Built a second time as a 32-bit program.
 */
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "memory.h"
#include "module.h"
#include "tap.h"
#include "total.h"

#define NR_GUESTS	3
#define NR_HALTING	2		/* guests behind those */
#define HOST_ID		"kvm-host"
#define HALT_CODE	0x7000		/* in guest memory */

static int dev;
static struct guest guests[NR_GUESTS + NR_HALTING];
static uint64_t ids[NR_GUESTS + NR_HALTING];
/* Of VMs that are gone, by what they told last. */
static struct total gone;

static void on_alarm(int signal)
{
	(void)signal;
}

/* Halts in the kernel until a signal comes: histograms tell how long. */
static void halt_until_signal(struct guest_vcpu *vcpu, unsigned int milliseconds)
{
	const struct timeval time = { .tv_usec = 1000 * milliseconds };
	const struct sigaction action = { .sa_handler = on_alarm };
	/* Again and again: the first may come before the vCPU runs. */
	const struct itimerval soon = { time, time }, never = { 0 };
	struct kvm_regs regs = { .rip = HALT_CODE, .rflags = 2 };

	((uint8_t *)vcpu->guest->memory)[HALT_CODE] = 0xf4;
	if (ioctl(vcpu->fd, KVM_SET_REGS, &regs) || sigaction(SIGALRM, &action, NULL) ||
	    setitimer(ITIMER_REAL, &soon, NULL) || ERRNO_OF(ioctl(vcpu->fd, KVM_RUN, 0)) != EINTR)
		tap_bail("a vCPU does not wait");
	setitimer(ITIMER_REAL, &never, NULL);
}

/* Its interrupt controller is in the kernel, and so are its halts. */
static void make_halting_guest(unsigned int i)
{
	guest_create(&guests[i]);
	ids[i] = dev_vm_of(dev, getpid()).id;
	if (ioctl(guests[i].vm_fd, KVM_CREATE_IRQCHIP, 0))
		tap_bail("KVM_CREATE_IRQCHIP failed");
	halt_until_signal(guest_add_vcpu(&guests[i], 0), 5);
	halt_until_signal(&guests[i].vcpus[0], 20);
}

static void make_guest(unsigned int i)
{
	guest_create(&guests[i]);
	ids[i] = dev_vm_of(dev, getpid()).id;
	for (unsigned int j = 0; j < i + 1; j++) {
		struct guest_vcpu *vcpu = guest_add_vcpu(&guests[i], 3 * j);

		for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++)
			guest_run(vcpu, work, 7 + 10 * i + 3 * j + work);
	}
}

static void end_guest(unsigned int i)
{
	total_add_vm(&gone, dev, ids[i], false);
	guest_destroy(&guests[i]);
	ids[i] = 0;
}

static struct total host_truth(void)
{
	struct total truth = gone;

	for (unsigned int i = 0; i < NR_GUESTS + NR_HALTING; i++)
		if (ids[i])
			total_add_vm(&truth, dev, ids[i], true);
	return truth;
}

static void check_host(int fd, const char *text)
{
	struct total truth = host_truth();

	total_is(fd, &truth, text);
}

static void check_vm(int fd, uint64_t vm_id, const char *text)
{
	struct total truth = { 0 };

	total_add_vm(&truth, dev, vm_id, true);
	total_is(fd, &truth, text);
}

/* Of all statistics of a type: how many values there are, or are not zero. */
static unsigned int count_values(int fd, uint32_t type, bool only_set)
{
	const struct kvmstats_desc *desc;
	unsigned int nr = 0;
	struct image image;

	image_read(fd, &image);
	desc = image_descs(&image);
	for (uint32_t i = 0; i < image.header.num_desc; i++, desc++)
		for (uint16_t j = 0; j < desc->size; j++)
			nr += (desc->flags & KVMSTATS_TYPE_MASK) == type &&
			      (!only_set || image_values(&image, desc)[j]);
	return nr;
}

static unsigned int count_set(int fd, uint32_t type)
{
	return count_values(fd, type, true);
}

static bool has_type(int fd, uint32_t type)
{
	return count_values(fd, type, false);
}

/* --- what the files look like --- */

static void check_descs(const struct image *total, const struct image *part, uint32_t first,
			uint32_t offset, const char *text)
{
	const struct kvmstats_desc *seen = image_descs(total) + first;
	unsigned int wrong = 0;

	for (uint32_t i = 0; i < part->header.num_desc; i++) {
		struct kvmstats_desc desc = image_descs(part)[i];

		desc.offset += offset;
		wrong += memcmp(&desc, &seen[i], sizeof(desc)) != 0;
	}
	is_u64(wrong, 0, "%s: descriptors that are not those of the parts", text);
}

static void check_layout(int fd, const char *id, const struct image *vm, const struct image *vcpu)
{
	struct image image;

	image_read(fd, &image);
	is_u64(image_broken_rules(&image, id), 0, "%s: rules that are broken", id);
	if (!is_u64(image.header.num_desc, vm->header.num_desc + vcpu->header.num_desc,
		    "%s: number of descriptors", id))
		return;
	check_descs(&image, vm, 0, 0, id);
	check_descs(&image, vcpu, vm->header.num_desc, image_data_size(vm), id);
}

static void check_layouts(int host_fd)
{
	int vm_fd = dev_open_vm(dev, ids[0]), vcpu_fd = dev_open_vcpu(dev, ids[0], 0);
	int total_fd = total_open_vm(dev, ids[0]);
	struct image vm, vcpu;

	image_read(vm_fd, &vm);
	image_read(vcpu_fd, &vcpu);
	check_layout(host_fd, HOST_ID, &vm, &vcpu);
	check_layout(total_fd, image_id(&vm), &vm, &vcpu);
	close(vm_fd);
	close(vcpu_fd);
	close(total_fd);
}

/* Any offset, with lengths that are odd or end in any of the parts. */
static void check_reads(int fd, const char *text)
{
	static const size_t lengths[] = { 1, 7, 8, 13, 255, 4096, IMAGE_MAX };
	static uint8_t buffer[IMAGE_MAX + 1];
	uint8_t *edge = memory_edge(1);
	unsigned int wrong = 0;
	struct image whole;

	image_read(fd, &whole);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (size_t at = 0; at <= whole.size + 1; at += at < 128 ? 1 : 5) {
			size_t expected = at >= whole.size ? 0 : whole.size - at;

			if (expected > lengths[i])
				expected = lengths[i];
			buffer[expected] = POISON;
			wrong += pread(fd, buffer, lengths[i], at) != (ssize_t)expected ||
				 memcmp(buffer, whole.bytes + at, expected) ||
				 buffer[expected] != POISON;
		}
	}
	is_u64(wrong, 0, "%s: reads at any offset that are wrong", text);
	is_u64(lseek(fd, -5, SEEK_END), whole.size - 5, "%s: lseek from the end", text);
	is_u64(read(fd, buffer, 16), 5, "%s: read over the end", text);
	is_bytes(buffer, whole.bytes + whole.size - 5, 5, "%s: content over the end", text);
	is_errno(ERRNO_OF(lseek(fd, -1, SEEK_SET)), EINVAL, "%s: lseek to -1", text);
	is_errno(ERRNO_OF(pread(fd, edge, 8, 0)), EFAULT, "%s: read into a hole", text);
	is_errno(ERRNO_OF(pread(fd, edge - 4, 8, whole.size - 8)), EFAULT,
		 "%s: read of data into a hole", text);
	memory_unmap(edge - page_size(), 1);
}

static int open_error(unsigned long command, struct kvmstats_open open)
{
	open.size = sizeof(open);
	return ERRNO_OF(ioctl(dev, command, &open));
}

static void check_refused(void)
{
	is_errno(open_error(KVMSTATS_OPEN_HOST, (struct kvmstats_open){ .vm_id = ids[0] }), EINVAL,
		 "host: a VM id");
	is_errno(open_error(KVMSTATS_OPEN_HOST, (struct kvmstats_open){ .vcpu_id = 1 }), EINVAL,
		 "host: a vCPU id");
	is_errno(open_error(KVMSTATS_OPEN_HOST, (struct kvmstats_open){ .flags = 1 }), EINVAL,
		 "host: a flag");
	is_errno(open_error(KVMSTATS_OPEN_HOST, (struct kvmstats_open){ .reserved = 1 }), EINVAL,
		 "host: reserved field set");
	is_errno(open_error(KVMSTATS_OPEN_VM, (struct kvmstats_open){
			.vm_id = ids[0], .vcpu_id = 3, .flags = KVMSTATS_OPEN_WITH_VCPUS }),
		 EINVAL, "VM with vCPUs: a vCPU id");
	is_errno(open_error(KVMSTATS_OPEN_VM, (struct kvmstats_open){
			.vm_id = ids[0], .flags = KVMSTATS_OPEN_WITH_VCPUS | 2 }),
		 EINVAL, "VM with vCPUs: another flag");
	is_errno(ERRNO_OF(total_try_open_vm(dev, 0)), ENOENT, "VM with vCPUs: id 0");
	is_errno(ERRNO_OF(total_try_open_vm(dev, ids[NR_GUESTS - 1] + 1)), ENOENT,
		 "VM with vCPUs: a VM that is yet to come");
}

/* --- what they hold --- */

static void check_vms(int host_fd)
{
	int fds[NR_GUESTS];
	struct image last, now;
	struct guest_vcpu *late;

	for (unsigned int i = 0; i < NR_GUESTS; i++) {
		fds[i] = total_open_vm(dev, ids[i]);
		check_vm(fds[i], ids[i], "VM with its vCPUs");
	}
	late = guest_add_vcpu(&guests[0], 9);
	guest_run(late, GUEST_OUT, 1000);
	check_vm(fds[0], ids[0], "VM with a vCPU that came late");
	check_host(host_fd, "host with a vCPU that came late");
	image_read(fds[0], &last);
	tap_ok(!fd_is_hung_up(fds[0]), "VM with its vCPUs: not hung up while it lives");
	end_guest(0);
	tap_ok(fd_is_hung_up(fds[0]), "VM with its vCPUs: hung up when it is gone");
	tap_ok(!fd_is_hung_up(fds[1]), "VM with its vCPUs: not hung up when another is gone");
	image_read(fds[0], &now);
	is_bytes(now.bytes, last.bytes, last.size, "VM with its vCPUs: the last values stay");
	for (unsigned int i = 0; i < NR_GUESTS; i++)
		close(fds[i]);
}

static void check_histograms(int host_fd)
{
	unsigned int set;

	for (unsigned int i = NR_GUESTS; i < NR_GUESTS + NR_HALTING; i++)
		make_halting_guest(i);
	check_host(host_fd, "host with VMs that halt");
	set = count_set(host_fd, KVMSTATS_TYPE_LOG_HIST);
	if (has_type(host_fd, KVMSTATS_TYPE_LOG_HIST))
		in_range(set, 1, 999, "buckets of histograms that are set");
	else
		tap_skip("this kernel has no histograms");
	for (unsigned int i = NR_GUESTS; i < NR_GUESTS + NR_HALTING; i++)
		end_guest(i);
	check_host(host_fd, "host after VMs that halted");
	is_u64(count_set(host_fd, KVMSTATS_TYPE_LOG_HIST), set, "buckets stay set");
}

static void check_ends(int host_fd)
{
	int second_fd = total_open_host(dev);
	struct image before, now;

	image_read(host_fd, &before);
	if (image_find(&before, "pages_4k"))
		in_range(count_set(host_fd, KVMSTATS_TYPE_INSTANT), 1, 99,
			 "instant values that are set while VMs live");
	else
		tap_skip("this kernel has no instant value that a small VM sets");
	check_host(host_fd, "host after one VM ended");
	end_guest(2);
	check_host(host_fd, "host after two VMs ended");
	make_guest(0);
	check_host(host_fd, "host with a new VM");
	end_guest(1);
	end_guest(0);
	check_host(host_fd, "host after all VMs ended");
	check_host(second_fd, "host opened twice");
	is_u64(count_set(host_fd, KVMSTATS_TYPE_INSTANT), 0,
	       "instant values that are set when no VM lives");
	in_range(count_set(host_fd, KVMSTATS_TYPE_CUMULATIVE), 3, 999,
		 "counters that are set when no VM lives");
	tap_note("peaks that are set: %u", count_set(host_fd, KVMSTATS_TYPE_PEAK));
	image_read(host_fd, &now);
	tap_ok(image_is_later(&now, &before), "nothing but instant values has fallen");
	tap_ok(!fd_is_hung_up(host_fd), "host: not hung up when no VM lives");
	close(second_fd);
}

int main(void)
{
	int host_fd;

	dev = test_begin_loaded("");
	host_fd = total_open_host(dev);
	is_u64(count_set(host_fd, KVMSTATS_TYPE_CUMULATIVE), 0, "counters before the first VM");
	for (unsigned int i = 0; i < NR_GUESTS; i++)
		make_guest(i);
	check_layouts(host_fd);
	check_refused();
	check_host(host_fd, "host");
	check_reads(host_fd, "host");
	check_vms(host_fd);
	check_histograms(host_fd);
	check_ends(host_fd);
	close(host_fd);
	return test_end_loaded(dev);
}
