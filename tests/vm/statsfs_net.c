// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sample statsfs_net.ko: counters of devices are those that the kernel gives, and
 * their directories come, move and go with them, while they are read too.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "module.h"
#include "native.h"
#include "netdev.h"
#include "statsfs.h"
#include "tap.h"

#define NR_COUNTERS	24
#define NR_LIVES	100

static char *path_of(char *path, const char *fmt, ...) TAP_PRINTF(2, 3);

static char *path_of(char *path, const char *fmt, ...)
{
	va_list args;
	int n = snprintf(path, PATH_MAX, STATSFS "/");

	va_start(args, fmt);
	vsnprintf(path + n, PATH_MAX - n, fmt, args);
	va_end(args);
	return path;
}

static bool is_there(const char *dir, const char *dev)
{
	char path[PATH_MAX];

	return !access(path_of(path, "%s/%s", dir, dev), F_OK);
}

static int open_in(const char *dir, const char *dev, const char *name)
{
	char path[PATH_MAX];
	int fd = open(path_of(path, "%s/%s/%s", dir, dev, name), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		tap_bail("cannot open %s", path);
	return fd;
}

static uint64_t fd_number(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		tap_bail("cannot read a counter");
	return strtoull(text, NULL, 10);
}

static uint64_t counter(const char *dir, const char *dev, const char *name)
{
	int fd = open_in(dir, dev, name);
	uint64_t value = fd_number(fd);

	close(fd);
	return value;
}

static uint64_t sysfs_counter(const char *dev, const char *name)
{
	char path[PATH_MAX], text[32] = "";

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", dev, name);
	if (read_text(path, text, sizeof(text)) < 0)
		tap_bail("cannot read %s", path);
	return strtoull(text, NULL, 10);
}

/* Each file of a device that is @sysfs_dev to sysfs, against .stats and against that. */
static void check_counters(const char *dir, const char *dev, const char *sysfs_dev)
{
	unsigned int nr = 0, wrong = 0;
	char path[PATH_MAX];
	struct dirent *entry;
	struct image image;
	DIR *files;
	int fd;

	fd = open_in(dir, dev, ".stats");
	image_read(fd, &image);
	close(fd);
	files = opendir(path_of(path, "%s/%s", dir, dev));
	while (files && (entry = readdir(files))) {
		uint64_t seen, expected;

		if (entry->d_name[0] == '.')
			continue;
		nr++;
		seen = counter(dir, dev, entry->d_name);
		expected = sysfs_counter(sysfs_dev, entry->d_name);
		if (seen == expected && seen == image_value(&image, entry->d_name))
			continue;
		wrong++;
		tap_note("%s: seen %" PRIu64 ", expected %" PRIu64 ", .stats %" PRIu64,
			 entry->d_name, seen, expected, image_value(&image, entry->d_name));
	}
	if (files)
		closedir(files);
	is_u64(nr, NR_COUNTERS, "%s/%s: counters", dir, dev);
	is_u64(image.header.num_desc, NR_COUNTERS, "%s/%s: counters in .stats", dir, dev);
	is_u64(wrong, 0, "%s/%s: counters that are not the kernel's", dir, dev);
}

static void check_lo(const char *dir)
{
	uint64_t packets, bytes;

	netdev_set_up("lo", true);
	packets = counter(dir, "lo", "tx_packets");
	bytes = counter(dir, "lo", "rx_bytes");
	netdev_ping_lo(100);
	is_u64(counter(dir, "lo", "tx_packets") - packets, 100, "%s/lo: packets sent", dir);
	is_u64(counter(dir, "lo", "rx_bytes") - bytes, 100 * PING_BYTES, "%s/lo: bytes received",
	       dir);
}

/* @fd makes the device stats.0, which is up. */
static void check_rename(int fd)
{
	int old = open_in("net", "stats:0", "rx_packets");

	for (int i = 0; i < 3; i++)
		netdev_receive(fd);
	is_u64(fd_number(old), 3, "net/stats:0: packets received");
	check_counters("net", "stats:0", "stats.0");

	netdev_set_up("stats.0", false);
	netdev_rename("stats.0", "renamed");
	tap_ok(!is_there("net", "stats:0"), "renamed: the old name is gone");
	is_u64(counter("net", "renamed", "rx_packets"), 3, "renamed: packets received");
	is_u64(fd_number(old), 0, "renamed: a file that was open under the old name");
	close(old);
}

/* Network namespaces go in the background. */
static bool goes(const char *dir)
{
	for (int i = 0; i < 300; i++) {
		if (!is_there(dir, ""))
			return true;
		usleep(100000);
	}
	return false;
}

static void check_namespaces(void)
{
	char dir[32];
	int home = netns_open(), other;

	netns_unshare();
	other = netns_open();
	snprintf(dir, sizeof(dir), "netns/%ju", (uintmax_t)netns_number(other));
	check_lo(dir);
	is_u64(counter(dir, "lo", "rx_packets"), 100, "%s/lo: nothing but its own", dir);
	netns_enter(home);

	netdev_move("renamed", other);
	tap_ok(!is_there("net", "renamed"), "moved: gone from where it was");
	is_u64(counter(dir, "renamed", "rx_packets"), 3, "moved: packets received");

	is_errno(module_unload("statsfs_net"), 0, "it unloads with namespaces and devices there");
	tap_ok(!is_there("net", "") && !is_there("netns", ""), "and leaves nothing");
	is_errno(module_load("statsfs_net", ""), 0, "it loads with them there");
	is_u64(counter(dir, "renamed", "rx_packets"), 3, "loaded anew: a device in another namespace");
	is_u64(counter(dir, "lo", "rx_packets"), 100, "loaded anew: lo of another namespace");
	tap_ok(is_there("net", "lo"), "loaded anew: lo");

	close(other);
	tap_ok(goes(dir), "a namespace goes with all that is in it");
	close(home);
}

/* statsfs has names without control characters, the network has not. */
static void check_strange_name(void)
{
	int fd = netdev_create("a\001b");

	tap_ok(if_nametoindex("a\001b") > 0 && !is_there("net", "a\001b"),
	       "a device that cannot be shown is a device all the same");
	close(fd);
}

/* --- while they are read --- */

static atomic_bool stop;

/* Counts what it got to read. */
static void *read_all(void *argument)
{
	unsigned int *reads = argument;
	char path[PATH_MAX], text[4096];
	struct dirent *entry;

	while (!atomic_load(&stop)) {
		DIR *devices = opendir(STATSFS "/net");

		while (devices && (entry = readdir(devices))) {
			if (read_text(path_of(path, "net/%s/.stats", entry->d_name), text,
				      sizeof(text)) > 0)
				++*reads;
			read_text(path_of(path, "net/%s/rx_bytes", entry->d_name), text,
				  sizeof(text));
		}
		if (devices)
			closedir(devices);
	}
	return NULL;
}

static void check_lives(void)
{
	unsigned int reads = 0, missed = 0, stayed = 0;
	pthread_t reader;

	if (pthread_create(&reader, NULL, read_all, &reads))
		tap_bail("pthread_create failed");
	for (int i = 0; i < NR_LIVES; i++) {
		int fd = netdev_create("short");

		missed += !is_there("net", "short");
		close(fd);
		stayed += is_there("net", "short");
	}
	atomic_store(&stop, true);
	pthread_join(reader, NULL);
	is_u64(missed, 0, "devices of %u that did not come", NR_LIVES);
	is_u64(stayed, 0, "devices of %u that did not go", NR_LIVES);
	tap_ok(reads > NR_LIVES, "they were read meanwhile, %u times", reads);
}

static void check_unload(void)
{
	int fd = open_in("net", "lo", "rx_bytes");

	is_errno(module_unload("statsfs_net"), EWOULDBLOCK, "unload with a file open");
	is_errno(module_unload("statsfs"), EWOULDBLOCK, "unload of statsfs under it");
	close(fd);
	is_errno(module_unload("statsfs_net"), 0, "unload with none");
	tap_ok(!is_there("net", "") && !is_there("netns", ""), "it leaves nothing");
}

int main(void)
{
	int fd;

	statsfs_begin();
	is_errno(module_load("statsfs_net", ""), 0, "statsfs_net loads");
	check_lo("net");
	check_counters("net", "lo", "lo");

	fd = netdev_create("stats.0");
	netdev_set_up("stats.0", true);
	check_rename(fd);
	check_namespaces();
	close(fd);
	check_strange_name();
	check_lives();
	check_unload();
	statsfs_end();
	return tap_done();
}
