// SPDX-License-Identifier: GPL-2.0-only
/*
 * libkvmstats against the module: why it cannot be opened, samples of many VMs and what
 * they rose by, the names of VMs, events, and KVM that goes and comes.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kvmstats/kvmstats.h>

#include "exits.h"
#include "farm.h"
#include "guest.h"
#include "module.h"
#include "native.h"
#include "snapshot.h"
#include "tap.h"

#define NR_VMS		600
#define NR_VMS_WATCHED	60
#define NR_VCPUS	2
#define NR_TAKES	5
#define UUID		"0f2c1d3e-4b5a-6978-8796-a5b4c3d2e1f0"
/* Tells this program, started anew, that it is a VMM. */
#define VMM_ENV		"LIBRARY_VMM"

static struct kvmstats *ks;

/* --- samples --- */

/* Where a statistic is in the samples of its kind. */
static uint32_t place_of(const struct kvmstats_sampler *s, uint32_t kind, const char *name)
{
	const struct kvmstats_descs *d = kvmstats_sampler_descs(s, kind);
	int index = d ? kvmstats_descs_find(d, name) : -1;

	if (index < 0)
		tap_bail("no statistic %s", name);
	return kvmstats_descs_value(d, index);
}

static uint32_t exits_of(uint32_t vm)
{
	return vm % 5;
}

static long cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void take(struct kvmstats_sampler *s)
{
	is_errno(-kvmstats_sampler_take(s, NULL, 0), 0, "a take");
}

static void check_samples(struct kvmstats_sampler *s, uint32_t nr_vms)
{
	const uint32_t in_vcpu = place_of(s, KVMSTATS_KIND_VCPU, EXITS_STAT);
	uint32_t wrong = 0, without = 0;

	is_u64(kvmstats_sampler_count(s), nr_vms * (2 + NR_VCPUS), "samples of %u VMs", nr_vms);
	for (size_t i = 0; i < kvmstats_sampler_count(s); i++) {
		const struct kvmstats_sample *sample = kvmstats_sampler_get(s, i);
		uint32_t vm = i / (2 + NR_VCPUS), at = i % (2 + NR_VCPUS), expected = 0;

		without += !sample->before || !sample->elapsed_ns;
		if (at == 1 || at == 1 + NR_VCPUS)	/* the sum, the last vCPU */
			expected = exits_of(vm);
		wrong += at && kvmstats_sample_delta(sample, in_vcpu) != expected;
		wrong += kvmstats_sampler_find(s, sample->kind, sample->vm_id,
					       sample->vcpu_id) != sample;
	}
	is_u64(without, 0, "samples without one before");
	is_u64(wrong, 0, "samples whose counts did not rise as made");
}

/* CPU time of a take, and of what it asks the module for. */
static void note_cost(struct kvmstats_sampler *s, uint32_t nr_vms)
{
	int dev = dev_open();
	uint64_t size;
	void *buffer = snapshot_buffer(&size, dev, nr_vms, nr_vms * (1 + NR_VCPUS));
	long start = cpu_us(), takes, calls;

	for (int i = 0; i < NR_TAKES; i++)
		take(s);
	takes = cpu_us() - start;
	start = cpu_us();
	for (int i = 0; i < NR_TAKES; i++) {
		struct kvmstats_snapshot snapshot = snapshot_of(SNAPSHOT_ALL, buffer, size);

		is_errno(snapshot_call(dev, &snapshot), 0, "a snapshot");
	}
	calls = cpu_us() - start;
	tap_summary("a take of %u VMs with %u vCPUs: %ld us of CPU time, the snapshot alone %ld us",
		    nr_vms, NR_VCPUS, takes / NR_TAKES, calls / NR_TAKES);
	close(dev);
}

static void check_many_vms(void)
{
	uint32_t nr = access("/proc/lockdep_stats", F_OK) ? NR_VMS : NR_VMS_WATCHED;
	struct kvmstats_sampler *s;
	struct farm farm;

	exits_prepare();
	farm_create(&farm, nr, NR_VCPUS);
	is_errno(-kvmstats_sampler_new(ks, SNAPSHOT_ALL, &s), 0, "a sampler");
	take(s);
	for (uint32_t i = 0; i < nr; i++) {
		exits_allow(farm_vm_fd(&farm, i));
		exits_make(farm_vcpu_fd(&farm, i, NR_VCPUS - 1), exits_of(i));
	}
	take(s);
	check_samples(s, nr);
	take(s);
	note_cost(s, nr);
	farm_destroy(&farm);
	take(s);
	is_u64(kvmstats_sampler_count(s), 0, "samples when all VMs are gone");
	kvmstats_sampler_free(s);
}

/* --- events, and VMs that end --- */

static uint64_t next_vm_event(struct kvmstats_events *ev, uint32_t type, const char *text)
{
	const struct kvmstats_event *event;
	int ret = kvmstats_events_next(ev, 5000, &event);

	is_u64(ret, 1, "%s: an event", text);
	if (ret != 1)
		return 0;
	is_u64(event->type, type, "%s: its type", text);
	return event->vm_id;
}

