// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reader whose buffer is on memory that takes its time, as of a userland that pages by
 * itself, keeps nobody from changing the tree.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fixture.h"
#include "memory.h"
#include "tap.h"

/* A change that waits for a reader would wait for ever: that ends the program. */
#define PATIENCE	30

static int faults;

static void faults_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };

	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK))
		tap_skip_all("this kernel has no userfaultfd");
	faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api))
		tap_bail("userfaultfd failed: %s", strerrorname_np(errno));
}

static uint8_t *slow_page(void)
{
	struct uffdio_register registration = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	uint8_t *page = memory_map(1);

	registration.range.start = (uintptr_t)page;
	registration.range.len = page_size();
	if (ioctl(faults, UFFDIO_REGISTER, &registration))
		tap_bail("UFFDIO_REGISTER failed: %s", strerrorname_np(errno));
	return page;
}

static void wait_for_fault(void)
{
	struct pollfd wait = { .fd = faults, .events = POLLIN };
	struct uffd_msg message;

	if (poll(&wait, 1, PATIENCE * 1000) != 1 ||
	    read(faults, &message, sizeof(message)) != sizeof(message))
		tap_bail("the reader does not come to its buffer");
}

static void end_fault(uint8_t *page)
{
	struct uffdio_zeropage zero = { .range = { (uintptr_t)page, page_size() } };

	if (ioctl(faults, UFFDIO_ZEROPAGE, &zero))
		tap_bail("UFFDIO_ZEROPAGE failed: %s", strerrorname_np(errno));
}

struct reader {
	const char *path;
	bool is_dir;
	uint8_t *page;
	long result;
};

static void *read_into_page(void *argument)
{
	struct reader *reader = argument;
	int fd = open_file(reader->path, O_RDONLY);

	if (reader->is_dir)
		reader->result = syscall(SYS_getdents64, fd, reader->page, page_size());
	else
		reader->result = read(fd, reader->page, page_size());
	close(fd);
	return NULL;
}

static void check_reader(const char *path, bool is_dir)
{
	struct reader reader = { path, is_dir, slow_page(), -1 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, read_into_page, &reader))
		tap_bail("no thread");
	wait_for_fault();
	alarm(PATIENCE);
	fixture_do("make 1");
	fixture_do("revoke c");
	fixture_do("remove b");
	fixture_do("add b");
	fixture_do("unmake 1");
	alarm(0);
	end_fault(reader.page);
	pthread_join(thread, NULL);
	in_range(reader.result, 1, page_size(), "bytes of %s, and the tree was changed meanwhile",
		 path);
	memory_unmap(reader.page, 1);
}

int main(void)
{
	faults_open();
	fixture_begin();
	check_reader(FIXTURE "/a/calls", false);
	check_reader(FIXTURE "/a/state", false);
	check_reader(FIXTURE "/calls", false);
	check_reader(FIXTURE "/.stats", false);
	check_reader(FIXTURE "/.schema", false);
	check_reader(FIXTURE, true);
	close(faults);
	return fixture_end();
}
