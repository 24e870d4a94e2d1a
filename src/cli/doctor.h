/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kvmstats doctor` looks at and what it finds. */
#ifndef KVMSTATS_DOCTOR_H
#define KVMSTATS_DOCTOR_H

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <kvmstats/kvmstats.h>

#define DOCTOR_GROUP	"kvmstats"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARN,		/* works, but not all of it, or it cannot be seen */
	DOCTOR_FAIL,
};

/**
 * struct doctor_host - the host, as far as files do not tell
 * @root: what all paths of files start with: "" but in tests
 * @release: of the running kernel
 * @device: path of the device
 * @uid: of the caller
 * @group: id of DOCTOR_GROUP, or -1 when there is no such group
 * @group_listed: the caller is entered as a member of it
 * @group_in_force: and this process has it
 * @open_error: what kvmstats_open() returned; the rest is only there when it is 0
 * @info: the module's answer
 * @hooks: rows of its hook table, @info.nr_hooks of them
 * @dkms_status: what `dkms status` prints about kvmstats, to be freed; NULL when it
 *	cannot be run
 */
struct doctor_host {
	const char *root;
	const char *release;
	const char *device;
	uid_t uid;
	gid_t group;
	bool group_listed;
	bool group_in_force;
	int open_error;
	struct kvmstats_info info;
	struct kvmstats_hook *hooks;
	char *(*dkms_status)(void);
};

/**
 * struct doctor_finding - the result of one check
 * @check: name of the check
 * @state: how it went
 * @text: one line, what was found
 * @mend: the command that mends it, or NULL
 */
struct doctor_finding {
	const char *check;
	enum doctor_state state;
	char *text;
	char *mend;
};

/* Starts zeroed but for @host. */
struct doctor {
	const struct doctor_host *host;
	struct doctor_finding *findings;
	size_t nr_findings;
};

/* All checks; the program ends when memory runs out. */
void doctor_examine(struct doctor *d);
void doctor_free(struct doctor *d);

/* --- between the files of checks --- */

__attribute__((format(printf, 4, 5)))
struct doctor_finding *doctor_find(struct doctor *d, const char *check, enum doctor_state state,
				   const char *text, ...);
/* Sets the command that mends the finding. */
__attribute__((format(printf, 2, 3)))
void doctor_mend(struct doctor_finding *finding, const char *command, ...);

/* Return: length of what @buf received, NUL-terminated and cut when too long, or an errno */
ssize_t doctor_read(const struct doctor *d, const char *path, char *buf, size_t size);
bool doctor_exists(const struct doctor *d, const char *path);

/* Lockdown, Secure Boot: what decides on which modules may load. */
enum doctor_lockdown {
	LOCKDOWN_UNKNOWN,
	LOCKDOWN_NONE,
	LOCKDOWN_INTEGRITY,
	LOCKDOWN_CONFIDENTIALITY,
};
enum doctor_lockdown doctor_lockdown(const struct doctor *d);
bool doctor_is_loaded(const struct doctor *d);

/**
 * struct doctor_module_file - the file of the module that modprobe would load
 * @path: "" when there is none
 * @missing: it is listed, but cannot be read
 * @release: of the kernel it was built for, "" when not known
 * @signer: "" unless it is signed
 */
struct doctor_module_file {
	char path[PATH_MAX];
	bool missing;
	char release[128];
	char signer[128];
};
void doctor_find_module(const struct doctor *d, struct doctor_module_file *file);

void doctor_check_module(struct doctor *d);
void doctor_check_signature(struct doctor *d);
void doctor_check_lockdown(struct doctor *d);

#endif /* KVMSTATS_DOCTOR_H */
