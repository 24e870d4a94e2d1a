// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libkvmstats: the parser on good files and on every kind of bad one, reading,
 * and the device commands on a stand-in for ioctl().
 */
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

#include "internal.h"

/* --- stats files --- */

enum { COUNTER, SECONDS, BOOLEAN, LINEAR, LOG, NR_DESC };

/* A stats file as KVM lays it out. */
struct image {
	struct kvmstats_header header;
	char id[KVMSTATS_NAME_LEN];
	struct kvmstats_desc desc[NR_DESC];
	uint64_t data[3 + 4 + 32];
};

static const struct image good = {
	.header = {
		.name_size = KVMSTATS_NAME_LEN,
		.num_desc = NR_DESC,
		.id_offset = offsetof(struct image, id),
		.desc_offset = offsetof(struct image, desc),
		.data_offset = offsetof(struct image, data),
	},
	.id = "kvm-4711/vcpu-0",
	.desc = {
		[COUNTER] = { .size = 1, .offset = 0, .name = "exits" },
		[SECONDS] = {
			.flags = KVMSTATS_TYPE_PEAK | KVMSTATS_UNIT_SECONDS,
			.exponent = -9, .size = 1, .offset = 8, .name = "wait_ns",
		},
		[BOOLEAN] = {
			.flags = KVMSTATS_TYPE_INSTANT | KVMSTATS_UNIT_BOOLEAN,
			.size = 1, .offset = 16, .name = "guest_mode",
		},
		[LINEAR] = {
			.flags = KVMSTATS_TYPE_LINEAR_HIST | KVMSTATS_UNIT_CYCLES,
			.size = 4, .offset = 24, .bucket_size = 10, .name = "linear",
		},
		[LOG] = {
			.flags = KVMSTATS_TYPE_LOG_HIST | KVMSTATS_UNIT_SECONDS,
			.exponent = -9, .size = 32, .offset = 56, .name = "log",
		},
	},
	.data = { 100, 200, 1, 10, 20, 30, 40, [7] = 1000, [38] = 2000 },
};

static int parse(const struct image *image)
{
	struct kvmstats_reader *r = NULL;
	int ret = kvmstats_parse(image, sizeof(*image), &r);

	assert_int_equal(ret == 0, r != NULL);
	kvmstats_reader_close(r);
	return ret;
}

/* Each makes one change to a good file and names what must come of it. */
#define PARSE_TEST(name, result, change)			\
	static void name(void **state)				\
	{							\
		struct image image = good;			\
								\
		(void)state;					\
		change;						\
		assert_int_equal(parse(&image), result);	\
	}

PARSE_TEST(good_file_is_accepted, 0, (void)image)
PARSE_TEST(file_without_descriptors_is_accepted, 0, image.header.num_desc = 0)
PARSE_TEST(gap_between_values_is_accepted, 0, image.desc[LOG].offset += 8)
PARSE_TEST(unknown_type_is_accepted, 0,
	   (image.desc[LOG].flags |= KVMSTATS_TYPE_MASK, image.desc[LOG].bucket_size = 3))
PARSE_TEST(unknown_unit_is_accepted, 0,
	   (image.desc[COUNTER].flags = KVMSTATS_UNIT_MASK, image.desc[COUNTER].exponent = -3))
PARSE_TEST(unknown_base_is_accepted, 0, image.desc[COUNTER].flags = KVMSTATS_BASE_MASK)
PARSE_TEST(unknown_flag_bits_are_accepted, 0, image.desc[COUNTER].flags = 0xfffff000)
PARSE_TEST(seconds_with_exponent_0_are_accepted, 0, image.desc[SECONDS].exponent = 0)
PARSE_TEST(log_histogram_of_65_buckets_is_accepted, 0, image.desc[LOG].size = 65)

