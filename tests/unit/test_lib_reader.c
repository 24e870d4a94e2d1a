// SPDX-License-Identifier: GPL-2.0-or-later
/* libkvmstats: reading stats fds, and what their values mean. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib_image.h"

static void stats_are_described_as_in_the_file(void **state)
{
	struct kvmstats_reader *r;

	(void)state;
	assert_int_equal(kvmstats_parse(&good, sizeof(good), &r), 0);
	assert_int_equal(kvmstats_reader_count(r), NR_DESC);
	for (uint32_t i = 0; i < NR_DESC; i++) {
		const struct kvmstats_stat *stat = kvmstats_reader_stat(r, i);

		assert_string_equal(stat->name, good.desc[i].name);
		assert_int_equal(stat->flags, good.desc[i].flags);
		assert_int_equal(stat->exponent, good.desc[i].exponent);
		assert_int_equal(stat->size, good.desc[i].size);
		assert_int_equal(stat->bucket_size, good.desc[i].bucket_size);
	}
	assert_null(kvmstats_reader_stat(r, NR_DESC));
	kvmstats_reader_close(r);
}

static void stat_is_found_by_its_whole_name(void **state)
{
	struct kvmstats_reader *r;

	(void)state;
	assert_int_equal(kvmstats_parse(&good, sizeof(good), &r), 0);
	assert_int_equal(kvmstats_reader_find(r, "exits"), COUNTER);
	assert_int_equal(kvmstats_reader_find(r, "log"), LOG);
	assert_int_equal(kvmstats_reader_find(r, "exit"), -ENOENT);
	assert_int_equal(kvmstats_reader_find(r, "exits "), -ENOENT);
	assert_int_equal(kvmstats_reader_find(r, ""), -ENOENT);
	kvmstats_reader_close(r);
}

static int image_fd(const void *image, size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image, size), size);
	return fd;
}

static void values_come_with_the_update(void **state)
{
	int fd = image_fd(&good, sizeof(good));
	off_t position = lseek(fd, 0, SEEK_CUR);
	struct kvmstats_reader *r;
	const uint64_t *value;
	uint64_t more = 101;

	(void)state;
	assert_int_equal(kvmstats_reader_open(fd, &r), 0);
	assert_null(kvmstats_reader_values(r, COUNTER));
	assert_int_equal(kvmstats_reader_update(r), 0);
	value = kvmstats_reader_values(r, COUNTER);
	assert_int_equal(*value, 100);
	assert_int_equal(*kvmstats_reader_values(r, BOOLEAN), 1);
	assert_memory_equal(kvmstats_reader_values(r, LINEAR), good.data + 3, 4 * 8);
	assert_memory_equal(kvmstats_reader_values(r, LOG), good.data + 7, 32 * 8);
	assert_null(kvmstats_reader_values(r, NR_DESC));

	assert_int_equal(pwrite(fd, &more, 8, offsetof(struct image, data)), 8);
	assert_int_equal(*value, 100);
	assert_int_equal(kvmstats_reader_update(r), 0);
	assert_int_equal(*value, 101);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), position);
	kvmstats_reader_close(r);
	close(fd);
}

static void values_in_another_order_are_read(void **state)
{
	struct image image = good;
	struct kvmstats_reader *r;
	int fd;

	(void)state;
	image.desc[LOG].offset = 0;
	image.desc[COUNTER].offset = sizeof(image.data) - 8;
	image.desc[SECONDS].offset = sizeof(image.data) - 16;
	image.desc[BOOLEAN].offset = sizeof(image.data) - 24;
	image.desc[LINEAR].offset = sizeof(image.data) - 56;
	fd = image_fd(&image, sizeof(image));
	assert_int_equal(kvmstats_reader_open(fd, &r), 0);
	assert_int_equal(kvmstats_reader_update(r), 0);
	assert_int_equal(*kvmstats_reader_values(r, COUNTER), 2000);
	assert_memory_equal(kvmstats_reader_values(r, LOG), good.data, 32 * 8);
	kvmstats_reader_close(r);
	close(fd);
}

static void short_data_is_an_error_and_leaves_no_values(void **state)
{
	int fd = image_fd(&good, sizeof(good));
	struct kvmstats_reader *r;

	(void)state;
	assert_int_equal(kvmstats_reader_open(fd, &r), 0);
	assert_int_equal(kvmstats_reader_update(r), 0);
	assert_int_equal(ftruncate(fd, sizeof(good) - 1), 0);
	assert_int_equal(kvmstats_reader_update(r), -EBADMSG);
	assert_null(kvmstats_reader_values(r, COUNTER));
	assert_int_equal(ftruncate(fd, sizeof(good)), 0);
	assert_int_equal(kvmstats_reader_update(r), 0);
	assert_non_null(kvmstats_reader_values(r, COUNTER));
	kvmstats_reader_close(r);
	close(fd);
}

static void short_schema_is_an_error(void **state)
{
	static const size_t sizes[] = {
		0, 23, 24, offsetof(struct image, desc), offsetof(struct image, data) - 1,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		int fd = image_fd(&good, sizes[i]);
		struct kvmstats_reader *r;

		assert_int_equal(kvmstats_reader_open(fd, &r), -EBADMSG);
		close(fd);
	}
}

static void fd_that_cannot_be_read_gives_its_own_error(void **state)
{
	struct kvmstats_reader *r;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(kvmstats_reader_open(ends[0], &r), -ESPIPE);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(kvmstats_reader_open(-1, &r), -EBADF);
}

/* The only witness of the layout that is not this project's own. */
static void native_stats_fd_is_accepted(void **state)
{
	const unsigned long create_vm = _IO(0xAE, 0x01), create_vcpu = _IO(0xAE, 0x41);
	const unsigned long get_stats_fd = _IO(0xAE, 0xce);
	int kvm, objects[2], fd;

	(void)state;
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0) {
		print_message("skip: /dev/kvm: %s\n", strerror(errno));
		skip();
	}
	objects[0] = ioctl(kvm, create_vm, 0);
	objects[1] = objects[0] < 0 ? -1 : ioctl(objects[0], create_vcpu, 0);
	fd = objects[1] < 0 ? -1 : ioctl(objects[0], get_stats_fd);
	if (fd < 0) {
		print_message("skip: no native stats fd: %s\n", strerror(errno));
		skip();
	}
	close(fd);

	for (int i = 0; i < 2; i++) {
		struct kvmstats_reader *r;

		fd = ioctl(objects[i], get_stats_fd);
		assert_true(fd >= 0);
		assert_int_equal(kvmstats_reader_open(fd, &r), 0);
		assert_int_equal(kvmstats_reader_update(r), 0);
		assert_true(kvmstats_reader_count(r) > 0);
		assert_non_null(kvmstats_reader_values(r, kvmstats_reader_count(r) - 1));
		assert_int_equal(kvmstats_reader_find(r, i ? "exits" : "remote_tlb_flush") < 0, 0);
		kvmstats_reader_close(r);
		close(fd);
	}
	close(objects[1]);
	close(objects[0]);
	close(kvm);
}

