// SPDX-License-Identifier: GPL-2.0-only
/* Mounts of statsfs: their options, who may have them, and what they keep. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define PLACE	"/tmp/place"
#define NOBODY	65534

/* In what linux/mount.h of today has, under names that sys/mount.h of tomorrow has too. */
#define CONFIG_SET_STRING	1
#define CONFIG_CREATE		6

static void root_is(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	struct stat stat;

	if (lstat(path, &stat))
		tap_bail("cannot look at %s", path);
	is_u64(stat.st_mode, S_IFDIR | mode, "mode of %s", path);
	is_u64(stat.st_uid, uid, "its user");
	is_u64(stat.st_gid, gid, "its group");
}

static void options_are(const char *path, const char *expected)
{
	char line[512], place[128], options[256] = "none";
	FILE *mounts = fopen("/proc/mounts", "re");

	while (mounts && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %127s %*s %255s", place, options) == 2 &&
		    !strcmp(place, path))
			break;
		strcpy(options, "none");
	}
	if (mounts)
		fclose(mounts);
	is_str(options, expected, "options of %s", path);
}

static void mount_is(const char *options, int expected)
{
	int err = ERRNO_OF(mount("statsfs", PLACE, "statsfs", 0, options));

	is_errno(err, expected, "mount with \"%s\"", options);
	if (!err && expected)
		umount(PLACE);
}

/* --- options --- */

/* What the kernel says of an option, which it refuses. */
static void message_is(const char *name, const char *value, const char *expected)
{
	int fd = syscall(SYS_fsopen, "statsfs", 1);
	char message[256] = "";
	ssize_t n;

	if (fd < 0)
		tap_bail("fsopen failed: %s", strerrorname_np(errno));
	is_errno(ERRNO_OF(syscall(SYS_fsconfig, fd, CONFIG_SET_STRING, name, value, 0)), EINVAL,
		 "%s=%s", name, value);
	n = read(fd, message, sizeof(message) - 1);
	message[n < 0 ? 0 : n] = '\0';
	is_str(message, expected, "what it says");
	close(fd);
}

static void check_bad_options(void)
{
	static const char *const bad[] = {
		"uid=x", "uid=-1", "uid=4294967295", "uid=4294967296", "uid", "uid=",
		"gid=x", "gid=4294967295", "mode=8", "mode=10000", "mode=rwx", "mode=-1",
		"colour=red", "mode=0700,colour",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		mount_is(bad[i], EINVAL);
	message_is("uid", "4294967295", "e statsfs: uid=4294967295 is not a user\n");
	message_is("gid", "4294967295", "e statsfs: gid=4294967295 is not a group\n");
	message_is("mode", "10000", "e statsfs: mode=10000 is not a mode\n");
	message_is("mode", "rwx", "e statsfs: Bad value for 'mode'\n");
	message_is("colour", "red", "e statsfs: Unknown parameter 'colour'\n");
}

static void check_options(void)
{
	mount_is("uid=5,gid=6,mode=0750", 0);
	root_is(PLACE, 0750, 5, 6);
	options_are(PLACE, "rw,relatime,uid=5,gid=6,mode=750");
	root_is(STATSFS, 0700, 0, 0);
	options_are(STATSFS, "rw,relatime");
	file_is(PLACE "/fixture/a/calls", "1\n");

	is_errno(ERRNO_OF(mount("none", PLACE, "", MS_REMOUNT, "mode=0711")), 0, "remount");
	root_is(PLACE, 0711, 5, 6);
	options_are(PLACE, "rw,relatime,uid=5,gid=6,mode=711");
	is_errno(ERRNO_OF(mount("none", PLACE, "", MS_REMOUNT, "uid=0,mode=x")), EINVAL,
		 "remount with a bad option");
	root_is(PLACE, 0711, 5, 6);
	is_errno(ERRNO_OF(mount("none", PLACE, "", MS_REMOUNT | MS_RDONLY, NULL)), 0,
		 "remount, read-only");
	options_are(PLACE, "ro,relatime,uid=5,gid=6,mode=711");
	open_is(PLACE "/fixture/a/calls", O_WRONLY, EROFS);
	open_is(FIXTURE "/a/calls", O_WRONLY, 0);
	root_is(STATSFS, 0700, 0, 0);
	is_errno(ERRNO_OF(umount(PLACE)), 0, "unmount");
}

/* --- who may --- */

static int as_nobody(const char *path, int flags)
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			_exit(255);
		_exit(ERRNO_OF(open(path, flags)));
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		tap_bail("no child");
	return WEXITSTATUS(status);
}

