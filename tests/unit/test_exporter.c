// SPDX-License-Identifier: GPL-2.0-or-later
/* The exporter's text: names, numbers, labels, boards, queries, JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api.h"
#include "page.h"
#include "query.h"
#include "vms.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NS		(KVMSTATS_UNIT_SECONDS | KVMSTATS_BASE_POW10)

static const struct kvmstats_stat stats[] = {
	{ .name = "exits", .size = 1 },
	{ .name = "wait_ns", .flags = NS, .exponent = -9, .size = 1 },
	{ .name = "wait_hist", .flags = KVMSTATS_TYPE_LOG_HIST | NS, .exponent = -9, .size = 4 },
	{ .name = "most", .flags = KVMSTATS_TYPE_PEAK, .size = 1 },
};

enum { EXITS, WAIT, HIST, MOST = HIST + 4, NR_VALUES };

/* --- numbers --- */

static void is_number(uint64_t value, const struct kvmstats_stat *stat, const char *expected)
{
	struct scale scale = scale_of(stat);
	char text[NUMBER_MAX + 1];

	text[number_format(text, value, &scale)] = '\0';
	assert_string_equal(text, expected);
}

static void numbers(void **state)
{
	const struct kvmstats_stat one = { .size = 1 }, ns = { .flags = NS, .exponent = -9 },
		kib = { .flags = KVMSTATS_UNIT_BYTES | KVMSTATS_BASE_POW2, .exponent = 10 },
		thousand = { .exponent = 3 },
		far = { .flags = KVMSTATS_BASE_POW2, .exponent = 32767 },
		tiny = { .flags = NS, .exponent = -400 };

	(void)state;
	is_number(0, &one, "0");
	is_number(UINT64_MAX, &one, "18446744073709551615");
	is_number(0, &ns, "0");
	is_number(1, &ns, "0.000000001");
	is_number(1000000000, &ns, "1.000000000");
	is_number(UINT64_MAX, &ns, "18446744073.709551615");
	is_number(3, &kib, "3072");
	is_number(12, &thousand, "12000");
	is_number(1, &far, "+Inf");
	is_number(5, &tiny, "0");
}

static void is_bound(uint64_t value, const struct kvmstats_stat *stat, const char *expected)
{
	struct scale scale = scale_of(stat);
	char text[NUMBER_MAX];

	number_bound(text, value, &scale);
	assert_string_equal(text, expected);
}

static void bounds(void **state)
{
	const struct kvmstats_stat one = { .size = 1 }, ns = { .flags = NS, .exponent = -9 };

	(void)state;
	is_bound(0, &one, "0.0");
	is_bound(9, &one, "9.0");
	is_bound(100, &one, "100.0");
	is_bound(1048575, &one, "1048575.0");
	is_bound(1023, &ns, "1.023e-06");
	is_bound(1048575, &ns, "0.001048575");
	is_bound(1073741823, &ns, "1.073741823");
}

/* --- labels and JSON --- */

static void is_label(const char *value, const char *expected)
{
	struct text text = { 0 };
	char *got;

	text_label(&text, "n", value);
	got = text_take(&text);
	assert_string_equal(got, expected);
	free(got);
}

static void labels(void **state)
{
	(void)state;
	is_label("", "n=\"\"");
	is_label("a\"b\\c\nd", "n=\"a\\\"b\\\\c\\nd\"");
	is_label("<b>&\t\x7f", "n=\"<b>&\t\x7f\"");
	is_label("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", "n=\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7\"");
	/* cut off, overlong, surrogate, past the end, a byte alone */
	is_label("\xe2\x82", "n=\"\xef\xbf\xbd\xef\xbf\xbd\"");
	is_label("\xc0\xaf", "n=\"\xef\xbf\xbd\xef\xbf\xbd\"");
	is_label("\xed\xa0\x80x", "n=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\"");
	is_label("\xf4\x90\x80\x80", "n=\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	is_label("\xff", "n=\"\xef\xbf\xbd\"");
}

static void json_strings(void **state)
{
	struct text text = { 0 };
	char *got;

	(void)state;
	text_json(&text, "a\"\\\n\x01\x7f\xff</script>");
	got = text_take(&text);
	assert_string_equal(got, "\"a\\\"\\\\\\u000a\\u0001\\u007f\xef\xbf\xbd</script>\"");
	free(got);
}

/* --- names --- */

