// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "exporter.h"

#define BACKLOG	64

static void add(struct listeners *listeners, int fd, const char *what)
{
	if (listeners->count == LISTENERS_MAX)
		fail(EXIT_RUNTIME, "%s: more than %d sockets", what, LISTENERS_MAX);
	listeners->fds[listeners->count++] = fd;
}

void listen_systemd(struct listeners *listeners)
{
	int count = sd_listen_fds(1);

	if (count < 0)
		fail(EXIT_RUNTIME, "socket activation: %s", strerror(-count));
	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++) {
		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
			fail(EXIT_RUNTIME,
			     "socket activation: fd %d is no listening stream socket: correct the .socket unit",
			     fd);
		/* whoever opened it may not have: accept() would wait for the next client */
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		add(listeners, fd, "socket activation");
	}
}

/* Takes "ADDR:PORT" or "[ADDR]:PORT" apart; false when it is none. */
static bool split(const char *address, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(address, ':');
	size_t length;

	if (!colon || !colon[1])
		return false;
	length = colon - address;
	if (*address == '[') {
		if (length < 2 || address[length - 1] != ']')
			return false;
		address++;
		length -= 2;
	} else if (memchr(address, ':', length)) {
		return false;
	}
	if (!length || length >= size)
		return false;
	memcpy(host, address, length);
	host[length] = '\0';
	*port = colon + 1;
	return true;
}

static int open_address(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* [::] beside 0.0.0.0 is two sockets */
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!bind(fd, info->ai_addr, info->ai_addrlen) && !listen(fd, BACKLOG))
		return fd;
	on = errno;
	close(fd);
	return -on;
}

void listen_address(struct listeners *listeners, const char *address)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *info;
	const char *port;
	char host[64];
	int fd;

	if (!split(address, host, sizeof(host), &port) ||
	    strspn(port, "0123456789") != strlen(port) || strlen(port) > 5 ||
	    strtoul(port, NULL, 10) > 65535 || getaddrinfo(host, port, &hints, &info))
		fail(EXIT_USAGE,
		     "--listen `%s`: ADDR:PORT in numbers is needed, as 127.0.0.1:9774 or [::1]:9774",
		     address);
	fd = open_address(info);
	freeaddrinfo(info);
	if (fd == -EADDRINUSE)
		fail(EXIT_RUNTIME, "--listen %s: another program listens there: choose another port",
		     address);
	if (fd < 0)
		fail(EXIT_RUNTIME, "--listen %s: %s", address, strerror(-fd));
	add(listeners, fd, address);
}

/* A socket that nobody listens on is what is left of an earlier run. */
static void remove_stale(const char *path, const struct sockaddr_un *address)
{
	struct stat st;
	int fd, ret;

	if (lstat(path, &st))
		return;
	if (!S_ISSOCK(st.st_mode))
		fail(EXIT_RUNTIME, "--unix %s: is there already and no socket: choose another path",
		     path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		fail(EXIT_RUNTIME, "--unix %s: %s", path, strerror(errno));
	ret = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? errno : 0;
	close(fd);
	if (ret != ECONNREFUSED)
		fail(EXIT_RUNTIME, "--unix %s: another program listens there: choose another path",
		     path);
	unlink(path);
}

void listen_unix(struct listeners *listeners, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, ret;

	if (!*path || strlen(path) >= sizeof(address.sun_path))
		fail(EXIT_USAGE, "--unix `%s`: a path of 1 to %zu bytes is needed", path,
		     sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	remove_stale(path, &address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		fail(EXIT_RUNTIME, "--unix %s: %s", path, strerror(errno));
	/* for the user and the group that the exporter runs as */
	mask = umask(0117);
	ret = bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, BACKLOG);
	umask(mask);
	if (ret)
		fail(EXIT_RUNTIME, "--unix %s: %s", path, strerror(errno));
	listeners->unix_path = path;
	add(listeners, fd, path);
}

void listeners_close(struct listeners *listeners)
{
	while (listeners->count)
		close(listeners->fds[--listeners->count]);
	if (listeners->unix_path)
		unlink(listeners->unix_path);
}