static void check_others(void)
{
	is_errno(as_nobody(FIXTURE "/a/calls", O_RDONLY), EACCES, "nobody, by default");
	is_errno(as_nobody(STATSFS, O_RDONLY), EACCES, "the root");
	mount_is("mode=0711", 0);
	is_errno(as_nobody(PLACE, O_RDONLY), EACCES, "a root to pass through: listing it");
	is_errno(as_nobody(PLACE "/fixture/a/calls", O_RDONLY), 0, "reading below it");
	is_errno(as_nobody(PLACE "/fixture/.stats", O_RDONLY), 0, "reading .stats");
	is_errno(as_nobody(PLACE "/fixture/a/calls", O_WRONLY), EACCES, "writing");
	is_errno(ERRNO_OF(umount(PLACE)), 0, "unmount");
}

static void check_namespaces(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
		    unshare(CLONE_NEWUSER | CLONE_NEWNS))
			_exit(255);
		_exit(ERRNO_OF(mount("statsfs", "/tmp", "statsfs", 0, NULL)));
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		tap_bail("no child");
	is_u64(WEXITSTATUS(status), EPERM, "errno of a mount in a user namespace of its own");
}

/* --- what is kept --- */

static void check_busy(void)
{
	int fd;

	mount_is("", 0);
	fd = open_file(PLACE "/fixture/b/calls", O_RDONLY);
	is_errno(ERRNO_OF(umount(PLACE)), EBUSY, "unmount with a file open");
	is_errno(ERRNO_OF(umount2(PLACE, MNT_DETACH)), 0, "a lazy one");
	fd_is(fd, "2\n", "the file after it");
	is_errno(module_unload("statsfs_fixture"), EAGAIN, "the fixture's module then");
	fixture_do("remove b");
	fixture_do("add b");
	fd_is(fd, "2\n", "removed and added again meanwhile");
	close(fd);
	file_is(FIXTURE "/b/calls", "2\n");
}

static void check_watched(void)
{
	struct inotify_event events[2] = { { 0 } };
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	mount_is("", 0);
	if (fd < 0 || inotify_add_watch(fd, PLACE "/fixture/b", IN_CREATE | IN_DELETE) < 0)
		tap_bail("cannot watch a directory");
	is_errno(ERRNO_OF(umount(PLACE)), 0, "unmount with a directory watched");
	is_u64(read(fd, events, sizeof(events)), sizeof(events), "bytes of events");
	is_u64(events[0].mask, IN_UNMOUNT | IN_ISDIR, "who watches is told");
	is_u64(events[1].mask, IN_IGNORED, "and watches no more");
	fixture_do("remove b");
	fixture_do("add b");
	is_errno(ERRNO_OF(read(fd, events, sizeof(events))), EAGAIN, "events of a tree not mounted");
	close(fd);
}

static void check_unload(void)
{
	int fd;

	is_errno(module_unload("statsfs"), EAGAIN, "unload while it is used and mounted");
	is_errno(module_unload("statsfs_fixture"), 0, "statsfs_fixture unloads");
	open_is(FIXTURE, O_RDONLY, ENOENT);
	is_errno(module_unload("statsfs"), EAGAIN, "unload while it is mounted");
	fd = open_file(STATSFS "/.stats", O_RDONLY);
	is_errno(ERRNO_OF(umount2(STATSFS, MNT_DETACH)), 0, "a lazy unmount");
	is_errno(module_unload("statsfs"), EAGAIN, "unload while a file is open");
	close(fd);
	is_errno(module_unload("statsfs"), 0, "unload");
	is_errno(ERRNO_OF(access(STATSFS, F_OK)), ENOENT, "the mount point then");
	is_errno(ERRNO_OF(mount("statsfs", PLACE, "statsfs", 0, NULL)), ENODEV, "a mount then");
	is_errno(module_load("statsfs", ""), 0, "load again");
	is_errno(ERRNO_OF(access(STATSFS, F_OK)), 0, "the mount point then");
	is_errno(module_unload("statsfs"), 0, "unload again");
}

int main(void)
{
	if (mkdir(PLACE, 0700))
		tap_bail("no place to mount on");
	fixture_begin();
	check_bad_options();
	check_options();
	check_others();
	check_namespaces();
	check_busy();
	check_watched();
	check_unload();
	rmdir(PLACE);
	return tap_done();
}
