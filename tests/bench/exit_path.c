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
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "dev.h"
#include "exit.h"
#include "farm.h"
#include "guest.h"
#include "module.h"
#include "snapshot.h"
#include "spread.h"
#include "tap.h"

#define READS_A_SECOND	100
#define LEAST_READS	10

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

int main(void)
{
	struct reader reader = { 0 };
	struct spread without, idle, read;
	struct guest_vcpu *vcpu;
	struct guest guest;
	int dev;

	test_begin();
	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	exit_prepare(vcpu);
	if (pthread_create(&reader.thread, NULL, serve, &reader))
		tap_bail("pthread_create failed");

	without = spread_count("exit_without", exit_once, vcpu);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	idle = spread_count("exit_loaded", exit_once, vcpu);
	reader_read(&reader, dev);
	read = spread_count("exit_read", exit_once, vcpu);
	reader_stop(&reader);
	spread_figure("exit_loaded_vs_without", idle, without, 1.0);
	spread_figure("exit_read_vs_without", read, without, 1.0);
	printf("# raw reads_meanwhile %lu\n", atomic_load(&reader.reads));
	tap_ok(atomic_load(&reader.reads) >= LEAST_READS, "the reader read");

	guest_destroy(&guest);
	close(dev);
	if (kvmstats_unload())
		tap_bail("kvmstats cannot be unloaded");
	return bench_done();
}
