// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats top without a device and without a terminal: samples, order, filters, keys. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curses.h>

/* Before cmocka.h, which makes a macro of fail(). */
#include "cli.h"
#include "top.h"

#include <cmocka.h>

#define SECOND	1000000000ull
#define ESCAPE	27

enum { EXITS, IO, POLL_NS, HIST, LEVEL, PEAK };
enum { NR_VCPU_VALUES = 8 };

static struct kvmstats_stat vm_stats[] = {
	{ .name = "flushes", .size = 1 },
};

static struct kvmstats_stat vcpu_stats[] = {
	[EXITS] = { .name = "exits", .size = 1 },
	[IO] = { .name = "io_exits", .size = 1 },
	[POLL_NS] = { .name = "halt_poll_fail_ns", .size = 1, .exponent = -9,
		      .flags = KVMSTATS_UNIT_SECONDS },
	[HIST] = { .name = "wait_hist", .size = 3, .flags = KVMSTATS_TYPE_LOG_HIST },
	[LEVEL] = { .name = "pages", .size = 1, .flags = KVMSTATS_TYPE_INSTANT },
	[PEAK] = { .name = "deepest", .size = 1, .flags = KVMSTATS_TYPE_PEAK },
};

static uint32_t vm_first[] = { 0 };
static uint32_t vcpu_first[] = { 0, 1, 2, 3, 6, 7 };

static const struct top_schema vm_schema = { vm_stats, vm_first, 1, 1 };
static const struct top_schema vcpu_schema = { vcpu_stats, vcpu_first, 6, NR_VCPU_VALUES };

static struct top_model model;
static struct top_state state;

void *cli_memory(void *memory)
{
	assert_non_null(memory);
	return memory;
}

static int set_up(void **unused)
{
	(void)unused;
	memset(&model, 0, sizeof(model));
	top_model_schema(&model, TOP_VM, &vm_schema);
	top_model_schema(&model, TOP_VCPU, &vcpu_schema);
	top_state_init(&state, &model, 1000);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	top_state_free(&state);
	top_model_free(&model);
	return 0;
}

/* --- samples --- */

/* A VM whose vCPUs had so many exits in all, half of them for I/O. */
static struct top_vm *sample(uint64_t id, const char *name, uint64_t exits, uint64_t time_ns)
{
	uint64_t values[NR_VCPU_VALUES] = { exits, exits / 2, exits * 1000, exits, 0, 1, 7, exits };
	struct top_vm *vm = top_model_vm(&model, id, id * 10);

	vm->nr_vcpus = 2;
	vm->pid = 1000 + id;
	if (!vm->name)
		vm->name = strdup(name);
	top_model_values(&model, TOP_VM, &vm->values, &exits, time_ns);
	top_model_values(&model, TOP_VCPU, &vm->sum, values, time_ns);
	return vm;
}

static void sample_vcpu(struct top_vm *vm, uint32_t id, uint64_t exits, uint64_t time_ns)
{
	uint64_t values[NR_VCPU_VALUES] = { exits };

	top_model_values(&model, TOP_VCPU, &top_model_vcpu(vm, id)->values, values, time_ns);
}

/* Three VMs, a second after which they had 10, 300 and 20 exits more. */
static void sample_three(void)
{
	top_model_begin(&model);
	sample(1, "web", 100, SECOND);
	sample(2, "db", 5, SECOND);
	sample(3, "mail", 1000, SECOND);
	top_model_end(&model);
	top_state_sampled(&state);
	top_model_begin(&model);
	sample(1, "web", 110, 2 * SECOND);
	sample(2, "db", 305, 2 * SECOND);
	sample(3, "mail", 1020, 2 * SECOND);
	top_model_end(&model);
	top_state_sampled(&state);
	top_state_rows(&state);
}

static void expect_order(const char *names)
{
	char seen[128] = "";

	top_state_rows(&state);
	for (size_t i = 0; i < state.nr_rows; i++) {
		const struct top_row *row = &state.rows[i];

		if (i)
			strcat(seen, " ");
		strcat(seen, row->vm ? row->vm->name :
		       model.schema[row->kind].stats[row->stat].name);
	}
	assert_string_equal(seen, names);
}

