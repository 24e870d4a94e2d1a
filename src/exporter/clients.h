/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is connected, since when, and for how long that may go on. */
#ifndef EXPORTER_CLIENTS_H
#define EXPORTER_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENTS_MAX	64	/* one more costs the oldest its connection */
#define REPLIES_MAX	8	/* the same for answers that are being sent */
#define CLIENTS_ROOM	(CLIENTS_MAX + 16)	/* some are still being closed */

enum client_state {
	CLIENT_NONE,
	CLIENT_NEW,		/* has asked for nothing yet */
	CLIENT_IDLE,		/* has an answer and may ask again */
	CLIENT_REPLY,		/* is being sent one */
	CLIENT_DROPPED,		/* shut down, libmicrohttpd is to find out */
};

struct client {
	int fd;
	enum client_state state;
	uint64_t since_ms;	/* in that state */
};

struct clients {
	struct client all[CLIENTS_ROOM];
	uint64_t dropped;	/* ever */
};

uint64_t clients_now_ms(void);

/* NULL when there is no room; clients_make_room() before. */
struct client *clients_add(struct clients *clients, int fd);
void client_set(struct client *client, enum client_state state);
size_t clients_count(const struct clients *clients);

/*
 * A client that sends its request byte by byte, or never reads the answer, is never
 * idle, so what counts is the time that the whole takes.
 */
void clients_drop_slow(struct clients *clients);
/* False: there is no room until those that were dropped are gone. */
bool clients_make_room(struct clients *clients);
void clients_make_room_for_reply(struct clients *clients);

#endif /* EXPORTER_CLIENTS_H */
