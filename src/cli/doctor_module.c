// SPDX-License-Identifier: GPL-2.0-or-later
/* Is the module there for this kernel, and would the kernel take it? */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "doctor.h"

#define MOK_GUID	"605dab50-e046-4300-abb6-3dd810dd8b23"
#define GLOBAL_GUID	"8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define DKMS_KEY	"/var/lib/dkms/mok.pub"

/* --- why there is none --- */

static bool is_supported(const char *release)
{
	unsigned int major, minor;

	return sscanf(release, "%u.%u.", &major, &minor) == 2 &&
	       ((major == 5 && minor >= 10) || major == 6 || major == 7);
}

static void mend_by_package(struct doctor *d, struct doctor_finding *finding,
			    const char *deb, const char *rpm, const char *suffix)
{
	if (doctor_exists(d, "/usr/bin/apt") || !doctor_exists(d, "/usr/bin/dnf"))
		doctor_mend(finding, "apt install %s%s", deb, suffix);
	else
		doctor_mend(finding, "dnf install %s%s", rpm, suffix);
}

/*
 * The lines are "kvmstats/0.1.0, RELEASE, x86_64: installed", of an old dkms
 * "kvmstats, 0.1.0, ...". Finds a line of @release, or else any.
 */
static bool find_dkms(const char *status, const char *release, char *version, size_t size,
		      char *state, size_t state_size)
{
	bool found = false;

	for (const char *line = status; line && *line;) {
		size_t length = strcspn(line, "\n");
		char text[512], *colon;
		const char *at = text + strlen("kvmstats");

		snprintf(text, sizeof(text), "%.*s", (int)length, line);
		line += length + (line[length] == '\n');
		colon = strstr(text, ": ");
		if (strncmp(text, "kvmstats", strlen("kvmstats")) || !colon)
			continue;
		*colon = '\0';
		at += strspn(at, "/, ");
		length = strcspn(at, ", ");
		snprintf(version, size, "%.*s", (int)length, at);
		at += length;
		at += strspn(at, ", ");
		length = strcspn(at, ", ");
		found = true;
		*state = '\0';
		if (length == strlen(release) && !strncmp(at, release, length)) {
			snprintf(state, state_size, "%.*s", (int)strcspn(colon + 2, " ("),
				 colon + 2);
			break;
		}
	}
	return found;
}

static void explain_dkms(struct doctor *d)
{
	const char *release = d->host->release;
	char *status = d->host->dkms_status();
	struct doctor_finding *finding;
	char version[64], state[32];

	if (!status || !find_dkms(status, release, version, sizeof(version), state,
				  sizeof(state))) {
		finding = doctor_find(d, "module", DOCTOR_FAIL, status ?
				      "the module is not installed: dkms knows no kvmstats" :
				      "the module is not installed, and there is no dkms to build it");
		mend_by_package(d, finding, "kvmstats-dkms", "kvmstats-dkms", "");
	} else if (!strncmp(state, "installed", strlen("installed"))) {
		finding = doctor_find(d, "module", DOCTOR_FAIL,
				      "dkms has installed kvmstats %s for %s, but the list of modules lacks it",
				      version, release);
		doctor_mend(finding, "depmod -a");
	} else if (!strcmp(state, "built")) {
		finding = doctor_find(d, "module", DOCTOR_FAIL,
				      "dkms has built kvmstats %s for %s, but not installed it",
				      version, release);
		doctor_mend(finding, "dkms install kvmstats/%s -k %s", version, release);
	} else {
		finding = doctor_find(d, "module", DOCTOR_FAIL,
				      "kvmstats %s is not built for %s; what a failed build said is in /var/lib/dkms/kvmstats/%s/build/make.log",
				      version, release, version);
		doctor_mend(finding, "dkms install kvmstats/%s -k %s", version, release);
	}
	free(status);
}

static void explain_missing(struct doctor *d)
{
	const char *release = d->host->release;
	struct doctor_finding *finding;
	char path[PATH_MAX], text[8];

	if (!is_supported(release)) {
		doctor_find(d, "module", DOCTOR_FAIL,
			    "kvmstats does not fit Linux %s: boot a kernel from 5.10 to 7.x",
			    release);
		return;
	}
	if (doctor_read(d, "/sys/kernel/realtime", text, sizeof(text)) > 0 && *text == '1') {
		doctor_find(d, "module", DOCTOR_FAIL,
			    "kvmstats does not fit PREEMPT_RT: boot a kernel without it");
		return;
	}
	snprintf(path, sizeof(path), "/lib/modules/%s/build/", release);
	if (!doctor_exists(d, path)) {
		finding = doctor_find(d, "module", DOCTOR_FAIL,
				      "the module is not built for %s, whose headers are not there",
				      release);
		mend_by_package(d, finding, "linux-headers-", "kernel-devel-", release);
		return;
	}
	explain_dkms(d);
}

