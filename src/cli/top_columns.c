// SPDX-License-Identifier: GPL-2.0-or-later
/* The columns of kvmstats top. Kernels differ: one that a kernel lacks is not shown. */
#include <math.h>
#include <string.h>

#include "cli.h"
#include "top.h"

const struct top_column top_columns[] = {
	{ "EXITS", { "exits" }, false },
	{ "HALT", { "halt_exits", "wfi_exit_stat" }, false },
	{ "IO", { "io_exits" }, false },
	{ "MMIO", { "mmio_exits", "mmio_exit_user", "mmio_exit_kernel" }, false },
	{ "IRQ", { "irq_injections" }, false },
	{ "POLL%", { "halt_poll_success_ns", "halt_poll_fail_ns" }, true },
	{ "WAIT%", { "halt_wait_ns" }, true },
};

const unsigned int top_nr_columns = ARRAY_SIZE(top_columns);

static int find_stat(const struct top_schema *schema, const char *name)
{
	for (uint32_t i = 0; name && i < schema->count; i++)
		if (!strcmp(schema->stats[i].name, name))
			return i;
	return -1;
}

bool top_column_exists(const struct top_model *m, unsigned int column)
{
	for (size_t i = 0; i < ARRAY_SIZE(top_columns[column].stats); i++)
		if (find_stat(&m->schema[TOP_VCPU], top_columns[column].stats[i]) >= 0)
			return true;
	return false;
}

/* Rates of nanoseconds become percent, their totals seconds. */
static double sum_column(const struct top_model *m, unsigned int column,
			 const struct top_values *v, bool rate)
{
	const struct top_schema *schema = &m->schema[TOP_VCPU];
	const struct top_column *c = &top_columns[column];
	double sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(c->stats); i++) {
		int stat = find_stat(schema, c->stats[i]);

		if (stat < 0)
			continue;
		sum += rate ? top_rate(v, schema->first[stat]) :
			      (double)top_total(v, schema->first[stat]);
	}
	return !c->share ? sum : rate ? sum * 100 / 1e9 : sum / 1e9;
}

double top_column_rate(const struct top_model *m, unsigned int column,
		       const struct top_values *v)
{
	return sum_column(m, column, v, true);
}

double top_column_total(const struct top_model *m, unsigned int column,
			const struct top_values *v)
{
	return sum_column(m, column, v, false);
}
