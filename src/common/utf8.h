/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the command and the exporter: names come from whoever runs a VM. */
#ifndef KVMSTATS_UTF8_H
#define KVMSTATS_UTF8_H

#include <stdint.h>

/* Bytes of the UTF-8 character at @p, 0 when there is none. */
static inline unsigned int utf8_length(const unsigned char *p)
{
	unsigned int len, lowest;
	uint32_t code;

	if (*p < 0x80)
		return 1;
	if (*p >= 0xc2 && *p <= 0xdf)
		len = 2, lowest = 0x80, code = *p & 0x1f;
	else if ((*p & 0xf0) == 0xe0)
		len = 3, lowest = 0x800, code = *p & 0x0f;
	else if (*p >= 0xf0 && *p <= 0xf4)
		len = 4, lowest = 0x10000, code = *p & 0x07;
	else
		return 0;
	for (unsigned int i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < lowest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

#endif /* KVMSTATS_UTF8_H */
