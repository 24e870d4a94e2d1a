// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of perf count exactly what guests did: for the thread that ran the vCPU, for the
 * VM and for the host; in groups, by many at a time, while they are enabled and at no
 * other time; for vCPUs that change their thread; when the VM ends, and when KVM does.
 */
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "halter.h"
#include "image.h"
#include "module.h"
#include "perf.h"
#include "runner.h"
#include "tap.h"
#include "total.h"
#include "vmm.h"

#define N	1000
#define WAKEUPS	20

/* One thread, all that can be done in it. */
static void check_works(struct guest_vcpu *vcpu)
{
	for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++) {
		const char *name = guest_work_names[work];
		int fd = perf_open_thread(guest_work_stats[work], 0);
		int end = perf_open_thread(guest_end_stat(work), 0);
		struct perf_value value;

		guest_run(vcpu, work, N);
		value = perf_read_times(fd);
		is_u64(value.value, N, "thread: %s", name);
		is_u64(perf_read(end), 1, "thread: the end of the %s", name);
		tap_ok(value.enabled && value.enabled == value.running, "thread: times of %s", name);
		close(fd);
		close(end);
	}
}

static void check_enabling(struct guest_vcpu *vcpu)
{
	struct perf_event_attr attr = perf_attr("io_exits");
	int fd;

	attr.disabled = 1;
	fd = perf_open(&attr, 0, -1, -1);
	guest_run(vcpu, GUEST_OUT, N);
	is_u64(perf_read(fd), 0, "not yet enabled");
	perf_do(fd, PERF_EVENT_IOC_ENABLE);
	guest_run(vcpu, GUEST_OUT, 7);
	perf_do(fd, PERF_EVENT_IOC_DISABLE);
	guest_run(vcpu, GUEST_OUT, N);
	is_u64(perf_read(fd), 7, "enabled for a while");
	perf_do(fd, PERF_EVENT_IOC_ENABLE);
	guest_run(vcpu, GUEST_OUT, 5);
	is_u64(perf_read(fd), 12, "enabled again");
	perf_do(fd, PERF_EVENT_IOC_RESET);
	guest_run(vcpu, GUEST_OUT, 3);
	is_u64(perf_read(fd), 3, "set back to 0");
	close(fd);
}

/* With an event of the kernel's own, read in one go. */
static void check_group(struct guest_vcpu *vcpu)
{
	struct perf_event_attr clock = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK,
		.size = sizeof(clock), .read_format = PERF_FORMAT_GROUP, .disabled = 1,
	};
	struct perf_event_attr io = perf_attr("io_exits"), mmio = perf_attr("mmio_exits");
	uint64_t read_back[4] = { 0 };
	int leader = perf_open(&clock, 0, -1, -1);
	int first, second;

	io.read_format = mmio.read_format = PERF_FORMAT_GROUP;
	first = perf_open(&io, 0, -1, leader);
	second = perf_open(&mmio, 0, -1, leader);
	guest_run(vcpu, GUEST_OUT, N);
	ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
	guest_run(vcpu, GUEST_OUT, 11);
	guest_run(vcpu, GUEST_MMIO_READ, 13);
	ioctl(leader, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP);
	guest_run(vcpu, GUEST_MMIO_READ, N);
	if (read(leader, read_back, sizeof(read_back)) != sizeof(read_back))
		tap_note("short read of a group");
	is_u64(read_back[0], 3, "group: members");
	in_range(read_back[1], 1, UINT64_MAX, "group: the leader's task clock");
	is_u64(read_back[2], 11, "group: io_exits");
	is_u64(read_back[3], 13, "group: mmio_exits");
	close(second);
	close(first);
	close(leader);
}

