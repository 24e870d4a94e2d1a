// SPDX-License-Identifier: GPL-2.0-only
/* A tree that changes: under names, open files, listings, watches and mounts. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixture.h"
#include "image.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define NR_STAY		300
#define NR_COME		100
#define ROUNDS		20

/* --- names --- */

static void check_names(void)
{
	static const char y_path[] = FIXTURE "/names/y", z_path[] = FIXTURE "/names/z";
	static struct image image;
	char names[64];
	int y, stats;

	file_is(y_path, "2\n");
	open_is(z_path, O_RDONLY, ENOENT);
	y = open_file(y_path, O_RDONLY);
	stats = open_file(FIXTURE "/names/.stats", O_RDONLY);

	fixture_do("more-names");
	file_is(y_path, "3\n");
	file_is(z_path, "4\n");
	fd_is(y, "2\n", "the value that had the name before");
	list_names(FIXTURE "/names", names, sizeof(names));
	is_str(names, ".schema .stats x y z ", "names, each once");
	image_read(stats, &image);
	is_u64(image.header.num_desc, 2, "values of a .stats that is open");
	is_u64(image_value(&image, "y"), 2, "y there");
	close(stats);
	close(y);

	stats = open_file(FIXTURE "/names/.stats", O_RDONLY);
	image_read(stats, &image);
	is_u64(image.header.num_desc, 3, "values of a new one");
	is_u64(image_value(&image, "y"), 3, "y there");
	close(stats);

	open_is(FIXTURE "/made7/x", O_RDONLY, ENOENT);
	fixture_do("make 7");
	file_is(FIXTURE "/made7/x", "1\n");
	fixture_do("unmake 7");
	open_is(FIXTURE "/made7/x", O_RDONLY, ENOENT);
	open_is(FIXTURE "/made7", O_RDONLY, ENOENT);
}

/* --- watches --- */

/* What has come, as "NAME:MASK " each in hexadecimal; its order is that of the changes. */
static void events_are(int fd, const char *expected, const char *text)
{
	char buffer[4096] __attribute__((aligned(8))), seen[1024] = "";
	const struct inotify_event *event;
	size_t used = 0;
	ssize_t n;

	n = read(fd, buffer, sizeof(buffer));
	for (ssize_t at = 0; at < n; at += sizeof(*event) + event->len) {
		event = (void *)(buffer + at);
		used += snprintf(seen + used, sizeof(seen) - used, "%s:%x ",
				 event->len ? event->name : "", event->mask);
	}
	is_str(seen, expected, "%s", text);
}

#define CHANGES	(IN_CREATE | IN_DELETE | IN_DELETE_SELF)

static int watch(const char *path)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, path, CHANGES) < 0)
		tap_bail("cannot watch %s: %s", path, strerrorname_np(errno));
	return fd;
}

static void check_watches(void)
{
	int top = watch(FIXTURE), sub, file, below;

	fixture_do("make 1");
	events_are(top, "made1:40000100 ", "a directory comes");
	sub = watch(FIXTURE "/made1");
	file = watch(FIXTURE "/made1/x");
	fixture_do("unmake 1");
	events_are(top, "made1:40000200 ", "and goes");
	/* IN_DELETE_SELF and IN_IGNORED. */
	events_are(sub, ":400 :8000 ", "who watches it");
	close(file);
	close(sub);

	sub = watch(FIXTURE "/names");
	file = watch(FIXTURE "/names/y");
	fixture_do("more-names");
	events_are(sub, "y:200 y:100 z:100 ", "files come, of which one was another");
	events_are(file, ":400 :8000 ", "who watches a file that goes");
	events_are(top, "", "of which the directory above has nothing");
	close(file);
	close(sub);

	/* Looked at from another mount too. */
	if (mkdir("/tmp/second", 0700) || mount("statsfs", "/tmp/second", "statsfs", 0, NULL))
		tap_bail("no second mount");
	sub = watch("/tmp/second/fixture");
	below = watch("/tmp/second/fixture/b/c");
	fixture_do("remove b");
	events_are(top, "b:40000200 ", "removed");
	events_are(sub, "b:40000200 ", "as seen from another mount");
	events_are(below, ":400 :8000 ", "who watches what is below it there");
	close(below);
	fixture_do("add b");
	events_are(top, "b:40000100 ", "added again");
	fixture_do("remove b");
	fixture_do("add b");
	events_are(sub, "b:40000100 b:40000200 b:40000100 ", "as seen from another mount");
	close(sub);
	if (umount("/tmp/second") || rmdir("/tmp/second"))
		tap_bail("the second mount does not go");
	close(top);
}