static void test_rates(void **unused)
{
	struct top_vm *vm;

	(void)unused;
	top_model_begin(&model);
	vm = sample(7, "a", 100, SECOND);
	top_model_end(&model);
	assert_true(isnan(top_rate(&vm->sum, EXITS)));
	assert_int_equal(top_total(&vm->sum, EXITS), 100);

	top_model_begin(&model);
	vm = sample(7, "a", 150, SECOND + SECOND / 2);
	top_model_end(&model);
	assert_float_equal(top_rate(&vm->sum, EXITS), 100, 1e-6);

	/* what falls has no rate, and neither has what was read twice at a time */
	top_model_begin(&model);
	vm = sample(7, "a", 10, 2 * SECOND);
	top_model_end(&model);
	assert_float_equal(top_rate(&vm->sum, EXITS), 0, 0);
	top_model_begin(&model);
	vm = sample(7, "a", 20, 2 * SECOND);
	top_model_end(&model);
	assert_true(isnan(top_rate(&vm->sum, EXITS)));
}

static void test_never_read(void **unused)
{
	struct top_values none = { 0 };

	(void)unused;
	assert_true(isnan(top_rate(&none, 0)));
	assert_int_equal(top_total(&none, 0), 0);
	top_model_begin(&model);
	top_model_vm(&model, 1, 1);
	top_model_end(&model);
	top_state_sampled(&state);
	top_state_rows(&state);
	assert_int_equal(state.nr_rows, 1);
	top_key(&state, 'r');
	top_key(&state, 'x');
	top_state_rows(&state);
	assert_int_equal(state.nr_rows, 7);
}

static void test_reset(void **unused)
{
	struct top_vm *vm;

	(void)unused;
	sample_three();
	top_key(&state, 'r');
	vm = top_model_find(&model, 2);
	assert_int_equal(top_total(&vm->sum, EXITS), 0);
	top_model_begin(&model);
	vm = sample(2, "db", 309, 3 * SECOND);
	top_model_end(&model);
	assert_int_equal(top_total(&vm->sum, EXITS), 4);
	assert_float_equal(top_rate(&vm->sum, EXITS), 4, 1e-6);
}

static void test_come_and_go(void **unused)
{
	(void)unused;
	sample_three();
	top_model_begin(&model);
	sample(5, "new", 1, 3 * SECOND);
	sample(3, "mail", 1021, 3 * SECOND);
	top_model_end(&model);
	assert_null(top_model_find(&model, 1));
	assert_null(top_model_find(&model, 2));
	expect_order("mail new");
	assert_true(isnan(state.rows[1].rate));
}

static void test_same_id_other_vm(void **unused)
{
	struct top_vm *vm;

	(void)unused;
	sample_three();
	/* the module was loaded anew, and has given the id to another VM */
	top_model_begin(&model);
	vm = top_model_vm(&model, 2, 12345);
	assert_null(vm->name);
	assert_null(vm->sum.now);
	top_model_end(&model);
	assert_int_equal(model.nr_vms, 1);
}

static void test_vcpus_come_and_go(void **unused)
{
	struct top_vm *vm;

	(void)unused;
	top_model_begin(&model);
	vm = sample(1, "web", 1, SECOND);
	sample_vcpu(vm, 4, 10, SECOND);
	sample_vcpu(vm, 2, 20, SECOND);
	top_model_end(&model);
	assert_int_equal(model.vms[0].nr_known_vcpus, 2);
	top_model_begin(&model);
	vm = sample(1, "web", 2, 2 * SECOND);
	sample_vcpu(vm, 2, 25, 2 * SECOND);
	top_model_end(&model);
	assert_int_equal(model.vms[0].nr_known_vcpus, 1);
	assert_float_equal(top_rate(&model.vms[0].vcpus[0].values, EXITS), 5, 1e-6);
}

static void test_schema_changes(void **unused)
{
	struct kvmstats_stat longer[] = { vcpu_stats[0], vcpu_stats[1] };
	struct top_schema other = { longer, vcpu_first, 2, 2 };
	struct top_schema none = { 0 };
	uint32_t changes = model.schema_changes;

	(void)unused;
	sample_three();
	top_model_schema(&model, TOP_VCPU, &vcpu_schema);
	assert_int_equal(model.nr_vms, 3);
	assert_int_equal(model.schema_changes, changes);
	top_key(&state, 'x');
	top_state_rows(&state);
	top_key(&state, '\n');
	assert_int_equal(state.page, TOP_STAT);
	top_model_schema(&model, TOP_VCPU, &other);
	assert_int_equal(model.nr_vms, 0);
	top_state_sampled(&state);
	assert_int_equal(state.page, TOP_STATS);
	top_model_schema(&model, TOP_VCPU, &none);
	top_model_schema(&model, TOP_VM, &none);
	top_state_sampled(&state);
	expect_order("");
	top_key(&state, '\n');
	top_key(&state, KEY_DOWN);
}