static void check_events(void)
{
	const struct kvmstats_event *event;
	const struct kvmstats_sample *sample;
	struct kvmstats_sampler *s;
	struct kvmstats_events *ev;
	struct guest guest;
	uint64_t vm_id;

	is_errno(-kvmstats_events_open(ks, &ev), 0, "events");
	is_errno(-kvmstats_sampler_new(ks, KVMSTATS_SNAPSHOT_VM, &s), 0, "a sampler of VMs");
	is_u64(kvmstats_events_next(ev, 0, &event), 0, "no event yet");
	guest_create(&guest);
	vm_id = next_vm_event(ev, KVMSTATS_EVENT_VM_CREATED, "a VM comes");
	is_errno(-kvmstats_sampler_take(s, &vm_id, 1), 0, "a take of it");
	guest_destroy(&guest);
	is_u64(next_vm_event(ev, KVMSTATS_EVENT_VM_GONE, "it goes"), vm_id, "the same VM");

	is_errno(-kvmstats_sampler_take(s, &vm_id, 1), 0, "a take of its last values");
	sample = kvmstats_sampler_find(s, KVMSTATS_KIND_VM, vm_id, 0);
	tap_ok(sample && sample->state == KVMSTATS_STATE_GONE && sample->values && sample->before,
	       "they are there");
	is_u64(kvmstats_events_next(ev, 0, &event), 0, "no event more");
	is_errno(-kvmstats_sampler_take(s, &vm_id, 1), 0, "a take of what is forgotten");
	sample = kvmstats_sampler_find(s, KVMSTATS_KIND_VM, vm_id, 0);
	tap_ok(sample && sample->state == KVMSTATS_STATE_GONE && !sample->values, "has no values");
	kvmstats_events_close(ev);
	kvmstats_sampler_free(s);
}

/* --- KVM goes and comes --- */

static void check_kvm_reloads(void)
{
	const struct kvmstats_sample *sample;
	struct kvmstats_descs *descs = NULL;
	struct kvmstats_sampler *s;
	uint64_t generation;
	struct guest guest;

	is_errno(-kvmstats_sampler_new(ks, KVMSTATS_SNAPSHOT_VM, &s), 0, "a sampler of VMs");
	guest_create(&guest);
	take(s);
	generation = kvmstats_descs_generation(kvmstats_sampler_descs(s, KVMSTATS_KIND_VM));
	guest_destroy(&guest);
	is_errno(kvm_unload(), 0, "KVM unloads under a sampler");
	take(s);
	is_u64(kvmstats_sampler_count(s), 0, "no samples without KVM");
	tap_ok(!kvmstats_sampler_descs(s, KVMSTATS_KIND_VM), "no descriptors without KVM");
	is_errno(-kvmstats_descs_new(ks, KVMSTATS_KIND_VM, &descs), ENODEV, "nor by themselves");
	is_errno(-kvmstats_open_host(ks), ENODEV, "nor the host's totals");
	kvm_load();
	guest_create(&guest);
	take(s);
	sample = kvmstats_sampler_get(s, 0);
	tap_ok(sample && sample->values && !sample->before, "a VM of the new KVM, nothing before");
	tap_ok(kvmstats_descs_generation(kvmstats_sampler_descs(s, KVMSTATS_KIND_VM)) > generation,
	       "its descriptors are new");
	guest_destroy(&guest);
	kvmstats_sampler_free(s);
}

/* --- names --- */

static int be_a_vmm(void)
{
	struct guest guest;

	guest_create(&guest);
	if (write(STDOUT_FILENO, "+", 1) != 1)
		return 1;
	return pause();
}

/* Returns once the VM is there. */
static pid_t start_vmm(char **words)
{
	int ends[2];
	pid_t pid;
	char c;

	if (pipe(ends))
		tap_bail("no pipe");
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		setenv(VMM_ENV, "1", 1);
		execv("/proc/self/exe", words);
		_exit(1);
	}
	close(ends[1]);
	if (read(ends[0], &c, 1) != 1)
		tap_bail("no VM of %s", words[0]);
	close(ends[0]);
	return pid;
}

