// SPDX-License-Identifier: GPL-2.0-only
/*
 * What perf_event_open() refuses of the PMU, and to whom: what cannot be counted is never
 * something else, and who may not open /dev/kvmstats may not count either.
 */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "native.h"
#include "module.h"
#include "perf.h"
#include "tap.h"

#define NOBODY		65534
#define GROUP		971
#define PARANOID	"/proc/sys/kernel/perf_event_paranoid"

static int reader, other;

static int try_open(const struct perf_event_attr *attr, pid_t pid, int cpu)
{
	int fd = perf_try_open(attr, pid, cpu, -1);

	if (fd < 0)
		return -fd;
	close(fd);
	return 0;
}

static void refused(const struct perf_event_attr *attr, pid_t pid, int cpu, int expected,
		    const char *text)
{
	is_errno(try_open(attr, pid, cpu), expected, "%s", text);
}

/* For a thread, for the host, and on a CPU that does not count. */
static void refused_everywhere(const struct perf_event_attr *attr, int expected, const char *text)
{
	is_errno(try_open(attr, 0, -1), expected, "%s: thread", text);
	is_errno(try_open(attr, -1, reader), expected, "%s: host", text);
	is_errno(try_open(attr, -1, other), expected, "%s: another CPU", text);
}

#define REFUSED_WITH(field, number, expected) do {			\
	struct perf_event_attr attr = perf_attr("exits");		\
									\
	attr.field = number;						\
	refused_everywhere(&attr, expected, #field " = " #number);	\
} while (0)

static void check_attributes(void)
{
	struct perf_event_attr attr = perf_attr("exits");

	refused_everywhere(&attr, 0, "as it should be");
	attr.exclude_guest = 1;
	refused_everywhere(&attr, 0, "without the guest, where nothing is counted");
	REFUSED_WITH(sample_period, 1, EOPNOTSUPP);
	REFUSED_WITH(sample_period, 1000000, EOPNOTSUPP);
	attr = perf_attr("exits");
	attr.freq = 1;
	attr.sample_freq = 100;
	refused_everywhere(&attr, EOPNOTSUPP, "sample_freq");
	attr = perf_attr("exits");
	attr.sample_type = PERF_SAMPLE_BRANCH_STACK;
	attr.branch_sample_type = PERF_SAMPLE_BRANCH_ANY;
	refused_everywhere(&attr, EOPNOTSUPP, "branch stacks");
	REFUSED_WITH(exclude_user, 1, EINVAL);
	REFUSED_WITH(exclude_kernel, 1, EINVAL);
	REFUSED_WITH(exclude_hv, 1, EINVAL);
	REFUSED_WITH(exclude_idle, 1, EINVAL);
	REFUSED_WITH(exclude_host, 1, EINVAL);
	REFUSED_WITH(config2, 1, EINVAL);
}

static void check_configs(void)
{
	struct perf_event_attr attr = perf_attr("exits");
	static const uint64_t none[] = { 0x0fff, 0x1fff, 0x2000, 0x203f, 0x2040, 0x2fff, 0x3000,
					 0xf000, 0x11000, 1ull << 16, 1ull << 63 };
	char text[64];

	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		attr.config = none[i];
		snprintf(text, sizeof(text), "config 0x%llx", (unsigned long long)none[i]);
		refused_everywhere(&attr, EINVAL, text);
	}
	attr = perf_attr("remote_tlb_flush");
	refused(&attr, 0, -1, EINVAL, "a VM's statistic for a thread");
	refused(&attr, -1, reader, 0, "a VM's statistic for the host");
	attr = perf_attr("exits");
	attr.config1 = 1;
	refused(&attr, 0, -1, EINVAL, "a VM for a thread");
	refused(&attr, -1, reader, ESRCH, "a VM that is not there");
	refused(&attr, -1, other, ESRCH, "a VM that is not there: another CPU");
	attr.config1 = UINT64_MAX;
	refused(&attr, -1, reader, ESRCH, "no VM has that id");
	attr = perf_attr("exits");
	refused(&attr, 0x7ffffff, -1, ESRCH, "no such thread");
	attr.type = perf_number("../kvm_host/type", "");
	refused(&attr, 0, -1, EINVAL, "kvm_host: a thread");
	refused(&attr, -1, other, EINVAL, "kvm_host: another CPU");
	refused(&attr, -1, reader, 0, "kvm_host: its CPU");
}

