/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kvmstats top, in parts that know only those above them: the model is what was sampled,
 * the state is what the user looks at, and both are plain C; source, batch and view
 * connect them with the device, with standard output and with the terminal.
 */
#ifndef KVMSTATS_TOP_H
#define KVMSTATS_TOP_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kvmstats/kvmstats.h>

/* --- the model: top_model.c --- */

enum top_kind { TOP_VM, TOP_VCPU, TOP_KINDS };

/* The statistics of a VM, or of a vCPU and of the sum of a VM's vCPUs. */
struct top_schema {
	struct kvmstats_stat *stats;
	uint32_t *first;	/* of each, the index of its first value */
	uint32_t count;
	uint32_t nr_values;
};

/* What one object had at the last sample and at the one before. */
struct top_values {
	uint64_t *now;		/* NULL: it was never read; else three arrays in one piece */
	uint64_t *before;
	uint64_t *base;		/* from where totals count: 0, or the values at a reset */
	uint64_t time_ns;
	uint64_t elapsed_ns;	/* since @before; 0: there is no before */
};

struct top_vcpu {
	uint32_t id;
	bool seen;
	struct top_values values;
};

/* @start_ns tells a VM from another one that has its id after the module was reloaded. */
struct top_vm {
	uint64_t id;
	uint64_t start_ns;
	uint32_t pid;
	uint32_t nr_vcpus;
	char *name;		/* NULL before it was looked up */
	bool seen;
	struct top_values values;
	struct top_values sum;
	struct top_vcpu *vcpus;	/* only of the VM that is looked into */
	uint32_t nr_known_vcpus;
};

struct top_model {
	struct top_schema schema[TOP_KINDS];	/* no stats: KVM is not there */
	uint32_t schema_changes;
	struct top_vm *vms;			/* by id */
	size_t nr_vms;
};

/* A sample is: the schemas, begin, each VM with its values, end. */
void top_model_schema(struct top_model *m, enum top_kind kind, const struct top_schema *schema);
void top_model_begin(struct top_model *m);
struct top_vm *top_model_vm(struct top_model *m, uint64_t id, uint64_t start_ns);
struct top_vcpu *top_model_vcpu(struct top_vm *vm, uint32_t id);
void top_model_values(const struct top_model *m, enum top_kind kind, struct top_values *v,
		      const uint64_t *values, uint64_t time_ns);
void top_model_end(struct top_model *m);

/* Totals count from now on. */
void top_model_reset(struct top_model *m);
/* Forgets all VMs. */
void top_model_clear(struct top_model *m);
void top_model_free(struct top_model *m);

/* NULL when there is none with this id. */
struct top_vm *top_model_find(const struct top_model *m, uint64_t id);

/* What of a host is looked at: all of it, a VM with its vCPUs, or one vCPU. */
struct top_scope {
	enum top_level { TOP_HOST, TOP_OF_VM, TOP_OF_VCPU } level;
	uint64_t vm_id;
	uint32_t vcpu_id;
};

/* @value of an object: how often it rose in a second; NAN without a sample before. */
double top_rate(const struct top_values *v, uint32_t value);
/* What it rose by since the reset. */
uint64_t top_total(const struct top_values *v, uint32_t value);

/*
 * The same of all objects in @scope together: peaks as the largest, all else summed. Of
 * a statistic with several values those from @from on, @nr of them, are summed.
 */
double top_scope_rate(const struct top_model *m, const struct top_scope *scope,
		      enum top_kind kind, uint32_t stat, uint32_t from, uint32_t nr);
uint64_t top_scope_total(const struct top_model *m, const struct top_scope *scope,
			 enum top_kind kind, uint32_t stat, uint32_t from, uint32_t nr);

/* Does it count events, so that it has a rate? */
bool top_is_counter(const struct kvmstats_stat *stat);

/* --- columns: top_columns.c --- */

struct top_column {
	const char *title;
	const char *stats[4];	/* of vCPUs; those that the kernel has are summed */
	bool share;		/* of time: nanoseconds, shown in percent of a CPU */
};

extern const struct top_column top_columns[];
extern const unsigned int top_nr_columns;

/* Has this kernel any of the column's statistics? */
bool top_column_exists(const struct top_model *m, unsigned int column);
double top_column_rate(const struct top_model *m, unsigned int column,
		       const struct top_values *v);
