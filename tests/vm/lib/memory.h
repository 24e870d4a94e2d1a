/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory with an edge, for calls that must not pass it. Failures end the program. */
#ifndef VMTEST_MEMORY_H
#define VMTEST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#define POISON	0xa5

/* Fresh pages that nobody has touched. */
uint8_t *memory_map(size_t pages);
/* The same with a hole behind them: gives the first address of the hole. */
uint8_t *memory_edge(size_t pages);
void memory_unmap(uint8_t *start, size_t pages);
size_t page_size(void);

/* How many bytes are something else than @value. */
size_t bytes_unlike(const void *bytes, uint8_t value, size_t n);

#endif