/* A vCPU goes from thread to thread: to each what it counted there, wherever it waits. */
static void check_threads(struct guest *guest, bool spins)
{
	const char *how = spins ? "spinning" : "sleeping";
	struct guest_vcpu *vcpu = &guest->vcpus[0], *other = &guest->vcpus[1];
	struct runner runners[3];
	int fds[3], again;

	for (unsigned int i = 0; i < 3; i++)
		runner_start(&runners[i], spins && i < 1);
	runner_run(&runners[0], vcpu, GUEST_OUT, N);
	for (unsigned int i = 0; i < 3; i++)
		fds[i] = perf_open_thread("io_exits", runners[i].tid);
	again = perf_open_thread("io_exits", runners[1].tid);

	runner_run(&runners[0], vcpu, GUEST_OUT, 10);
	runner_run(&runners[1], vcpu, GUEST_OUT, 200);
	runner_run(&runners[0], vcpu, GUEST_OUT, 3000);
	runner_run(&runners[1], other, GUEST_OUT, 40);
	runner_run(&runners[1], vcpu, GUEST_OUT, 5);
	is_u64(perf_read(fds[0]), 3010, "%s threads: the first", how);
	is_u64(perf_read(fds[1]), 245, "%s threads: the second, with two vCPUs", how);
	is_u64(perf_read(again), 245, "%s threads: the second, once more", how);
	is_u64(perf_read(fds[2]), 0, "%s threads: one without a vCPU", how);

	close(again);
	runner_end(&runners[0]);
	guest_run(other, GUEST_OUT, N);
	runner_run(&runners[2], other, GUEST_OUT, 6);
	is_u64(perf_read(fds[0]), 3010, "%s threads: the first has ended", how);
	is_u64(perf_read(fds[1]), 245, "%s threads: the second lost a vCPU to a thread that nobody counts",
	       how);
	is_u64(perf_read(fds[2]), 6, "%s threads: the third took it up", how);
	for (unsigned int i = 1; i < 3; i++)
		runner_end(&runners[i]);
	for (unsigned int i = 0; i < 3; i++)
		close(fds[i]);
}

/*
 * Threads that are born into it run the guests, turn about on the same CPU: of such, perf
 * hands the events from one to the next, unless it is kept from that.
 */
static void check_inherited(struct guest *guest)
{
	struct perf_event_attr attr = perf_attr("io_exits");
	struct runner runners[2];
	cpu_set_t all, one;
	int fd;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_getaffinity(0, sizeof(all), &all) || sched_setaffinity(0, sizeof(one), &one))
		tap_bail("cannot go to CPU 0");
	attr.inherit = 1;
	fd = perf_open(&attr, 0, -1, -1);
	for (unsigned int i = 0; i < 2; i++)
		runner_start(&runners[i], false);
	guest_run(&guest->vcpus[0], GUEST_OUT, 1);
	for (unsigned int i = 0; i < 20; i++)
		runner_run(&runners[i % 2], &guest->vcpus[i / 2 % 2], GUEST_OUT, 100);
	is_u64(perf_read(fd), 2001, "inherited by threads");
	for (unsigned int i = 0; i < 2; i++)
		runner_end(&runners[i]);
	is_u64(perf_read(fd), 2001, "inherited by threads that have ended");
	if (!fork())
		_exit(0);
	wait(NULL);
	is_u64(perf_read(fd), 2001, "inherited by a process that runs no vCPU");
	close(fd);
	if (sched_setaffinity(0, sizeof(all), &all))
		tap_bail("cannot leave CPU 0");
}

static uint64_t vcpu_value(int fd, const char *name)
{
	struct image image;

	image_read(fd, &image);
	return image_value(&image, name);
}

/* What wakes a vCPU is counted by who wakes it, while the vCPU's own thread sleeps. */
static void check_wakeups(int dev)
{
	static struct halter halter;
	uint64_t before, grown;
	int event, fd;

	halter_create(&halter);
	halter_boot(&halter);
	halter_wait(&halter);
	fd = dev_open_vcpu(dev, dev_vm_of(dev, getpid()).id, halter.vcpu->id);
	event = perf_open_thread("halt_wakeup", halter.tid);
	/* It begins when its thread is next on a CPU. */
	halter_interrupt(&halter);
	halter_wait(&halter);
	perf_do(event, PERF_EVENT_IOC_RESET);
	before = vcpu_value(fd, "halt_wakeup");
	for (unsigned int i = 0; i < WAKEUPS; i++) {
		halter_interrupt(&halter);
		halter_wait(&halter);
	}
	grown = vcpu_value(fd, "halt_wakeup") - before;
	in_range(grown, WAKEUPS / 2, 2 * WAKEUPS, "wakeups of a halted vCPU");
	/* At both ends the event lacks what came since its thread's last turn. */
	in_range(perf_read(event), grown - 2, grown + 2, "wakeups, while the thread slept");
	close(event);
	close(fd);
	halter_stop(&halter);
	halter_destroy(&halter);
}

static uint64_t host_total(int dev, const char *name)
{
	int fd = total_open_host(dev);
	struct image image;

	image_read(fd, &image);
	close(fd);
	return image_value(&image, name);
}