/* --- sums --- */

static void test_scopes(void **unused)
{
	struct top_scope host = { TOP_HOST, 0, 0 }, db = { TOP_OF_VM, 2, 0 };
	struct top_scope none = { TOP_OF_VCPU, 2, 0 };

	(void)unused;
	sample_three();
	assert_float_equal(top_scope_rate(&model, &host, TOP_VCPU, EXITS, 0, 1), 330, 1e-6);
	assert_float_equal(top_scope_rate(&model, &db, TOP_VCPU, EXITS, 0, 1), 300, 1e-6);
	assert_float_equal(top_scope_rate(&model, &db, TOP_VM, 0, 0, 1), 300, 1e-6);
	assert_true(isnan(top_scope_rate(&model, &none, TOP_VCPU, EXITS, 0, 1)));
	assert_int_equal(top_scope_total(&model, &host, TOP_VCPU, EXITS, 0, 1), 110 + 305 + 1020);
	/* a level is summed as it is, of peaks the largest counts */
	assert_int_equal(top_scope_total(&model, &host, TOP_VCPU, LEVEL, 0, 1), 21);
	assert_int_equal(top_scope_total(&model, &host, TOP_VCPU, PEAK, 0, 1), 1020);
	top_model_reset(&model);
	assert_int_equal(top_scope_total(&model, &host, TOP_VCPU, LEVEL, 0, 1), 21);
	assert_int_equal(top_scope_total(&model, &host, TOP_VCPU, EXITS, 0, 1), 0);
}

static void test_histogram(void **unused)
{
	struct top_scope host = { TOP_HOST, 0, 0 };

	(void)unused;
	sample_three();
	assert_int_equal(top_scope_total(&model, &host, TOP_VCPU, HIST, 0, 3), 1435 + 3);
	assert_int_equal(top_scope_total(&model, &host, TOP_VCPU, HIST, 0, 1), 1435);
	assert_int_equal(top_scope_total(&model, &host, TOP_VCPU, HIST, 1, 1), 0);
	assert_float_equal(top_scope_rate(&model, &host, TOP_VCPU, HIST, 0, 3), 330, 1e-6);
	assert_float_equal(top_scope_rate(&model, &host, TOP_VCPU, HIST, 2, 1), 0, 1e-6);
}

static void test_columns(void **unused)
{
	struct top_vm *vm;
	unsigned int share = 0;

	(void)unused;
	sample_three();
	vm = top_model_find(&model, 2);
	assert_true(top_column_exists(&model, 0));
	while (!top_columns[share].share)
		share++;
	/* 300,000 ns of a second, of one of two statistics that the column is made of */
	assert_float_equal(top_column_rate(&model, share, &vm->sum), 0.03, 1e-6);
	assert_float_equal(top_column_total(&model, share, &vm->sum), 305e-6, 1e-9);
	assert_false(top_column_exists(&model, 1));	/* no halt_exits here */
}

/* --- order, filter --- */

static void test_order(void **unused)
{
	(void)unused;
	sample_three();
	expect_order("db mail web");
	top_key(&state, 'R');
	expect_order("web mail db");
	top_key(&state, 'R');
	top_key(&state, 't');
	expect_order("mail db web");
	assert_true(top_state_sort(&state, "NAME"));
	expect_order("db mail web");
	assert_true(top_state_sort(&state, "id"));
	expect_order("web db mail");
	assert_true(top_state_sort(&state, "poll"));
	assert_true(top_state_sort(&state, "POLL%"));
	assert_false(top_state_sort(&state, "pol"));
	assert_false(top_state_sort(&state, ""));
}

/* Only columns that this kernel has, then id, then name, and round again. */
static void test_next_order(void **unused)
{
	(void)unused;
	sample_three();
	top_key(&state, 'o');
	assert_string_equal(top_columns[state.sort].title, "IO");
	top_key(&state, 'o');
	assert_string_equal(top_columns[state.sort].title, "POLL%");
	top_key(&state, 'o');
	assert_int_equal(state.sort, TOP_SORT_ID);
	top_key(&state, 'o');
	assert_int_equal(state.sort, TOP_SORT_NAME);
	top_key(&state, 'o');
	assert_int_equal(state.sort, 0);
}

