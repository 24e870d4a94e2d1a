// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "browsers.h"
#include "image.h"
#include "tap.h"

#define PATH_SIZE	512
#define REST_US		200
#define MOUNTED_MODE	0750
#define REMOUNTED_MODE	0711

static const char *const names[NR_BROWSERS] = {
	[BROWSE_MOUNT] = "mounts", [BROWSE_WALK] = "entries", [BROWSE_TEXT] = "text files",
	[BROWSE_SCHEMA] = "schemas", [BROWSE_IMAGE] = "binary files", [BROWSE_CLEAR] = "clears",
	[BROWSE_HOLD] = "reads of held files", [BROWSE_WATCH] = "inotify events",
};

/* Whether a call went well. What is gone, or going, is counted, all else is a fault. */
static bool is_good(struct browser *browser, int err, const char *what, const char *path)
{
	if (err == ENOENT || err == ENODEV)
		browser->gone++;
	else if (err)
		finding_add(&browser->fault, "%s of %s: %s", what, path, strerrorname_np(err));
	return !err;
}

static int try_open(struct browser *browser, const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return is_good(browser, ERRNO_OF(fd), "open", path) ? fd : -1;
}

/* --- one file --- */

/* The file of a value is one line. */
static void read_line(struct browser *browser, int fd, const char *path)
{
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0) {
		finding_add(&browser->fault, "read of %s: %s", path, strerrorname_np(errno));
		return;
	}
	text[n] = '\0';
	if (n < 2 || strchr(text, '\n') != text + n - 1)
		finding_add(&browser->fault, "%s reads \"%s\"", path, text);
	else
		browser->done++;
}

static void visit_text(struct browser *browser, const char *path)
{
	int fd = try_open(browser, path, O_RDONLY);

	if (fd < 0)
		return;
	read_line(browser, fd, path);
	read_line(browser, fd, path);
	close(fd);
}

/* Each line has a name and what it is. */
static void visit_schema(struct browser *browser, const char *path)
{
	static _Thread_local char text[65536];
	int fd = try_open(browser, path, O_RDONLY);
	size_t size = 0;
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += n;
	close(fd);
	text[size] = '\0';
	if (n < 0)
		finding_add(&browser->fault, "read of %s: %s", path, strerrorname_np(errno));
	else if (size && text[size - 1] != '\n')
		finding_add(&browser->fault, "%s ends within a line", path);
	for (char *save, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strchr(line, ' ') && !strchr(line, '\t'))
			finding_add(&browser->fault, "%s says \"%s\"", path, line);
	browser->done += n == 0;
}

static void visit_image(struct browser *browser, const char *path)
{
	static _Thread_local struct image first, second;
	int fd = try_open(browser, path, O_RDONLY);

	if (fd < 0)
		return;
	image_read(fd, &first);
	image_read(fd, &second);
	close(fd);
	/* A directory may have no values; all else about it is the same. */
	if (first.header.num_desc ? image_broken_rules(&first, image_id(&first)) :
				    first.size != first.header.data_offset)
		finding_add(&browser->fault, "%s breaks rules", path);
	else if (strncmp(image_id(&first), "kvm", 3))
		finding_add(&browser->fault, "%s is of \"%s\"", path, image_id(&first));
	else if (first.size != second.size ||
		 memcmp(first.bytes, second.bytes, first.header.data_offset))
		finding_add(&browser->fault, "%s changes while it is open", path);
	else
		browser->done++;
}

static void visit_clear(struct browser *browser, const char *path)
{
	struct stat stat;
	int fd, err;

	if (!is_good(browser, ERRNO_OF(lstat(path, &stat)), "stat", path) ||
	    !(stat.st_mode & 0222))
		return;
	fd = try_open(browser, path, O_WRONLY);
	if (fd < 0)
		return;
	err = ERRNO_OF(write(fd, "1\n", 2));
	if (err != EINVAL)
		finding_add(&browser->fault, "1 to %s: %s", path, strerrorname_np(err));
	browser->refused += err == EINVAL;
	err = ERRNO_OF(write(fd, "0\n", 2));
	close(fd);
	/* An aggregate is over what came meanwhile. */
	if (err && err != EPERM)
		finding_add(&browser->fault, "0 to %s: %s", path, strerrorname_np(err));
	browser->done += !err;
}

