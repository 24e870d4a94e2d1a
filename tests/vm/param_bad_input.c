// SPDX-License-Identifier: GPL-2.0-only
/* Parameters that the module must refuse, and those that it must take. */
#include <unistd.h>

#include "dev.h"
#include "module.h"
#include "tap.h"

static void check_taken(const char *parameters, uint32_t interval)
{
	struct kvmstats_info info;
	int dev;

	if (!is_errno(kvmstats_load(parameters), 0, "load with \"%s\"", parameters))
		return;
	dev = dev_open();
	dev_info(dev, &info);
	is_u64(info.sweep_interval_ms, interval, "\"%s\": sweep interval", parameters);
	close(dev);
	is_errno(kvmstats_unload(), 0, "\"%s\": unload", parameters);
}

static void check_default(void)
{
	struct kvmstats_info info;
	int dev;

	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	dev = dev_open();
	dev_info(dev, &info);
	in_range(info.sweep_interval_ms, 10, 60000, "sweep interval without parameters");
	close(dev);
	is_errno(kvmstats_unload(), 0, "unload without parameters");
}

int main(void)
{
	static const char *const refused[] = {
		"sweep_interval_ms=0", "sweep_interval_ms=9", "sweep_interval_ms=60001",
		"sweep_interval_ms=4294967295", "sweep_interval_ms=abc", "sweep_interval_ms=",
		"sweep_interval_ms=-1", "sweep_interval_ms=200x", "sweep_interval_ms",
		"sweep_interval_ms=200 sweep_interval_ms=5",
	};

	test_begin();
	check_default();
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		kvmstats_is_refused(refused[i], EINVAL);
	/* Beyond what an unsigned int holds: the kernel's own parser says so. */
	kvmstats_is_refused("sweep_interval_ms=4294967296", ERANGE);
	kvmstats_is_refused("sweep_interval_ms=99999999999999999999999", ERANGE);
	check_taken("sweep_interval_ms=10", 10);
	check_taken("sweep_interval_ms=60000", 60000);
	check_taken("sweep_interval_ms=0x100", 256);
	/* The kernel warns of those that a module does not know, and goes on. */
	check_taken("sweep_interval_ms=300 no_such_parameter=1", 300);
	return tap_done();
}
