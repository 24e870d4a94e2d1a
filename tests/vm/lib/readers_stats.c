// SPDX-License-Identifier: GPL-2.0-only
/* Readers of stats fds, of VMs, vCPUs and totals. */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "exits.h"
#include "image.h"
#include "makers.h"
#include "readers.h"
#include "total.h"

#define NEVER_MS	60000	/* no VM lives so long, however slow the machine */
#define POLL_MS		10

/* The VMs there are; the device's own rules for lists are checked. */
static uint32_t list_vms(struct reader *reader, int dev, struct kvmstats_vm *vms)
{
	uint32_t nr = dev_list_vms(dev, vms, DEV_MAX_VMS);

	for (uint32_t i = 0; i < nr; i++) {
		if (i && vms[i].id <= vms[i - 1].id)
			finding_add(&reader->fault, "VM %" PRIu64 " listed behind %" PRIu64,
				  (uint64_t)vms[i].id, (uint64_t)vms[i - 1].id);
		if (strcmp(vms[i].comm, "maker") || vms[i].nr_vcpus > MAKER_VCPUS ||
		    (reader->of->steady && vms[i].flags))
			finding_add(&reader->fault, "VM %" PRIu64 " of %.16s with %u vCPUs, flags %#x",
				  (uint64_t)vms[i].id, vms[i].comm, vms[i].nr_vcpus,
				  vms[i].flags);
	}
	return nr;
}

static bool pick_vm(struct reader *reader, int dev, struct kvmstats_vm *vm)
{
	struct kvmstats_vm vms[DEV_MAX_VMS];
	uint32_t nr = list_vms(reader, dev, vms);

	if (nr)
		*vm = vms[rand_r(&reader->seed) % nr];
	return nr;
}

/* What comes of an open: that the VM is gone meanwhile is no fault. */
static bool is_open(struct reader *reader, int fd, uint64_t vm_id)
{
	if (fd < 0 && errno != ENOENT)
		finding_add(&reader->fault, "cannot open VM %" PRIu64 ", errno %d", vm_id, errno);
	return fd >= 0;
}

/* --- VMs and vCPUs --- */

struct expected {
	const char *id;
	bool counts;
	uint64_t exits;		/* when it is gone, and before that at most */
};

static void judge_exits(struct reader *reader, const struct image *image,
			const struct expected *expected, bool gone)
{
	uint64_t exits;

	if (!expected->counts)
		return;
	exits = image_value(image, EXITS_STAT);
	if (gone ? exits != expected->exits : exits > expected->exits)
		finding_add(&reader->fault, "%s has %" PRIu64 " exits of %" PRIu64 ", %s",
			  expected->id, exits, expected->exits, gone ? "gone" : "alive");
}

/* Whole, and never less than before; closes it. */
static void judge_fd(struct reader *reader, int fd, const struct expected *expected)
{
	struct image first, second;
	bool gone;

	image_read(fd, &first);
	gone = fd_is_hung_up(fd);
	image_read(fd, &second);
	if (image_broken_rules(&first, expected->id))
		finding_add(&reader->fault, "%s breaks rules", expected->id);
	else if (!image_is_later(&second, &first))
		finding_add(&reader->fault, "%s goes backward", expected->id);
	else
		judge_exits(reader, &second, expected, gone);
	reader_add(reader, 1);
	close(fd);
}

static void judge_vm(struct reader *reader, int dev, const struct kvmstats_vm *vm)
{
	struct expected expected = { .id = vm->stats_id };
	struct kvmstats_vcpu vcpus[MAKER_VCPUS + 1];
	int fd = dev_try_open_vm(dev, vm->id), nr;

	if (!is_open(reader, fd, vm->id))
		return;
	judge_fd(reader, fd, &expected);
	nr = dev_try_list_vcpus(dev, vm->id, vcpus, MAKER_VCPUS + 1);
	if (nr > MAKER_VCPUS)
		finding_add(&reader->fault, "VM %" PRIu64 " has %d vCPUs", (uint64_t)vm->id, nr);
	for (int i = 0; i < nr && i < MAKER_VCPUS; i++) {
		if (vcpus[i].vcpu_id != (uint32_t)i || vcpus[i].vm_id != vm->id ||
		    (reader->of->steady && vcpus[i].flags))
			finding_add(&reader->fault, "vCPU %d of VM %" PRIu64 " is listed as %u of %" PRIu64 ", flags %#x",
				  i, (uint64_t)vm->id, vcpus[i].vcpu_id,
				  (uint64_t)vcpus[i].vm_id, vcpus[i].flags);
		fd = dev_try_open_vcpu(dev, vm->id, vcpus[i].vcpu_id);
		expected = (struct expected){
			.id = vcpus[i].stats_id, .counts = true, .exits = MAKER_EXITS(i),
		};
		if (is_open(reader, fd, vm->id))
			judge_fd(reader, fd, &expected);
	}
}

