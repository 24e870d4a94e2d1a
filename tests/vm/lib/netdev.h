/* SPDX-License-Identifier: GPL-2.0-only */
/* Network devices and namespaces, and traffic that is known. */
#ifndef VMTEST_NETDEV_H
#define VMTEST_NETDEV_H

#include <stdbool.h>
#include <sys/types.h>

/* A device that is there as long as the descriptor is open; a failure ends the program. */
int netdev_create(const char *name);
/* A frame comes in by it. */
void netdev_receive(int fd);

/* Of the namespace that the caller is in. A failure ends the program. */
void netdev_set_up(const char *name, bool up);
void netdev_rename(const char *name, const char *to);
/* To the namespace that @netns is open on. */
void netdev_move(const char *name, int netns);

#define PING_BYTES	128	/* what lo counts for one */
/* @nr packets that lo both sends and receives. */
void netdev_ping_lo(unsigned int nr);

/* The namespace that the caller is in. */
int netns_open(void);
/* A new one, and into it. */
void netns_unshare(void);
void netns_enter(int netns);
/* The number it goes by. */
ino_t netns_number(int netns);

#endif
