// SPDX-License-Identifier: GPL-2.0-only
#include <sys/syscall.h>
#include <unistd.h>

#include "runner.h"
#include "tap.h"

static void wait_for(sem_t *sem, atomic_uint *counter, unsigned int *seen, bool spins)
{
	if (!spins) {
		while (sem_wait(sem))
			;
		return;
	}
	while (atomic_load(counter) == *seen)
		;
	*seen = atomic_load(counter);
}

static void tell(sem_t *sem, atomic_uint *counter, bool spins)
{
	if (spins)
		atomic_fetch_add(counter, 1);
	else
		sem_post(sem);
}

static void *serve(void *argument)
{
	struct runner *runner = argument;
	unsigned int seen = 0;

	runner->tid = syscall(SYS_gettid);
	sem_post(&runner->done);
	for (;;) {
		wait_for(&runner->order, &runner->orders, &seen, runner->spins);
		if (!runner->vcpu)
			return NULL;
		guest_run(runner->vcpu, runner->work, runner->times);
		tell(&runner->done, &runner->answers, runner->spins);
	}
}

void runner_start(struct runner *runner, bool spins)
{
	*runner = (struct runner){ .spins = spins };
	sem_init(&runner->order, 0, 0);
	sem_init(&runner->done, 0, 0);
	if (pthread_create(&runner->thread, NULL, serve, runner))
		tap_bail("no thread");
	while (sem_wait(&runner->done))
		;
}

void runner_run(struct runner *runner, struct guest_vcpu *vcpu, enum guest_work work,
		uint32_t times)
{
	unsigned int seen = atomic_load(&runner->answers);

	runner->vcpu = vcpu;
	runner->work = work;
	runner->times = times;
	tell(&runner->order, &runner->orders, runner->spins);
	wait_for(&runner->done, &runner->answers, &seen, runner->spins);
}

void runner_end(struct runner *runner)
{
	runner->vcpu = NULL;
	tell(&runner->order, &runner->orders, runner->spins);
	pthread_join(runner->thread, NULL);
	sem_destroy(&runner->order);
	sem_destroy(&runner->done);
}