static void check_name(char **words, const char *name, const char *uuid, const char *source)
{
	pid_t pid = start_vmm(words);
	struct kvmstats_inventory *inv;
	bool found = false;
	char own[64];

	if (!name) {
		snprintf(own, sizeof(own), "exe-%d", pid);	/* of /proc/self/exe */
		name = own;
	}
	is_errno(-kvmstats_inventory_new(ks, &inv), 0, "an inventory");
	is_errno(-kvmstats_inventory_refresh(inv), 0, "its refresh");
	for (size_t i = 0; i < kvmstats_inventory_count(inv); i++) {
		const struct kvmstats_name *seen = kvmstats_inventory_name(inv, i);

		if (kvmstats_inventory_vm(inv, i)->pid != (uint32_t)pid)
			continue;
		found = true;
		is_str(seen->name, name, "%s: name", words[0]);
		is_str(seen->uuid, uuid, "%s: uuid", words[0]);
		is_str(kvmstats_name_source(seen->source), source, "%s: source", words[0]);
	}
	tap_ok(found, "%s: its VM", words[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	is_errno(-kvmstats_inventory_refresh(inv), 0, "refresh when it is gone");
	is_u64(kvmstats_inventory_count(inv), 0, "no VM more");
	kvmstats_inventory_free(inv);
}

#define WORDS(...)	((char *[]){ __VA_ARGS__, NULL })

static void check_names(void)
{
	check_name(WORDS("qemu-system-x86_64", "-name", "guest=web,,1,debug-threads=on",
			 "-uuid", UUID), "web,1", UUID, "qemu");
	check_name(WORDS("/usr/bin/kvm", "-id", "100", "-name", "web"), "web", "", "proxmox");
	check_name(WORDS("firecracker", "--id", UUID), UUID, UUID, "firecracker");
	check_name(WORDS("cloud-hypervisor", "--api-socket=/run/web.sock"), "web", "",
		   "cloud-hypervisor");
	check_name(WORDS("a VMM of our own"), NULL, "", "comm");
}

/* --- the rest --- */

static void check_total(int fd, const char *id)
{
	struct kvmstats_reader *r;

	if (!tap_ok(fd >= 0, "stats fd of %s", id) ||
	    !is_errno(-kvmstats_reader_open(fd, &r), 0, "reader of %s", id))
		return;
	is_errno(-kvmstats_reader_update(r), 0, "values of %s", id);
	tap_ok(strstr(kvmstats_reader_id(r), id), "id of %s: %s", id, kvmstats_reader_id(r));
	tap_ok(kvmstats_reader_find(r, EXITS_STAT) >= 0, "%s has what vCPUs count", id);
	kvmstats_reader_close(r);
	close(fd);
}

static void check_totals(void)
{
	struct kvmstats_inventory *inv;
	struct guest guest;

	guest_create(&guest);
	guest_add_vcpu(&guest, 0);
	is_errno(-kvmstats_inventory_new(ks, &inv), 0, "an inventory");
	is_errno(-kvmstats_inventory_refresh(inv), 0, "its refresh");
	if (is_u64(kvmstats_inventory_count(inv), 1, "one VM"))
		check_total(kvmstats_open_vm_total(ks, kvmstats_inventory_vm(inv, 0)->id),
			    kvmstats_inventory_vm(inv, 0)->stats_id);
	check_total(kvmstats_open_host(ks), "kvm-host");
	kvmstats_inventory_free(inv);
	guest_destroy(&guest);
}

/* KVM's own stats fd, on 5.10 one of kvmstats: the same reader, the same schema. */
static void check_native(void)
{
	struct kvmstats_reader *r;
	struct kvmstats_descs *d;
	struct guest guest;
	uint32_t wrong = 0;
	int fd;

	guest_create(&guest);
	fd = ioctl(guest.vm_fd, KVM_GET_STATS_FD);
	is_errno(ERRNO_OF(fd), 0, "native stats fd");
	is_errno(-kvmstats_descs_new(ks, KVMSTATS_KIND_VM, &d), 0, "descriptors of VMs");
	if (is_errno(-kvmstats_reader_open(fd, &r), 0, "reader of a native stats fd")) {
		is_errno(-kvmstats_reader_update(r), 0, "its values");
		in_range(kvmstats_reader_count(r), 1, kvmstats_descs_count(d), "its statistics");
		for (uint32_t i = 0; i < kvmstats_reader_count(r); i++)
			wrong += kvmstats_descs_find(d, kvmstats_reader_stat(r, i)->name) < 0;
		is_u64(wrong, 0, "statistics that kvmstats does not have");
		kvmstats_reader_close(r);
	}
	kvmstats_descs_free(d);
	close(fd);
	guest_destroy(&guest);
}

static void check_not_loaded(void)
{
	int ret = kvmstats_open(NULL, &ks);
	char line[300];

	is_errno(-ret, ENOENT, "open without the module");
	kvmstats_explain(NULL, ret, line, sizeof(line));
	is_str(line, "/dev/kvmstats: not there: load the module with `modprobe kvmstats`",
	       "the reason");
}

int main(void)
{
	if (getenv(VMM_ENV))
		return be_a_vmm();
	test_begin();
	check_not_loaded();
	is_errno(kvmstats_load(""), 0, "the module loads");
	if (!is_errno(-kvmstats_open(NULL, &ks), 0, "open"))
		tap_bail("no use to go on");
	check_names();
	check_totals();
	check_native();
	check_events();
	check_kvm_reloads();
	check_many_vms();
	kvmstats_close(ks);
	return test_end();
}
