// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "contract.h"
#include "image.h"
#include "memory.h"
#include "tap.h"

static struct image whole;

/* Whether pread gives exactly what the whole image has there, and touches no more. */
static bool reads_right(int fd, size_t offset, size_t length)
{
	static uint8_t buffer[IMAGE_MAX + 1];
	size_t expected = offset >= whole.size ? 0 : whole.size - offset;
	ssize_t n;

	if (expected > length)
		expected = length;
	memset(buffer, POISON, expected + 1);
	n = pread(fd, buffer, length, offset);
	if (n == (ssize_t)expected && !memcmp(buffer, whole.bytes + offset, expected) &&
	    buffer[expected] == POISON)
		return true;
	tap_note("pread of %zu bytes at %zu: seen %zd expected %zu", length, offset, n, expected);
	return false;
}

static void check_lengths(int fd)
{
	static const size_t lengths[] = { 0, 1, 3, 7, 8, 13, 64, 255, 4095, 4096, IMAGE_MAX };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		unsigned int wrong = 0;

		for (size_t offset = 0; offset <= whole.size + 1 && wrong < 5; offset++)
			wrong += !reads_right(fd, offset, lengths[i]);
		is_u64(wrong, 0, "wrong reads of %zu bytes over all offsets", lengths[i]);
	}
}

static void check_end(int fd)
{
	static uint8_t buffer[IMAGE_MAX];
	volatile size_t huge = 0x7ffff000;	/* hidden from the compiler, which would object */

	is_u64(pread(fd, buffer, 8, whole.size), 0, "read at the end");
	is_u64(pread(fd, buffer, 8, whole.size + 1), 0, "read past the end");
	is_u64(pread(fd, buffer, 8, INT64_MAX - 8), 0, "read far past the end");
	is_u64(pread(fd, buffer, 8, 1ll << 32), 0, "read at 2^32 past the start");
	is_errno(ERRNO_OF(pread(fd, buffer, 8, -1)), EINVAL, "pread at -1");
	is_errno(ERRNO_OF(pread(fd, buffer, 8, INT64_MIN)), EINVAL, "pread at the least offset");
	is_u64(pread(fd, buffer, huge, 0), whole.size, "read of a huge length");
	is_bytes(buffer, whole.bytes, whole.size, "content of a read of a huge length");
}

static void check_bad_buffer(int fd, void *buffer, size_t length, const char *text)
{
	off_t position = lseek(fd, 0, SEEK_CUR);

	is_errno(ERRNO_OF(read(fd, buffer, length)), EFAULT, "read into %s", text);
	is_u64(lseek(fd, 0, SEEK_CUR), position, "read into %s: position stays", text);
	is_errno(ERRNO_OF(pread(fd, buffer, length, 100)), EFAULT, "pread into %s", text);
}

static void check_bad_buffers(int fd)
{
	size_t page = page_size();
	uint8_t *edge = memory_edge(1);
	void *read_only = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check_bad_buffer(fd, NULL, 64, "NULL");
	check_bad_buffer(fd, (void *)-64l, 32, "a kernel address");
	check_bad_buffer(fd, read_only, 64, "read-only memory");
	check_bad_buffer(fd, edge, 64, "unmapped memory");
	check_bad_buffer(fd, edge - 16, 64, "memory whose second page is unmapped");
	/* What comes first can be written: header and id, or the last descriptor. */
	check_bad_buffer(fd, edge - 80, 200, "memory that ends within the descriptors");
	is_errno(ERRNO_OF(pread(fd, edge - 16, 64, whole.header.data_offset - 8)), EFAULT,
		 "pread into memory that ends within the data");
	is_u64(pread(fd, edge - 16, 16, 3), 16, "read that ends at the edge of memory");
	is_bytes(edge - 16, whole.bytes + 3, 16, "content at the edge of memory");
	is_u64(pread(fd, edge - 5, 64, whole.size - 5), 5,
	       "read that the file's end keeps from the edge");
	munmap(read_only, page);
	memory_unmap(edge - page, 1);
}

static void check_vectors(int fd)
{
	uint8_t a[5], b[64], c[3], all[72];
	off_t position = lseek(fd, 0, SEEK_CUR);
	struct iovec iov[] = {
		{ a, sizeof(a) }, { b, sizeof(b) }, { NULL, 0 }, { c, sizeof(c) },
	};

	is_u64(preadv(fd, iov, 4, 11), sizeof(all), "preadv");
	memcpy(all, a, sizeof(a));
	memcpy(all + sizeof(a), b, sizeof(b));
	memcpy(all + sizeof(a) + sizeof(b), c, sizeof(c));
	is_bytes(all, whole.bytes + 11, sizeof(all), "content of preadv");
	is_u64(readv(fd, iov, 2), sizeof(a) + sizeof(b), "readv");
	is_bytes(b, whole.bytes + position + sizeof(a), sizeof(b), "content of readv");
	is_u64(lseek(fd, 0, SEEK_CUR), position + sizeof(a) + sizeof(b),
	       "readv advances the position");
}

static void check_refused(int fd)
{
	uint64_t zero = 0;
	void *map;

	is_u64(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY, "access mode");
	is_u64(fcntl(fd, F_GETFD), FD_CLOEXEC, "close-on-exec");
	is_errno(ERRNO_OF(write(fd, &zero, sizeof(zero))), EBADF, "write");
	tap_ok(pwrite(fd, &zero, sizeof(zero), 0) < 0, "no pwrite");
	tap_ok(ftruncate(fd, 0) < 0, "no ftruncate");
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	is_errno(map == MAP_FAILED ? errno : 0, ENODEV, "mmap");
	is_errno(ERRNO_OF(syscall(SYS_ioctl, fd, KVMSTATS_GET_INFO, &zero)), ENOTTY,
		 "a device command on a stats fd");
}

void contract_check(int fd)
{
	image_read(fd, &whole);
	check_lengths(fd);
	check_end(fd);
	check_bad_buffers(fd);
	check_vectors(fd);
	check_refused(fd);
}
