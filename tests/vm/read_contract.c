// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a stats fd reads: any offset and length, positions, bad buffers, and what
 * is refused. Built a second time as a 32-bit program.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"
#include "dev.h"
#include "guest.h"
#include "image.h"
#include "module.h"
#include "tap.h"

#define NR_READERS	2
#define READER_ROUNDS	300

static struct image whole;

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
	check_position(fd);
	contract_check(fd);
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
