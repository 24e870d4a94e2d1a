// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats events */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

struct following {
	struct kvmstats_inventory *inv;
	bool json;
};

static const struct {
	const char *name;
	const char *color;
} types[] = {
	[KVMSTATS_EVENT_LOST] = { "lost", "\033[33m" },
	[KVMSTATS_EVENT_KVM_LOADED] = { "kvm-loaded", "\033[36m" },
	[KVMSTATS_EVENT_KVM_UNLOADED] = { "kvm-unloaded", "\033[36m" },
	[KVMSTATS_EVENT_VM_CREATED] = { "vm-created", "\033[32m" },
	[KVMSTATS_EVENT_VM_GONE] = { "vm-gone", "\033[31m" },
	[KVMSTATS_EVENT_VCPU_CREATED] = { "vcpu-created", "" },
};

static const char *type_name(uint32_t type, char *buf, size_t size)
{
	if (type < ARRAY_SIZE(types))
		return types[type].name;
	snprintf(buf, size, "event-%u", type);
	return buf;
}

static bool is_vcpu(const struct kvmstats_event *event)
{
	return event->type == KVMSTATS_EVENT_VCPU_CREATED;
}

/* CLOCK_BOOTTIME, which the device tells, as local time. */
static void format_time(uint64_t boot_ns, char *buf, size_t size)
{
	struct timespec real, boot;
	int64_t ns;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	ns = (real.tv_sec - boot.tv_sec) * 1000000000ll + real.tv_nsec - boot.tv_nsec + boot_ns;
	real.tv_sec = ns / 1000000000;
	real.tv_nsec = ns % 1000000000;
	cli_format_time(&real, buf, size);
}

static void print_json(const struct kvmstats_event *event, const char *time, const char *name)
{
	struct json j = { 0 };
	char buf[24];

	json_open(&j, NULL, '{');
	json_string(&j, "time", time);
	json_u64(&j, "boottime_ns", event->time_ns);
	json_string(&j, "event", type_name(event->type, buf, sizeof(buf)));
	if (event->vm_id) {
		json_u64(&j, "vm", event->vm_id);
		if (is_vcpu(event))
			json_u64(&j, "vcpu", event->vcpu_id);
		json_u64(&j, "pid", event->pid);
		if (name)
			json_string(&j, "name", name);
		else
			json_null(&j, "name");
	} else {
		json_u64(&j, "value", event->value);
	}
	json_close(&j, '}');
}

static void print_line(const struct kvmstats_event *event, const char *time, const char *name)
{
	const char *color = event->type < ARRAY_SIZE(types) ? types[event->type].color : "";
	char buf[24], *escaped;

	if (!cli_colors())
		color = "";
	printf("%s  %s%-12s%s", time, color, type_name(event->type, buf, sizeof(buf)),
	       *color ? "\033[0m" : "");
	if (event->vm_id && is_vcpu(event))
		printf("  %llu/%u", event->vm_id, event->vcpu_id);
	else if (event->vm_id)
		printf("  %llu", event->vm_id);
	else
		printf("  %s %llu", event->type == KVMSTATS_EVENT_LOST ? "events" : "generation",
		       event->value);
	if (event->vm_id && event->pid)
		printf("  pid %u", event->pid);
	if (name) {
		escaped = cli_escaped(name);
		printf("  %s", escaped);
		free(escaped);
	}
	putchar('\n');
}

static void print_event(struct following *f, const struct kvmstats_event *event)
{
	char time[CLI_TIME_SIZE];
	const char *name = NULL;
	int index;

	/* a VM that is gone has its name from when it was created */
	if (event->type == KVMSTATS_EVENT_VM_CREATED || event->type == KVMSTATS_EVENT_LOST)
		cli_refresh_inventory(f->inv);
	index = event->vm_id ? kvmstats_inventory_find(f->inv, event->vm_id) : -1;
	if (index >= 0)
		name = kvmstats_inventory_name(f->inv, index)->name;
	format_time(event->time_ns, time, sizeof(time));
	if (f->json)
		print_json(event, time, name);
	else
		print_line(event, time, name);
	cli_flush();
}

static void follow(struct following *f, struct kvmstats_events *events, uint64_t count)
{
	const struct kvmstats_event *event;
	int ret;

	for (;;) {
		cli_wait(kvmstats_events_fd(events), -1);
		while ((ret = kvmstats_events_next(events, 0, &event)) > 0) {
			print_event(f, event);
			if (count && !--count)
				return;
		}
		if (ret && ret != -EINTR)
			fail(EXIT_RUNTIME, "cannot read events: %s", strerror(-ret));
	}
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "count", required_argument, NULL, 'n' },
		CLI_COMMON_OPTIONS
	};
	struct following f = { 0 };
	struct kvmstats_events *events;
	struct kvmstats *ks;
	uint64_t count = 0;
	int c, ret;

	while ((c = cli_getopt(argc, argv, ":Jn:hV", longs)) != -1) {
		if (c == 'J')
			f.json = true;
		else
			count = cli_parse_count("--count", optarg);
	}
	cli_no_more_words(argc, argv, 0);

	ks = cli_open_device();
	ret = kvmstats_events_open(ks, &events);
	if (ret)
		fail(EXIT_RUNTIME, "cannot follow events: %s", strerror(-ret));
	f.inv = cli_open_inventory(ks);
	follow(&f, events, count);

	kvmstats_inventory_free(f.inv);
	kvmstats_events_close(events);
	kvmstats_close(ks);
	return EXIT_SUCCESS;
}

const struct cli_command command_events = {
	.name = "events",
	.summary = "VMs and vCPUs as they come and go",
	.help =
	"Usage: kvmstats events [OPTIONS]\n"
	"Follow VMs and vCPUs as they come and go, and kvm as it is loaded and unloaded.\n"
	"\n"
	"Options:\n"
	"  -J, --json          each event as a JSON object on a line of its own\n"
	"  -n, --count N       end after N events\n"
	CLI_HELP
	"\n"
	"A line has the time, the event, the VM or VM/VCPU, the process that created the\n"
	"VM, and its name. \"lost\" tells how many events came too fast to be kept.\n",
	.run = run,
};
