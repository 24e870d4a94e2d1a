// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMs from before kvmstats was loaded are listed and marked as adopted; VMs made
 * under it are not marked; and one that is being made at that very moment is not
 * lost and not listed twice. What the records tell is true.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "tap.h"
#include "vmm.h"

#define SOME_UID	1234
#define RACES		6
#define NR_YOUNG	8

static void load(int *dev)
{
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	*dev = dev_open();
}

static void unload(int dev)
{
	close(dev);
	errno = kvmstats_unload();
	if (errno)
		tap_bail("cannot unload kvmstats");
}

struct truth {
	const char *text;
	pid_t pid;
	pid_t tid;
	uint32_t uid;
	uint32_t nr_vcpus;
	uint32_t times;		/* io_exits of each vCPU */
	uint32_t flags;
	const char *comm;
	uint64_t not_before;	/* start_ns */
	uint64_t not_after;
};

static void check_vcpu(int dev, const struct kvmstats_vm *vm, const struct kvmstats_vcpu *vcpu,
		       const struct truth *truth, uint32_t id)
{
	char stats_id[KVMSTATS_ID_LEN];
	struct image image;
	int fd;

	snprintf(stats_id, sizeof(stats_id), "kvm-%d/vcpu-%u", truth->tid, id);
	is_u64(vcpu->vm_id, vm->id, "%s: vCPU %u: VM id", truth->text, id);
	is_u64(vcpu->vcpu_id, id, "%s: vCPU %u: vCPU id", truth->text, id);
	is_u64(vcpu->flags, truth->flags, "%s: vCPU %u: flags", truth->text, id);
	is_str(vcpu->stats_id, stats_id, "%s: vCPU %u: stats id", truth->text, id);
	in_range(vcpu->start_ns, truth->not_before, truth->not_after, "%s: vCPU %u: start",
		 truth->text, id);
	fd = dev_open_vcpu(dev, vm->id, id);
	image_read(fd, &image);
	close(fd);
	is_u64(image_broken_rules(&image, stats_id), 0, "%s: vCPU %u: rules kept", truth->text,
	       id);
	is_u64(image_value(&image, "io_exits"), truth->times, "%s: vCPU %u: io_exits",
	       truth->text, id);
	is_u64(image_value(&image, "halt_exits"), 1, "%s: vCPU %u: halt_exits", truth->text, id);
}

static void check_vm(int dev, const struct truth *truth)
{
	struct kvmstats_vm vm = dev_vm_of(dev, truth->pid);
	struct kvmstats_vcpu vcpus[GUEST_MAX_VCPUS];
	char stats_id[KVMSTATS_ID_LEN];
	struct kvmstats_info info;
	struct image image;
	uint32_t nr;
	int fd;

	dev_info(dev, &info);
	snprintf(stats_id, sizeof(stats_id), "kvm-%d", truth->tid);
	is_u64(dev_count_vms_of(dev, truth->pid), 1, "%s: listed once", truth->text);
	tap_ok(vm.id, "%s: id is not 0", truth->text);
	is_u64(vm.schema_generation, info.schema_generation, "%s: schema generation",
	       truth->text);
	is_u64(vm.uid, truth->uid, "%s: uid", truth->text);
	is_u64(vm.flags, truth->flags, "%s: flags", truth->text);
	is_u64(vm.nr_vcpus, truth->nr_vcpus, "%s: number of vCPUs", truth->text);
	is_str(vm.comm, truth->comm, "%s: command name", truth->text);
	is_str(vm.stats_id, stats_id, "%s: stats id", truth->text);
	in_range(vm.start_ns, truth->not_before, truth->not_after, "%s: start", truth->text);

	fd = dev_open_vm(dev, vm.id);
	image_read(fd, &image);
	close(fd);
	is_u64(image_broken_rules(&image, stats_id), 0, "%s: rules kept", truth->text);

	nr = dev_list_vcpus(dev, vm.id, vcpus, GUEST_MAX_VCPUS);
	if (!is_u64(nr, truth->nr_vcpus, "%s: vCPUs listed", truth->text))
		return;
	for (uint32_t i = 0; i < nr; i++)
		check_vcpu(dev, &vm, &vcpus[i], truth, i);
}