/* --- buckets --- */

static void check_bucket(const struct kvmstats_stat *stat, uint32_t bucket,
			 uint64_t low, uint64_t high)
{
	uint64_t lo = 1, hi = 0;

	assert_int_equal(kvmstats_bucket_bounds(stat, bucket, &lo, &hi), 0);
	assert_int_equal(lo, low);
	assert_int_equal(hi, high);
}

static void linear_buckets_have_equal_width_and_an_open_end(void **state)
{
	struct kvmstats_stat stat = {
		.flags = KVMSTATS_TYPE_LINEAR_HIST, .size = 3, .bucket_size = 10,
	};

	(void)state;
	check_bucket(&stat, 0, 0, 10);
	check_bucket(&stat, 1, 10, 20);
	check_bucket(&stat, 2, 20, UINT64_MAX);

	stat.size = UINT16_MAX;
	stat.bucket_size = UINT32_MAX;
	check_bucket(&stat, UINT16_MAX - 2, UINT32_MAX * (UINT16_MAX - 2ull),
		     UINT32_MAX * (UINT16_MAX - 1ull));
}

static void log_buckets_double_and_have_an_open_end(void **state)
{
	struct kvmstats_stat stat = { .flags = KVMSTATS_TYPE_LOG_HIST, .size = 5 };

	(void)state;
	check_bucket(&stat, 0, 0, 1);
	check_bucket(&stat, 1, 1, 2);
	check_bucket(&stat, 2, 2, 4);
	check_bucket(&stat, 3, 4, 8);
	check_bucket(&stat, 4, 8, UINT64_MAX);

	stat.size = 65;
	check_bucket(&stat, 63, 1ull << 62, 1ull << 63);
	check_bucket(&stat, 64, 1ull << 63, UINT64_MAX);
}

