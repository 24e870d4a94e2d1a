// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a stats fd reads: any offset and length, positions, bad buffers, and what
 * is refused. Built a second time as a 32-bit program.
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "tap.h"

#define POISON		0xa5
#define NR_READERS	2
#define READER_ROUNDS	300

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

static void check_position(int fd)
{
	uint8_t buffer[16];

	is_u64(lseek(fd, 0, SEEK_SET), 0, "lseek to the start");
	is_u64(read(fd, buffer, 13), 13, "first read");
	is_u64(lseek(fd, 0, SEEK_CUR), 13, "read advances the position");
	is_u64(read(fd, buffer, 13), 13, "second read");
	is_bytes(buffer, whole.bytes + 13, 13, "second read goes on where the first ended");
	is_u64(pread(fd, buffer, 8, 3), 8, "pread");
	is_u64(lseek(fd, 0, SEEK_CUR), 26, "pread leaves the position");
	is_u64(lseek(fd, -6, SEEK_CUR), 20, "lseek from the position");
	is_u64(read(fd, buffer, 4), 4, "read there");
	is_bytes(buffer, whole.bytes + 20, 4, "content there");
	is_u64(lseek(fd, 48, SEEK_SET), 48, "lseek from the start");
	is_u64(lseek(fd, -5, SEEK_END), whole.size - 5, "lseek from the end");
	is_u64(read(fd, buffer, 16), 5, "read over the end");
	is_bytes(buffer, whole.bytes + whole.size - 5, 5, "content over the end");
	is_u64(read(fd, buffer, 16), 0, "read at the end once more");
	is_u64(lseek(fd, 0, SEEK_CUR), whole.size, "position at the end");

	lseek(fd, 7, SEEK_SET);
	is_errno(ERRNO_OF(lseek(fd, -1, SEEK_SET)), EINVAL, "lseek to -1");
	is_errno(ERRNO_OF(lseek(fd, -8, SEEK_CUR)), EINVAL, "lseek to before the start");
	is_errno(ERRNO_OF(lseek(fd, -(off_t)whole.size - 1, SEEK_END)), EINVAL,
		 "lseek from the end to before the start");
	is_errno(ERRNO_OF(lseek(fd, 0, 99)), EINVAL, "lseek from nowhere");
	is_u64(lseek(fd, 0, SEEK_CUR), 7, "a refused lseek leaves the position");
	is_u64(read(fd, buffer, 3), 3, "read after a refused lseek");
	is_bytes(buffer, whole.bytes + 7, 3, "content after a refused lseek");
}

/* Two pages of which only the first is there. */
static uint8_t *half_mapped(size_t page)
{
	uint8_t *start = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED || munmap(start + page, page))
		tap_bail("mmap failed");
	return start + page;
}

static void check_bad_buffer(int fd, void *buffer, size_t length, const char *text)
{
	lseek(fd, 5, SEEK_SET);
	is_errno(ERRNO_OF(read(fd, buffer, length)), EFAULT, "read into %s", text);
	is_u64(lseek(fd, 0, SEEK_CUR), 5, "read into %s: position stays", text);
	is_errno(ERRNO_OF(pread(fd, buffer, length, 100)), EFAULT, "pread into %s", text);
}

static void check_bad_buffers(int fd)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint8_t *edge = half_mapped(page);
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
	munmap(edge - page, page);
}

static void check_vectors(int fd)
{
	uint8_t a[5], b[64], c[3], all[72];
	struct iovec iov[] = {
		{ a, sizeof(a) }, { b, sizeof(b) }, { NULL, 0 }, { c, sizeof(c) },
	};

	is_u64(preadv(fd, iov, 4, 11), sizeof(all), "preadv");
	memcpy(all, a, sizeof(a));
	memcpy(all + sizeof(a), b, sizeof(b));
	memcpy(all + sizeof(a) + sizeof(b), c, sizeof(c));
	is_bytes(all, whole.bytes + 11, sizeof(all), "content of preadv");
	lseek(fd, 40, SEEK_SET);
	is_u64(readv(fd, iov, 2), sizeof(a) + sizeof(b), "readv");
	is_bytes(b, whole.bytes + 45, sizeof(b), "content of readv");
	is_u64(lseek(fd, 0, SEEK_CUR), 40 + sizeof(a) + sizeof(b), "readv advances the position");
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

struct reader {
	pthread_t thread;
	int fd;
	unsigned int wrong;
};

/* Immutable up to the data, and counters that only grow. */
static void *read_often(void *argument)
{
	struct reader *reader = argument;
	uint64_t exits = 0, now;
	struct image image;

	for (int i = 0; i < READER_ROUNDS; i++) {
		image_read(reader->fd, &image);
		now = image_value(&image, "io_exits");
		reader->wrong += image.size != whole.size || now < exits ||
				 memcmp(image.bytes, whole.bytes, whole.header.data_offset);
		exits = now;
	}
	return NULL;
}

static void check_readers(int fd, struct guest_vcpu *vcpu)
{
	struct reader readers[NR_READERS] = { { .fd = fd }, { .fd = fd } };

	guest_spin(vcpu);
	for (int i = 0; i < NR_READERS; i++) {
		if (pthread_create(&readers[i].thread, NULL, read_often, &readers[i]))
			tap_bail("pthread_create failed");
	}
	for (int i = 0; i < NR_READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		is_u64(readers[i].wrong, 0, "wrong reads of reader %d beside another", i);
	}
	guest_spin_stop(vcpu);
}

static void check_all(int fd, const char *text)
{
	tap_note("%s", text);
	image_read(fd, &whole);
	check_lengths(fd);
	check_end(fd);
	check_position(fd);
	check_bad_buffers(fd);
	check_vectors(fd);
	check_refused(fd);
}

int main(void)
{
	int dev = test_begin_loaded("");
	struct guest_vcpu *vcpu;
	struct kvmstats_vm vm;
	struct guest guest;
	int vm_fd, vcpu_fd;

	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	for (enum guest_work work = 0; work < GUEST_NR_WORKS; work++)
		guest_run(vcpu, work, 5 + work);
	vm = dev_vm_of(dev, getpid());
	vm_fd = dev_open_vm(dev, vm.id);
	vcpu_fd = dev_open_vcpu(dev, vm.id, 0);
	check_all(vm_fd, "the stats fd of a VM");
	check_all(vcpu_fd, "the stats fd of a vCPU");
	/* A 32-bit program reads by the same path; its threads want kernel options of their own. */
	if (sizeof(void *) == sizeof(uint64_t))
		check_readers(vcpu_fd, vcpu);
	guest_destroy(&guest);
	check_all(vcpu_fd, "the stats fd of a vCPU that is gone");
	close(vm_fd);
	close(vcpu_fd);
	return test_end_loaded(dev);
}