PARSE_TEST(unterminated_id_is_refused, -EBADMSG, memset(image.id + 3, 'x', sizeof(image.id) - 3))
PARSE_TEST(id_without_kvm_is_refused, -EBADMSG, image.id[0] = 'q')
PARSE_TEST(unterminated_name_is_refused, -EBADMSG,
	   memset(image.desc[LOG].name, 'x', sizeof(image.desc[LOG].name)))
PARSE_TEST(empty_name_is_refused, -EBADMSG, image.desc[LOG].name[0] = '\0')
PARSE_TEST(unaligned_value_is_refused, -EBADMSG, image.desc[LOG].offset += 4)
PARSE_TEST(value_past_the_limit_is_refused, -EBADMSG, image.desc[LOG].offset = KVMSTATS_MAX_FILE)
PARSE_TEST(value_at_the_end_of_u32_is_refused, -EBADMSG, image.desc[LOG].offset = 0xfffffff8)
PARSE_TEST(shared_value_is_refused, -EBADMSG, image.desc[SECONDS].offset = 0)
PARSE_TEST(value_inside_a_histogram_is_refused, -EBADMSG, image.desc[COUNTER].offset = 48)
PARSE_TEST(counter_of_no_value_is_refused, -EBADMSG, image.desc[COUNTER].size = 0)
PARSE_TEST(counter_of_two_values_is_refused, -EBADMSG,
	   (image.desc[COUNTER].size = 2, image.desc[COUNTER].offset = 512))
PARSE_TEST(linear_histogram_of_no_bucket_is_refused, -EBADMSG, image.desc[LINEAR].size = 0)
PARSE_TEST(log_histogram_of_no_bucket_is_refused, -EBADMSG, image.desc[LOG].size = 0)
PARSE_TEST(log_histogram_of_66_buckets_is_refused, -EBADMSG, image.desc[LOG].size = 66)
PARSE_TEST(unknown_type_of_no_value_is_refused, -EBADMSG,
	   (image.desc[LOG].flags |= KVMSTATS_TYPE_MASK, image.desc[LOG].size = 0))
PARSE_TEST(linear_histogram_without_bucket_size_is_refused, -EBADMSG,
	   image.desc[LINEAR].bucket_size = 0)
PARSE_TEST(log_histogram_with_bucket_size_is_refused, -EBADMSG, image.desc[LOG].bucket_size = 1)
PARSE_TEST(counter_with_bucket_size_is_refused, -EBADMSG, image.desc[COUNTER].bucket_size = 1)
PARSE_TEST(seconds_with_positive_exponent_are_refused, -EBADMSG,
	   image.desc[SECONDS].exponent = 1)
PARSE_TEST(boolean_with_exponent_is_refused, -EBADMSG, image.desc[BOOLEAN].exponent = 1)
PARSE_TEST(boolean_with_negative_exponent_is_refused, -EBADMSG,
	   image.desc[BOOLEAN].exponent = -1)
PARSE_TEST(plain_number_with_negative_exponent_is_refused, -EBADMSG,
	   image.desc[COUNTER].exponent = -1)
PARSE_TEST(bytes_with_negative_exponent_are_refused, -EBADMSG,
	   (image.desc[COUNTER].flags = KVMSTATS_UNIT_BYTES, image.desc[COUNTER].exponent = -1))
PARSE_TEST(cycles_with_negative_exponent_are_refused, -EBADMSG, image.desc[LINEAR].exponent = -1)

/*
 * The blocks of a file of one-value counters, put where @h says as far as that is
 * within the buffer, so that nothing but the layout can be wrong with it.
 */