static void type(const char *text)
{
	while (*text)
		top_key(&state, (unsigned char)*text++);
}

static void test_filter(void **unused)
{
	(void)unused;
	sample_three();
	type("f^(web|mail)$\n");
	expect_order("mail web");
	type("f(\n");
	assert_non_null(strstr(state.message, "no regular expression"));
	expect_order("mail web");
	type("fnothing\n");
	expect_order("");
	top_key(&state, '\n');
	type("f\n");
	expect_order("db mail web");
	/* statistics have a filter of their own */
	type("xf^io\n");
	expect_order("io_exits");
	top_key(&state, 'x');
	expect_order("db mail web");
	type("fweb\n");
	type("c");
	expect_order("db mail web");
	type("x");
	top_state_rows(&state);
	assert_int_equal(state.nr_rows, 7);
}

static void test_stat_order(void **unused)
{
	(void)unused;
	sample_three();
	top_key(&state, 'x');
	type("fexits|pages|flushes\n");
	expect_order("flushes exits io_exits pages");
	top_key(&state, 'o');
	expect_order("flushes exits io_exits pages");
	assert_true(state.stats_by_total);
	assert_true(isnan(state.rows[3].rate));
}

/* --- keys --- */

static void test_into_and_back(void **unused)
{
	struct top_vm *vm;

	(void)unused;
	sample_three();
	top_key(&state, KEY_DOWN);
	assert_int_equal(state.rows[state.selected].vm->id, 3);
	assert_true(top_key(&state, '\n'));
	assert_int_equal(state.scope.level, TOP_OF_VM);
	assert_int_equal(state.scope.vm_id, 3);
	vm = top_model_find(&model, 3);
	sample_vcpu(vm, 0, 1, 2 * SECOND);
	sample_vcpu(vm, 1, 1, 2 * SECOND);
	top_state_rows(&state);
	assert_int_equal(state.nr_rows, 2);
	top_key(&state, KEY_END);
	assert_false(top_key(&state, KEY_RIGHT));
	assert_int_equal(state.scope.level, TOP_OF_VCPU);
	assert_int_equal(state.scope.vcpu_id, 1);
	assert_int_equal(state.page, TOP_STATS);
	top_state_rows(&state);
	assert_int_equal(state.nr_rows, 6);	/* without those of the VM */
	top_key(&state, KEY_ENTER);
	assert_int_equal(state.page, TOP_STAT);
	top_key(&state, KEY_ENTER);
	top_key(&state, ESCAPE);
	assert_int_equal(state.page, TOP_STATS);
	top_key(&state, KEY_LEFT);
	top_state_rows(&state);
	assert_int_equal(state.scope.level, TOP_OF_VM);
	assert_int_equal(state.rows[state.selected].vcpu->id, 1);
	top_key(&state, ESCAPE);
	top_state_rows(&state);
	assert_int_equal(state.scope.level, TOP_HOST);
	assert_int_equal(state.rows[state.selected].vm->id, 3);
	top_key(&state, ESCAPE);
	assert_int_equal(state.scope.level, TOP_HOST);
	assert_false(state.quit);
	top_key(&state, 'q');
	assert_true(state.quit);
}

static void test_vm_ends(void **unused)
{
	(void)unused;
	sample_three();
	top_key(&state, '\n');
	top_key(&state, 'x');
	assert_int_equal(state.scope.vm_id, 2);
	top_model_begin(&model);
	sample(1, "web", 120, 3 * SECOND);
	top_model_end(&model);
	top_state_sampled(&state);
	expect_order("web");
	assert_string_equal(state.message, "VM 2 has ended");
}

static void test_vcpu_ends(void **unused)
{
	struct top_vm *vm;

	(void)unused;
	sample_three();
	vm = top_model_find(&model, 2);
	sample_vcpu(vm, 0, 1, 2 * SECOND);
	top_state_go(&state, (struct top_scope){ TOP_OF_VCPU, 2, 0 }, TOP_STATS);
	top_state_sampled(&state);
	assert_int_equal(state.scope.level, TOP_OF_VCPU);
	top_model_begin(&model);
	sample(2, "db", 400, 3 * SECOND);
	top_model_end(&model);
	top_state_sampled(&state);
	assert_int_equal(state.scope.level, TOP_OF_VM);
	assert_string_equal(state.message, "vCPU 0 has ended");
}

