// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest's halt costs from the interrupt that ends it to the next one, without
 * kvmstats and with it, which on 5.10 tells from each how long it polled and waited.
 * The one in the middle counts: the cheapest is one that an interrupt kept from its halt.
 */
#include "bench.h"
#include "halter.h"
#include "module.h"
#include "native.h"
#include "spread.h"
#include "tap.h"

#define HALT_POLL	"/sys/module/kvm/parameters/halt_poll_ns"

static void interrupt(void *halter)
{
	halter_interrupt(halter);
}

/* The VM is made anew: it takes the longest poll from where that is set. */
static struct spread measure(const char *name, const char *polls)
{
	static struct halter halter;
	struct spread cost;

	errno = -write_text(HALT_POLL, polls);
	if (errno)
		tap_bail("cannot write " HALT_POLL);
	halter_create(&halter);
	halter_boot(&halter);
	cost = spread_count(name, interrupt, &halter);
	halter_stop(&halter);
	halter_destroy(&halter);
	return cost;
}

static void compare(const char *name, struct spread cost, struct spread without)
{
	bench_figure(name, (double)cost.middle / without.middle, 1.05);
}

int main(void)
{
	struct spread without, polled_without;

	test_begin();
	without = measure("halt_without", "0");
	polled_without = measure("halt_polled_without", "200000");
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	compare("halt_loaded_vs_without", measure("halt_loaded", "0"), without);
	compare("halt_polled_loaded_vs_without", measure("halt_polled_loaded", "200000"),
		polled_without);
	return test_end();
}
