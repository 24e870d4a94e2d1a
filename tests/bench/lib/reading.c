// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "image.h"
#include "reading.h"
#include "tap.h"

void reading_once(void *argument)
{
	static char data[IMAGE_MAX];
	const struct reading *reading = argument;

	if (pread(reading->fd, data, reading->size, reading->offset) != (ssize_t)reading->size)
		tap_bail("pread failed");
}