static struct families families_of(const struct kvmstats_stat *of, uint32_t count,
				   const struct filter *filter)
{
	struct descriptor descriptors[32];
	struct families families;
	uint32_t value = 0;

	for (uint32_t i = 0; i < count; i++) {
		descriptors[i] = (struct descriptor){ &of[i], value };
		value += of[i].size;
	}
	assert_true(families_make(&families, "vcpu", descriptors, count,
				  filter ? filter_wants : NULL, filter));
	return families;
}

static void names(void **state)
{
	const uint32_t bytes = KVMSTATS_UNIT_BYTES, gauge = KVMSTATS_TYPE_INSTANT;
	const struct {
		struct kvmstats_stat stat;
		const char *name;
	} rows[] = {
		{ { .name = "exits", .size = 1 }, "kvmstats_vcpu_exits" },
		{ { .name = "wait_ns", .flags = NS, .exponent = -9, .size = 1 },
		  "kvmstats_vcpu_wait_seconds" },
		/* the same name: a number, before the unit */
		{ { .name = "wait_us", .flags = NS, .exponent = -6, .size = 1 },
		  "kvmstats_vcpu_wait_2_seconds" },
		{ { .name = "wait_hist", .flags = KVMSTATS_TYPE_LOG_HIST | NS, .exponent = -9,
		    .size = 4 }, "kvmstats_vcpu_wait_hist_seconds" },
		{ { .name = "mem_bytes", .flags = bytes | gauge, .size = 1 },
		  "kvmstats_vcpu_mem_bytes" },
		{ { .name = "bytes", .flags = bytes | gauge, .size = 1 }, "kvmstats_vcpu_bytes" },
		{ { .name = "tsc", .flags = KVMSTATS_UNIT_CYCLES, .size = 1 },
		  "kvmstats_vcpu_tsc_cycles" },
		{ { .name = "polls_total", .size = 1 }, "kvmstats_vcpu_polls" },
		{ { .name = "guest-mode\xff{", .flags = gauge, .size = 1 },
		  "kvmstats_vcpu_guest_mode__" },
		/* what a format would add to another one's name */
		{ { .name = "exits_total", .flags = gauge, .size = 1 },
		  "kvmstats_vcpu_exits_total_2" },
		{ { .name = "exits", .size = 1 }, "kvmstats_vcpu_exits_2" },
		{ { .name = "exits", .size = 1 }, "kvmstats_vcpu_exits_3" },
	};
	struct kvmstats_stat all[ARRAY_SIZE(rows)];
	struct families families;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		all[i] = rows[i].stat;
	families = families_of(all, ARRAY_SIZE(all), NULL);
	assert_int_equal(families.count, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(families.all[i].name, rows[i].name);
	families_free(&families);
}

static void own_name_is_taken(void **state)
{
	const struct kvmstats_stat info = {
		.name = "info", .flags = KVMSTATS_TYPE_INSTANT, .size = 1,
	};
	struct families families = families_of(&info, 1, NULL);

	(void)state;
	assert_string_equal(families.all[0].name, "kvmstats_vcpu_info_2");
	families_free(&families);
}

static void heads(void **state)
{
	const struct kvmstats_stat odd = { .name = "a\"\\\nb", .size = 1 };
	struct families families = families_of(stats, ARRAY_SIZE(stats), NULL);

	(void)state;
	assert_string_equal(families.all[WAIT].head[FORMAT_PROMETHEUS],
			    "# HELP kvmstats_vcpu_wait_seconds_total KVM's statistic wait_ns of a vCPU, in seconds.\n"
			    "# TYPE kvmstats_vcpu_wait_seconds_total counter\n");
	assert_string_equal(families.all[WAIT].head[FORMAT_OPENMETRICS],
			    "# HELP kvmstats_vcpu_wait_seconds KVM's statistic wait_ns of a vCPU, in seconds.\n"
			    "# TYPE kvmstats_vcpu_wait_seconds counter\n"
			    "# UNIT kvmstats_vcpu_wait_seconds seconds\n");
	families_free(&families);
	families = families_of(&odd, 1, NULL);
	assert_string_equal(families.all[0].head[FORMAT_OPENMETRICS],
			    "# HELP kvmstats_vcpu_a___b KVM's statistic a???b of a vCPU.\n"
			    "# TYPE kvmstats_vcpu_a___b counter\n");
	families_free(&families);
}

static void filters_change_no_name(void **state)
{
	const struct kvmstats_stat twins[] = {
		{ .name = "x_ns", .flags = NS, .exponent = -9, .size = 1 },
		{ .name = "x_us", .flags = NS, .exponent = -6, .size = 1 },
	};
	struct filter filter = { 0 };
	char error[FILTER_ERROR];
	struct families families;

	(void)state;
	assert_true(patterns_add(&filter.exclude, "x_n.*", error));
	families = families_of(twins, 2, &filter);
	assert_int_equal(families.count, 1);
	assert_string_equal(families.all[0].name, "kvmstats_vcpu_x_2_seconds");
	families_free(&families);
	filter_free(&filter);
}

static void unknown_types_are_counted(void **state)
{
	const struct kvmstats_stat unknown[] = {
		{ .name = "a", .flags = 9, .size = 1 }, { .name = "b", .size = 3 },
		{ .name = "c", .size = 1 },
	};
	struct families families = families_of(unknown, 3, NULL);

	(void)state;
	assert_int_equal(families.count, 1);
	assert_int_equal(families.left_out, 2);
	families_free(&families);
}

/* --- boards --- */

static struct board board_of(const uint64_t (*ids)[2], uint32_t nr_rows)
{
	struct families families = families_of(stats, ARRAY_SIZE(stats), NULL);
	struct row *rows = calloc(nr_rows + 1, sizeof(*rows));
	struct board board;

	assert_true(board_init(&board, &families, NR_VALUES));
	for (uint32_t i = 0; i < nr_rows; i++) {
		const struct vm vm = { .id = ids[i][0], .pid = ids[i][1] };

		rows[i].vm_id = vm.id;
		rows[i].labels = vm_labels(&vm);
		rows[i].labels_length = strlen(rows[i].labels);
	}
	assert_true(board_set_rows(&board, rows, nr_rows));
	return board;
}

static char *text_of(const struct page *page)
{
	struct text text = { 0 };

	for (size_t i = 0; i < page->nr_parts; i++)
		text_add(&text, page->iov[i].iov_base, page->iov[i].iov_len);
	assert_int_equal(text.length, page_length(page));
	return text_take(&text);
}

static struct page *page_of(const struct board *board, const struct filter *filter)
{
	struct page *page = page_new(FORMAT_OPENMETRICS);

	page_board(page, board, filter ? filter_wants : NULL, filter);
	assert_true(page_close(page));
	return page;
}

static void has(const struct board *board, const char *line)
{
	struct page *page = page_of(board, NULL);
	char *text = text_of(page);

	if (!strstr(text, line))
		print_error("no '%s' in:\n%s", line, text);
	assert_non_null(strstr(text, line));
	free(text);
	page_free(page);
}

static const uint64_t two[][2] = { { 1, 70 }, { 2, 80 } };

static void histograms(void **state)
{
	const uint64_t values[NR_VALUES] = { 5, 1234, 1, 2, 3, 4, 9 };
	struct board board = board_of(two, 2);

	(void)state;
	assert_true(board_update(&board, 0, values));
	assert_true(board_finish(&board));
	has(&board, "\nkvmstats_vcpu_exits_total{vm=\"1\",pid=\"70\"} 5\n"
		    "kvmstats_vcpu_exits_total{vm=\"2\",pid=\"80\"} 0\n");
	has(&board,
	    "\nkvmstats_vcpu_wait_hist_seconds_bucket{vm=\"1\",pid=\"70\",le=\"0.0\"} 1\n"
	    "kvmstats_vcpu_wait_hist_seconds_bucket{vm=\"1\",pid=\"70\",le=\"1e-09\"} 3\n"
	    "kvmstats_vcpu_wait_hist_seconds_bucket{vm=\"1\",pid=\"70\",le=\"3e-09\"} 6\n"
	    "kvmstats_vcpu_wait_hist_seconds_bucket{vm=\"1\",pid=\"70\",le=\"+Inf\"} 10\n"
	    "kvmstats_vcpu_wait_hist_seconds_count{vm=\"1\",pid=\"70\"} 10\n"
	    "kvmstats_vcpu_wait_hist_seconds_sum{vm=\"1\",pid=\"70\"} 0.000001234\n");
	board_free(&board);
}

static void fine_histograms_are_thinned(void **state)
{
	const struct kvmstats_stat fine = {
		.name = "w_hist", .flags = KVMSTATS_TYPE_LOG_HIST | NS, .exponent = -9, .size = 32,
	};
	struct families families = families_of(&fine, 1, NULL);
	uint64_t values[32], shown[16];

	(void)state;
	for (uint32_t i = 0; i < 32; i++)
		values[i] = 1;
	/* 1.023e-06 to 1.073741823 in steps of four, +Inf, count; no sum is known */
	assert_int_equal(families.all[0].nr_lines, 13);
	assert_string_equal(families.all[0].lines[0].after, ",le=\"1.023e-06\"} ");
	assert_string_equal(families.all[0].lines[10].after, ",le=\"1.073741823\"} ");
	family_values(&families.all[0], values, shown);
	assert_int_equal(shown[0], 11);		/* [0,1) to [512,1024) */
	assert_int_equal(shown[1], 13);
	assert_int_equal(shown[11], 32);
	families_free(&families);
}

/* What is patched is what would have been written anew, at every length of a number. */
static void patches(void **state)
{
	struct board patched = board_of(two, 2);
	uint64_t values[NR_VALUES] = { 0 };

	(void)state;
	assert_true(board_finish(&patched));
	for (int i = 0; i < 2000; i++) {
		struct board fresh = board_of(two, 2);
		struct page *a, *b;
		char *x, *y;

		for (int n = 0; n < NR_VALUES; n++)
			values[n] = random() % 4 ? values[n] : (uint64_t)random() >> random() % 31;
		assert_true(board_update(&patched, i & 1, values));
		assert_true(board_update(&fresh, 0, board_values(&patched, 0)));
		assert_true(board_update(&fresh, 1, board_values(&patched, 1)));
		assert_true(board_finish(&patched) && board_finish(&fresh));
		a = page_of(&patched, NULL);
		b = page_of(&fresh, NULL);
		x = text_of(a);
		y = text_of(b);
		assert_string_equal(x, y);
		free(x);
		free(y);
		page_free(a);
		page_free(b);
		board_free(&fresh);
	}
	board_free(&patched);
}

/* A client may read slowly while others scrape. */
static void pages_stay_as_they_were(void **state)
{
	uint64_t values[NR_VALUES] = { 11 };
	struct board board = board_of(two, 2);
	char *before, *after;
	struct page *page;

	(void)state;
	assert_true(board_update(&board, 0, values) && board_finish(&board));
	page = page_of(&board, NULL);
	before = text_of(page);
	values[EXITS] = 12;
	assert_true(board_update(&board, 0, values) && board_finish(&board));
	values[EXITS] = 12345;
	assert_true(board_update(&board, 0, values) && board_finish(&board));
	has(&board, "{vm=\"1\",pid=\"70\"} 12345\n");
	after = text_of(page);
	assert_string_equal(before, after);
	board_free(&board);
	free(after);
	after = text_of(page);
	assert_string_equal(before, after);
	free(before);
	free(after);
	page_free(page);
}

static void no_rows_no_families(void **state)
{
	struct board board = board_of(two, 0);
	struct page *page;
	char *text;

	(void)state;
	assert_true(board_finish(&board));
	page = page_of(&board, NULL);
	text = text_of(page);
	assert_string_equal(text, "# EOF\n");
	free(text);
	page_free(page);
	board_free(&board);
}

/* --- queries --- */

static void asks(const char *text, bool good, bool vcpu, bool wants_exits)
{
	struct query query = { .vcpu = false };
	char error[FILTER_ERROR] = "";
	bool result = query_parse(&query, text, error);

	if (result != good)
		print_error("'%s': %s\n", text, error);
	assert_int_equal(result, good);
	assert_int_equal(*error != '\0', !good);
	assert_null(strchr(error, '\n'));
	if (!good)
		return;
	assert_int_equal(query.vcpu, vcpu);
	assert_int_equal(filter_wants(&query.filter, "exits"), wants_exits);
	query_free(&query);
}

static void queries(void **state)
{
	static const char *const bad[] = {
		"stat", "x=1", "vcpu=", "vcpu=2", "vcpu=11", "stat=%", "stat=%4", "stat=%zz",
		"stat=%00", "stat=(", "stat=[", "stat=*a{2}", "stat=a{9999}", "stat=(a)\\1",
		"stat=a%7b2%7d", "stat=((((((((((a))))))))))", "stat=a++", "stat=a*?", "stat=a)|(b", "stat=(a", "=", "&=", "stat=a b", "stat=a&&vcpu=1",
	};
	char many[256] = "stat=a", large[256] = "stat=";

	(void)state;
	asks("", true, false, true);
	asks("vcpu=1", true, true, true);
	asks("vcpu=1&", true, true, true);
	asks("vcpu=1&vcpu=0", true, false, true);
	asks("stat=exits", true, false, true);
	asks("stat=exit", true, false, false);
	asks("stat=e.%2Bs", true, false, true);
	asks("stat=e.+s", true, false, true);
	asks("stat=a&stat=exits|b", true, false, true);
	asks("exclude=.*", true, false, false);
	asks("st%61t=%65xits&vcpu=1", true, true, true);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		asks(bad[i], false, false, false);
	for (int i = 0; i < FILTER_MAX; i++)
		strcat(many, "&stat=a");
	asks(many, false, false, false);
	memset(large + 5, 'a', 200);
	asks(large, false, false, false);
}

static void accepts(void **state)
{
	static const struct {
		const char *accept;
		enum format format;
	} rows[] = {
		{ NULL, FORMAT_PROMETHEUS }, { "", FORMAT_PROMETHEUS },
		{ "*/*", FORMAT_PROMETHEUS }, { "text/plain", FORMAT_PROMETHEUS },
		{ "application/openmetrics-text", FORMAT_OPENMETRICS },
		{ "APPLICATION/OpenMetrics-Text ; version=1.0.0", FORMAT_OPENMETRICS },
		{ "application/openmetrics-text;version=\"1.0.0\"", FORMAT_OPENMETRICS },
		{ "application/openmetrics-text;version=0.0.1", FORMAT_PROMETHEUS },
		{ "application/openmetrics-text;version=2.0.0", FORMAT_PROMETHEUS },
		{ "application/openmetrics-textual", FORMAT_PROMETHEUS },
		{ "application/openmetrics-text;q=0", FORMAT_PROMETHEUS },
		{ "application/openmetrics-text;q=0.3,text/plain;q=0.4", FORMAT_PROMETHEUS },
		{ "text/plain;q=0.5,application/openmetrics-text;q=0.5", FORMAT_OPENMETRICS },
		/* Prometheus 2 */
		{ "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  FORMAT_OPENMETRICS },
		{ ";;,,;q=,version=", FORMAT_PROMETHEUS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(accept_format(rows[i].accept), rows[i].format);
}

/* --- JSON --- */

static void json(void **state)
{
	const uint64_t values[NR_VALUES] = { 5, 1500000000, [MOST] = 9 };
	const uint64_t one[][2] = { { 1, 70 } };
	struct board vm = board_of(one, 1), sum = board_of(one, 1);
	struct text text = { 0 };
	struct vms vms = { 0 };
	char *got;

	(void)state;
	assert_true(vms_add(&vms, &(struct vm){ .id = 1, .pid = 70, .name = "a\"b", .uuid = "",
						.comm = "c", .source = "qemu" }));
	assert_true(vms_finish(&vms));
	assert_true(board_update(&vm, 0, values));
	api_json(&text, &vms, &vm, &sum, NULL);
	got = text_take(&text);
	assert_non_null(strstr(got, "\"up\":true,\"why\":\"\""));
	assert_non_null(strstr(got, "{\"id\":1,\"pid\":70,\"uid\":0,\"name\":\"a\\\"b\","));
	assert_non_null(strstr(got, "\"uuid\":\"\",\"source\":\"qemu\",\"comm\":\"c\","));
	assert_non_null(strstr(got, "\"values\":[5,1.500000000,9,0,0,0]}"));
	free(got);
	vms_free(&vms);
	board_free(&vm);
	board_free(&sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(bounds),
		cmocka_unit_test(labels),
		cmocka_unit_test(json_strings),
		cmocka_unit_test(names),
		cmocka_unit_test(own_name_is_taken),
		cmocka_unit_test(heads),
		cmocka_unit_test(filters_change_no_name),
		cmocka_unit_test(unknown_types_are_counted),
		cmocka_unit_test(histograms),
		cmocka_unit_test(fine_histograms_are_thinned),
		cmocka_unit_test(patches),
		cmocka_unit_test(pages_stay_as_they_were),
		cmocka_unit_test(no_rows_no_families),
		cmocka_unit_test(queries),
		cmocka_unit_test(accepts),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
