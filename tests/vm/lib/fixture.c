// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define COMMANDS	"/sys/module/statsfs_fixture/parameters/do"

void fixture_begin(void)
{
	statsfs_begin();
	errno = module_load("statsfs_fixture", "");
	if (errno)
		tap_bail("cannot load statsfs_fixture: %s", strerrorname_np(errno));
}

int fixture_end(void)
{
	is_errno(module_unload("statsfs_fixture"), 0, "statsfs_fixture unloads");
	statsfs_end();
	return tap_done();
}

void fixture_do(const char *fmt, ...)
{
	char command[64];
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	err = write_text(COMMANDS, command);
	if (err)
		tap_bail("the fixture does not \"%s\": %s", command, strerrorname_np(-err));
}

int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		tap_bail("cannot open %s: %s", path, strerrorname_np(errno));
	return fd;
}

void open_is(const char *path, int flags, int expected)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	is_errno(ERRNO_OF(fd), expected, "open %s", path);
	if (fd >= 0)
		close(fd);
}

void fd_is(int fd, const char *expected, const char *text)
{
	char seen[128];
	ssize_t n = pread(fd, seen, sizeof(seen) - 1, 0);

	if (n < 0) {
		is_errno(errno, 0, "read of %s", text);
		return;
	}
	seen[n] = '\0';
	is_str(seen, expected, "%s", text);
}

void file_is(const char *path, const char *expected)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		is_errno(errno, 0, "open %s", path);
		return;
	}
	fd_is(fd, expected, path);
	close(fd);
}

void list_names(const char *path, char *names, size_t size)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t used = 0;

	if (!dir)
		tap_bail("cannot open %s: %s", path, strerrorname_np(errno));
	names[0] = '\0';
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		used += snprintf(names + used, size - used, "%s ", entry->d_name);
		if (used >= size)
			tap_bail("%s has too many names", path);
	}
	closedir(dir);
}