static int parse_layout(const struct kvmstats_header *h)
{
	static char file[KVMSTATS_MAX_FILE + 4096];
	struct kvmstats_reader *r = NULL;
	int ret;

	memset(file, 0, sizeof(file));
	memcpy(file, h, sizeof(*h));
	if (h->id_offset < sizeof(file) - 8)
		memcpy(file + h->id_offset, "kvm-1", 6);
	for (uint64_t i = 0; i < h->num_desc && i <= KVMSTATS_MAX_DESC; i++) {
		struct kvmstats_desc d = { .size = 1, .offset = i * 8, .name = "n" };
		uint64_t at = h->desc_offset + i * (16ull + h->name_size);

		if (at < sizeof(file) - 24)
			memcpy(file + at, &d, 24);
	}
	ret = kvmstats_parse(file, sizeof(file), &r);
	assert_int_equal(ret == 0, r != NULL);
	kvmstats_reader_close(r);
	return ret;
}

/* Each makes one change to a good layout: id, 2 descriptors, data, with room between. */
#define LAYOUT_TEST(name, result, change)			\
	static void name(void **state)				\
	{							\
		struct kvmstats_header h = {			\
			.name_size = 48, .num_desc = 2,		\
			.id_offset = 64, .desc_offset = 256,	\
			.data_offset = 1024,			\
		};						\
								\
		(void)state;					\
		change;						\
		assert_int_equal(parse_layout(&h), result);	\
	}

LAYOUT_TEST(room_between_blocks_is_accepted, 0, (void)h)
LAYOUT_TEST(data_before_descriptors_is_accepted, 0, h.data_offset = 128)
LAYOUT_TEST(adjoining_blocks_are_accepted, 0,
	    (h.id_offset = 24, h.desc_offset = 72, h.data_offset = 200))
LAYOUT_TEST(most_descriptors_are_accepted, 0,
	    (h.num_desc = KVMSTATS_MAX_DESC, h.data_offset = 1 << 20))
LAYOUT_TEST(longest_names_are_accepted, 0,
	    (h.name_size = KVMSTATS_MAX_NAME, h.desc_offset = 64 + KVMSTATS_MAX_NAME))
LAYOUT_TEST(data_up_to_the_limit_is_accepted, 0, h.data_offset = KVMSTATS_MAX_FILE - 16)

LAYOUT_TEST(header_flags_are_refused, -EBADMSG, h.flags = 1)
LAYOUT_TEST(name_size_0_is_refused, -EBADMSG, h.name_size = 0)
LAYOUT_TEST(unaligned_name_size_is_refused, -EBADMSG, h.name_size = 44)
LAYOUT_TEST(too_long_names_are_refused, -EBADMSG,
	    (h.name_size = KVMSTATS_MAX_NAME + 8, h.desc_offset = 512, h.data_offset = 2048))
LAYOUT_TEST(name_size_at_the_end_of_u32_is_refused, -EBADMSG, h.name_size = 0xfffffff8)
LAYOUT_TEST(too_many_descriptors_are_refused, -EBADMSG,
	    (h.num_desc = KVMSTATS_MAX_DESC + 1, h.data_offset = 1 << 20))
LAYOUT_TEST(num_desc_that_overflows_is_refused, -EBADMSG, h.num_desc = UINT32_MAX)
LAYOUT_TEST(id_inside_the_header_is_refused, -EBADMSG, h.id_offset = 16)
LAYOUT_TEST(unaligned_id_is_refused, -EBADMSG, h.id_offset += 4)
LAYOUT_TEST(id_past_the_limit_is_refused, -EBADMSG, h.id_offset = KVMSTATS_MAX_FILE - 40)
LAYOUT_TEST(id_at_the_end_of_u32_is_refused, -EBADMSG, h.id_offset = 0xfffffff8)
LAYOUT_TEST(descriptors_inside_the_header_are_refused, -EBADMSG,
	    (h.num_desc = 0, h.desc_offset = 0))
LAYOUT_TEST(unaligned_descriptors_are_refused, -EBADMSG, h.desc_offset += 4)
LAYOUT_TEST(descriptors_over_the_id_are_refused, -EBADMSG, h.desc_offset = 64 + 40)
LAYOUT_TEST(descriptors_past_the_limit_are_refused, -EBADMSG,
	    h.desc_offset = KVMSTATS_MAX_FILE - 120)