static void let_go(struct browser *browser)
{
	while (browser->nr_held)
		close(browser->held[--browser->nr_held]);
}

/* One in eight, in the place of another once there is no more room. */
static void visit_hold(struct browser *browser, const char *path)
{
	unsigned int place = browser->nr_held;
	int fd;

	if (rand_r(&browser->seed) % 8)
		return;
	fd = try_open(browser, path, O_RDONLY);
	if (fd < 0)
		return;
	if (place < BROWSER_HELD) {
		browser->nr_held++;
	} else {
		place = rand_r(&browser->seed) % BROWSER_HELD;
		close(browser->held[place]);
	}
	browser->held[place] = fd;
}

static void visit_file(struct browser *browser, const char *path, const char *name)
{
	bool value = name[0] != '.';
	struct stat stat;

	switch (browser->kind) {
	case BROWSE_WALK:
		browser->done += is_good(browser, ERRNO_OF(lstat(path, &stat)), "stat", path);
		break;
	case BROWSE_TEXT:
		if (value)
			visit_text(browser, path);
		break;
	case BROWSE_SCHEMA:
		if (!strcmp(name, ".schema"))
			visit_schema(browser, path);
		break;
	case BROWSE_IMAGE:
		if (!strcmp(name, ".stats"))
			visit_image(browser, path);
		break;
	case BROWSE_CLEAR:
		if (value)
			visit_clear(browser, path);
		break;
	case BROWSE_HOLD:
		if (value)
			visit_hold(browser, path);
		break;
	}
}

/* --- the tree --- */

static void visit_dir(struct browser *browser, const char *path)
{
	DIR *dir;
	struct dirent *entry;
	char child[PATH_SIZE];

	if (browser->kind == BROWSE_WATCH)
		is_good(browser, ERRNO_OF(inotify_add_watch(browser->inotify, path,
							    IN_CREATE | IN_DELETE)),
			"watch", path);
	dir = opendir(path);
	if (!is_good(browser, dir ? 0 : errno, "opendir", path))
		return;
	errno = 0;
	while (!atomic_load(&browser->of->stop) && !atomic_load(&browser->of->leave) &&
	       (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			visit_dir(browser, child);
		else
			visit_file(browser, child, entry->d_name);
		errno = 0;
	}
	is_good(browser, errno, "readdir", path);
	closedir(dir);
}

static void check_mode(struct browser *browser, const char *path, mode_t mode)
{
	struct stat stat;

	if (is_good(browser, ERRNO_OF(lstat(path, &stat)), "stat", path) &&
	    (stat.st_mode & 07777) != mode)
		finding_add(&browser->fault, "%s has mode %o", path, stat.st_mode & 07777);
}

static void expect(struct browser *browser, int seen, int expected, const char *what)
{
	if (seen != expected)
		finding_add(&browser->fault, "%s: %s", what, strerrorname_np(seen));
}

static void mount_elsewhere(struct browser *browser)
{
	char path[] = "/tmp/statsfs.XXXXXX", options[32];
	int fd;

	if (!mkdtemp(path))
		tap_bail("no directory to mount on");
	snprintf(options, sizeof(options), "mode=%o,uid=1,gid=2", MOUNTED_MODE);
	expect(browser, ERRNO_OF(mount("statsfs", path, "statsfs", 0, options)), 0, "mount");
	check_mode(browser, path, MOUNTED_MODE);
	visit_dir(browser, path);
	snprintf(options, sizeof(options), "mode=%o", REMOUNTED_MODE);
	expect(browser, ERRNO_OF(mount("statsfs", path, "statsfs", MS_REMOUNT, options)), 0,
	       "remount");
	check_mode(browser, path, REMOUNTED_MODE);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect(browser, ERRNO_OF(umount(path)), EBUSY, "umount of a busy one");
	close(fd);
	expect(browser, ERRNO_OF(umount(path)), 0, "umount");
	rmdir(path);
	browser->done++;
}

static void read_events(struct browser *browser)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(browser->inotify, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (const void *)at;

			browser->came += !!(event->mask & IN_CREATE);
			browser->went += !!(event->mask & IN_DELETE);
			browser->done++;
			at += sizeof(*event) + event->len;
		}
	}
	if (n < 0 && errno != EAGAIN)
		finding_add(&browser->fault, "inotify: %s", strerrorname_np(errno));
}