/* Ids only grow, and those that have left do not come back. */
static void judge_ids(struct reader *reader, const struct kvmstats_vm *now, uint32_t nr,
		      const struct kvmstats_vm *before, uint32_t nr_before, uint64_t highest)
{
	for (uint32_t i = 0, j = 0; i < nr && now[i].id <= highest; i++) {
		while (j < nr_before && before[j].id < now[i].id)
			j++;
		if (j == nr_before || before[j].id != now[i].id ||
		    before[j].start_ns != now[i].start_ns)
			finding_add(&reader->fault, "id %" PRIu64 " is used again",
				  (uint64_t)now[i].id);
	}
}

void read_stats(struct reader *reader, int dev)
{
	struct kvmstats_vm vms[2][DEV_MAX_VMS];
	uint32_t nr[2] = { 0 }, now = 0;
	uint64_t highest = 0;

	while (reader_goes_on(reader)) {
		nr[now] = list_vms(reader, dev, vms[now]);
		judge_ids(reader, vms[now], nr[now], vms[!now], nr[!now], highest);
		for (uint32_t i = 0; i < nr[now] && (!i || !reader_must_end(reader)); i++)
			judge_vm(reader, dev, &vms[now][i]);
		if (nr[now])
			highest = vms[now][nr[now] - 1].id;
		now = !now;
	}
}

/* --- totals --- */

void read_vm_total(struct reader *reader, int dev)
{
	struct expected expected = { .counts = true, .exits = MAKER_EXITS_OF_VM };
	struct kvmstats_vm vm;
	int fd;

	while (reader_goes_on(reader)) {
		if (!pick_vm(reader, dev, &vm)) {
			reader_rest(reader, 1);
			continue;
		}
		expected.id = vm.stats_id;
		fd = total_try_open_vm(dev, vm.id);
		if (is_open(reader, fd, vm.id))
			judge_fd(reader, fd, &expected);
	}
}

void read_host_total(struct reader *reader, int dev)
{
	int fd = total_open_host(dev);
	struct image before, now;

	image_read(fd, &before);
	if (image_broken_rules(&before, "kvm-host"))
		finding_add(&reader->fault, "the host's total breaks rules");
	while (reader_goes_on(reader)) {
		image_read(fd, &now);
		if (!image_is_later(&now, &before))
			finding_add(&reader->fault, "the host's total goes backward");
		if (fd_is_hung_up(fd))
			finding_add(&reader->fault, "the host's total is hung up");
		before = now;
		reader_add(reader, 1);
	}
	close(fd);
}

/* --- ends --- */

/* The end of a VM must wake us, and then its last values are there. */
static void poll_vm(struct reader *reader, int dev, const struct kvmstats_vm *vm)
{
	struct expected expected = {
		.id = vm->stats_id, .counts = true, .exits = MAKER_EXITS(0),
	};
	int vm_fd = dev_try_open_vm(dev, vm->id), vcpu_fd, waited = 0;
	struct image image;

	if (!is_open(reader, vm_fd, vm->id))
		return;
	vcpu_fd = dev_try_open_vcpu(dev, vm->id, 0);
	while (waited < NEVER_MS && !fd_hangs_up_within(vm_fd, POLL_MS) &&
	       !reader_must_end(reader))
		waited += POLL_MS;
	if (fd_is_hung_up(vm_fd) || !reader->of->steady)
		reader_add(reader, 1);
	if (waited >= NEVER_MS)
		finding_add(&reader->fault, "VM %" PRIu64 " lives on", (uint64_t)vm->id);
	if (is_open(reader, vcpu_fd, vm->id)) {
		image_read(vcpu_fd, &image);
		judge_exits(reader, &image, &expected, fd_is_hung_up(vcpu_fd));
		close(vcpu_fd);
	}
	close(vm_fd);
}

void read_poll(struct reader *reader, int dev)
{
	struct kvmstats_vm vm;

	while (reader_goes_on(reader)) {
		if (pick_vm(reader, dev, &vm))
			poll_vm(reader, dev, &vm);
		else
			reader_rest(reader, 1);
	}
}