LAYOUT_TEST(descriptors_at_the_end_of_u32_are_refused, -EBADMSG, h.desc_offset = 0xfffffff8)
LAYOUT_TEST(data_inside_the_header_is_refused, -EBADMSG, h.data_offset = 8)
LAYOUT_TEST(unaligned_data_is_refused, -EBADMSG, h.data_offset += 4)
LAYOUT_TEST(data_over_the_id_is_refused, -EBADMSG, h.data_offset = 64 + 40)
LAYOUT_TEST(data_over_the_descriptors_is_refused, -EBADMSG, h.data_offset = 256 - 8)
LAYOUT_TEST(data_past_the_limit_is_refused, -EBADMSG, h.data_offset = KVMSTATS_MAX_FILE - 8)
LAYOUT_TEST(data_at_the_end_of_u32_is_refused, -EBADMSG, h.data_offset = 0xfffffff8)

static void every_shorter_file_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < offsetof(struct image, data); len++) {
		struct kvmstats_reader *r;
		char *buf = malloc(len);	/* so that ASan sees a read past it */

		memcpy(buf, &good, len);
		assert_int_equal(kvmstats_parse(buf, len, &r), -EBADMSG);
		free(buf);
	}
}

static void unaligned_buffer_is_parsed(void **state)
{
	char buf[sizeof(good) + 1];
	struct kvmstats_reader *r;

	(void)state;
	memcpy(buf + 1, &good, sizeof(good));
	assert_int_equal(kvmstats_parse(buf + 1, sizeof(good), &r), 0);
	assert_string_equal(kvmstats_reader_id(r), good.id);
	kvmstats_reader_close(r);
}

static void names_of_another_size_are_parsed(void **state)
{
	struct {
		struct kvmstats_header header;
		char desc[2][16 + 8];
		char id[8];
	} image = {
		.header = {
			.name_size = 8,
			.num_desc = 2,
			.id_offset = offsetof(typeof(image), id),
			.desc_offset = offsetof(typeof(image), desc),
			.data_offset = sizeof(image),
		},
		.id = "kvm-1",
	};
	struct kvmstats_reader *r;

	(void)state;
	memcpy(image.desc[0], &(struct kvmstats_desc){ .size = 1, .name = "first" }, 24);
	memcpy(image.desc[1], &(struct kvmstats_desc){ .size = 1, .offset = 8, .name = "second" },
	       24);
	assert_int_equal(kvmstats_parse(&image, sizeof(image), &r), 0);
	assert_string_equal(kvmstats_reader_id(r), "kvm-1");
	assert_int_equal(kvmstats_reader_find(r, "second"), 1);
	kvmstats_reader_close(r);
}

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