/* VMs and the host: all that their vCPUs do, and what they are. */
static void check_vms(int dev)
{
	int host = perf_open_host("io_exits", 0), of_vm, of_other, flushes;
	uint64_t total = host_total(dev, "io_exits");
	struct kvmstats_vm vm, other_vm;
	struct vmm first, second;

	vmm_start(&first, "first");
	vmm_start(&second, "second");
	vmm_make_vm(&first, 2, 50);
	vmm_make_vm(&second, 1, 50);
	is_u64(perf_read(host), 150, "host: VMs that came");
	vm = dev_vm_of(dev, first.pid);
	other_vm = dev_vm_of(dev, second.pid);
	of_vm = perf_open_host("io_exits", vm.id);
	of_other = perf_open_host("io_exits", other_vm.id);
	flushes = perf_open_host("remote_tlb_flush", vm.id);
	vmm_do(&first, VMM_RUN, N);
	vmm_do(&second, VMM_RUN, 3);
	is_u64(perf_read(of_vm), 2 * N, "VM: both vCPUs");
	is_u64(perf_read(of_other), 3, "VM: another");
	is_u64(perf_read(flushes), perf_read(flushes), "VM: a statistic of its own");
	is_u64(perf_read(host), 2 * N + 153, "host: both VMs");
	vmm_kill(&first);
	is_u64(perf_read(of_vm), 2 * N, "VM: killed, its last count");
	is_u64(perf_read(host), 2 * N + 153, "host: a VM killed");
	vmm_do(&second, VMM_RUN, 4);
	usleep(300000);
	vmm_kill(&second);
	is_u64(perf_read(of_other), 7, "VM: the other, killed");
	is_u64(perf_read(host), 2 * N + 157, "host: all killed, some folded");
	usleep(300000);
	is_u64(perf_read(host), 2 * N + 157, "host: all folded");
	is_u64(host_total(dev, "io_exits") - total, perf_read(host), "host: as the device has it");
	close(flushes);
	close(of_other);
	close(of_vm);
	close(host);
}

/* perf -a opens it on each CPU, and adds them up. */
static void check_each_cpu(struct guest_vcpu *vcpu)
{
	struct perf_event_attr attr = perf_attr("io_exits");
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t sum = 0;
	int fds[cpus];

	for (int cpu = 0; cpu < cpus; cpu++)
		fds[cpu] = perf_open(&attr, -1, cpu, -1);
	guest_run(vcpu, GUEST_OUT, N);
	for (int cpu = 0; cpu < cpus; cpu++) {
		uint64_t value = perf_read(fds[cpu]);

		is_u64(value, cpu == perf_reader_cpu() ? N : 0, "host: on CPU %d", cpu);
		sum += value;
		close(fds[cpu]);
	}
	is_u64(sum, N, "host: on all CPUs together");
}

/* Events outlive the VM, the thread's guest and KVM, and keep the module. */
static void check_ends(void)
{
	int thread = perf_open_thread("io_exits", 0), host = perf_open_host("io_exits", 0);
	struct guest guest;

	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 21);
	guest_destroy(&guest);
	is_u64(perf_read(thread), 21, "end: the thread's VM has ended");
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 21);
	guest_destroy(&guest);
	is_u64(perf_read(thread), 42, "end: it made another");
	is_errno(kvm_unload(), 0, "end: KVM goes under open events");
	is_u64(perf_read(thread), 42, "end: thread, KVM gone");
	is_u64(perf_read(host), 42, "end: host, KVM gone");
	kvm_load();
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, N);
	guest_destroy(&guest);
	is_u64(perf_read(thread), 42, "end: thread, another KVM is not what it counts");
	is_u64(perf_read(host), 42, "end: host, another KVM is not what it counts");
	is_errno(kvmstats_unload(), EWOULDBLOCK, "end: an open event keeps the module");
	close(host);
	close(thread);
}

static void check_reloaded(void)
{
	struct guest guest;
	int thread;

	/* The names follow a moment after. */
	for (int i = 0; i < 100 && access(PMU_DIR "/events/io_exits", F_OK); i++)
		usleep(20000);
	thread = perf_open_thread("io_exits", 0);
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, 5);
	is_u64(perf_read(thread), 5, "reloaded KVM: counted");
	guest_destroy(&guest);
	close(thread);
}

int main(void)
{
	int dev = test_begin_loaded("");
	struct guest guest;

	guest_create(&guest);
	for (uint32_t id = 0; id < 2; id++)
		guest_add_vcpu(&guest, id);
	/* It ran before anybody counted. */
	guest_run(&guest.vcpus[0], GUEST_OUT, 77);
	check_works(&guest.vcpus[0]);
	check_enabling(&guest.vcpus[0]);
	check_group(&guest.vcpus[0]);
	check_threads(&guest, false);
	check_threads(&guest, true);
	check_inherited(&guest);
	check_each_cpu(&guest.vcpus[0]);
	guest_destroy(&guest);
	check_wakeups(dev);
	check_vms(dev);
	close(dev);
	check_ends();
	check_reloaded();
	return test_end();
}