/* --- open files --- */

static void check_open_files(void)
{
	static const char path[] = FIXTURE "/b/calls";
	static struct image image;
	int fd = open_file(path, O_RDWR), stats = open_file(FIXTURE "/b/.stats", O_RDONLY);
	int dir = open_file(FIXTURE "/b", O_RDONLY | O_DIRECTORY);

	fixture_do("remove b");
	open_is(path, O_RDONLY, ENOENT);
	fd_is(fd, "2\n", "open, and the source removed");
	image_read(stats, &image);
	is_u64(image_value(&image, "calls"), 2, "in .stats as well");
	is_errno(ERRNO_OF(openat(dir, "calls", O_RDONLY)), ENOENT, "below a directory that is gone");
	is_errno(ERRNO_OF(openat(dir, ".stats", O_RDONLY)), ENOENT, ".stats of it");
	file_is(FIXTURE "/calls", "1\n");
	fixture_do("add b");
	file_is(path, "2\n");
	file_is(FIXTURE "/b/c/calls", "3\n");
	file_is(FIXTURE "/calls", "6\n");

	fixture_do("revoke b");
	open_is(path, O_RDONLY, ENOENT);
	open_is(FIXTURE "/b/.stats", O_RDONLY, ENODEV);
	open_is(FIXTURE "/b/.schema", O_RDONLY, ENODEV);
	fd_is(fd, "0\n", "open, and the source revoked");
	is_errno(ERRNO_OF(write(fd, "0\n", 2)), 0, "cleared then");
	image_read_data(stats, &image);
	is_u64(image_value(&image, "calls"), 0, "in .stats as well");
	is_u64(image_value(&image, "ns"), 0, "all of it");
	file_is(FIXTURE "/b/c/calls", "3\n");
	file_is(FIXTURE "/calls", "4\n");

	is_errno(module_unload("statsfs_fixture"), EAGAIN, "its module, while they are open");
	close(fd);
	is_errno(module_unload("statsfs_fixture"), EAGAIN, "while one is open");
	close(stats);
	is_errno(module_unload("statsfs_fixture"), 0, "with a directory open");
	is_errno(ERRNO_OF(openat(dir, ".schema", O_RDONLY)), ENOENT, "in that directory");
	close(dir);
	errno = module_load("statsfs_fixture", "");
	if (errno)
		tap_bail("cannot load statsfs_fixture again");
}

static void check_cwd(void)
{
	char cwd[64];
	DIR *dir;

	fixture_do("make 2");
	if (chdir(FIXTURE "/made2"))
		tap_bail("chdir failed");
	dir = opendir(".");
	file_is("x", "1\n");
	fixture_do("unmake 2");
	open_is("x", O_RDONLY, ENOENT);
	open_is(".stats", O_RDONLY, ENOENT);
	is_errno(getcwd(cwd, sizeof(cwd)) ? 0 : errno, ENOENT, "getcwd");
	errno = 0;
	is_u64(!!readdir(dir), 1, "its own name is listed still");
	while (readdir(dir))
		;
	closedir(dir);
	open_is("..", O_RDONLY, 0);
	fixture_do("make 2");
	open_is("x", O_RDONLY, ENOENT);
	file_is(FIXTURE "/made2/x", "1\n");
	fixture_do("unmake 2");
	if (chdir("/"))
		tap_bail("chdir failed");
}

/* --- mounts --- */

static bool is_mounted(const char *path)
{
	char line[512];
	bool found = false;
	FILE *mounts = fopen("/proc/mounts", "re");

	while (mounts && fgets(line, sizeof(line), mounts))
		found |= !!strstr(line, path);
	if (mounts)
		fclose(mounts);
	return found;
}

