// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/socket.h>
#include <time.h>

#include "clients.h"

static const uint64_t limits_ms[] = {
	[CLIENT_NEW] = 10000,
	[CLIENT_IDLE] = 150000,	/* longer than most scrape intervals */
	[CLIENT_REPLY] = 30000,
};

uint64_t clients_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

void client_set(struct client *client, enum client_state state)
{
	client->state = state;
	client->since_ms = clients_now_ms();
}

struct client *clients_add(struct clients *clients, int fd)
{
	for (size_t i = 0; i < CLIENTS_ROOM; i++) {
		struct client *client = &clients->all[i];

		if (client->state != CLIENT_NONE)
			continue;
		client->fd = fd;
		client_set(client, CLIENT_NEW);
		return client;
	}
	return NULL;
}

static bool is_alive(const struct client *client)
{
	return client->state != CLIENT_NONE && client->state != CLIENT_DROPPED;
}

size_t clients_count(const struct clients *clients)
{
	size_t count = 0;

	for (size_t i = 0; i < CLIENTS_ROOM; i++)
		count += is_alive(&clients->all[i]);
	return count;
}

static void drop(struct clients *clients, struct client *client)
{
	shutdown(client->fd, SHUT_RDWR);
	client_set(client, CLIENT_DROPPED);
	clients->dropped++;
}

void clients_drop_slow(struct clients *clients)
{
	uint64_t now = clients_now_ms();

	for (size_t i = 0; i < CLIENTS_ROOM; i++) {
		struct client *client = &clients->all[i];

		if (is_alive(client) && now - client->since_ms > limits_ms[client->state])
			drop(clients, client);
	}
}

/* The one that is longest in its state, of @state or, with CLIENT_NONE, of any. */
static struct client *oldest(struct clients *clients, enum client_state state, size_t *count)
{
	struct client *found = NULL;

	*count = 0;
	for (size_t i = 0; i < CLIENTS_ROOM; i++) {
		struct client *client = &clients->all[i];

		if (state ? client->state != state : !is_alive(client))
			continue;
		(*count)++;
		if (!found || client->since_ms < found->since_ms)
			found = client;
	}
	return found;
}

bool clients_make_room(struct clients *clients)
{
	struct client *client;
	size_t count, used = 0;

	client = oldest(clients, CLIENT_NONE, &count);
	if (count >= CLIENTS_MAX)
		drop(clients, client);
	for (size_t i = 0; i < CLIENTS_ROOM; i++)
		used += clients->all[i].state != CLIENT_NONE;
	return used < CLIENTS_ROOM;
}

void clients_make_room_for_reply(struct clients *clients)
{
	struct client *client;
	size_t count;

	client = oldest(clients, CLIENT_REPLY, &count);
	if (count >= REPLIES_MAX)
		drop(clients, client);
}
