// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporter.h"

#define NAME	"kvmstats.prom"
/* node_exporter reads what ends in .prom */
#define DRAFT	".kvmstats.prom.new"

static int write_all(int fd, const struct page *page)
{
	for (size_t i = 0; i < page->nr_parts; i++) {
		const char *at = page->iov[i].iov_base;
		size_t left = page->iov[i].iov_len;

		while (left) {
			ssize_t written = write(fd, at, left);

			if (written < 0 && errno == EINTR)
				continue;
			if (written < 0)
				return -errno;
			at += written;
			left -= written;
		}
	}
	return 0;
}

/* Readers see the old file or the new one, never a part. */
static int replace(int dir, const struct page *page)
{
	int fd, ret;

	/* Left by a run that was killed; O_EXCL follows nobody's link. */
	unlinkat(dir, DRAFT, 0);
	fd = openat(dir, DRAFT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	ret = fchmod(fd, 0644) ? -errno : write_all(fd, page);
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && renameat(dir, DRAFT, dir, NAME))
		ret = -errno;
	if (ret)
		unlinkat(dir, DRAFT, 0);
	return ret;
}

static int write_once(int dir, struct collector *c, struct self *self,
		      const struct options *options)
{
	const struct metrics_request request = {
		.format = FORMAT_PROMETHEUS, .vcpu = options->vcpu,
	};
	struct page *page = metrics_page(c, self, &request);
	int ret = page ? replace(dir, page) : -ENOMEM;

	page_free(page);
	report(c);
	if (ret)
		complain("%s/" NAME ": %s", options->textfile, strerror(-ret));
	return ret;
}

int write_textfile(struct collector *c, const struct options *options)
{
	struct pollfd stop = { .events = POLLIN };
	struct self self = { 0 };
	int dir, ret;

	dir = open(options->textfile, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		fail(EXIT_RUNTIME, "--textfile %s: %s: name a directory that is there",
		     options->textfile, strerror(errno));
	if (options->interval)
		stop.fd = signals_open();
	do {
		ret = write_once(dir, c, &self, options);
	} while (options->interval && poll(&stop, 1, options->interval * 1000) <= 0);
	close(dir);
	if (options->interval) {
		close(stop.fd);
		return EXIT_SUCCESS;
	}
	return ret ? EXIT_RUNTIME : EXIT_SUCCESS;
}
