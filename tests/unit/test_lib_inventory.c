// SPDX-License-Identifier: GPL-2.0-or-later
/* libkvmstats: inventory, events and reasons, on a stand-in for the module's ioctl(). */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "internal.h"

#define MAX_VMS	200

static struct {
	uint32_t nr_vms;
	struct kvmstats_vm vms[MAX_VMS];
	int error;
	int events_fd;
} module;

static int list(struct kvmstats_list *arg)
{
	struct kvmstats_vm *to = (void *)(uintptr_t)arg->records;

	if (module.error && arg->cursor) {
		errno = module.error;
		return -1;
	}
	for (arg->count = 0; arg->count < arg->capacity && arg->cursor < module.nr_vms;
	     arg->count++)
		*to++ = module.vms[arg->cursor++];
	return 0;
}

int __wrap_ioctl(int fd, unsigned long cmd, void *arg);

int __wrap_ioctl(int fd, unsigned long cmd, void *arg)
{
	assert_true(fd >= 0);
	switch (cmd) {
	case KVMSTATS_GET_INFO:
		return 0;
	case KVMSTATS_LIST_VMS:
		return list(arg);
	case KVMSTATS_OPEN_EVENTS:
		return dup(module.events_fd);
	}
	errno = ENOTTY;
	return -1;
}

static char dir[64];
static char names[80];
static struct kvmstats *ks;
static struct kvmstats_inventory *inv;

static void write_names(const char *text)
{
	char fresh[96];
	FILE *f;

	snprintf(fresh, sizeof(fresh), "%s.new", names);
	f = fopen(fresh, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(fresh, names), 0);
}