/* Each scalar of the schema is an event if it is a counter, and is refused if not. */
static void check_schema(int dev, uint32_t kind, uint64_t first)
{
	static struct kvmstats_desc descs[1024];
	struct kvmstats_schema schema = {
		.size = sizeof(schema), .kind = kind, .capacity = 1024,
		.descs = (uintptr_t)descs,
	};
	struct perf_event_attr attr = perf_attr("exits");
	unsigned int counters = 0, wrong = 0;

	if (ioctl(dev, KVMSTATS_GET_SCHEMA, &schema))
		tap_bail("KVMSTATS_GET_SCHEMA failed");
	for (uint32_t i = 0; i < schema.count; i++) {
		bool counts = (descs[i].flags & KVMSTATS_TYPE_MASK) == KVMSTATS_TYPE_CUMULATIVE;
		char file[128];

		attr.config = first + i;
		snprintf(file, sizeof(file), PMU_DIR "/events/%s", descs[i].name);
		if (try_open(&attr, -1, reader) != (counts ? 0 : EINVAL) ||
		    !access(file, F_OK) != counts) {
			tap_note("%s: counter %d", descs[i].name, counts);
			wrong++;
		}
		counters += counts;
	}
	is_u64(wrong, 0, "statistics of kind %u that are events and should not be, or are not", kind);
	in_range(counters, 5, schema.count - 1, "counters of kind %u", kind);
}

/* --- who --- */

static bool as_member;

static void open_as_user(const struct perf_event_attr *attr, pid_t pid, int cpu, int expected,
			 const char *text)
{
	const gid_t group = GROUP;
	int status = 0;
	pid_t child = fork();

	if (!child) {
		if (setgroups(as_member, &group) || setresgid(NOBODY, NOBODY, NOBODY) ||
		    setresuid(NOBODY, NOBODY, NOBODY))
			_exit(255);
		_exit(try_open(attr, pid, cpu));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		tap_bail("no child");
	is_errno(WEXITSTATUS(status), expected, "%s", text);
}

static void paranoid(int level)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", level);
	errno = -write_text(PARANOID, text);
	if (errno)
		tap_bail("cannot write " PARANOID);
}

static void check_rights(void)
{
	struct perf_event_attr attr = perf_attr("exits");

	as_member = false;
	paranoid(-1);
	open_as_user(&attr, 0, -1, EACCES, "no right on the device, perf would allow it: thread");
	open_as_user(&attr, -1, reader, EACCES, "no right on the device, perf would allow it: host");
	if (chown(KVMSTATS_DEVICE, 0, GROUP) || chmod(KVMSTATS_DEVICE, 0640))
		tap_bail("cannot give the device away");
	open_as_user(&attr, 0, -1, EACCES, "not in the device's group");
	as_member = true;
	open_as_user(&attr, 0, -1, 0, "in the device's group: its own thread");
	open_as_user(&attr, -1, reader, 0, "in the device's group: host");
	open_as_user(&attr, 1, -1, EACCES, "in the device's group: somebody else's thread");
	paranoid(1);
	open_as_user(&attr, 0, -1, 0, "paranoid 1: its own thread");
	open_as_user(&attr, -1, reader, EACCES, "paranoid 1: host");
	paranoid(2);
	open_as_user(&attr, 0, -1, EACCES, "paranoid 2: nothing that counts in the kernel");
	if (rename(KVMSTATS_DEVICE, KVMSTATS_DEVICE ".away"))
		tap_bail("cannot rename the device");
	refused_everywhere(&attr, EACCES, "without the device's node");
	if (symlink("/dev/null", KVMSTATS_DEVICE))
		tap_bail("cannot link the device");
	refused_everywhere(&attr, EACCES, "with somebody else's node");
	unlink(KVMSTATS_DEVICE);
	if (rename(KVMSTATS_DEVICE ".away", KVMSTATS_DEVICE))
		tap_bail("cannot rename the device back");
	refused_everywhere(&attr, 0, "with the node again");
}

int main(void)
{
	int dev = test_begin_loaded("");

	reader = perf_reader_cpu();
	other = !reader;
	check_attributes();
	check_configs();
	check_schema(dev, KVMSTATS_KIND_VM, 0);
	check_schema(dev, KVMSTATS_KIND_VCPU, 0x1000);
	check_rights();
	close(dev);
	is_errno(kvm_unload(), 0, "KVM unloads");
	{
		struct perf_event_attr attr = {
			.size = sizeof(attr), .type = perf_number("type", ""), .config = 0x1000,
		};

		refused_everywhere(&attr, ENODEV, "without KVM");
	}
	kvm_load();
	return test_end();
}
