// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file system, with each allocation and each user copy failed in turn: mounting,
 * looking up, opening, listing, reading and writing. What failed has done nothing, and
 * goes well when it is tried again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault.h"
#include "guest.h"
#include "memory.h"
#include "module.h"
#include "statsfs.h"
#include "tap.h"

#define PLACE	"/tmp/statsfs"
#define OPTIONS	"mode=0750,uid=1,gid=2"
#define VALUE	"kvm/io_exits"
#define OUTS	7
#define ROOM	32768

static void mount_place(void)
{
	if (mount("statsfs", PLACE, "statsfs", 0, OPTIONS))
		tap_bail("cannot mount statsfs: %s", strerrorname_np(errno));
}

static void umount_place(void)
{
	if (umount(PLACE))
		tap_bail("cannot unmount statsfs: %s", strerrorname_np(errno));
}

static bool has_mode(mode_t mode)
{
	struct stat stat;

	return !lstat(PLACE, &stat) && (stat.st_mode & 07777) == mode;
}

/* --- mounting --- */

static int call_mount(void *context)
{
	(void)context;
	return ERRNO_OF(mount("statsfs", PLACE, "statsfs", 0, OPTIONS));
}

static bool after_mount(void *context, int err)
{
	(void)context;
	if (err) {
		if (!umount(PLACE)) {
			tap_note("it is mounted");
			return false;
		}
		mount_place();
	}
	err = has_mode(0750) ? 0 : EINVAL;
	umount_place();
	return !err;
}

static void before_mounted(void *context)
{
	(void)context;
	mount_place();
}

static int call_remount(void *context)
{
	(void)context;
	return ERRNO_OF(mount("statsfs", PLACE, "statsfs", MS_REMOUNT, "mode=0700"));
}

/* All of its options are taken, or none. */
static bool after_remount(void *context, int err)
{
	bool right = has_mode(err ? 0750 : 0700);

	(void)context;
	umount_place();
	return right;
}

static void check_mounting(void)
{
	const struct fault_case to_mount = {
		.name = "mount", .call = call_mount, .after = after_mount,
		.allowed = { ENOMEM, EFAULT }, .least = 5,
	};
	const struct fault_case to_remount = {
		.name = "remount", .before = before_mounted, .call = call_remount,
		.after = after_remount, .allowed = { ENOMEM, EFAULT }, .least = 2,
	};

	fault_run(&to_mount);
	fault_run(&to_remount);
}

/* --- files --- */

struct use {
	const char *path;
	int flags;
	int fd;
	ssize_t n;
	size_t expected_size;
	char expected[ROOM];
	char buffer[ROOM];
};

static int open_it(const struct use *use)
{
	return open(use->path, use->flags | O_CLOEXEC);
}

static int call_open(void *context)
{
	struct use *use = context;

	use->fd = open_it(use);
	return ERRNO_OF(use->fd);
}

static bool after_open(void *context, int err)
{
	struct use *use = context;
	ssize_t n = 0;

	if (err)
		use->fd = open_it(use);
	if (use->fd < 0)
		tap_bail("cannot open %s", use->path);
	if (!(use->flags & O_DIRECTORY))
		n = pread(use->fd, use->buffer, ROOM, 0);
	close(use->fd);
	umount_place();
	return n == (ssize_t)use->expected_size && !memcmp(use->buffer, use->expected, n);
}

static void before_read(void *context)
{
	struct use *use = context;

	memset(use->buffer, POISON, ROOM);
	if (lseek(use->fd, 0, SEEK_SET))
		tap_bail("lseek failed");
}

static int call_read(void *context)
{
	struct use *use = context;

	use->n = use->flags & O_DIRECTORY ? syscall(SYS_getdents64, use->fd, use->buffer, ROOM) :
					    read(use->fd, use->buffer, ROOM);
	return ERRNO_OF(use->n);
}

