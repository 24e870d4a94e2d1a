// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest's exit to userland costs: without kvmstats, with it loaded, and while
 * someone takes a snapshot a hundred times a second. On the one CPU here the reader
 * takes turns with the guest, so the exits between its turns are what is compared:
 * the cheapest, and the one in the middle. Its thread is there from the start, since
 * a process of two threads pays more for each system call.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bench.h"
#include "dev.h"
#include "farm.h"
#include "guest.h"
#include "module.h"
#include "snapshot.h"
#include "tap.h"

#define EXITS		100000
#define READS_A_SECOND	100
#define LEAST_READS	10

static uint64_t costs[EXITS];

static void exit_once(void *argument)
{
	const struct guest_vcpu *vcpu = argument;

	if (ioctl(vcpu->fd, KVM_RUN, 0) || vcpu->run->exit_reason != KVM_EXIT_IO)
		tap_bail("the guest does not write to its port");
}

static int by_cost(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

struct cost {
	uint64_t least;
	uint64_t middle;
};

static struct cost measure(const char *name, struct guest_vcpu *vcpu)
{
	struct cost cost;

	for (int i = 0; i < EXITS; i++) {
		uint64_t start = __rdtsc();

		exit_once(vcpu);
		costs[i] = __rdtsc() - start;
	}
	qsort(costs, EXITS, sizeof(costs[0]), by_cost);
	cost = (struct cost){ costs[0], costs[EXITS / 2] };
	printf("# raw %s_least %llu\n# raw %s_middle %llu\n", name,
	       (unsigned long long)cost.least, name, (unsigned long long)cost.middle);
	return cost;
}

struct reader {
	int dev;
	struct kvmstats_snapshot arg;
	atomic_bool reading;
	atomic_bool stop;
	atomic_ulong reads;
	pthread_t thread;
};

static void *serve(void *argument)
{
	struct reader *reader = argument;

	while (!atomic_load(&reader->stop)) {
		struct kvmstats_snapshot arg;

		usleep(1000000 / READS_A_SECOND);
		if (!atomic_load(&reader->reading))
			continue;
		arg = reader->arg;
		if (ioctl(reader->dev, KVMSTATS_SNAPSHOT, &arg) || !arg.count)
			tap_bail("KVMSTATS_SNAPSHOT failed");
		atomic_fetch_add(&reader->reads, 1);
	}
	return NULL;
}

static void reader_read(struct reader *reader, int dev)
{
	uint64_t size;
	void *buffer = snapshot_buffer(&size, dev, 1, 1);

	reader->dev = dev;
	reader->arg = snapshot_of(KVMSTATS_SNAPSHOT_VM | KVMSTATS_SNAPSHOT_VCPU, buffer, size);
	atomic_store(&reader->reading, true);
}

static void reader_stop(struct reader *reader)
{
	atomic_store(&reader->stop, true);
	pthread_join(reader->thread, NULL);
}

static void compare(const char *name, struct cost cost, struct cost without)
{
	char figure[64];

	snprintf(figure, sizeof(figure), "%s_least", name);
	bench_figure(figure, (double)cost.least / without.least, 1.0);
	snprintf(figure, sizeof(figure), "%s_middle", name);
	bench_figure(figure, (double)cost.middle / without.middle, 1.0);
}

int main(void)
{
	struct reader reader = { 0 };
	struct cost without, idle, read;
	struct guest_vcpu *vcpu;
	struct guest guest;
	int dev;

	test_begin();
	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	/* Leaves the guest within its endless program. */
	guest_spin(vcpu);
	guest_spin_wait(vcpu, 100);
	guest_spin_stop(vcpu);
	if (pthread_create(&reader.thread, NULL, serve, &reader))
		tap_bail("pthread_create failed");

	without = measure("exit_without", vcpu);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	idle = measure("exit_loaded", vcpu);
	reader_read(&reader, dev);
	read = measure("exit_read", vcpu);
	reader_stop(&reader);
	compare("exit_loaded_vs_without", idle, without);
	compare("exit_read_vs_without", read, without);
	printf("# raw reads_meanwhile %lu\n", atomic_load(&reader.reads));
	tap_ok(atomic_load(&reader.reads) >= LEAST_READS, "the reader read");

	guest_destroy(&guest);
	close(dev);
	if (kvmstats_unload())
		tap_bail("kvmstats cannot be unloaded");
	return bench_done();
}
