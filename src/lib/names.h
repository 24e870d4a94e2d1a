/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a VM is called, from what its process shows of itself. Whoever runs a VM chooses
 * these bytes: the parsers take any of them, of any length.
 */
#ifndef KVMSTATS_LIB_NAMES_H
#define KVMSTATS_LIB_NAMES_H

#include "internal.h"

/* A longer name is cut. */
#define KVMSTATS_MAX_VM_NAME	255u
#define KVMSTATS_UUID_LEN	36u

/* Some bytes of a longer text; @s is never NULL when @len is not 0. */
struct text {
	const char *s;
	size_t len;
};

/* What is known of a VM; an empty string for what is not. */
struct identity {
	uint32_t source;	/* KVMSTATS_NAME_* */
	char name[KVMSTATS_MAX_VM_NAME + 1];
	char uuid[KVMSTATS_UUID_LEN + 1];
	char id[KVMSTATS_MAX_VM_NAME + 1];
};

/* --- text --- */

static inline struct text text_of(const char *s, size_t len)
{
	return (struct text){ s, len };
}

bool text_is(struct text t, const char *word);
bool text_has(struct text t, const char *word);
bool text_starts(struct text t, const char *word);
struct text text_skip(struct text t, size_t bytes);

/* The part of @t before the first @c, all of it without one; @t goes on behind that @c. */
struct text text_cut(struct text *t, char c);
/* What is behind the last slash. */
struct text text_basename(struct text path);
/* At most KVMSTATS_MAX_VM_NAME bytes, up to a NUL. */
void text_copy(struct text t, char *name);
/* Into lower case; false, and @uuid as it was, when @t has another form. */
bool text_copy_uuid(struct text t, char *uuid);
/* The byte that @t starts with as \xHH, or -1. */
int text_escaped_byte(struct text t);

/* --- the words of a command line --- */

/* The word, and @line goes on with the next one; false after the last. */
bool words_next(struct text *line, struct text *word);
/* The value of --@option, given as "--option value" or "--option=value". */
bool words_option(struct text line, const char *option, struct text *value);

/* --- parsers, one for each VMM; false when @line does not name the VM --- */

/* @scope: the machine scope of libvirt that the process is in, or of length 0 */
bool name_qemu(struct text line, struct text scope, struct identity *id);
bool name_firecracker(struct text line, struct identity *id);
bool name_cloud_hypervisor(struct text line, struct identity *id);

/* The machine scope of libvirt in a /proc/PID/cgroup, still escaped; or of length 0. */
struct text scope_find(struct text cgroup);

/**
 * kvmstats_identify_text() - who a VM is, from what its process shows
 * @line: content of /proc/PID/cmdline
 * @cgroup: content of /proc/PID/cgroup
 * @id: receives it
 *
 * Return: false, and an @id without a name, when these do not tell.
 */
bool kvmstats_identify_text(struct text line, struct text cgroup, struct identity *id);

/**
 * kvmstats_identify() - the same for a VM of the host
 * @proc: where procfs is
 * @vm: the VM
 * @id: receives it; the command's name and the pid when nothing better is known
 *
 * Return: 0 or -ENOMEM.
 */
int kvmstats_identify(const char *proc, const struct kvmstats_vm *vm, struct identity *id);

/* --- the override file --- */

struct override;

struct overrides {
	size_t count;
	struct override *all;
};

/**
 * overrides_parse() - read an override file's content
 * @file: any bytes
 * @o: receives the names, which overrides_clear() frees; untouched on error
 * @line: receives the number of the line at fault
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int overrides_parse(struct text file, struct overrides *o, unsigned int *line);
void overrides_clear(struct overrides *o);

/* The name that @id is to have, or NULL; an uuid goes before a name. */
const char *overrides_find(const struct overrides *o, const struct identity *id);

#endif /* KVMSTATS_LIB_NAMES_H */
