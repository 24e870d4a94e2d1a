// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "schema.h"

#define MAX 8

static struct kvmstats_desc descs[MAX];
static struct kvms_run runs[MAX];
static struct kvms_layout layout;

static int setup(void **state)
{
	(void)state;
	memset(descs, 0xaa, sizeof(descs));
	memset(runs, 0xaa, sizeof(runs));
	memset(&layout, 0xaa, sizeof(layout));
	layout.desc = descs;
	layout.runs = runs;
	return 0;
}

/* --- lists of debugfs files --- */

#define KVM(stat, at, ro) { .name = (stat), .offset = (at), .read_only = (ro) }
#define OURS(stat, from, values) { .name = (stat), .source = (from), .size = (values) }

static int from_items(const struct kvms_item *items, uint32_t nr, uint32_t src_size)
{
	return kvms_layout_items(&layout, items, nr, src_size);
}

static void assert_desc(int i, const char *name, uint32_t flags, int exponent)
{
	char padded[KVMSTATS_NAME_LEN] = "";

	memcpy(padded, name, strlen(name));
	assert_memory_equal(descs[i].name, padded, sizeof(padded));
	assert_int_equal(descs[i].flags, flags);
	assert_int_equal(descs[i].exponent, exponent);
	assert_int_equal(descs[i].size, 1);
	assert_int_equal(descs[i].offset, i * 8);
	assert_int_equal(descs[i].bucket_size, 0);
}

static void names_get_their_meaning(void **state)
{
	static const struct kvms_item items[] = {
		KVM("exits", 0, 0),
		KVM("halt_poll_success_ns", 8, 0),
		KVM("max_mmu_page_hash_collisions", 16, 0),
		KVM("mmu_unsync", 24, 0),
		KVM("of_a_distribution", 32, 0),
		KVM("of_a_distribution_read_only", 40, 1),
	};

	(void)state;
	assert_int_equal(from_items(items, 6, 48), 0);
	assert_desc(0, "exits", KVMSTATS_TYPE_CUMULATIVE, 0);
	assert_desc(1, "halt_poll_success_ns", KVMSTATS_TYPE_CUMULATIVE | KVMSTATS_UNIT_SECONDS, -9);
	assert_desc(2, "max_mmu_page_hash_collisions", KVMSTATS_TYPE_PEAK, 0);
	assert_desc(3, "mmu_unsync", KVMSTATS_TYPE_INSTANT, 0);
	assert_desc(4, "of_a_distribution", KVMSTATS_TYPE_CUMULATIVE, 0);
	assert_desc(5, "of_a_distribution_read_only", KVMSTATS_TYPE_INSTANT, 0);
}

static void old_names_become_those_of_today(void **state)
{
	static const struct kvms_item items[] = {
		KVM("request_irq", 0, 0),
		KVM("irq_window", 8, 0),
		KVM("nmi_window", 16, 0),
		KVM("nx_largepages_splitted", 24, 1),
	};

	(void)state;
	assert_int_equal(from_items(items, 4, 32), 0);
	assert_desc(0, "request_irq_exits", KVMSTATS_TYPE_CUMULATIVE, 0);
	assert_desc(1, "irq_window_exits", KVMSTATS_TYPE_CUMULATIVE, 0);
	assert_desc(2, "nmi_window_exits", KVMSTATS_TYPE_CUMULATIVE, 0);
	assert_desc(3, "nx_lpage_splits", KVMSTATS_TYPE_INSTANT, 0);
}

static void neighbours_are_copied_in_one_run(void **state)
{
	static const struct kvms_item items[] = {
		KVM("a", 0, 0), KVM("b", 8, 0), KVM("c", 16, 0),
	};

	(void)state;
	assert_int_equal(from_items(items, 3, 24), 0);
	assert_int_equal(layout.data_size, 24);
	assert_int_equal(layout.nr_runs, 1);
	assert_int_equal(runs[0].src, 0);
	assert_int_equal(runs[0].dst, 0);
	assert_int_equal(runs[0].len, 24);
}

