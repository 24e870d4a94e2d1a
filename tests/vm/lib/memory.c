// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "tap.h"

size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

uint8_t *memory_map(size_t pages)
{
	uint8_t *start = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		tap_bail("mmap failed");
	return start;
}

uint8_t *memory_edge(size_t pages)
{
	uint8_t *edge = memory_map(pages + 1) + pages * page_size();

	memory_unmap(edge, 1);
	return edge;
}

void memory_unmap(uint8_t *start, size_t pages)
{
	if (munmap(start, pages * page_size()))
		tap_bail("munmap failed");
}

size_t bytes_unlike(const void *bytes, uint8_t value, size_t n)
{
	const uint8_t *byte = bytes;
	size_t unlike = 0;

	while (n-- > 0)
		unlike += *byte++ != value;
	return unlike;
}