static int setup(void **state)
{
	(void)state;
	memset(&module, 0, sizeof(module));
	for (uint32_t i = 0; i < MAX_VMS; i++) {
		module.vms[i].id = (i + 1) * 10;
		snprintf(module.vms[i].comm, sizeof(module.vms[i].comm), "vm%u", i);
	}
	module.nr_vms = 3;
	strcpy(dir, "/tmp/test_lib_inventory.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(names, sizeof(names), "%s/names", dir);
	return kvmstats_open("/dev/null", &ks) || kvmstats_inventory_new(ks, &inv);
}

static int teardown(void **state)
{
	(void)state;
	kvmstats_inventory_free(inv);
	kvmstats_close(ks);
	unlink(names);
	return rmdir(dir);
}

static void refresh(void)
{
	assert_int_equal(kvmstats_inventory_refresh(inv), 0);
}

static void is_called(uint64_t vm_id, const char *name, uint32_t source)
{
	int index = kvmstats_inventory_find(inv, vm_id);

	assert_true(index >= 0);
	assert_int_equal(kvmstats_inventory_vm(inv, index)->id, vm_id);
	assert_string_equal(kvmstats_inventory_name(inv, index)->name, name);
	assert_int_equal(kvmstats_inventory_name(inv, index)->source, source);
}

static void vms_come_and_go(void **state)
{
	(void)state;
	assert_int_equal(kvmstats_inventory_count(inv), 0);
	assert_int_equal(kvmstats_inventory_find(inv, 10), -ENOENT);
	assert_null(kvmstats_inventory_vm(inv, 0));
	assert_null(kvmstats_inventory_name(inv, 0));
	refresh();
	assert_int_equal(kvmstats_inventory_count(inv), 3);
	is_called(30, "vm2", KVMSTATS_NAME_COMM);
	assert_int_equal(kvmstats_inventory_find(inv, 15), -ENOENT);
	assert_null(kvmstats_inventory_vm(inv, 3));
	assert_string_equal(kvmstats_inventory_name(inv, 0)->uuid, "");
	assert_string_equal(kvmstats_inventory_name(inv, 0)->id, "");

	memmove(&module.vms[0], &module.vms[1], (MAX_VMS - 1) * sizeof(*module.vms));
	module.nr_vms = MAX_VMS - 1;
	refresh();
	assert_int_equal(kvmstats_inventory_count(inv), MAX_VMS - 1);
	assert_int_equal(kvmstats_inventory_find(inv, 10), -ENOENT);
	is_called(20, "vm1", KVMSTATS_NAME_COMM);
	is_called(2000, "vm199", KVMSTATS_NAME_COMM);
	module.nr_vms = 0;
	refresh();
	assert_int_equal(kvmstats_inventory_count(inv), 0);
	kvmstats_inventory_free(NULL);
}

static void name_is_found_out_once(void **state)
{
	(void)state;
	refresh();
	strcpy(module.vms[0].comm, "other");
	module.vms[0].nr_vcpus = 4;
	refresh();
	is_called(10, "vm0", KVMSTATS_NAME_COMM);
	assert_int_equal(kvmstats_inventory_vm(inv, 0)->nr_vcpus, 4);
}

static void after_an_error_the_vms_are_as_they_were(void **state)
{
	(void)state;
	refresh();
	memmove(&module.vms[0], &module.vms[1], (MAX_VMS - 1) * sizeof(*module.vms));
	module.nr_vms = 150;
	module.error = EIO;
	assert_int_equal(kvmstats_inventory_refresh(inv), -EIO);
	assert_int_equal(kvmstats_inventory_count(inv), 3);
	is_called(10, "vm0", KVMSTATS_NAME_COMM);
	module.error = 0;
	refresh();
	assert_int_equal(kvmstats_inventory_count(inv), 150);
	is_called(20, "vm1", KVMSTATS_NAME_COMM);
}

static void override_file_is_followed(void **state)
{
	unsigned int line = 7;

	(void)state;
	refresh();
	assert_int_equal(kvmstats_inventory_names_error(inv, &line), 0);
	write_names("name=vm0 web\n");
	assert_int_equal(kvmstats_inventory_names(inv, names, &line), 0);
	is_called(10, "web", KVMSTATS_NAME_OVERRIDE);
	is_called(20, "vm1", KVMSTATS_NAME_COMM);
	write_names("name=vm1 db\n");
	is_called(10, "web", KVMSTATS_NAME_OVERRIDE);
	refresh();
	is_called(10, "vm0", KVMSTATS_NAME_COMM);
	is_called(20, "db", KVMSTATS_NAME_OVERRIDE);
}

static void bad_override_file_leaves_the_last_good_one(void **state)
{
	unsigned int line = 7;

	(void)state;
	write_names("name=vm0 web\n");
	assert_int_equal(kvmstats_inventory_names(inv, names, NULL), 0);
	write_names("name=vm0 other\nnonsense\n");
	for (int i = 0; i < 2; i++) {
		refresh();
		is_called(10, "web", KVMSTATS_NAME_OVERRIDE);
		assert_int_equal(kvmstats_inventory_names_error(inv, &line), -EBADMSG);
		assert_int_equal(line, 2);
	}
	assert_int_equal(kvmstats_inventory_names(inv, names, &line), -EBADMSG);
	assert_int_equal(line, 2);
	is_called(10, "web", KVMSTATS_NAME_OVERRIDE);
	unlink(names);
	refresh();
	is_called(10, "web", KVMSTATS_NAME_OVERRIDE);
	assert_int_equal(kvmstats_inventory_names_error(inv, &line), -ENOENT);
	assert_int_equal(line, 0);
	write_names("");
	refresh();
	assert_int_equal(kvmstats_inventory_names_error(inv, NULL), 0);
	is_called(10, "vm0", KVMSTATS_NAME_COMM);
}

/* As when the file is there again, unchanged. */
static void file_that_could_not_be_read_is_tried_again(void **state)
{
	char aside[96];

	(void)state;
	snprintf(aside, sizeof(aside), "%s.aside", names);
	write_names("nonsense\n");
	assert_int_equal(kvmstats_inventory_names(inv, names, NULL), -EBADMSG);
	write_names("name=vm0 web\n");
	assert_int_equal(kvmstats_inventory_names(inv, names, NULL), 0);
	assert_int_equal(rename(names, aside), 0);
	refresh();
	assert_int_equal(kvmstats_inventory_names_error(inv, NULL), -ENOENT);
	assert_int_equal(rename(aside, names), 0);
	refresh();
	assert_int_equal(kvmstats_inventory_names_error(inv, NULL), 0);
	is_called(10, "web", KVMSTATS_NAME_OVERRIDE);
}

static void what_is_no_override_file_is_refused(void **state)
{
	unsigned int line = 7;
	int fd;

	(void)state;
	assert_int_equal(kvmstats_inventory_names(inv, names, &line), -ENOENT);
	assert_int_equal(line, 0);
	assert_int_equal(kvmstats_inventory_names(inv, dir, &line), -EINVAL);
	assert_int_equal(kvmstats_inventory_names(inv, "/dev/zero", NULL), -EINVAL);
	assert_int_equal(mkfifo(names, 0600), 0);
	assert_int_equal(kvmstats_inventory_names(inv, names, &line), -EINVAL);
	unlink(names);
	fd = open(names, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	close(fd);
	assert_int_equal(kvmstats_inventory_names(inv, names, &line), -EFBIG);
}

/* --- events --- */

static void send_events(int fd, uint64_t first, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++) {
		struct kvmstats_event event = { .vm_id = first + i };

		assert_int_equal(write(fd, &event, sizeof(event)), sizeof(event));
	}
}

static void events_come_in_order_or_time_is_over(void **state)
{
	const struct kvmstats_event *event = NULL;
	struct kvmstats_events *ev;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	module.events_fd = ends[0];
	assert_int_equal(kvmstats_events_open(ks, &ev), 0);
	assert_true(fcntl(kvmstats_events_fd(ev), F_GETFL) & O_NONBLOCK);
	assert_int_equal(kvmstats_events_next(ev, 0, &event), 0);
	assert_int_equal(kvmstats_events_next(ev, 20, &event), 0);
	assert_null(event);
	send_events(ends[1], 100, 70);
	for (uint32_t i = 0; i < 70; i++) {
		assert_int_equal(kvmstats_events_next(ev, i ? 0 : -1, &event), 1);
		assert_int_equal(event->vm_id, 100 + i);
	}
	assert_int_equal(kvmstats_events_next(ev, 0, &event), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(kvmstats_events_next(ev, -1, &event), -EBADMSG);
	close(ends[1]);
	assert_int_equal(kvmstats_events_next(ev, -1, &event), -EBADMSG);
	kvmstats_events_close(ev);
	kvmstats_events_close(NULL);
	close(ends[0]);
}

static void events_fd_that_cannot_be_had_is_an_error(void **state)
{
	struct kvmstats_events *ev = NULL;

	(void)state;
	module.events_fd = -1;
	assert_int_equal(kvmstats_events_open(ks, &ev), -EBADF);
	assert_null(ev);
}

/* --- reasons --- */

static char root[64];

static void put(const char *file, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, file);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void make_dir(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void explains(const char *path, int error, const char *expected)
{
	char line[300], cut[20];
	size_t len = kvmstats_explain_in(root, path, error, line, sizeof(line));

	if (!path)
		path = KVMSTATS_DEVICE;
	if (!strstr(line, expected) || strncmp(line, path, strlen(path)))
		fail_msg("'%s' is not in '%s'", expected, line);
	assert_int_equal(strlen(line), len);
	assert_int_equal(kvmstats_explain_in(root, path, error, cut, sizeof(cut)), len);
	assert_int_equal(strlen(cut), sizeof(cut) - 1);
	assert_int_equal(kvmstats_explain_in(root, path, error, NULL, 0), len);
}

static void reasons_say_what_mends_them(void **state)
{
	char command[80], line[300];
	size_t len;

	(void)state;
	strcpy(root, "/tmp/test_lib_root.XXXXXX");
	assert_non_null(mkdtemp(root));
	make_dir("proc");
	make_dir("sys");
	make_dir("sys/module");
	explains(NULL, -ENOENT, "`modprobe kvmstats`");
	put("proc/cmdline", "quiet xnokvmstats nokvmstats=1\n");
	explains(NULL, -ENOENT, "`modprobe kvmstats`");
	put("proc/cmdline", "quiet nokvmstats ro\n");
	explains(NULL, -ENOENT, "`nokvmstats` on the kernel's command line");
	make_dir("sys/module/kvmstats");
	explains(NULL, -ENOENT, "although the module is loaded");
	explains("/dev/kvmstat", -ENOENT, "the device is " KVMSTATS_DEVICE);
	explains("/dev/null", -ENXIO, "no driver behind it");
	explains("/", -ENXIO, "a directory");
	explains("/", -ENOTTY, "a directory");
	explains("/dev/null", -ENOTTY, "another device");
	explains("/proc/self/stat", -ENOTTY, "a file, not a kvmstats device");
	explains(NULL, -EACCES, "a member of the group `kvmstats`");
	explains(NULL, -EPERM, "container");
	explains(NULL, -EMFILE, "Too many open files");
	len = kvmstats_explain("/nonexistent", -ENOENT, line, sizeof(line));
	assert_int_equal(strlen(line), len);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

#define inventory_test(name)	cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		inventory_test(vms_come_and_go),
		inventory_test(name_is_found_out_once),
		inventory_test(after_an_error_the_vms_are_as_they_were),
		inventory_test(override_file_is_followed),
		inventory_test(bad_override_file_leaves_the_last_good_one),
		inventory_test(file_that_could_not_be_read_is_tried_again),
		inventory_test(what_is_no_override_file_is_refused),
		inventory_test(events_come_in_order_or_time_is_over),
		inventory_test(events_fd_that_cannot_be_had_is_an_error),
		cmocka_unit_test(reasons_say_what_mends_them),
	};

	return cmocka_run_group_tests_name("libkvmstats: inventory", tests, NULL, NULL);
}
