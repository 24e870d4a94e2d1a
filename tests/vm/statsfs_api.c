// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interface of statsfs.ko as other modules use it: what statsfs_test.ko says of it in
 * the kernel's log; its tree as it reads from here, with files that stay open; and a module
 * that comes and goes without it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image.h"
#include "klog.h"
#include "module.h"
#include "native.h"
#include "statsfs.h"
#include "tap.h"

#define TREE	STATSFS "/statsfs_test"
#define CLIENT	STATSFS "/statsfs_client_test"
#define MANY	40

/* --- KTAP --- */

static int kmsg_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		tap_bail("cannot read /dev/kmsg");
	return fd;
}

/* The next line that the test module said, NULL when there is none. */
static char *kmsg_next(int fd)
{
	static const char prefix[] = "statsfs_test: ";
	static char record[4096];
	char *text;
	ssize_t n;

	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && errno == EAGAIN)
			return NULL;
		if (n < 0 && errno == EPIPE) {
			tap_note("lines of the kernel's log are lost");
			continue;
		}
		if (n < 0)
			tap_bail("cannot read /dev/kmsg");
		record[n] = '\0';
		text = strchr(record, ';');
		if (!text || strncmp(++text, prefix, strlen(prefix)))
			continue;
		text[strcspn(text, "\n")] = '\0';
		return text + strlen(prefix);
	}
}

/* Each result of the kernel's is one of ours. */
static void ktap(int kmsg)
{
	unsigned int results = 0, plan = 0, number;
	char *line;
	int at;

	while ((line = kmsg_next(kmsg))) {
		if (sscanf(line, "1..%u", &number) == 1) {
			tap_ok(!plan, "one plan, of %u cases", number);
			plan = number;
		} else if (sscanf(line, "ok %u %n", &number, &at) == 1) {
			tap_ok(number == ++results, "kernel: %s", line + at);
		} else if (sscanf(line, "not ok %u %n", &number, &at) == 1) {
			results++;
			tap_ok(false, "kernel: %s", line + at);
		} else {
			tap_note("%s", line);
		}
	}
	tap_ok(plan, "there is a plan");
	is_u64(results, plan, "results as planned");
	tap_summary("%u KTAP cases in the kernel", results);
}

/* --- the tree --- */

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		tap_bail("cannot open %s", path);
	return fd;
}

static void is_text(int fd, const char *expected, const char *what)
{
	char text[64] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	is_str(n < 0 ? strerrorname_np(errno) : text, expected, "%s reads", what);
}

/* Values of a type that reads many at once, alone and as an aggregate's. */
static void check_many(const char *path, uint64_t largest_run)
{
	int fd = open_file(path, O_RDONLY), run = open_file(TREE "/many/.stats", O_RDONLY);
	struct image image;
	char name[8];
	unsigned int wrong = 0;

	image_read(fd, &image);
	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "v%u", i);
		wrong += image_value(&image, name) != 3 * i;
	}
	is_u64(wrong, 0, "%s: wrong values", path);
	is_u64(image_value(&image, "alone"), 1000, "%s: the one that is read alone", path);
	is_u64(fd_value(run, "largest_run"), largest_run, "%s: read at once", path);
	close(run);
	close(fd);
}

/* Files that are open when what they are over goes. */
static void check_revoked(void)
{
	int text = open_file(TREE "/many/v5", O_RDWR), stats = open_file(TREE "/many/.stats", O_RDONLY);
	int above = open_file(TREE "/v5", O_RDONLY), dir = open_file(TREE "/many", O_RDONLY);

	is_text(text, "15\n", "an open file");
	is_text(above, "15\n", "an aggregate");
	is_errno(-write_text("/sys/module/statsfs_test/parameters/revoke", "1"), 0, "revoke");
	is_text(text, "0\n", "the file of a revoked value");
	is_text(above, "0\n", "an aggregate of nothing but that");
	is_u64(fd_value(stats, "v5"), 0, ".stats of a revoked source");
	is_errno(ERRNO_OF(pwrite(text, "0", 1, 0)), 0, "clearing a revoked value");
	is_errno(ERRNO_OF(faccessat(dir, "v5", F_OK, 0)), ENOENT, "the value's name");
	is_errno(ERRNO_OF(access(TREE "/v5", F_OK)), 0, "the aggregate's name");
	close(text);
	close(above);
	close(dir);
	close(stats);
}

