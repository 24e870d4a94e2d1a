// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats list */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

enum { ID, PID, USER, COMM, VCPUS, AGE, STATS_ID };

static const struct table_column columns[] = {
	[ID] = { "ID", SCOLS_FL_TREE },
	[PID] = { "PID", SCOLS_FL_RIGHT },
	[USER] = { "USER", 0 },
	[COMM] = { "COMM", 0 },
	[VCPUS] = { "VCPUS", SCOLS_FL_RIGHT },
	[AGE] = { "AGE", SCOLS_FL_RIGHT },
	[STATS_ID] = { "STATS-ID", 0 },
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* What was running before the module saw it is at least that old. */
static void set_age(struct libscols_line *line, uint64_t start_ns, uint32_t flags)
{
	uint64_t now = now_ns();
	uint64_t s = now > start_ns ? (now - start_ns) / 1000000000 : 0;
	const char *bound = flags & KVMSTATS_VM_ADOPTED ? ">" : "";
	unsigned int hours = s / 3600 % 24, minutes = s / 60 % 60, seconds = s % 60;

	if (s < 86400)
		table_set(line, AGE, "%s%02u:%02u:%02u", bound, hours, minutes, seconds);
	else
		table_set(line, AGE, "%s%llud %02u:%02u:%02u", bound,
			  (unsigned long long)(s / 86400), hours, minutes, seconds);
}

static void set_user(struct libscols_line *line, uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		table_set(line, USER, "%s", user->pw_name);
	else
		table_set(line, USER, "%u", uid);
}

static struct libscols_line *add_vm(struct libscols_table *table, const struct kvmstats_vm *vm)
{
	struct libscols_line *line = table_line(table, NULL);

	table_set(line, ID, "%llu", vm->id);
	if (vm->pid)
		table_set(line, PID, "%u", vm->pid);
	else
		table_set(line, PID, "-");
	set_user(line, vm->uid);
	table_set(line, COMM, "%s", vm->comm);
	table_set(line, VCPUS, "%u", vm->nr_vcpus);
	set_age(line, vm->start_ns, vm->flags);
	table_set(line, STATS_ID, "%s", vm->stats_id);
	return line;
}

static void add_vcpu(struct libscols_table *table, struct libscols_line *parent,
		     const struct kvmstats_vcpu *vcpu)
{
	struct libscols_line *line = table_line(table, parent);

	table_set(line, ID, "%llu/%u", vcpu->vm_id, vcpu->vcpu_id);
	set_age(line, vcpu->start_ns, vcpu->flags);
	table_set(line, STATS_ID, "%s", vcpu->stats_id);
}

static int add_vcpus(struct kvmstats *ks, struct libscols_table *table,
		     struct libscols_line *parent, uint64_t vm_id)
{
	const struct kvmstats_vcpu *vcpu;
	struct kvmstats_vcpu_iter *it;
	int ret;

	ret = kvmstats_vcpu_iter_new(ks, vm_id, &it);
	if (ret)
		return ret;
	while ((ret = kvmstats_vcpu_iter_next(it, &vcpu)) > 0)
		add_vcpu(table, parent, vcpu);
	kvmstats_vcpu_iter_free(it);
	return ret == -ENOENT ? 0 : ret;	/* the VM has just ended */
}

static int add_vms(struct kvmstats *ks, struct libscols_table *table)
{
	const struct kvmstats_vm *vm;
	struct kvmstats_vm_iter *it;
	int ret;

	ret = kvmstats_vm_iter_new(ks, &it);
	if (ret)
		return ret;
	while ((ret = kvmstats_vm_iter_next(it, &vm)) > 0) {
		ret = add_vcpus(ks, table, add_vm(table, vm), vm->id);
		if (ret)
			break;
	}
	kvmstats_vm_iter_free(it);
	return ret;
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = { CLI_COMMON_OPTIONS };
	struct libscols_table *table;
	struct kvmstats *ks;
	int ret;

	cli_getopt(argc, argv, ":hV", longs);
	cli_no_more_words(argc, argv, 0);

	ks = cli_open_device();
	table = table_new(columns, ARRAY_SIZE(columns));
	ret = add_vms(ks, table);
	if (ret)
		fail(EXIT_RUNTIME, "cannot list the VMs: %s", strerror(-ret));
	table_print(table);
	kvmstats_close(ks);
	return EXIT_SUCCESS;
}

const struct cli_command command_list = {
	.name = "list",
	.summary = "the VMs and their vCPUs",
	.help =
	"Usage: kvmstats list [OPTIONS]\n"
	"Show the VMs and their vCPUs. An age after > is a lower bound.\n"
	"\n"
	"Options:\n"
	"      --device PATH   the device\n"
	"  -h, --help          show this help\n"
	"  -V, --version       show the version\n",
	.run = run,
};
