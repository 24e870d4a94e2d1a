// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that leave a known number of times: the counters say that number, each
 * vCPU its own, and no other counter of guest work moves.
 */
#include <string.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "tap.h"

#define NR_VCPUS	2

static const uint32_t times[][NR_VCPUS] = { { 0, 1 }, { 1, 0 }, { 1000, 3 }, { 7, 1000 } };
static const char *const counters[] = { "io_exits", "mmio_exits", "halt_exits", "hypercalls" };

#define NR_ROUNDS	(sizeof(times) / sizeof(times[0]))
#define NR_COUNTERS	(sizeof(counters) / sizeof(counters[0]))

static void read_counters(int fd, uint64_t *values)
{
	struct image image;

	image_read(fd, &image);
	for (unsigned int i = 0; i < NR_COUNTERS; i++)
		values[i] = image_value(&image, counters[i]);
}

static uint64_t expected_growth(const char *counter, enum guest_work work, uint32_t n)
{
	if (!strcmp(counter, guest_work_stats[work]))
		return n;
	return !strcmp(counter, guest_end_stat(work));
}

static void check_growth(int fd, const uint64_t *before, enum guest_work work, uint32_t id,
			 uint32_t n)
{
	uint64_t now[NR_COUNTERS];

	read_counters(fd, now);
	for (unsigned int i = 0; i < NR_COUNTERS; i++)
		is_u64(now[i] - before[i], expected_growth(counters[i], work, n),
		       "vCPU %u: growth of %s over %u %s", id, counters[i], n,
		       guest_work_names[work]);
}

static void check_work(struct guest *guest, const int *fds, enum guest_work work,
		       const uint32_t *n)
{
	uint64_t before[NR_VCPUS][NR_COUNTERS];

	for (unsigned int i = 0; i < NR_VCPUS; i++)
		read_counters(fds[i], before[i]);
	for (unsigned int i = 0; i < NR_VCPUS; i++)
		guest_run(&guest->vcpus[i], work, n[i]);
	for (unsigned int i = 0; i < NR_VCPUS; i++)
		check_growth(fds[i], before[i], work, guest->vcpus[i].id, n[i]);
}

int main(void)
{
	int dev = test_begin_loaded("");
	struct kvmstats_vm vm;
	struct guest guest;
	int fds[NR_VCPUS];

	guest_create(&guest);
	vm = dev_vm_of(dev, getpid());
	for (unsigned int i = 0; i < NR_VCPUS; i++) {
		uint64_t fresh[NR_COUNTERS];

		guest_add_vcpu(&guest, i);
		fds[i] = dev_open_vcpu(dev, vm.id, i);
		read_counters(fds[i], fresh);
		for (unsigned int j = 0; j < NR_COUNTERS; j++)
			is_u64(fresh[j], 0, "vCPU %u: %s before it ran", i, counters[j]);
	}
	for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++) {
		for (unsigned int i = 0; i < NR_ROUNDS; i++)
			check_work(&guest, fds, work, times[i]);
	}
	for (unsigned int i = 0; i < NR_VCPUS; i++)
		close(fds[i]);
	guest_destroy(&guest);
	return test_end_loaded(dev);
}
