// SPDX-License-Identifier: LGPL-2.1-or-later
/* Why the device cannot be used. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

static bool is_present(const char *root, const char *path)
{
	char full[4096];

	snprintf(full, sizeof(full), "%s%s", root, path);
	return !access(full, F_OK);
}

/* Is @word one of the words of the file? */
static bool has_word(const char *root, const char *path, const char *word)
{
	char full[4096], text[4096];
	bool found = false;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	f = fopen(full, "re");
	if (!f)
		return false;
	while (!found && fscanf(f, "%4095s", text) == 1)
		found = !strcmp(text, word);
	fclose(f);
	return found;
}

static int not_there(const char *root, const char *path, char *buf, size_t size)
{
	if (strcmp(path, KVMSTATS_DEVICE))
		return snprintf(buf, size, "%s: not there: the device is " KVMSTATS_DEVICE, path);
	if (is_present(root, "/sys/module/kvmstats"))
		return snprintf(buf, size,
				"%s: not there although the module is loaded: a container or chroot must be given it",
				path);
	if (has_word(root, "/proc/cmdline", "nokvmstats"))
		return snprintf(buf, size,
				"%s: not there: `nokvmstats` on the kernel's command line keeps the module out: take it away and reboot",
				path);
	return snprintf(buf, size, "%s: not there: load the module with `modprobe kvmstats`",
			path);
}

static const char *type_name(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return "something else";
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return "a file";
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a pipe";
	case S_IFSOCK:
		return "a socket";
	default:
		return "another device";
	}
}

static int other_type(const char *path, char *buf, size_t size)
{
	return snprintf(buf, size, "%s: %s, not a kvmstats device", path, type_name(path));
}

static int no_driver(const char *path, char *buf, size_t size)
{
	struct stat st;

	if (!stat(path, &st) && !S_ISCHR(st.st_mode))
		return other_type(path, buf, size);
	return snprintf(buf, size,
			"%s: no driver behind it: load the module with `modprobe kvmstats`",
			path);
}

static int not_allowed(const char *path, char *buf, size_t size)
{
	struct stat st;

	if (!stat(path, &st) && S_ISCHR(st.st_mode) && !(st.st_mode & 0040))
		return snprintf(buf, size,
				"%s: permission denied: root alone may: give it to the group `kvmstats` with `udevadm trigger --sysname-match=kvmstats`",
				path);
	return snprintf(buf, size,
			"%s: permission denied: be root or a member of the group `kvmstats`",
			path);
}

size_t kvmstats_explain_in(const char *root, const char *path, int error, char *buf, size_t size)
{
	char text[128];

	if (!path)
		path = KVMSTATS_DEVICE;
	switch (-error) {
	case ENOENT:
		return not_there(root, path, buf, size);
	case ENXIO:
	case ENODEV:
		return no_driver(path, buf, size);
	case EACCES:
		return not_allowed(path, buf, size);
	case EPERM:
		return snprintf(buf, size,
				"%s: not permitted: the rules of this container or service must allow the device",
				path);
	case ENOTTY:
	case EINVAL:
		return other_type(path, buf, size);
	default:
		return snprintf(buf, size, "%s: cannot be opened: %s", path,
				strerror_r(-error, text, sizeof(text)));
	}
}

size_t kvmstats_explain(const char *path, int error, char *buf, size_t size)
{
	return kvmstats_explain_in("", path, error, buf, size);
}