static void histogram_of_one_bucket_takes_all(void **state)
{
	struct kvmstats_stat log = { .flags = KVMSTATS_TYPE_LOG_HIST, .size = 1 };
	struct kvmstats_stat linear = {
		.flags = KVMSTATS_TYPE_LINEAR_HIST, .size = 1, .bucket_size = 7,
	};

	(void)state;
	check_bucket(&log, 0, 0, UINT64_MAX);
	check_bucket(&linear, 0, 0, UINT64_MAX);
}

static void bucket_of_no_histogram_is_refused(void **state)
{
	struct kvmstats_stat stat = { .flags = KVMSTATS_TYPE_LOG_HIST, .size = 5 };
	uint64_t low, high;

	(void)state;
	assert_int_equal(kvmstats_bucket_bounds(&stat, 5, &low, &high), -EINVAL);
	stat.size = UINT16_MAX;
	assert_int_equal(kvmstats_bucket_bounds(&stat, 65, &low, &high), -EINVAL);
	stat.flags = KVMSTATS_TYPE_PEAK;
	assert_int_equal(kvmstats_bucket_bounds(&stat, 0, &low, &high), -EINVAL);
	stat.flags = KVMSTATS_TYPE_MASK;
	assert_int_equal(kvmstats_bucket_bounds(&stat, 0, &low, &high), -EINVAL);
}

static void scale_is_base_to_the_exponent(void **state)
{
	struct kvmstats_stat stat = { .flags = KVMSTATS_UNIT_SECONDS, .exponent = -9 };

	(void)state;
	assert_true(kvmstats_scale(&stat) == 1e-9);
	stat.exponent = 0;
	assert_true(kvmstats_scale(&stat) == 1);
	stat.exponent = 22;
	assert_true(kvmstats_scale(&stat) == 1e22);
	stat.flags = KVMSTATS_BASE_POW2;
	stat.exponent = 30;
	assert_true(kvmstats_scale(&stat) == 1 << 30);
	stat.exponent = -1;
	assert_true(kvmstats_scale(&stat) == 0.5);
	stat.exponent = INT16_MIN;
	assert_true(kvmstats_scale(&stat) == 0);
	stat.flags = KVMSTATS_BASE_MASK;
	assert_true(kvmstats_scale(&stat) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stats_are_described_as_in_the_file),
		cmocka_unit_test(stat_is_found_by_its_whole_name),
		cmocka_unit_test(values_come_with_the_update),
		cmocka_unit_test(values_in_another_order_are_read),
		cmocka_unit_test(short_data_is_an_error_and_leaves_no_values),
		cmocka_unit_test(short_schema_is_an_error),
		cmocka_unit_test(fd_that_cannot_be_read_gives_its_own_error),
		cmocka_unit_test(native_stats_fd_is_accepted),
		cmocka_unit_test(linear_buckets_have_equal_width_and_an_open_end),
		cmocka_unit_test(log_buckets_double_and_have_an_open_end),
		cmocka_unit_test(histogram_of_one_bucket_takes_all),
		cmocka_unit_test(bucket_of_no_histogram_is_refused),
		cmocka_unit_test(scale_is_base_to_the_exponent),
	};

	return cmocka_run_group_tests_name("libkvmstats: reader", tests, NULL, NULL);
}