/* What is selected stays so when the order changes, and nothing is selected past the end. */
static void test_selection(void **unused)
{
	(void)unused;
	sample_three();
	top_key(&state, KEY_DOWN);
	top_key(&state, KEY_DOWN);
	assert_string_equal(state.rows[state.selected].vm->name, "web");
	top_key(&state, 'R');
	top_state_rows(&state);
	assert_int_equal(state.selected, 0);
	top_key(&state, KEY_NPAGE);
	assert_int_equal(state.selected, 2);
	top_key(&state, KEY_PPAGE);
	top_key(&state, KEY_UP);
	assert_int_equal(state.selected, 0);
	top_key(&state, KEY_END);
	top_model_begin(&model);
	sample(1, "web", 120, 3 * SECOND);
	top_model_end(&model);
	top_state_rows(&state);
	assert_int_equal(state.selected, 0);
	top_key(&state, KEY_HOME);
	assert_false(state.moved);
}

static void test_find_guest(void **unused)
{
	(void)unused;
	sample_three();
	type("gdb\n");
	assert_int_equal(state.scope.vm_id, 2);
	type("c");
	top_state_rows(&state);
	type("p1003\n");
	assert_int_equal(state.scope.vm_id, 3);
	type("c");
	type("p3\n");
	assert_string_equal(state.message, "no guest with process 3");
	type("gd\n");
	assert_string_equal(state.message, "no guest with name d");
	top_model_begin(&model);
	sample(1, "web", 1, 3 * SECOND);
	sample(9, "web", 1, 3 * SECOND);
	top_model_end(&model);
	type("gweb\n");
	assert_non_null(strstr(state.message, "2 guests"));
	assert_int_equal(state.scope.level, TOP_HOST);
}

static void test_interval(void **unused)
{
	static const char *const bad[] = {
		"s0.09\n", "s0\n", "s-1\n", "sx\n", "s1x\n", "s86401\n", "snan\n", "sinf\n", "s1e99\n",
	};

	(void)unused;
	type("s2.5\n");
	assert_int_equal(state.interval_ms, 2500);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		type(bad[i]);
		assert_non_null(strstr(state.message, "give seconds"));
		assert_int_equal(state.interval_ms, 2500);
	}
	type("s\n");
	assert_string_equal(state.message, "");
	type("s86400\n");
	assert_int_equal(state.interval_ms, 86400000);
}

static void test_prompt(void **unused)
{
	char longer[400];

	(void)unused;
	type("fab");
	top_key(&state, KEY_BACKSPACE);
	top_key(&state, 127);
	top_key(&state, '\b');
	assert_string_equal(state.input, "");
	type("ä");
	assert_string_equal(state.input, "ä");
	top_key(&state, KEY_BACKSPACE);
	assert_string_equal(state.input, "");
	top_key(&state, KEY_UP);
	type("q");
	assert_false(state.quit);
	top_key(&state, ESCAPE);
	assert_int_equal(state.prompt, TOP_NO_PROMPT);
	assert_null(state.filter[0]);
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	type("f");
	type(longer);
	assert_int_equal(strlen(state.input), sizeof(state.input) - 1);
}

/* Any key leaves the help, and does nothing else. */
static void test_help(void **unused)
{
	(void)unused;
	top_key(&state, 'h');
	assert_true(state.help);
	top_key(&state, KEY_RESIZE);
	assert_true(state.help);
	top_key(&state, 'q');
	assert_false(state.help);
	assert_false(state.quit);
}

/* No sequence of keys may lead anywhere where there is nothing. */
static void test_any_keys(void **unused)
{
	static const int keys[] = { 'q', 'h', ' ', 'o', 'R', 't', 'r', 'x', 'c', 's', 'f', 'g', 'p',
				    '\n', ESCAPE, KEY_UP, KEY_DOWN, KEY_PPAGE, KEY_NPAGE,
				    KEY_HOME, KEY_END, KEY_LEFT, KEY_RIGHT, '1', '.', 127 };

	(void)unused;
	srandom(1);
	for (int round = 0; round < 3000; round++) {
		uint64_t now = (round + 3) * SECOND;

		for (int i = 0; i < 5; i++) {
			top_key(&state, keys[random() % ARRAY_SIZE(keys)]);
			top_state_rows(&state);
			assert_true(!state.nr_rows || state.selected < state.nr_rows);
		}
		top_model_begin(&model);
		for (uint64_t id = 1; id < 5; id++) {
			struct top_vm *vm;

			if (random() % 3 == 0)
				continue;
			vm = sample(id, "x", round, now);
			for (uint32_t vcpu = 0; vcpu < 3; vcpu++)
				if (random() % 3)
					sample_vcpu(vm, vcpu, round, now);
		}
		top_model_end(&model);
		top_state_sampled(&state);
		top_state_rows(&state);
	}
}