int __real_ioctl(int fd, unsigned long cmd, ...);

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
	objects[0] = __real_ioctl(kvm, create_vm, 0);
	objects[1] = objects[0] < 0 ? -1 : __real_ioctl(objects[0], create_vcpu, 0);
	fd = objects[1] < 0 ? -1 : __real_ioctl(objects[0], get_stats_fd);
	if (fd < 0) {
		print_message("skip: no native stats fd: %s\n", strerror(errno));
		skip();
	}
	close(fd);

	for (int i = 0; i < 2; i++) {
		struct kvmstats_reader *r;

		fd = __real_ioctl(objects[i], get_stats_fd);
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

/* --- the device --- */

#define NR_VMS	150

/* The stand-in for the module, as far as the library can see it. */
static struct {
	int error;		/* errno of the next commands */
	uint32_t known;		/* bytes of a struct that the module knows, 0 for all */
	uint32_t count;		/* answer of a list command, 0 for the truth */
	unsigned int calls;
	unsigned long cmd;
	struct kvmstats_open open;
	uint64_t listed_vm;
} module;

static uint32_t known(uint32_t size)
{
	return module.known && module.known < size ? module.known : size;
}

static void answer_info(struct kvmstats_info *arg)
{
	struct kvmstats_info info = { .size = known(arg->size), .abi_version = 1, .nr_vms = NR_VMS,
				      .vcpu_data_size = 1104 };

	memset(info.package_version, 'v', sizeof(info.package_version));
	memcpy(arg, &info, info.size);
}

static int answer_hook(struct kvmstats_hook *arg)
{
	struct kvmstats_hook hook = { .size = known(arg->size), .index = arg->index, .hits = 5 };

	if (arg->index >= 2) {
		errno = ENOENT;
		return -1;
	}
	memset(hook.name, 'n', sizeof(hook.name));
	memset(hook.lost, 'l', sizeof(hook.lost));
	memcpy(arg, &hook, hook.size);
	return 0;
}

/* VMs are 10, 20, ..., every one has vCPUs 0 to NR_VMS - 1. */
static void answer_list(struct kvmstats_list *list, int vcpus)
{
	char *record = (char *)(uintptr_t)list->records;

	module.listed_vm = list->vm_id;
	for (list->count = 0; list->count < list->capacity && list->cursor < NR_VMS;
	     list->count++, list->cursor++, record += list->record_size) {
		memset(record, 'x', list->record_size);
		if (vcpus)
			((struct kvmstats_vcpu *)record)->vcpu_id = list->cursor;
		else
			((struct kvmstats_vm *)record)->id = (list->cursor + 1) * 10;
	}
	if (module.count)
		list->count = module.count;
}

int __wrap_ioctl(int fd, unsigned long cmd, void *arg);

int __wrap_ioctl(int fd, unsigned long cmd, void *arg)
{
	assert_true(fd >= 0);
	module.calls++;
	module.cmd = cmd;
	if (module.error) {
		errno = module.error;
		return -1;
	}
	switch (cmd) {
	case KVMSTATS_GET_INFO:
		answer_info(arg);
		return 0;
	case KVMSTATS_GET_HOOK:
		return answer_hook(arg);
	case KVMSTATS_LIST_VMS:
	case KVMSTATS_LIST_VCPUS:
		answer_list(arg, cmd == KVMSTATS_LIST_VCPUS);
		return 0;
	case KVMSTATS_OPEN_VM:
	case KVMSTATS_OPEN_VCPU:
		memcpy(&module.open, arg, sizeof(module.open));
		return 77;
	}
	errno = ENOTTY;
	return -1;
}

static int open_device(void **state)
{
	struct kvmstats *ks;

	memset(&module, 0, sizeof(module));
	if (kvmstats_open("/dev/null", &ks))
		return -1;
	*state = ks;
	return 0;
}

static int close_device(void **state)
{
	kvmstats_close(*state);
	return 0;
}

static void open_reports_what_is_wrong(void **state)
{
	struct kvmstats *ks = NULL;

	(void)state;
	memset(&module, 0, sizeof(module));
	assert_int_equal(kvmstats_open("/nonexistent", &ks), -ENOENT);
	module.error = ENOTTY;
	assert_int_equal(kvmstats_open("/dev/null", &ks), -ENOTTY);
	assert_null(ks);
}

static void nothing_is_closed_or_freed_for_null(void **state)
{
	(void)state;
	kvmstats_close(NULL);
	kvmstats_vm_iter_free(NULL);
	kvmstats_vcpu_iter_free(NULL);
	kvmstats_reader_close(NULL);
}

static void info_is_passed_on_and_terminated(void **state)
{
	struct kvmstats_info info;

	assert_int_equal(kvmstats_get_info(*state, &info, sizeof(info)), 0);
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.nr_vms, NR_VMS);
	assert_int_equal(info.vcpu_data_size, 1104);
	assert_int_equal(strlen(info.package_version), sizeof(info.package_version) - 1);
}