/* --- a client --- */

static bool client_is_attached(void)
{
	char text[8] = "";

	read_text("/sys/module/statsfs_client_test/parameters/attached", text, sizeof(text));
	return text[0] == 'Y';
}

static void client_goes_first(void)
{
	statsfs_begin();
	is_errno(module_load("statsfs_client_test", ""), 0, "a client loads");
	tap_ok(client_is_attached(), "it is attached");
	is_u64(module_refs("statsfs"), 1, "and does not keep statsfs: only the mount does");
	tap_ok(!access(CLIENT "/seven", F_OK), "it has a source");
	is_errno(module_unload("statsfs_client_test"), 0, "the client unloads");
	is_errno(ERRNO_OF(access(CLIENT, F_OK)), ENOENT, "its source is gone");
	statsfs_end();
}

static void statsfs_goes_first(void)
{
	statsfs_begin();
	is_errno(module_load("statsfs_client_test", ""), 0, "a client loads");
	statsfs_end();
	tap_ok(!client_is_attached(), "the client is detached");
	is_errno(module_unload("statsfs_client_test"), 0, "the client unloads by itself");
}

static void no_statsfs(void)
{
	is_errno(module_load("statsfs_client_test", ""), 0, "a client loads without statsfs");
	tap_ok(!client_is_attached(), "and is not attached");
	is_errno(module_unload("statsfs_client_test"), 0, "and unloads");
}

static void *unload_client(void *unused)
{
	(void)unused;
	return (void *)(intptr_t)module_unload("statsfs_client_test");
}

/* Either may find the other on its way out, and be refused for that, but no more. */
static void both_at_once(void)
{
	unsigned int wrong = 0, left = 0;

	for (unsigned int i = 0; i < 20; i++) {
		pthread_t thread;
		void *seen;
		int err;

		if (module_load("statsfs", "") || module_load("statsfs_client_test", ""))
			tap_bail("cannot load statsfs and its client");
		if (pthread_create(&thread, NULL, unload_client, NULL))
			tap_bail("cannot start a thread");
		err = module_unload("statsfs");
		pthread_join(thread, &seen);
		wrong += err || (seen && (intptr_t)seen != EWOULDBLOCK);
		if (module_is_loaded("statsfs_client_test"))
			module_unload("statsfs_client_test");
		left += module_is_loaded("statsfs_client_test") || module_is_loaded("statsfs");
	}
	is_u64(wrong, 0, "unloads at once that went wrong");
	is_u64(left, 0, "modules that stayed");
}

int main(void)
{
	unsigned int lost = klog_lines("statsfs:", "never given back");
	int kmsg = kmsg_open();

	statsfs_begin();
	is_errno(module_load("statsfs_test", ""), 0, "the test module loads");
	ktap(kmsg);
	check_many(TREE "/many/.stats", MANY);
	check_many(TREE "/.stats", MANY);
	check_revoked();
	is_errno(module_unload("statsfs_test"), 0, "the test module unloads");
	is_errno(ERRNO_OF(access(TREE, F_OK)), ENOENT, "its tree is gone");
	statsfs_end();
	is_errno(ERRNO_OF(access(STATSFS, F_OK)), ENOENT, "the mount point is gone");

	client_goes_first();
	statsfs_goes_first();
	no_statsfs();
	both_at_once();
	is_u64(klog_lines("statsfs:", "never given back"), lost, "sources that were lost");
	return tap_done();
}