/* --- history, text --- */

static void test_history(void **unused)
{
	(void)unused;
	for (uint64_t i = 0; i < TOP_HISTORY + 5; i++) {
		top_model_begin(&model);
		sample(1, "web", i * i, i * SECOND);
		top_model_end(&model);
		top_state_sampled(&state);
	}
	assert_int_equal(state.nr_history, TOP_HISTORY);
	/* n^2 - (n-1)^2 is 2n - 1 */
	assert_float_equal(state.history[TOP_VCPU][EXITS * TOP_HISTORY + TOP_HISTORY - 1],
			   2 * (TOP_HISTORY + 4) - 1, 1e-6);
	assert_float_equal(state.history[TOP_VCPU][LEVEL * TOP_HISTORY], 7, 0);
	top_state_rows(&state);
	top_key(&state, '\n');
	assert_int_equal(state.nr_history, 0);
}

static void expect_number(double number, const char *text)
{
	char buf[32];

	top_format(number, buf, sizeof(buf));
	assert_string_equal(buf, text);
	assert_true(strlen(buf) <= 7);
}

static void test_numbers(void **unused)
{
	(void)unused;
	expect_number(NAN, "-");
	expect_number(0, "0");
	expect_number(0.04, "0.0");
	expect_number(12.34, "12.3");
	expect_number(99.9, "99.9");
	expect_number(99.97, "100");
	expect_number(1234.5, "1234");
	expect_number(99999, "99999");
	expect_number(99999.6, "100.0k");
	expect_number(999940, "999.9k");
	expect_number(999960, "1.0M");
	expect_number(18446744073709551615.0, "18.4E");
}

static void expect_clip(const char *text, unsigned int columns, const char *cut)
{
	char buf[64];

	strcpy(buf, text);
	top_clip(buf, columns);
	assert_string_equal(buf, cut);
}

static void test_clip(void **unused)
{
	(void)unused;
	expect_clip("abc", 3, "abc");
	expect_clip("abc", 2, "ab");
	expect_clip("abc", 0, "");
	expect_clip("", 5, "");
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return;
	expect_clip("äöü", 2, "äö");
	expect_clip("日本", 3, "日");	/* each is two columns wide */
	expect_clip("a\377b", 9, "a");
	expect_clip("a\033b", 9, "a");
	setlocale(LC_CTYPE, "C");
}

static void test_sparkline(void **unused)
{
	static const double values[] = { NAN, 0, 1, 2, 4 };
	char buf[64];

	(void)unused;
	top_sparkline(values, 5, 10, false, buf, sizeof(buf));
	assert_string_equal(buf, " _:=#");
	top_sparkline(values, 5, 2, true, buf, sizeof(buf));
	assert_string_equal(buf, "▅█");
	top_sparkline(values, 2, 10, true, buf, sizeof(buf));
	assert_string_equal(buf, " ▁");
	top_sparkline(values, 0, 10, true, buf, sizeof(buf));
	assert_string_equal(buf, "");
	top_sparkline(values, 5, 10, true, buf, 5);
	assert_string_equal(buf, " ▁");
}

#define top_test(f)	cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		top_test(test_rates),
		top_test(test_never_read),
		top_test(test_reset),
		top_test(test_come_and_go),
		top_test(test_same_id_other_vm),
		top_test(test_vcpus_come_and_go),
		top_test(test_schema_changes),
		top_test(test_scopes),
		top_test(test_histogram),
		top_test(test_columns),
		top_test(test_order),
		top_test(test_next_order),
		top_test(test_filter),
		top_test(test_stat_order),
		top_test(test_into_and_back),
		top_test(test_vm_ends),
		top_test(test_vcpu_ends),
		top_test(test_selection),
		top_test(test_find_guest),
		top_test(test_interval),
		top_test(test_prompt),
		top_test(test_help),
		top_test(test_any_keys),
		top_test(test_history),
		top_test(test_numbers),
		top_test(test_clip),
		top_test(test_sparkline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