static pid_t guest_tid;

/* A VM by a thread that is not the process, so that tid and pid differ. */
static void *make_own(void *argument)
{
	struct guest *guest = argument;

	guest_tid = gettid();
	prctl(PR_SET_NAME, "own-thread");
	guest_create(guest);
	for (uint32_t i = 0; i < 3; i++)
		guest_run(guest_add_vcpu(guest, i), GUEST_OUT, 33);
	return NULL;
}

static void make_own_in_thread(struct guest *guest)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, make_own, guest) || pthread_join(thread, NULL))
		tap_bail("no thread");
}

static void start_poor_vmm(struct vmm *vmm, const char *comm)
{
	vmm_start(vmm, comm);
	vmm_do(vmm, VMM_SET_UID, SOME_UID);
}

static void check_records(void)
{
	struct truth old = {
		.text = "adopted VM of another user", .uid = SOME_UID, .nr_vcpus = 2,
		.times = 17, .flags = KVMSTATS_VM_ADOPTED, .comm = "old-vmm",
	};
	struct truth young = {
		.text = "young VM of another user", .uid = SOME_UID, .nr_vcpus = 2,
		.times = 5, .comm = "young-vmm",
	};
	struct truth bare = {
		.text = "adopted VM without vCPUs", .flags = KVMSTATS_VM_ADOPTED,
		.comm = "bare-vmm",
	};
	struct vmm old_vmm, young_vmm, bare_vmm;
	struct kvmstats_info info;
	uint64_t loaded_from, loaded_to;
	int dev;

	start_poor_vmm(&old_vmm, "old-vmm");
	start_poor_vmm(&young_vmm, "young-vmm");
	vmm_start(&bare_vmm, "bare-vmm");
	vmm_make_vm(&old_vmm, 2, 17);
	vmm_make_vm(&bare_vmm, 0, 0);
	loaded_from = boottime_ns();
	load(&dev);
	loaded_to = boottime_ns();

	old.pid = old.tid = old_vmm.pid;
	bare.pid = bare.tid = bare_vmm.pid;
	old.not_before = bare.not_before = loaded_from;
	old.not_after = bare.not_after = loaded_to;
	check_vm(dev, &old);
	check_vm(dev, &bare);

	young.pid = young.tid = young_vmm.pid;
	young.not_before = boottime_ns();
	vmm_make_vm(&young_vmm, 2, 5);
	young.not_after = boottime_ns();
	check_vm(dev, &young);
	dev_info(dev, &info);
	is_u64(info.nr_vms, 3, "VMs that the info tells");
	is_u64(info.nr_vcpus, 4, "vCPUs that the info tells");

	vmm_do(&old_vmm, VMM_ADD_VCPU, 2);
	is_u64(dev_vm_of(dev, old.pid).nr_vcpus, 3, "adopted VM: a vCPU added later counts");
	vmm_kill(&old_vmm);
	vmm_kill(&bare_vmm);
	vmm_kill(&young_vmm);
	dev_info(dev, &info);
	is_u64(info.nr_vms, 0, "VMs that the info tells when all are gone");
	is_u64(info.nr_vcpus, 0, "vCPUs that the info tells when all are gone");
	unload(dev);
}

/* pid is the process, the stats id names the thread: before and after the load. */
static void check_threads(void)
{
	struct truth truth = {
		.text = "VM of a thread, adopted", .pid = getpid(), .nr_vcpus = 3, .times = 33,
		.flags = KVMSTATS_VM_ADOPTED, .not_after = UINT64_MAX,
	};
	struct kvmstats_vm vm;
	struct guest guest;
	char comm[KVMSTATS_COMM_LEN];
	int dev;

	make_own_in_thread(&guest);
	load(&dev);
	truth.tid = guest_tid;
	/* The name of the process, not of the thread. */
	prctl(PR_GET_NAME, comm);
	truth.comm = comm;
	check_vm(dev, &truth);
	guest_destroy(&guest);
	tap_ok(!dev_find_vm(dev, getpid(), &vm), "%s: gone from the list", truth.text);

	make_own_in_thread(&guest);
	truth.text = "VM of a thread, young";
	truth.tid = guest_tid;
	truth.flags = 0;
	check_vm(dev, &truth);
	guest_destroy(&guest);
	unload(dev);
}

