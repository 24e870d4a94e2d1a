// SPDX-License-Identifier: GPL-2.0-or-later
/* The VMs with their names, and which of them the user means. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"

/* What a word can be: a VM, or one of its vCPUs. */
struct match {
	size_t vm;
	bool is_vcpu;
	uint32_t vcpu_id;
};

struct matches {
	struct match *list;
	size_t count;
};

enum { BY_ID = 1, BY_NAME = 2, BY_UUID = 4, BY_PID = 8 };

struct kvmstats_inventory *cli_open_inventory(struct kvmstats *ks)
{
	struct kvmstats_inventory *inv;
	unsigned int line = 0;
	int ret;

	ret = kvmstats_inventory_new(ks, &inv);
	if (ret)
		fail(EXIT_RUNTIME, "%s", strerror(-ret));
	ret = kvmstats_inventory_names(inv, NULL, &line);
	if (ret == -EBADMSG)
		fail(EXIT_RUNTIME, "%s: line %u is malformed: see kvmstats-names(5)",
		     KVMSTATS_NAMES_FILE, line);
	if (ret)
		fail(EXIT_RUNTIME, "%s: %s", KVMSTATS_NAMES_FILE, strerror(-ret));
	cli_refresh_inventory(inv);
	return inv;
}

void cli_refresh_inventory(struct kvmstats_inventory *inv)
{
	int ret = kvmstats_inventory_refresh(inv);

	if (ret)
		fail(EXIT_RUNTIME, "cannot list the VMs: %s", strerror(-ret));
}

static bool is_number(const char *text, size_t len, uint64_t number)
{
	char buf[24];

	return (size_t)snprintf(buf, sizeof(buf), "%" PRIu64, number) == len &&
		!strncmp(text, buf, len);
}

/* As it is, or as it was shown. */
static bool is_name(const char *text, size_t len, const char *name)
{
	char *escaped;
	bool same;

	if (strlen(name) == len && !strncmp(text, name, len))
		return true;
	escaped = cli_escaped(name);
	same = strlen(escaped) == len && !strncmp(text, escaped, len);
	free(escaped);
	return same;
}

static bool is_vm(const struct kvmstats_inventory *inv, size_t index, const char *text, size_t len,
		  unsigned int by)
{
	const struct kvmstats_vm *vm = kvmstats_inventory_vm(inv, index);
	const struct kvmstats_name *name = kvmstats_inventory_name(inv, index);

	return ((by & BY_ID) && is_number(text, len, vm->id)) ||
		((by & BY_PID) && vm->pid && is_number(text, len, vm->pid)) ||
		((by & BY_UUID) && *name->uuid && strlen(name->uuid) == len &&
		 !strncasecmp(text, name->uuid, len)) ||
		((by & BY_NAME) && is_name(text, len, name->name));
}

static void add_matches(struct matches *m, const struct kvmstats_inventory *inv, const char *text,
			size_t len, unsigned int by, const uint32_t *vcpu_id)
{
	for (size_t i = 0; i < kvmstats_inventory_count(inv); i++) {
		if (!is_vm(inv, i, text, len, by))
			continue;
		m->list = cli_memory(reallocarray(m->list, m->count + 1, sizeof(*m->list)));
		m->list[m->count++] = (struct match){
			.vm = i,
			.is_vcpu = vcpu_id,
			.vcpu_id = vcpu_id ? *vcpu_id : 0,
		};
	}
}

/* The length of what is before "/VCPU" at the end of @text, 0 when there is no such end. */
static size_t before_vcpu(const char *text, uint32_t *vcpu_id)
{
	const char *slash = strrchr(text, '/');
	unsigned long long id;

	if (!slash || strspn(slash + 1, "0123456789") != strlen(slash + 1) || !slash[1])
		return 0;
	errno = 0;
	id = strtoull(slash + 1, NULL, 10);
	*vcpu_id = id;
	return errno || id > UINT32_MAX ? 0 : slash - text;
}

__attribute__((noreturn))
static void fail_ambiguous(const struct kvmstats_inventory *inv, const char *text,
			   const struct matches *m)
{
	char *all, *name;
	size_t size;
	FILE *f = cli_memory(open_memstream(&all, &size));

	for (size_t i = 0; i < m->count; i++) {
		const struct match *match = &m->list[i];
		const struct kvmstats_vm *vm = kvmstats_inventory_vm(inv, match->vm);

		name = cli_escaped(kvmstats_inventory_name(inv, match->vm)->name);
		fprintf(f, "%sid:%llu", i ? ", " : "", vm->id);
		if (match->is_vcpu)
			fprintf(f, "/%u", match->vcpu_id);
		fprintf(f, " (%s, pid %u)", name, vm->pid);
		free(name);
	}
	if (fclose(f))
		cli_memory(NULL);
	fail(EXIT_RUNTIME, "`%s` may be any of %s: say which", text, all);
}

static struct match find(const struct kvmstats_inventory *inv, const char *text, bool or_vcpu)
{
	static const struct {
		const char *prefix;
		unsigned int by;
	} kinds[] = {
		{ "id:", BY_ID }, { "name:", BY_NAME }, { "uuid:", BY_UUID }, { "pid:", BY_PID },
	};
	unsigned int by = BY_ID | BY_NAME | BY_UUID | BY_PID;
	struct matches m = { 0 };
	const char *word = text;
	struct match found;
	uint32_t vcpu_id;
	char *escaped;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)))
			continue;
		word += strlen(kinds[i].prefix);
		by = kinds[i].by;
		break;
	}

	add_matches(&m, inv, word, strlen(word), by, NULL);
	len = or_vcpu ? before_vcpu(word, &vcpu_id) : 0;
	if (len)
		add_matches(&m, inv, word, len, by, &vcpu_id);

	escaped = cli_escaped(text);
	if (!m.count)
		fail(EXIT_RUNTIME, "no VM `%s`: see `kvmstats list`", escaped);
	if (m.count > 1)
		fail_ambiguous(inv, escaped, &m);
	free(escaped);
	found = m.list[0];
	free(m.list);
	return found;
}

size_t cli_find_vm(const struct kvmstats_inventory *inv, const char *text)
{
	return find(inv, text, false).vm;
}

struct cli_object cli_find_object(const struct kvmstats_inventory *inv, const char *text)
{
	struct match match = find(inv, text, true);

	return (struct cli_object){
		.vm_id = kvmstats_inventory_vm(inv, match.vm)->id,
		.vcpu_id = match.vcpu_id,
		.is_vcpu = match.is_vcpu,
	};
}