/* --- threads --- */

static void browse(struct browser *browser)
{
	if (browser->kind == BROWSE_MOUNT)
		mount_elsewhere(browser);
	else
		visit_dir(browser, browser->of->root);
	for (unsigned int i = 0; i < browser->nr_held; i++)
		read_line(browser, browser->held[i], "a held file");
	if (browser->kind == BROWSE_WATCH)
		read_events(browser);
	browser->rounds++;
}

static void stay_away(struct browser *browser)
{
	let_go(browser);
	atomic_fetch_add(&browser->of->away, 1);
	while (atomic_load(&browser->of->leave) && !atomic_load(&browser->of->stop))
		usleep(REST_US);
	atomic_fetch_sub(&browser->of->away, 1);
}

static void *run(void *argument)
{
	struct browser *browser = argument;

	browser->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (browser->inotify < 0)
		tap_bail("no inotify");
	while (!atomic_load(&browser->of->stop)) {
		if (atomic_load(&browser->of->leave))
			stay_away(browser);
		else
			browse(browser);
		usleep(REST_US);
	}
	let_go(browser);
	close(browser->inotify);
	return NULL;
}

void browsers_start(struct browsers *browsers, const char *root)
{
	*browsers = (struct browsers){ .root = root };
	for (int i = 0; i < NR_BROWSERS; i++) {
		struct browser *browser = &browsers->browser[i];

		browser->of = browsers;
		browser->kind = i;
		browser->seed = i + 1;
		if (pthread_create(&browser->thread, NULL, run, browser))
			tap_bail("no thread");
	}
}

void browsers_leave(struct browsers *browsers, bool leave)
{
	atomic_store(&browsers->leave, leave);
	while (leave && atomic_load(&browsers->away) < NR_BROWSERS)
		usleep(REST_US);
}

bool browsers_were_busy(const struct browsers *browsers)
{
	const struct browser *watch = &browsers->browser[BROWSE_WATCH];

	for (int i = 0; i < NR_BROWSERS; i++)
		if (!atomic_load(&browsers->browser[i].done))
			return false;
	return atomic_load(&browsers->browser[BROWSE_CLEAR].refused) &&
	       atomic_load(&watch->came) && atomic_load(&watch->went);
}

void browsers_stop(struct browsers *browsers, const char *text)
{
	atomic_store(&browsers->stop, true);
	for (int i = 0; i < NR_BROWSERS; i++) {
		struct browser *browser = &browsers->browser[i];

		pthread_join(browser->thread, NULL);
		finding_is_none(&browser->fault, "%s: %lu %s, %lu gone, in %lu rounds", text,
				browser->done, names[i], browser->gone, browser->rounds);
	}
	tap_note("%s: %lu clears refused, %lu creations and %lu deletions seen", text,
		 browsers->browser[BROWSE_CLEAR].refused, browsers->browser[BROWSE_WATCH].came,
		 browsers->browser[BROWSE_WATCH].went);
}

unsigned long browsers_uses(const struct browsers *browsers)
{
	unsigned long sum = 0;

	for (int i = 0; i < NR_BROWSERS; i++)
		sum += browsers->browser[i].done;
	return sum;
}
