// SPDX-License-Identifier: GPL-2.0-only
/*
 * Eight threads ask KVM's own fds for statistics while the answers are switched on and
 * off, and kvmstats is unloaded and loaded. Nobody gets anything but the right answer or
 * KVM's own, and nothing is left. Who was told of the extension keeps kvmstats loaded
 * until it is switched off, so every second round nobody asks for that, and kvmstats is
 * unloaded with all of its answers on.
 *
 * STORM_SECONDS and STORM_ROUNDS, loads at least, are as in storm.c; two minutes of it:
 *
 *	LAB_APPEND="STORM_SECONDS=120" scripts/lab test 5.10 redirect_storm
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "askers.h"
#include "dev.h"
#include "env.h"
#include "kmem.h"
#include "module.h"
#include "native.h"
#include "rows.h"
#include "tap.h"

#define SECONDS		10
#define ROUNDS		6
#define MOST_SECONDS	86400
#define MOST_ROUNDS	1000000
#define SECOND_NS	1000000000ull
#define MOST_REST_US	20000
#define PATIENCE	200		/* refused unloads until nobody switches on again */

static struct {
	struct askers askers;
	pthread_t switcher;
	atomic_bool stop;
	atomic_bool stay_off;
	unsigned long switches;
	struct finding fault;		/* of the switcher */
	unsigned int not_loaded;
	unsigned int not_unloaded;
	unsigned long refused;		/* unloads while someone was within a call */
} storm;

/* That there is no such file, now or any more, is no fault. */
static void switch_to(const char *parameter, const char *word)
{
	int err = kvmstats_set(parameter, word);

	if (err && err != ENOENT && err != ENODEV)
		finding_add(&storm.fault, "%s to %s: errno %s", parameter, word,
			    strerrorname_np(err));
	storm.switches += !err;
}

static void *switch_often(void *argument)
{
	static const char *const words[] = { "off", "auto", "on" };
	unsigned int seed = 1;

	(void)argument;
	while (!atomic_load(&storm.stop)) {
		unsigned int random = rand_r(&seed);

		usleep(random / 8 % MOST_REST_US);
		if (atomic_load(&storm.stay_off))
			continue;
		if (random & 1)
			switch_to("aggregate_abi", words[random / 2 % 3]);
		else
			switch_to("native_abi", words[random / 2 % (storm.askers.is_native ? 2 : 3)]);
	}
	return NULL;
}

static void unload(unsigned int round)
{
	unsigned int tries = 0;
	int err;

	if (!atomic_load(&storm.askers.no_extension))
		switch_to("native_abi", "off");
	while ((err = kvmstats_unload()) == EWOULDBLOCK) {
		storm.refused++;
		if (++tries == PATIENCE)
			atomic_store(&storm.stay_off, true);
		if (tries >= PATIENCE) {
			kvmstats_set("native_abi", "off");
			kvmstats_set("aggregate_abi", "off");
		}
		usleep(1000);
	}
	atomic_store(&storm.stay_off, false);
	if (!err)
		return;
	storm.not_unloaded++;
	tap_note("round %u: unload: errno %d", round, err);
}

static void load_round(unsigned int round)
{
	static const char *const parameters[] = {
		"", "aggregate_abi=on", "native_abi=off", "native_abi=off aggregate_abi=on",
		"native_abi=auto aggregate_abi=off",
	};
	int err;

	atomic_store(&storm.askers.no_extension, round % 2);
	err = kvmstats_load(parameters[round / 2 % 5]);
	if (err) {
		storm.not_loaded++;
		tap_note("round %u: load: errno %d", round, err);
		return;
	}
	usleep(20000 * (round % 16));
	unload(round);
}

static void run(uint64_t seconds, unsigned int rounds, const char *text)
{
	unsigned int round = 0;
	uint64_t start;

	storm.not_loaded = storm.not_unloaded = storm.refused = storm.switches = 0;
	atomic_store(&storm.stop, false);
	askers_init(&storm.askers);
	errno = kvmstats_load("aggregate_abi=on");
	if (errno)
		tap_bail("cannot load kvmstats");
	askers_start(&storm.askers);
	if (pthread_create(&storm.switcher, NULL, switch_often, NULL))
		tap_bail("no thread");
	start = boottime_ns();
	/* First the switches alone, for a third of the time. */
	usleep(seconds * 1000000 / 3);
	unload(round);
	while (boottime_ns() - start < seconds * SECOND_NS || round < rounds)
		load_round(round++);
	seconds = (boottime_ns() - start) / SECOND_NS;
	atomic_store(&storm.stop, true);
	pthread_join(storm.switcher, NULL);
	askers_stop(&storm.askers, text);
	finding_is_none(&storm.fault, "%s: %lu switches", text, storm.switches);
	is_u64(storm.not_loaded, 0, "%s: loads that failed of %u in %u s", text, round,
	       (unsigned int)seconds);
	is_u64(storm.not_unloaded, 0, "%s: unloads that failed, %lu were refused", text,
	       storm.refused);
	tap_ok(!module_is_loaded("kvmstats"), "%s: kvmstats is unloaded", text);
}

int main(void)
{
	uint32_t seconds = env_number("STORM_SECONDS", SECONDS, 1, MOST_SECONDS);
	uint32_t rounds = env_number("STORM_ROUNDS", ROUNDS, 2, MOST_ROUNDS);
	unsigned int nr_probes;
	struct kmem before;

	test_begin();
	mount_once("debugfs", DEBUGFS);
	nr_probes = count_probes();
	/* What is made once for good is no leak. */
	run(2, 2, "at first");
	before = kmem_without_kvm();
	run(seconds, rounds, "storm");
	is_u64(count_probes(), nr_probes, "probes after the storm");
	kmem_is_back(&before);
	return tap_done();
}