static void check_mount_below(void)
{
	static const char path[] = FIXTURE "/made3";

	fixture_do("make 3");
	if (mount("none", path, "tmpfs", 0, NULL))
		tap_bail("cannot mount on %s", path);
	tap_ok(is_mounted(path), "something is mounted on a directory");
	fixture_do("unmake 3");
	tap_ok(!is_mounted(path), "it is not when the directory has gone");
	fixture_do("make 3");
	file_is(FIXTURE "/made3/x", "1\n");
	fixture_do("unmake 3");
}

/* --- listings --- */

static void check_positions(void)
{
	static long positions[NR_STAY + 64];
	static char names[NR_STAY + 64][48];
	unsigned int nr = 0, wrong = 0;
	struct dirent *entry;
	DIR *dir = opendir(FIXTURE);

	if (!dir)
		tap_bail("cannot open %s", FIXTURE);
	do {
		positions[nr] = telldir(dir);
		entry = readdir(dir);
		if (entry)
			snprintf(names[nr++], sizeof(names[0]), "%.47s", entry->d_name);
	} while (entry && nr < NR_STAY + 64);
	in_range(nr, NR_STAY, NR_STAY + 63, "entries");
	for (unsigned int i = 0; i < nr; i += 7) {
		unsigned int at = nr - 1 - i;

		seekdir(dir, positions[at]);
		entry = readdir(dir);
		wrong += !entry || strcmp(entry->d_name, names[at]);
	}
	is_u64(wrong, 0, "positions that give another entry");
	/* What has gone is passed over, what comes is at the end. */
	seekdir(dir, positions[nr / 2]);
	fixture_do("make %u", NR_STAY);
	for (unsigned int i = nr / 2; i < nr; i++) {
		entry = readdir(dir);
		wrong += !entry || strcmp(entry->d_name, names[i]);
	}
	is_u64(wrong, 0, "entries that are not as before");
	closedir(dir);
	fixture_do("unmake %u", NR_STAY);
}

static atomic_bool stop;

static void *come_and_go(void *unused)
{
	(void)unused;
	while (!atomic_load(&stop)) {
		for (unsigned int i = 0; i < NR_COME; i++)
			fixture_do("make %u", NR_STAY + i);
		for (unsigned int i = 0; i < NR_COME; i++)
			fixture_do("unmake %u", NR_STAY + NR_COME - 1 - i);
	}
	return NULL;
}

/* Counts how often each was seen; a name seen in a listing may be gone by now. */
static void list_once(unsigned int *seen, unsigned int *wrong)
{
	struct dirent *entry;
	unsigned int nr;
	struct stat stat;
	DIR *dir = opendir(FIXTURE);

	if (!dir)
		tap_bail("cannot open %s", FIXTURE);
	memset(seen, 0, (NR_STAY + NR_COME) * sizeof(*seen));
	while ((entry = readdir(dir))) {
		if (fstatat(dirfd(dir), entry->d_name, &stat, 0) && errno != ENOENT)
			*wrong += 1;
		if (sscanf(entry->d_name, "made%u", &nr) == 1 && nr < NR_STAY + NR_COME)
			seen[nr]++;
	}
	closedir(dir);
}

static void check_listings(void)
{
	static unsigned int seen[NR_STAY + NR_COME];
	unsigned int wrong = 0, missed = 0, twice = 0;
	pthread_t thread;

	for (unsigned int i = 0; i < NR_STAY; i++)
		fixture_do("make %u", i);
	check_positions();
	if (pthread_create(&thread, NULL, come_and_go, NULL))
		tap_bail("no thread");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		list_once(seen, &wrong);
		for (unsigned int i = 0; i < NR_STAY; i++) {
			missed += !seen[i];
			twice += seen[i] > 1;
		}
	}
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	is_u64(missed, 0, "entries missed while others come and go, in %u listings", ROUNDS);
	is_u64(twice, 0, "entries seen twice");
	is_u64(wrong, 0, "entries that cannot be looked at");
	for (unsigned int i = 0; i < NR_STAY; i++)
		fixture_do("unmake %u", i);
}

int main(void)
{
	fixture_begin();
	check_names();
	check_open_files();
	check_watches();
	check_cwd();
	check_mount_below();
	check_listings();
	return fixture_end();
}
