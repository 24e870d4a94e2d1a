// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image.h"

#define NUM_DESC 3
#define DATA_SIZE 40
#define HEAD_SIZE 72
#define DESC_SIZE (64 * NUM_DESC)
#define FILE_SIZE (HEAD_SIZE + DESC_SIZE + DATA_SIZE)

static struct kvmstats_header header;

static int setup(void **state)
{
	(void)state;
	kvms_header_init(&header, NUM_DESC);
	return 0;
}

static struct kvms_span span_at(uint64_t pos, uint64_t len)
{
	return kvms_image_span(&header, DATA_SIZE, pos, len);
}

static void assert_span(uint64_t pos, uint64_t len, enum kvms_block block, uint32_t start,
			uint32_t got)
{
	struct kvms_span span = span_at(pos, len);

	assert_int_equal(span.block, block);
	assert_int_equal(span.start, start);
	assert_int_equal(span.len, got);
}

static void header_is_that_of_the_format(void **state)
{
	(void)state;
	assert_int_equal(header.flags, 0);
	assert_int_equal(header.name_size, 48);
	assert_int_equal(header.num_desc, NUM_DESC);
	assert_int_equal(header.id_offset, 24);
	assert_int_equal(header.desc_offset, HEAD_SIZE);
	assert_int_equal(header.data_offset, HEAD_SIZE + DESC_SIZE);
	assert_int_equal(kvms_image_size(&header, DATA_SIZE), FILE_SIZE);
}

static void span_ends_where_its_block_ends(void **state)
{
	(void)state;
	assert_span(0, UINT64_MAX, KVMS_BLOCK_HEAD, 0, HEAD_SIZE);
	assert_span(HEAD_SIZE - 1, 2, KVMS_BLOCK_HEAD, HEAD_SIZE - 1, 1);
	assert_span(HEAD_SIZE, UINT64_MAX, KVMS_BLOCK_DESC, 0, DESC_SIZE);
	assert_span(HEAD_SIZE + DESC_SIZE - 1, 9, KVMS_BLOCK_DESC, DESC_SIZE - 1, 1);
	assert_span(HEAD_SIZE + DESC_SIZE, UINT64_MAX, KVMS_BLOCK_DATA, 0, DATA_SIZE);
	assert_span(FILE_SIZE - 1, 9, KVMS_BLOCK_DATA, DATA_SIZE - 1, 1);
}

static void span_ends_where_the_read_ends(void **state)
{
	(void)state;
	assert_span(5, 7, KVMS_BLOCK_HEAD, 5, 7);
	assert_span(HEAD_SIZE + 5, 7, KVMS_BLOCK_DESC, 5, 7);
	assert_span(HEAD_SIZE + DESC_SIZE + 5, 7, KVMS_BLOCK_DATA, 5, 7);
	assert_int_equal(span_at(5, 0).len, 0);
}

static void nothing_stands_at_or_past_the_end(void **state)
{
	(void)state;
	assert_int_equal(span_at(FILE_SIZE, 1).len, 0);
	assert_int_equal(span_at(FILE_SIZE + 1, 1).len, 0);
	assert_int_equal(span_at(INT64_MAX, UINT64_MAX).len, 0);
	assert_int_equal(span_at(UINT64_MAX, UINT64_MAX).len, 0);
}

static void spans_in_a_row_cover_every_byte_once(void **state)
{
	uint64_t pos, next;

	(void)state;
	for (pos = 0; pos < FILE_SIZE; pos++) {
		static const uint32_t begin[] = { 0, HEAD_SIZE, HEAD_SIZE + DESC_SIZE };
		uint64_t covered = 0;

		for (next = pos; next < FILE_SIZE;) {
			struct kvms_span span = span_at(next, FILE_SIZE);

			assert_true(span.len > 0);
			assert_int_equal(begin[span.block] + span.start, next);
			covered += span.len;
			next += span.len;
		}
		assert_int_equal(covered, FILE_SIZE - pos);
	}
}

static void object_without_stats_is_its_head(void **state)
{
	struct kvmstats_header none;

	(void)state;
	kvms_header_init(&none, 0);
	assert_int_equal(kvms_image_size(&none, 0), HEAD_SIZE);
	assert_int_equal(kvms_image_span(&none, 0, 0, 100).len, HEAD_SIZE);
	assert_int_equal(kvms_image_span(&none, 0, HEAD_SIZE, 100).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_that_of_the_format),
		cmocka_unit_test(span_ends_where_its_block_ends),
		cmocka_unit_test(span_ends_where_the_read_ends),
		cmocka_unit_test(nothing_stands_at_or_past_the_end),
		cmocka_unit_test(spans_in_a_row_cover_every_byte_once),
		cmocka_unit_test(object_without_stats_is_its_head),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
