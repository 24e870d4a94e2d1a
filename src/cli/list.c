// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats list */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"

enum { ID, NAME, NAME_SOURCE, UUID, PID, USER, COMM, VCPUS, AGE, ADOPTED, STATS_ID };

static const struct table_column columns[] = {
	[ID] = { "ID", SCOLS_FL_TREE, SCOLS_JSON_STRING },
	[NAME] = { "NAME", 0, SCOLS_JSON_STRING },
	[NAME_SOURCE] = { "NAME-SOURCE", 0, SCOLS_JSON_STRING },
	[UUID] = { "UUID", 0, SCOLS_JSON_STRING },
	[PID] = { "PID", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[USER] = { "USER", 0, SCOLS_JSON_STRING },
	[COMM] = { "COMM", 0, SCOLS_JSON_STRING },
	[VCPUS] = { "VCPUS", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[AGE] = { "AGE", SCOLS_FL_RIGHT, SCOLS_JSON_NUMBER },
	[ADOPTED] = { "ADOPTED", SCOLS_FL_RIGHT, SCOLS_JSON_BOOLEAN },
	[STATS_ID] = { "STATS-ID", 0, SCOLS_JSON_STRING },
};

static const char standard[] = "ID,NAME,NAME-SOURCE,PID,USER,COMM,VCPUS,AGE";

struct listing {
	struct kvmstats *ks;
	struct kvmstats_inventory *inv;
	struct table *table;
	bool exact;
	uint64_t now_ns;
};

/* What was running before the module saw it is at least that old. */
static void set_age(struct listing *l, struct libscols_line *line, uint64_t start_ns,
		    uint32_t flags)
{
	uint64_t s = l->now_ns > start_ns ? (l->now_ns - start_ns) / 1000000000 : 0;
	bool adopted = flags & KVMSTATS_VM_ADOPTED;
	const char *bound = adopted ? ">" : "";
	unsigned int hours = s / 3600 % 24, minutes = s / 60 % 60, seconds = s % 60;

	table_set(l->table, line, ADOPTED, "%d", adopted);
	if (l->exact)
		table_set(l->table, line, AGE, "%llu", (unsigned long long)s);
	else if (s < 86400)
		table_set(l->table, line, AGE, "%s%02u:%02u:%02u", bound, hours, minutes, seconds);
	else
		table_set(l->table, line, AGE, "%s%llud %02u:%02u:%02u", bound,
			  (unsigned long long)(s / 86400), hours, minutes, seconds);
}

static void set_user(struct listing *l, struct libscols_line *line, uid_t uid)
{
	const struct passwd *user = table_has(l->table, USER) ? getpwuid(uid) : NULL;

	if (user)
		table_set(l->table, line, USER, "%s", user->pw_name);
	else
		table_set(l->table, line, USER, "%u", uid);
}

static struct libscols_line *add_vm(struct listing *l, const struct kvmstats_vm *vm,
				    const struct kvmstats_name *name)
{
	struct libscols_line *line = table_line(l->table, NULL);

	table_set(l->table, line, ID, "%llu", vm->id);
	table_set(l->table, line, NAME, "%s", name->name);
	table_color(l->table, line, NAME, "bold");
	table_set(l->table, line, NAME_SOURCE, "%s", kvmstats_name_source(name->source));
	if (*name->uuid)
		table_set(l->table, line, UUID, "%s", name->uuid);
	if (vm->pid)	/* its process may be gone */
		table_set(l->table, line, PID, "%u", vm->pid);
	set_user(l, line, vm->uid);
	table_set(l->table, line, COMM, "%s", vm->comm);
	table_set(l->table, line, VCPUS, "%u", vm->nr_vcpus);
	set_age(l, line, vm->start_ns, vm->flags);
	table_set(l->table, line, STATS_ID, "%s", vm->stats_id);
	return line;
}

static void add_vcpu(struct listing *l, struct libscols_line *parent,
		     const struct kvmstats_vcpu *vcpu)
{
	struct libscols_line *line = table_line(l->table, parent);

	table_set(l->table, line, ID, "%llu/%u", vcpu->vm_id, vcpu->vcpu_id);
	set_age(l, line, vcpu->start_ns, vcpu->flags);
	table_set(l->table, line, STATS_ID, "%s", vcpu->stats_id);
}

static int add_vcpus(struct listing *l, struct libscols_line *parent, uint64_t vm_id)
{
	const struct kvmstats_vcpu *vcpu;
	struct kvmstats_vcpu_iter *it;
	int ret;

	ret = kvmstats_vcpu_iter_new(l->ks, vm_id, &it);
	if (ret)
		return ret;
	while ((ret = kvmstats_vcpu_iter_next(it, &vcpu)) > 0)
		add_vcpu(l, parent, vcpu);
	kvmstats_vcpu_iter_free(it);
	return ret == -ENOENT ? 0 : ret;	/* the VM has just ended */
}

static int run(int argc, char **argv)
{
	static const struct option longs[] = { TABLE_OPTIONS, CLI_COMMON_OPTIONS };
	struct table_view view = { 0 };
	struct timespec now;
	struct listing l;
	int c, ret;

	while ((c = cli_getopt(argc, argv, ":" TABLE_SHORTS "hV", longs)) != -1)
		table_option(&view, c);
	cli_no_more_words(argc, argv, 0);
	l.table = table_new(&view, columns, ARRAY_SIZE(columns), standard);
	l.exact = view.exact;

	l.ks = cli_open_device();
	l.inv = cli_open_inventory(l.ks);
	clock_gettime(CLOCK_BOOTTIME, &now);
	l.now_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	for (size_t i = 0; i < kvmstats_inventory_count(l.inv); i++) {
		const struct kvmstats_vm *vm = kvmstats_inventory_vm(l.inv, i);

		ret = add_vcpus(&l, add_vm(&l, vm, kvmstats_inventory_name(l.inv, i)), vm->id);
		if (ret)
			fail(EXIT_RUNTIME, "cannot list the vCPUs: %s", strerror(-ret));
	}
	table_print(l.table, "vms", NULL);
	kvmstats_inventory_free(l.inv);
	kvmstats_close(l.ks);
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
	TABLE_HELP
	CLI_HELP
	"\n"
	"Columns:\n"
	"  ID NAME NAME-SOURCE UUID PID USER COMM VCPUS AGE ADOPTED STATS-ID\n",
	.run = run,
};
