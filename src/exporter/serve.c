// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One thread does it all: it waits for clients, for libmicrohttpd's, and for signals.
 * A slow client costs its connection and nothing else, since no read and no write
 * waits; snapshots come one after the other.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "answer.h"
#include "clients.h"

#define REQUEST_MAX	(16 << 10)	/* bytes of a request and of its answer's head */
#define ACCEPTS		16		/* before others have their turn */
#define TICK_MS		1000

struct server {
	struct MHD_Daemon *daemon;
	struct collector *c;
	const struct options *options;
	struct self self;
	struct clients clients;
};

/* --- what libmicrohttpd calls --- */

struct request {
	bool has_begun;
	char uri[];
};

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct request *request = calloc(1, sizeof(*request) + strlen(uri) + 1);

	(void)cls;
	(void)connection;
	if (request)
		strcpy(request->uri, uri);
	return request;
}

static struct client *client_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection,
				       MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **context)
{
	struct client *client = client_of(connection);
	struct request *request = *context;
	struct server *server = cls;
	enum MHD_Result result;
	struct answer answer;

	(void)url;
	(void)version;
	(void)data;
	if (!request)
		return MHD_NO;
	/* An answer at the first call ends the connection, which is right for a POST. */
	if ((!request->has_begun || *size) && strcmp(method, MHD_HTTP_METHOD_POST) &&
	    strcmp(method, MHD_HTTP_METHOD_PUT)) {
		request->has_begun = true;
		*size = 0;
		return MHD_YES;
	}
	clients_make_room_for_reply(&server->clients);
	if (client && client->state != CLIENT_DROPPED)
		client_set(client, CLIENT_REPLY);
	server->self.connections = clients_count(&server->clients);
	server->self.dropped = server->clients.dropped;
	answer = answer_to(server->c, &server->self, server->options, method, request->uri,
			   MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept"));
	if (!answer.response)
		return MHD_NO;
	result = MHD_queue_response(connection, answer.status, answer.response);
	MHD_destroy_response(answer.response);
	return result;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode code)
{
	struct client *client = client_of(connection);

	(void)cls;
	(void)code;
	free(*request);
	*request = NULL;
	if (client && client->state != CLIENT_DROPPED)
		client_set(client, CLIENT_IDLE);
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;
	struct client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = clients_add(&server->clients,
				       MHD_get_connection_info(connection,
							       MHD_CONNECTION_INFO_CONNECTION_FD)
				       ->connect_fd);
	} else if (client) {
		client_set(client, CLIENT_NONE);
	}
}

/* --- the loop --- */

static void accept_some(struct server *server, int listener)
{
	struct sockaddr_storage address;

	for (int i = 0; i < ACCEPTS; i++) {
		socklen_t length = sizeof(address);
		int fd;

		if (!clients_make_room(&server->clients))
			return;
		fd = accept4(listener, (struct sockaddr *)&address, &length,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		MHD_add_connection(server->daemon, fd, (struct sockaddr *)&address, length);
	}
}

static int wait_time(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	if (MHD_get_timeout(server->daemon, &timeout) == MHD_YES && timeout < TICK_MS)
		return timeout;
	return TICK_MS;
}

static int loop(struct server *server, const struct listeners *listeners)
{
	struct pollfd fds[LISTENERS_MAX + 2];
	nfds_t nr = 0;

	fds[nr++] = (struct pollfd){ .fd = signals_open(), .events = POLLIN };
	fds[nr++] = (struct pollfd){
		.fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
		.events = POLLIN,
	};
	for (size_t i = 0; i < listeners->count; i++)
		fds[nr++] = (struct pollfd){ .fd = listeners->fds[i], .events = POLLIN };

	while (!(fds[0].revents & POLLIN)) {
		if (poll(fds, nr, wait_time(server)) < 0 && errno != EINTR) {
			complain("poll: %s", strerror(errno));
			break;
		}
		for (nfds_t i = 2; i < nr; i++) {
			if (fds[i].revents)
				accept_some(server, fds[i].fd);
		}
		clients_drop_slow(&server->clients);
		MHD_run(server->daemon);
	}
	close(fds[0].fd);
	return fds[0].revents & POLLIN ? EXIT_SUCCESS : EXIT_RUNTIME;
}

int serve(struct listeners *listeners, struct collector *c, const struct options *options)
{
	struct server server = { .c = c, .options = options };
	int status;

	server.daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
					 on_request, &server,
					 MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
					 MHD_OPTION_NOTIFY_COMPLETED, on_completed, &server,
					 MHD_OPTION_NOTIFY_CONNECTION, on_connection, &server,
					 MHD_OPTION_CONNECTION_LIMIT, CLIENTS_ROOM,
					 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MAX,
					 MHD_OPTION_END);
	if (!server.daemon)
		fail(EXIT_RUNTIME, "libmicrohttpd does not start");
	/* so that a wrong device or names file is told of at once */
	collect(c, false);
	report(c);
	sd_notify(0, "READY=1");
	status = loop(&server, listeners);
	MHD_stop_daemon(server.daemon);
	return status;
}
