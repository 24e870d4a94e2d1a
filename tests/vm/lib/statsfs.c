// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <string.h>
#include <sys/mount.h>

#include "module.h"
#include "statsfs.h"
#include "tap.h"

void statsfs_begin(void)
{
	errno = module_load("statsfs", "");
	if (errno)
		tap_bail("cannot load statsfs: %s", strerrorname_np(errno));
	if (mount("statsfs", STATSFS, "statsfs", 0, NULL))
		tap_bail("cannot mount statsfs: %s", strerrorname_np(errno));
}

void statsfs_end(void)
{
	is_errno(ERRNO_OF(umount(STATSFS)), 0, "statsfs is unmounted");
	is_errno(module_unload("statsfs"), 0, "statsfs unloads");
}

unsigned int statsfs_subdirs(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int nr = 0;

	if (!dir)
		tap_bail("cannot open %s: %s", path, strerrorname_np(errno));
	while ((entry = readdir(dir)))
		nr += entry->d_type == DT_DIR && entry->d_name[0] != '.';
	closedir(dir);
	return nr;
}