/* In the unit of the column's share: seconds. */
double top_column_total(const struct top_model *m, unsigned int column,
			const struct top_values *v);

/* --- what the user looks at: top_state.c, top_keys.c --- */

#define TOP_HISTORY	60

enum top_page { TOP_OBJECTS, TOP_STATS, TOP_STAT };

enum top_prompt { TOP_NO_PROMPT, TOP_ASK_INTERVAL, TOP_ASK_FILTER, TOP_ASK_NAME, TOP_ASK_PID };

/* A line of a page: a VM or a vCPU, or a statistic. */
struct top_row {
	const struct top_vm *vm;
	const struct top_vcpu *vcpu;
	enum top_kind kind;
	uint32_t stat;
	double rate;
	double total;
};

/* What a row stands for, in whichever sample: rows point into the model. */
struct top_identity {
	uint64_t vm_id;
	uint32_t vcpu_id;
	enum top_kind kind;
	uint32_t stat;
};

enum { TOP_SORT_ID = -1, TOP_SORT_NAME = -2 };

struct top_state {
	struct top_model *model;
	struct top_scope scope;
	enum top_page page;
	bool help;
	bool paused;
	bool quit;
	bool totals;		/* columns and bars show totals, not rates */
	bool stats_by_total;	/* order of statistics */
	bool reverse;
	int sort;		/* a column, or TOP_SORT_* */
	unsigned int interval_ms;

	struct top_row *rows;	/* of the page */
	size_t nr_rows;
	size_t selected;
	bool moved;		/* the user has chosen what is selected: */
	struct top_identity chosen;
	size_t page_rows;	/* that fit the screen */
	size_t stat_lines;	/* that were scrolled by on the page of a statistic */
	enum top_kind stat_kind;
	uint32_t stat;

	char *filter[2];	/* of VMs, of statistics; NULL: none */
	regex_t regex[2];
	enum top_prompt prompt;
	char input[128];
	char message[256];

	uint32_t schema_changes;
	double *history[TOP_KINDS];	/* TOP_HISTORY rates of each statistic in the scope */
	unsigned int nr_history;
};

void top_state_init(struct top_state *s, struct top_model *m, unsigned int interval_ms);
void top_state_free(struct top_state *s);
/* After a sample and after top_source_look(): which rows there are, in which order. */
void top_state_rows(struct top_state *s);
/* The user selects a row, or the last one when there are not so many. */
void top_state_select(struct top_state *s, size_t row);
/* After a sample, before the rows: notices what is gone, adds to the history. */
void top_state_sampled(struct top_state *s);
/* Return: NULL, or what is wrong with @text, in @buf */
const char *top_state_filter(struct top_state *s, const char *text, char *buf, size_t size);
/* Return: false when there is no column with this name */
bool top_state_sort(struct top_state *s, const char *name);
/* Looks at something else; @page as in Enter and Esc. */
void top_state_go(struct top_state *s, struct top_scope scope, enum top_page page);

/* @key is one of ncurses'. Return: true when a VM is looked into whose vCPUs were not */
bool top_key(struct top_state *s, int key);

extern const char top_help[];

/* --- text: top_text.c --- */

/* A number in at most 7 columns: "0", "12.3", "1234", "12.3k"; "-" for NAN. */
void top_format(double number, char *buf, size_t size);
/* Cuts @text where it would be wider than @columns on the screen. Return: its width */
unsigned int top_clip(char *text, unsigned int columns);
/* The last @columns of @values, scaled to the largest. NAN is a blank. */
void top_sparkline(const double *values, unsigned int nr, unsigned int columns, bool utf8,
		   char *buf, size_t size);

/* --- where samples come from: top_source.c --- */

/*
 * Opens the device, reads all VMs, the vCPUs of @focus too unless it is 0, and closes the
 * device: an open one would keep the module from being unloaded.
 * Return: 0 or a negated errno, with the reason in @why
 */
int top_source_take(const char *device, struct top_model *m, uint64_t focus, char *why,
		    size_t size);
/* Reads the vCPUs of a VM for the first time, between two samples. */
void top_source_look(const char *device, struct top_model *m, uint64_t vm_id);

/* --- where they go --- */

/* @count samples, or for ever when it is 0. */
int top_batch(struct top_state *s, const char *device, uint64_t count);
int top_screen(struct top_state *s, const char *device, uint64_t count);
void top_draw(const struct top_state *s, const char *trouble);

#endif /* KVMSTATS_TOP_H */