static void fields_that_the_module_does_not_know_are_0(void **state)
{
	struct kvmstats_info info;

	memset(&info, 0xff, sizeof(info));
	module.known = offsetof(struct kvmstats_info, vm_data_size);
	assert_int_equal(kvmstats_get_info(*state, &info, sizeof(info)), 0);
	assert_int_equal(info.size, module.known);
	assert_int_equal(info.nr_vms, NR_VMS);
	assert_int_equal(info.vcpu_data_size, 0);
	assert_string_equal(info.package_version, "");
}

static void older_caller_gets_no_more_than_it_has_room_for(void **state)
{
	const size_t room = offsetof(struct kvmstats_info, nr_hooks);
	unsigned char buf[sizeof(struct kvmstats_info)];
	struct kvmstats_info info;

	memset(buf, 0xaa, sizeof(buf));
	assert_int_equal(kvmstats_get_info(*state, (void *)buf, room), 0);
	memcpy(&info, buf, sizeof(info));
	assert_int_equal(info.size, room);
	assert_int_equal(info.nr_vms, NR_VMS);
	for (size_t i = room; i < sizeof(buf); i++)
		assert_int_equal(buf[i], 0xaa);
}

static void newer_caller_gets_0_in_what_the_library_does_not_know(void **state)
{
	struct {
		struct kvmstats_hook hook;
		char more[40];
	} newer;

	memset(&newer, 0xff, sizeof(newer));
	assert_int_equal(kvmstats_get_hook(*state, 1, &newer.hook, sizeof(newer)), 0);
	assert_int_equal(newer.hook.size, sizeof(newer.hook));
	assert_int_equal(newer.hook.hits, 5);
	for (size_t i = 0; i < sizeof(newer.more); i++)
		assert_int_equal(newer.more[i], 0);
}

static void size_that_holds_no_size_is_refused(void **state)
{
	struct kvmstats_info info;
	struct kvmstats_hook hook;

	assert_int_equal(kvmstats_get_info(*state, &info, 3), -EINVAL);
	assert_int_equal(kvmstats_get_hook(*state, 0, &hook, 0), -EINVAL);
}

static void hook_is_passed_on_and_terminated(void **state)
{
	struct kvmstats_hook hook;

	assert_int_equal(kvmstats_get_hook(*state, 1, &hook, sizeof(hook)), 0);
	assert_int_equal(hook.index, 1);
	assert_int_equal(strlen(hook.name), sizeof(hook.name) - 1);
	assert_int_equal(strlen(hook.lost), sizeof(hook.lost) - 1);
	assert_int_equal(kvmstats_get_hook(*state, 2, &hook, sizeof(hook)), -ENOENT);
}

static void every_vm_is_seen_once_across_batches(void **state)
{
	const struct kvmstats_vm *vm;
	struct kvmstats_vm_iter *it;
	unsigned int seen = 0;

	assert_int_equal(kvmstats_vm_iter_new(*state, &it), 0);
	module.calls = 0;
	while (kvmstats_vm_iter_next(it, &vm) == 1) {
		assert_int_equal(vm->id, ++seen * 10);
		assert_int_equal(strlen(vm->comm), sizeof(vm->comm) - 1);
		assert_int_equal(strlen(vm->stats_id), sizeof(vm->stats_id) - 1);
	}
	assert_int_equal(seen, NR_VMS);
	assert_in_range(module.calls, 1, 5);
	assert_int_equal(module.listed_vm, 0);
	assert_int_equal(kvmstats_vm_iter_next(it, &vm), 0);
	kvmstats_vm_iter_free(it);
}

static void every_vcpu_is_seen_once_across_batches(void **state)
{
	const struct kvmstats_vcpu *vcpu;
	struct kvmstats_vcpu_iter *it;
	unsigned int seen = 0;

	assert_int_equal(kvmstats_vcpu_iter_new(*state, 30, &it), 0);
	while (kvmstats_vcpu_iter_next(it, &vcpu) == 1) {
		assert_int_equal(vcpu->vcpu_id, seen++);
		assert_int_equal(strlen(vcpu->stats_id), sizeof(vcpu->stats_id) - 1);
	}
	assert_int_equal(seen, NR_VMS);
	assert_int_equal(module.listed_vm, 30);
	kvmstats_vcpu_iter_free(it);
}

