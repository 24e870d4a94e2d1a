// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eight threads open, read, enable, disable and close events of the VMs, the host and of
 * each other's threads, and fork with them, while VMs come and go at full speed and
 * vCPUs run. No counter
 * falls, and nothing is left.
 *
 * The environment's STORM_SECONDS says for how long.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "env.h"
#include "finding.h"
#include "guest.h"
#include "kmem.h"
#include "makers.h"
#include "module.h"
#include "perf.h"
#include "tap.h"

#define SECONDS		6
#define NR_THREADS	8
#define NR_VCPUS	4
#define HELD		16

static const char *const names[] = { "exits", "io_exits", "halt_exits", "signal_exits" };
#define NR_NAMES	(sizeof(names) / sizeof(names[0]))

static struct perf_event_attr attrs[NR_NAMES];
static struct guest guest;
static pthread_mutex_t vcpu_locks[NR_VCPUS];
static atomic_bool stop;
static atomic_ulong opened, reads, runs, forks;
static struct finding fault = { 0 };
static pthread_mutex_t fault_lock = PTHREAD_MUTEX_INITIALIZER;
static pid_t tids[NR_THREADS];
static int dev, reader;

struct held {
	int fd;
	uint64_t last;
};

static void found(const char *what, uint64_t seen)
{
	pthread_mutex_lock(&fault_lock);
	finding_add(&fault, "%s: %llu", what, (unsigned long long)seen);
	pthread_mutex_unlock(&fault_lock);
}

static void read_one(struct held *held)
{
	uint64_t value;

	if (held->fd < 0)
		return;
	value = perf_read(held->fd);
	if (value < held->last)
		found("a counter fell", held->last - value);
	held->last = value;
	atomic_fetch_add(&reads, 1);
}

static uint64_t some_vm(unsigned int *seed)
{
	static _Thread_local struct kvmstats_vm vms[64];
	uint32_t nr = dev_list_vms(dev, vms, 64);

	return nr ? vms[rand_r(seed) % nr].id : 0;
}

static void open_one(struct held *held, unsigned int *seed)
{
	struct perf_event_attr attr = attrs[rand_r(seed) % NR_NAMES];
	int fd;

	if (held->fd >= 0)
		close(held->fd);
	attr.inherit = rand_r(seed) % 2;
	attr.disabled = rand_r(seed) % 2;
	switch (rand_r(seed) % 4) {
	case 0:
		fd = perf_try_open(&attr, -1, reader, -1);
		break;
	case 1:
		attr.config1 = some_vm(seed);
		fd = perf_try_open(&attr, -1, reader, -1);
		break;
	default:
		fd = perf_try_open(&attr, tids[rand_r(seed) % NR_THREADS], -1, -1);
	}
	if (fd < 0 && fd != -ESRCH)
		found("open", -fd);
	held->fd = fd;
	held->last = 0;
	atomic_fetch_add(&opened, fd >= 0);
}

/* Whoever has the vCPU runs it: they go from thread to thread. */
static void run_one(unsigned int *seed)
{
	unsigned int i = rand_r(seed) % NR_VCPUS;

	if (pthread_mutex_trylock(&vcpu_locks[i]))
		return;
	guest_try_run(&guest.vcpus[i], GUEST_OUT, 20);
	pthread_mutex_unlock(&vcpu_locks[i]);
	atomic_fetch_add(&runs, 1);
}

static void fork_one(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	if (child > 0) {
		waitpid(child, NULL, 0);
		atomic_fetch_add(&forks, 1);
	}
}

static void *storm(void *argument)
{
	unsigned int number = (intptr_t)argument, seed = number + 1;
	struct held held[HELD];

	tids[number] = syscall(SYS_gettid);
	for (int i = 0; i < HELD; i++)
		held[i] = (struct held){ .fd = -1 };
	while (!atomic_load(&stop)) {
		struct held *one = &held[rand_r(&seed) % HELD];

		switch (rand_r(&seed) % 8) {
		case 0:
		case 1:
			open_one(one, &seed);
			break;
		case 2:
			if (one->fd >= 0)
				perf_do(one->fd, rand_r(&seed) % 2 ? PERF_EVENT_IOC_ENABLE :
								     PERF_EVENT_IOC_DISABLE);
			break;
		case 3:
			if (rand_r(&seed) % 8 == 0)
				fork_one();
			break;
		case 4:
			run_one(&seed);
			break;
		default:
			read_one(one);
		}
	}
	for (int i = 0; i < HELD; i++)
		if (held[i].fd >= 0)
			close(held[i].fd);
	return NULL;
}

static void run(uint32_t seconds, const char *text)
{
	pthread_t threads[NR_THREADS];
	struct makers makers;
	uint64_t made;

	makers_start(&makers);
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	reader = perf_reader_cpu();
	for (unsigned int i = 0; i < NR_NAMES; i++)
		attrs[i] = perf_attr(names[i]);
	guest_create(&guest);
	for (uint32_t i = 0; i < NR_VCPUS; i++) {
		guest_add_vcpu(&guest, i);
		pthread_mutex_init(&vcpu_locks[i], NULL);
	}
	makers_go(&makers);
	atomic_store(&stop, false);
	for (unsigned int i = 0; i < NR_THREADS; i++)
		tids[i] = getpid();
	for (unsigned int i = 0; i < NR_THREADS; i++)
		if (pthread_create(&threads[i], NULL, storm, (void *)(intptr_t)i))
			tap_bail("no thread");
	sleep(seconds);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	made = makers_stop(&makers);
	guest_destroy(&guest);
	close(dev);
	in_range(made, MAKERS_ALIVE, UINT64_MAX, "%s: VMs made", text);
	tap_summary("%s: %u s: %lu events opened, %lu reads, %lu runs of vCPUs, %lu forks", text,
		    seconds, atomic_load(&opened), atomic_load(&reads), atomic_load(&runs),
		    atomic_load(&forks));
	is_errno(kvmstats_unload(), 0, "%s: kvmstats unloads", text);
}

int main(void)
{
	uint32_t seconds = env_number("STORM_SECONDS", SECONDS, 1, 86400);
	struct kmem before;

	test_begin();
	/* What is made once for good is no leak. */
	run(1, "first");
	before = kmem_without_kvm();
	run(seconds, "storm");
	finding_is_none(&fault, "what nobody should see");
	in_range(atomic_load(&opened), 10, UINT64_MAX, "events opened");
	in_range(atomic_load(&runs), 10, UINT64_MAX, "runs of vCPUs");
	in_range(atomic_load(&forks), 1, UINT64_MAX, "forks");
	kmem_is_back(&before);
	return tap_done();
}
