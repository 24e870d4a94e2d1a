/* SPDX-License-Identifier: GPL-2.0-only */
/* Events fds: opening and reading them, and telling what was read. */
#ifndef VMTEST_EVENTS_H
#define VMTEST_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kvmstats.h"

/* An events fd, or -1 and errno. */
int events_try_open(int dev, uint32_t record_size);
/* With records of this program's size, and O_NONBLOCK; a failure ends the program. */
int events_open(int dev);

/* All there are, up to @capacity. Errors end the program. */
uint32_t events_read(int fd, struct kvmstats_event *events, uint32_t capacity);

/* What one read() gives, 0 when there is nothing. Errors end the program. */
uint32_t events_read_once(int fd, struct kvmstats_event *events, uint32_t capacity);

/* Checks the fields that are not a time. */
bool is_event(const struct kvmstats_event *seen, struct kvmstats_event expected, const char *text);

#endif