/* Its creator has passed the VM on and is gone. */
static void check_orphan(bool adopted)
{
	struct kvmstats_vm vms[2];
	struct vmm vmm;
	int dev, vm_fd;

	vmm_start(&vmm, "orphan");
	if (!adopted)
		load(&dev);
	vmm_make_vm(&vmm, 1, 9);
	vm_fd = vmm_receive_fd(&vmm);
	if (adopted)
		load(&dev);
	vmm_kill(&vmm);
	is_u64(dev_list_vms(dev, vms, 2), 1, "%s VM whose creator is gone: listed",
	       adopted ? "adopted" : "young");
	is_u64(vms[0].pid, 0, "VM whose creator is gone: pid");
	is_str(vms[0].comm, "orphan", "VM whose creator is gone: command name");
	close(vm_fd);
	is_u64(dev_list_vms(dev, vms, 2), 0, "VM whose creator is gone: ends with its descriptor");
	unload(dev);
}

static void check_races(void)
{
	unsigned int lost = 0, twice = 0, wrong = 0;
	struct vmm vmm;
	int dev;

	vmm_start(&vmm, "churn");
	vmm_do(&vmm, VMM_CHURN, 0);
	for (int i = 0; i < RACES; i++) {
		struct kvmstats_vm vm;
		uint32_t nr;

		usleep(1000 * (i % 7));
		load(&dev);
		vmm_do(&vmm, VMM_CHURN_STOP, 0);
		nr = dev_count_vms_of(dev, vmm.pid);
		lost += nr == 0;
		twice += nr > 1;
		if (nr) {
			vm = dev_vm_of(dev, vmm.pid);
			wrong += vm.nr_vcpus != 1 || strcmp(vm.comm, "churn");
		}
		vmm_do(&vmm, VMM_DESTROY, 0);
		vmm_do(&vmm, VMM_CHURN, 0);
		unload(dev);
	}
	is_u64(lost, 0, "VMs lost in %u loads while one is made", RACES);
	is_u64(twice, 0, "VMs listed twice in %u loads while one is made", RACES);
	is_u64(wrong, 0, "VMs wrong in %u loads while one is made", RACES);
	vmm_kill(&vmm);
}

static void check_ids(void)
{
	struct kvmstats_vm vms[NR_YOUNG + 1];
	struct guest guests[NR_YOUNG];
	unsigned int disordered = 0;
	uint64_t last = 0;
	uint32_t nr;
	int dev;

	load(&dev);
	for (int i = 0; i < NR_YOUNG; i++)
		guest_create(&guests[i]);
	nr = dev_list_vms(dev, vms, NR_YOUNG + 1);
	is_u64(nr, NR_YOUNG, "VMs of one process that are listed");
	for (uint32_t i = 0; i < nr; i++) {
		disordered += vms[i].id <= last;
		last = vms[i].id;
	}
	is_u64(disordered, 0, "ids in the list that do not ascend");
	for (int i = 0; i < NR_YOUNG; i++)
		guest_destroy(&guests[i]);

	disordered = 0;
	for (int i = 0; i < NR_YOUNG; i++) {
		struct kvmstats_vm vm;

		guest_create(&guests[0]);
		vm = dev_vm_of(dev, getpid());
		disordered += vm.id <= last;
		last = vm.id;
		guest_destroy(&guests[0]);
	}
	is_u64(disordered, 0, "ids given again or out of order over %u VMs", NR_YOUNG);
	unload(dev);
}

int main(void)
{
	test_begin();
	check_records();
	check_threads();
	check_orphan(false);
	check_orphan(true);
	check_races();
	check_ids();
	return tap_done();
}