static void walk_goes_on_after_an_error(void **state)
{
	const struct kvmstats_vcpu *vcpu = NULL;
	struct kvmstats_vcpu_iter *it;

	assert_int_equal(kvmstats_vcpu_iter_new(*state, 30, &it), 0);
	module.error = ENOENT;
	assert_int_equal(kvmstats_vcpu_iter_next(it, &vcpu), -ENOENT);
	assert_null(vcpu);
	module.error = 0;
	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(kvmstats_vcpu_iter_next(it, &vcpu), 1);
	module.error = EFAULT;
	assert_int_equal(kvmstats_vcpu_iter_next(it, &vcpu), -EFAULT);
	module.error = 0;
	assert_int_equal(kvmstats_vcpu_iter_next(it, &vcpu), 1);
	assert_int_equal(vcpu->vcpu_id, 64);
	kvmstats_vcpu_iter_free(it);
}

static void more_records_than_asked_for_are_refused(void **state)
{
	const struct kvmstats_vm *vm;
	struct kvmstats_vm_iter *it;

	assert_int_equal(kvmstats_vm_iter_new(*state, &it), 0);
	module.count = 100000;
	assert_int_equal(kvmstats_vm_iter_next(it, &vm), -EBADMSG);
	kvmstats_vm_iter_free(it);
}

static void stats_fds_are_opened_by_id(void **state)
{
	assert_int_equal(kvmstats_open_vm(*state, 1ull << 40), 77);
	assert_int_equal(module.cmd, KVMSTATS_OPEN_VM);
	assert_int_equal(module.open.size, sizeof(module.open));
	assert_int_equal(module.open.vm_id, 1ull << 40);
	assert_int_equal(module.open.vcpu_id, 0);

	assert_int_equal(kvmstats_open_vcpu(*state, 3, 9), 77);
	assert_int_equal(module.cmd, KVMSTATS_OPEN_VCPU);
	assert_int_equal(module.open.vm_id, 3);
	assert_int_equal(module.open.vcpu_id, 9);

	module.error = ENOENT;
	assert_int_equal(kvmstats_open_vm(*state, 3), -ENOENT);
}