/* A list that ends early goes on where it has ended. */
static ssize_t read_on(struct use *use)
{
	ssize_t n = use->n, more;

	while (use->flags & O_DIRECTORY && n < ROOM &&
	       (more = syscall(SYS_getdents64, use->fd, use->buffer + n, ROOM - n)) > 0)
		n += more;
	return n;
}

static bool after_read(void *context, int err)
{
	struct use *use = context;
	bool stayed = !err || lseek(use->fd, 0, SEEK_CUR) == 0;

	if (err) {
		before_read(use);
		err = call_read(use);
	}
	if (!err && stayed && read_on(use) == (ssize_t)use->expected_size &&
	    !memcmp(use->buffer, use->expected, use->expected_size))
		return true;
	tap_note("errno %d, %zd bytes of %zu%s", err, use->n, use->expected_size,
		 stayed ? "" : ", and the position had moved");
	return false;
}

/* What a file reads when nothing fails. */
static void learn(struct use *use)
{
	use->fd = open_it(use);
	if (use->fd < 0)
		tap_bail("cannot open %s: %s", use->path, strerrorname_np(errno));
	before_read(use);
	if (call_read(use))
		tap_bail("cannot read %s", use->path);
	use->expected_size = read_on(use);
	memcpy(use->expected, use->buffer, use->expected_size);
}

static void check_file(const char *path, int flags, unsigned int least)
{
	static struct use use;
	char name[128];
	struct fault_case fault = {
		.name = name, .before = before_read, .call = call_read, .after = after_read,
		.context = &use, .allowed = { ENOMEM, EFAULT }, .least = least,
	};

	use = (struct use){ .path = path, .flags = flags };
	mount_place();
	learn(&use);
	snprintf(name, sizeof(name), "read of %s", path);
	fault_run(&fault);
	close(use.fd);
	umount_place();

	/* On a fresh mount, which knows no name yet. */
	if (flags & O_DIRECTORY)
		use.expected_size = 0;
	snprintf(name, sizeof(name), "open of %s", path);
	fault.before = before_mounted;
	fault.call = call_open;
	fault.after = after_open;
	fault.least = 3;
	fault_run(&fault);
}

/* --- writing --- */

static int call_clear(void *context)
{
	return ERRNO_OF(pwrite(*(int *)context, "0\n", 2, 0));
}

static bool after_clear(void *context, int err)
{
	if (err)
		err = call_clear(context);
	return !err;
}

static void check_clear(void)
{
	int fd;
	const struct fault_case fault = {
		.name = "clear of " VALUE, .call = call_clear, .after = after_clear,
		.context = &fd, .allowed = { ENOMEM, EFAULT }, .least = 1,
	};

	mount_place();
	fd = open(PLACE "/" VALUE, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		tap_bail("cannot open " VALUE);
	fault_run(&fault);
	close(fd);
	umount_place();
}

int main(void)
{
	struct guest guest;
	int dev;

	fault_needed();
	dev = test_begin_loaded("");
	errno = module_load("statsfs", "");
	if (errno)
		tap_bail("cannot load statsfs");
	if (mkdir(PLACE, 0700))
		tap_bail("cannot make " PLACE);
	guest_create(&guest);
	guest_run(guest_add_vcpu(&guest, 0), GUEST_OUT, OUTS);
	/* With the caches of statsfs. */
	fault_begin();
	fault_anywhere();

	check_mounting();
	check_file(PLACE "/" VALUE, O_RDONLY, 1);
	check_file(PLACE "/kvm/.stats", O_RDONLY, 1);
	check_file(PLACE "/kvm/.schema", O_RDONLY, 1);
	check_file(PLACE "/kvm", O_RDONLY | O_DIRECTORY, 1);
	check_clear();

	guest_destroy(&guest);
	rmdir(PLACE);
	is_errno(module_unload("statsfs"), 0, "statsfs unloads");
	return fault_end_loaded(dev);
}