static void values_out_of_order_keep_the_order_of_the_list(void **state)
{
	static const struct kvms_item items[] = {
		KVM("c", 16, 0), KVM("a", 0, 0), KVM("b", 8, 0), KVM("e", 32, 0),
	};

	(void)state;
	assert_int_equal(from_items(items, 4, 40), 0);
	assert_int_equal(layout.data_size, 32);
	assert_int_equal(layout.nr_runs, 3);
	assert_int_equal(runs[0].src, 16);
	assert_int_equal(runs[1].src, 0);
	assert_int_equal(runs[1].dst, 8);
	assert_int_equal(runs[1].len, 16);
	assert_int_equal(runs[2].src, 32);
	assert_int_equal(runs[2].dst, 24);
	assert_int_equal(layout.header.num_desc, 4);
	assert_int_equal(layout.header.data_offset, 72 + 4 * 64);
}

static void names_that_upstream_lacks_come_last(void **state)
{
	static const struct kvms_item items[] = {
		KVM("largepages", 0, 0), KVM("request_irq", 8, 0), KVM("exits", 16, 0),
	};

	(void)state;
	assert_int_equal(from_items(items, 3, 24), 0);
	assert_desc(0, "request_irq_exits", KVMSTATS_TYPE_CUMULATIVE, 0);
	assert_desc(1, "exits", KVMSTATS_TYPE_CUMULATIVE, 0);
	assert_desc(2, "largepages", KVMSTATS_TYPE_INSTANT, 0);
	assert_int_equal(layout.native.num_desc, 2);
	assert_int_equal(layout.native.data_offset, 72 + 2 * 64);
	assert_int_equal(layout.native_size, 16);
	assert_int_equal(layout.header.num_desc, 3);
	assert_int_equal(layout.data_size, 24);
}

static void what_we_supply_has_room_between_runs(void **state)
{
	static const struct kvms_item items[] = {
		KVM("exits", 0, 0), OURS("halt_wait_hist", KVMS_HALT_WAIT_HIST, 32),
		OURS("blocking", KVMS_BLOCKING, 1), KVM("halt_exits", 8, 0),
	};

	(void)state;
	assert_int_equal(from_items(items, 4, 16), 0);
	assert_string_equal(descs[1].name, "halt_wait_hist");
	assert_int_equal(descs[1].flags, KVMSTATS_TYPE_LOG_HIST | KVMSTATS_UNIT_SECONDS);
	assert_int_equal(descs[1].exponent, -9);
	assert_int_equal(descs[1].size, 32);
	assert_string_equal(descs[2].name, "blocking");
	assert_int_equal(descs[2].flags, KVMSTATS_TYPE_INSTANT | KVMSTATS_UNIT_BOOLEAN);
	assert_int_equal(layout.supplied[KVMS_HALT_WAIT_HIST], 8);
	assert_int_equal(layout.supplied[KVMS_BLOCKING], 8 + 32 * 8);
	assert_int_equal(layout.supplied[KVMS_HALT_WAIT_NS], KVMS_ABSENT);
	assert_int_equal(layout.nr_runs, 2);
	assert_int_equal(runs[0].len, 8);
	assert_int_equal(runs[1].src, 8);
	assert_int_equal(runs[1].dst, 8 + 33 * 8);
	assert_int_equal(layout.data_size, 35 * 8);
	assert_int_equal(layout.in_kvm, KVMS_ABSENT);
	assert_int_equal(from_items(items, 1, 16), 0);
	assert_int_equal(layout.in_kvm, 0);
}