void doctor_check_module(struct doctor *d)
{
	struct doctor_finding *finding;
	struct doctor_module_file file;
	char version[64];

	if (doctor_is_loaded(d)) {
		if (doctor_read(d, "/sys/module/kvmstats/version", version, sizeof(version)) < 0)
			*version = '\0';
		doctor_find(d, "module", DOCTOR_OK, "kvmstats %.*s is loaded",
			    (int)strcspn(version, "\n"), version);
		return;
	}
	doctor_find_module(d, &file);
	if (!*file.path) {
		explain_missing(d);
	} else if (file.missing) {
		finding = doctor_find(d, "module", DOCTOR_FAIL,
				      "the list of modules names %s, which cannot be read",
				      file.path);
		doctor_mend(finding, "depmod -a");
	} else if (strcmp(file.release, d->host->release)) {
		finding = doctor_find(d, "module", DOCTOR_FAIL,
				      "%s is built for %s, this is %s", file.path, file.release,
				      d->host->release);
		doctor_mend(finding, "dkms install --force kvmstats/%s -k %s", KVMSTATS_VERSION,
			    d->host->release);
	} else {
		finding = doctor_find(d, "module", DOCTOR_FAIL,
				      "the module is there for %s, but it is not loaded",
				      d->host->release);
		doctor_mend(finding, "modprobe kvmstats");
	}
}

/* --- would the kernel take it? --- */

static bool secure_boot(const struct doctor *d)
{
	char text[8];

	/* four bytes of attributes, then the value */
	return doctor_read(d, "/sys/firmware/efi/efivars/SecureBoot-" GLOBAL_GUID, text,
			   sizeof(text)) == 5 && text[4] == 1;
}

static bool wants_signed(const struct doctor *d)
{
	char text[8];

	return doctor_lockdown(d) > LOCKDOWN_NONE ||
	       (doctor_read(d, "/sys/module/module/parameters/sig_enforce", text,
			    sizeof(text)) > 0 && *text == 'Y');
}

enum enrolled { ENROLLED_NO, ENROLLED_YES, ENROLLED_UNKNOWN };

/* The list of the machine's owner holds certificates as they are. */
static enum enrolled is_enrolled(const struct doctor *d)
{
	static const char *const lists[] = {
		"/sys/firmware/efi/mok-variables/MokListRT",
		"/sys/firmware/efi/efivars/MokListRT-" MOK_GUID,
	};
	enum enrolled enrolled = ENROLLED_UNKNOWN;
	static char list[1 << 18];
	char key[8192];
	ssize_t key_size, size;

	key_size = doctor_read(d, DKMS_KEY, key, sizeof(key));
	if (key_size <= 0)
		return ENROLLED_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(lists) && enrolled != ENROLLED_YES; i++) {
		size = doctor_read(d, lists[i], list, sizeof(list));
		if (size >= 0)
			enrolled = memmem(list, size, key, key_size) ? ENROLLED_YES : ENROLLED_NO;
	}
	return enrolled;
}

static void check_key(struct doctor *d, const struct doctor_module_file *file)
{
	struct doctor_finding *finding;

	switch (is_enrolled(d)) {
	case ENROLLED_YES:
		doctor_find(d, "key", DOCTOR_OK,
			    "the module is signed by %s, and the key of dkms is enrolled",
			    file->signer);
		return;
	case ENROLLED_NO:
		finding = doctor_find(d, "key", DOCTOR_FAIL,
				      "the module is signed by %s, whose key this machine rejects: enrol it, reboot, and confirm in the firmware's dialog",
				      file->signer);
		break;
	default:
		finding = doctor_find(d, "key", DOCTOR_WARN,
				      "the module is signed by %s; \"key was rejected\" at modprobe means that its key is to be enrolled",
				      file->signer);
	}
	doctor_mend(finding, "mokutil --import " DKMS_KEY);
}

void doctor_check_signature(struct doctor *d)
{
	const char *boot = secure_boot(d) ? "Secure Boot is on" : "Secure Boot is off";
	struct doctor_finding *finding;
	struct doctor_module_file file;

	if (doctor_is_loaded(d)) {
		doctor_find(d, "key", DOCTOR_OK, "%s, and the kernel has taken the module", boot);
		return;
	}
	if (!wants_signed(d)) {
		doctor_find(d, "key", DOCTOR_OK, "%s, and the kernel takes unsigned modules",
			    boot);
		return;
	}
	doctor_find_module(d, &file);
	if (!*file.path || file.missing) {
		doctor_find(d, "key", DOCTOR_WARN,
			    "%s, and the kernel takes signed modules only; there is none yet",
			    boot);
	} else if (!*file.signer) {
		finding = doctor_find(d, "key", DOCTOR_FAIL,
				      "the kernel takes signed modules only, and %s is not signed: have dkms sign it",
				      file.path);
		doctor_mend(finding, "dkms install --force kvmstats/%s -k %s", KVMSTATS_VERSION,
			    d->host->release);
	} else {
		check_key(d, &file);
	}
}

void doctor_check_lockdown(struct doctor *d)
{
	switch (doctor_lockdown(d)) {
	case LOCKDOWN_UNKNOWN:
		doctor_find(d, "lockdown", DOCTOR_OK, "this kernel has none");
		break;
	case LOCKDOWN_NONE:
		doctor_find(d, "lockdown", DOCTOR_OK, "none");
		break;
	case LOCKDOWN_INTEGRITY:
		doctor_find(d, "lockdown", DOCTOR_OK,
			    "integrity: debugfs is closed, kvmstats reads on; modules must be signed");
		break;
	case LOCKDOWN_CONFIDENTIALITY:
		doctor_find(d, "lockdown", DOCTOR_OK,
			    "confidentiality: debugfs is closed, kvmstats reads on; modules must be signed");
		break;
	}
}
