// SPDX-License-Identifier: GPL-2.0-or-later
/* libkvmstats: the parser on good stats files and on every kind of bad one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib_image.h"

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
	};

	return cmocka_run_group_tests_name("libkvmstats: parser", tests, NULL, NULL);
}
