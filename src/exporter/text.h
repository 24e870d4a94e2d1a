/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that grows, and what is written into it: numbers, labels, JSON. */
#ifndef EXPORTER_TEXT_H
#define EXPORTER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts as all zero. After a failure, of memory, nothing more is added. */
struct text {
	char *data;
	size_t length;
	size_t size;
	bool failed;
};

void text_free(struct text *text);
/* The text as a string that the caller frees; NULL when it failed. */
char *text_take(struct text *text);

/* Room for @more bytes behind the end, or NULL. */
char *text_room(struct text *text, size_t more);

void text_add(struct text *text, const void *data, size_t length);
void text_str(struct text *text, const char *string);
void text_u64(struct text *text, uint64_t value);
__attribute__((format(printf, 2, 3)))
void text_printf(struct text *text, const char *format, ...);

/*
 * Names come from whoever runs a VM. What is no UTF-8 becomes U+FFFD: Prometheus
 * refuses a whole scrape for one wrong byte.
 */
/* name="..." as in the text formats, without a comma */
void text_label(struct text *text, const char *name, const char *value);
/* "..." */
void text_json(struct text *text, const char *value);

#define U64_DIGITS	20

/* Writes at most U64_DIGITS digits, without a NUL; returns how many. */
unsigned int format_u64(char *to, uint64_t value);

#endif /* EXPORTER_TEXT_H */