#define device_test(name)	cmocka_unit_test_setup_teardown(name, open_device, close_device)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_file_is_accepted),
		cmocka_unit_test(file_without_descriptors_is_accepted),
		cmocka_unit_test(gap_between_values_is_accepted),
		cmocka_unit_test(unknown_type_is_accepted),
		cmocka_unit_test(unknown_unit_is_accepted),
		cmocka_unit_test(unknown_base_is_accepted),
		cmocka_unit_test(unknown_flag_bits_are_accepted),
		cmocka_unit_test(seconds_with_exponent_0_are_accepted),
		cmocka_unit_test(log_histogram_of_65_buckets_is_accepted),
		cmocka_unit_test(unterminated_id_is_refused),
		cmocka_unit_test(id_without_kvm_is_refused),
		cmocka_unit_test(unterminated_name_is_refused),
		cmocka_unit_test(empty_name_is_refused),
		cmocka_unit_test(unaligned_value_is_refused),
		cmocka_unit_test(value_past_the_limit_is_refused),
		cmocka_unit_test(value_at_the_end_of_u32_is_refused),
		cmocka_unit_test(shared_value_is_refused),
		cmocka_unit_test(value_inside_a_histogram_is_refused),
		cmocka_unit_test(counter_of_no_value_is_refused),
		cmocka_unit_test(counter_of_two_values_is_refused),
		cmocka_unit_test(linear_histogram_of_no_bucket_is_refused),
		cmocka_unit_test(log_histogram_of_no_bucket_is_refused),
		cmocka_unit_test(log_histogram_of_66_buckets_is_refused),
		cmocka_unit_test(unknown_type_of_no_value_is_refused),
		cmocka_unit_test(linear_histogram_without_bucket_size_is_refused),
		cmocka_unit_test(log_histogram_with_bucket_size_is_refused),
		cmocka_unit_test(counter_with_bucket_size_is_refused),
		cmocka_unit_test(seconds_with_positive_exponent_are_refused),
		cmocka_unit_test(boolean_with_exponent_is_refused),
		cmocka_unit_test(boolean_with_negative_exponent_is_refused),
		cmocka_unit_test(plain_number_with_negative_exponent_is_refused),
		cmocka_unit_test(bytes_with_negative_exponent_are_refused),
		cmocka_unit_test(cycles_with_negative_exponent_are_refused),
		cmocka_unit_test(room_between_blocks_is_accepted),
		cmocka_unit_test(data_before_descriptors_is_accepted),
		cmocka_unit_test(adjoining_blocks_are_accepted),
		cmocka_unit_test(most_descriptors_are_accepted),
		cmocka_unit_test(longest_names_are_accepted),
		cmocka_unit_test(data_up_to_the_limit_is_accepted),
		cmocka_unit_test(header_flags_are_refused),
		cmocka_unit_test(name_size_0_is_refused),
		cmocka_unit_test(unaligned_name_size_is_refused),
		cmocka_unit_test(too_long_names_are_refused),
		cmocka_unit_test(name_size_at_the_end_of_u32_is_refused),
		cmocka_unit_test(too_many_descriptors_are_refused),
		cmocka_unit_test(num_desc_that_overflows_is_refused),
		cmocka_unit_test(id_inside_the_header_is_refused),
		cmocka_unit_test(unaligned_id_is_refused),
		cmocka_unit_test(id_past_the_limit_is_refused),
		cmocka_unit_test(id_at_the_end_of_u32_is_refused),
		cmocka_unit_test(descriptors_inside_the_header_are_refused),
		cmocka_unit_test(unaligned_descriptors_are_refused),
		cmocka_unit_test(descriptors_over_the_id_are_refused),
		cmocka_unit_test(descriptors_past_the_limit_are_refused),
		cmocka_unit_test(descriptors_at_the_end_of_u32_are_refused),
		cmocka_unit_test(data_inside_the_header_is_refused),
		cmocka_unit_test(unaligned_data_is_refused),
		cmocka_unit_test(data_over_the_id_is_refused),
		cmocka_unit_test(data_over_the_descriptors_is_refused),
		cmocka_unit_test(data_past_the_limit_is_refused),
		cmocka_unit_test(data_at_the_end_of_u32_is_refused),
		cmocka_unit_test(every_shorter_file_is_refused),
		cmocka_unit_test(unaligned_buffer_is_parsed),
		cmocka_unit_test(names_of_another_size_are_parsed),
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
		cmocka_unit_test(open_reports_what_is_wrong),
		cmocka_unit_test(nothing_is_closed_or_freed_for_null),
		device_test(info_is_passed_on_and_terminated),
		device_test(fields_that_the_module_does_not_know_are_0),
		device_test(older_caller_gets_no_more_than_it_has_room_for),
		device_test(newer_caller_gets_0_in_what_the_library_does_not_know),
		device_test(size_that_holds_no_size_is_refused),
		device_test(hook_is_passed_on_and_terminated),
		device_test(every_vm_is_seen_once_across_batches),
		device_test(every_vcpu_is_seen_once_across_batches),
		device_test(walk_goes_on_after_an_error),
		device_test(more_records_than_asked_for_are_refused),
		device_test(stats_fds_are_opened_by_id),
	};

	return cmocka_run_group_tests_name("libkvmstats", tests, NULL, NULL);
}