static void lists_that_lie_are_refused(void **state)
{
	static const struct kvms_item outside[] = { KVM("a", 16, 0) };
	static const struct kvms_item before[] = { KVM("a", (uint32_t)-8, 0) };
	static const struct kvms_item odd[] = { KVM("a", 4, 0) };
	static const struct kvms_item twice[] = { KVM("a", 0, 0), KVM("a", 8, 0) };
	static const struct kvms_item renamed[] = {
		KVM("irq_window_exits", 0, 0), KVM("irq_window", 8, 0),
	};
	char name[KVMSTATS_NAME_LEN + 1];
	const struct kvms_item longest[] = { KVM(name, 0, 0) };

	(void)state;
	assert_int_equal(from_items(outside, 1, 16), -1);
	assert_int_equal(from_items(before, 1, 16), -1);
	assert_int_equal(from_items(odd, 1, 16), -1);
	assert_int_equal(from_items(outside, 1, 0), -1);
	assert_int_equal(from_items(twice, 2, 16), -1);
	assert_int_equal(from_items(renamed, 2, 16), -1);
	assert_int_equal(from_items(twice, 0, 16), -1);
	assert_int_equal(from_items(twice, KVMS_MAX_DESC + 1, 16), -1);

	memset(name, 'n', sizeof(name));
	name[KVMSTATS_NAME_LEN] = '\0';
	assert_int_equal(from_items(longest, 1, 16), -1);
	name[KVMSTATS_NAME_LEN - 1] = '\0';
	assert_int_equal(from_items(longest, 1, 16), 0);
}

/* --- native tables --- */

static struct kvmstats_header native_header;
static struct kvmstats_desc native[3];

static int native_setup(void **state)
{
	int i;

	setup(state);
	kvms_header_init(&native_header, 3);
	memset(native, 0, sizeof(native));
	for (i = 0; i < 3; i++) {
		snprintf(native[i].name, sizeof(native[i].name), "stat%d", i);
		native[i].size = 1;
		native[i].offset = 8 * i;
	}
	native[2].flags = KVMSTATS_TYPE_LOG_HIST;
	native[2].size = 4;
	return 0;
}

static int from_native(uint32_t data_size)
{
	return kvms_layout_native(&layout, &native_header, native, data_size);
}

static void native_table_is_taken_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(from_native(48), 0);
	assert_memory_equal(&layout.header, &native_header, sizeof(native_header));
	assert_memory_equal(descs, native, sizeof(native));
	assert_int_equal(layout.data_size, 48);
	assert_int_equal(layout.nr_runs, 1);
	assert_int_equal(runs[0].len, 48);
}

static void native_table_of_another_format_is_refused(void **state)
{
	uint32_t *field = (uint32_t *)&native_header;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(native_header) / sizeof(*field); i++) {
		field[i] ^= 1;
		/* num_desc alone would make another table, with offsets that then differ */
		assert_int_equal(from_native(48), -1);
		field[i] ^= 1;
	}
	assert_int_equal(from_native(48), 0);
}

static void native_stat_outside_the_struct_is_refused(void **state)
{
	(void)state;
	assert_int_equal(from_native(40), -1);
	assert_int_equal(from_native(47), -1);
	assert_int_equal(from_native(KVMS_MAX_DATA + 8), -1);
	native[1].offset = 12;
	assert_int_equal(from_native(48), -1);
	native[1].offset = UINT32_MAX - 7;
	assert_int_equal(from_native(48), -1);
	native[1].offset = 8;
	native[1].size = 0;
	assert_int_equal(from_native(48), -1);
	native[1].size = UINT16_MAX;
	assert_int_equal(from_native(48), -1);
	native[1].size = 1;
	memset(native[1].name, 'x', sizeof(native[1].name));
	assert_int_equal(from_native(48), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names_get_their_meaning, setup),
		cmocka_unit_test_setup(old_names_become_those_of_today, setup),
		cmocka_unit_test_setup(neighbours_are_copied_in_one_run, setup),
		cmocka_unit_test_setup(values_out_of_order_keep_the_order_of_the_list, setup),
		cmocka_unit_test_setup(names_that_upstream_lacks_come_last, setup),
		cmocka_unit_test_setup(what_we_supply_has_room_between_runs, setup),
		cmocka_unit_test_setup(lists_that_lie_are_refused, setup),
		cmocka_unit_test_setup(native_table_is_taken_as_it_is, native_setup),
		cmocka_unit_test_setup(native_table_of_another_format_is_refused, native_setup),
		cmocka_unit_test_setup(native_stat_outside_the_struct_is_refused, native_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
