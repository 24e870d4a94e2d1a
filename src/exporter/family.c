// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "family.h"
#include "text.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- names --- */

static bool ends_in(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && !strcmp(name + length - tail, end);
}

/* What the unit of a statistic is called in a metric's name, "" for none. */
static const char *unit_of(const struct kvmstats_stat *stat)
{
	switch (stat->flags & KVMSTATS_UNIT_MASK) {
	case KVMSTATS_UNIT_SECONDS:
		return "seconds";
	case KVMSTATS_UNIT_BYTES:
		return "bytes";
	case KVMSTATS_UNIT_CYCLES:
		return "cycles";
	default:
		return "";
	}
}

/* What is said in the name already, in another unit or in the same. */
static void cut_unit(char *name, const char *unit)
{
	static const char *const seconds[] = { "_ns", "_us", "_ms", "_s", "_sec" };
	size_t length = strlen(unit);

	if (!strcmp(unit, "seconds")) {
		for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
			if (ends_in(name, seconds[i])) {
				name[strlen(name) - strlen(seconds[i])] = '\0';
				return;
			}
		}
	}
	if (length && ends_in(name, unit) && name[strlen(name) - length - 1] == '_')
		name[strlen(name) - length - 1] = '\0';
}

/* The part of a name that no two families may share, with what a format adds to it. */
static size_t stem(const char *name)
{
	static const char *const suffixes[] = {
		"_total", "_bucket", "_count", "_sum", "_info", "_created",
	};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (ends_in(name, suffixes[i]))
			return strlen(name) - strlen(suffixes[i]);
	}
	return strlen(name);
}

static bool same_stem(const char *a, const char *b)
{
	return stem(a) == stem(b) && !memcmp(a, b, stem(a));
}

/* kvmstats_vm_info is the exporter's own. */
static bool is_taken(const struct families *families, const char *name, const char *scope)
{
	struct text own = { 0 };
	bool taken;

	text_printf(&own, "kvmstats_%s", scope);
	text_add(&own, "", 1);
	taken = !own.failed && same_stem(own.data, name);
	text_free(&own);
	for (uint32_t i = 0; !taken && i < families->count; i++)
		taken = same_stem(families->all[i].name, name);
	return taken;
}

static char *metric_name(const struct families *families, const char *scope,
			 const struct kvmstats_stat *stat, enum family_type type)
{
	const char *unit = unit_of(stat);
	struct text name = { 0 };
	size_t length;

	text_printf(&name, "kvmstats_%s_%s", scope, stat->name);
	text_add(&name, "", 1);
	if (name.failed)
		return NULL;
	for (char *c = name.data; *c; c++) {
		if (!isalnum((unsigned char)*c) || (unsigned char)*c >= 0x80)
			*c = '_';
	}
	if (type == FAMILY_COUNTER && ends_in(name.data, "_total"))
		name.data[strlen(name.data) - strlen("_total")] = '\0';
	cut_unit(name.data, unit);
	name.length = strlen(name.data);
	if (*unit)
		text_printf(&name, "_%s", unit);
	length = name.length;
	text_add(&name, "", 1);
	/* The unit must stay at the end. */
	for (unsigned int n = 2; !name.failed && is_taken(families, name.data, scope); n++) {
		name.length = length - (*unit ? strlen(unit) + 1 : 0);
		text_printf(&name, "_%u%s%s", n, *unit ? "_" : "", unit);
		text_add(&name, "", 1);
	}
	if (name.failed)
		text_free(&name);
	return name.data;
}

/* --- text --- */

static const char *total(const struct family *family)
{
	return family->type == FAMILY_COUNTER ? "_total" : "";
}

static bool make_heads(struct family *family, const char *scope, const char *unit)
{
	static const char *const types[] = { "counter", "gauge", "histogram" };
	struct text help = { 0 };

	text_printf(&help, "KVM's statistic %s of a %s%s%s.", family->stat,
		    !strcmp(scope, "vm") ? "VM" : "vCPU", *unit ? ", in " : "", unit);
	for (size_t i = 0; i < help.length; i++) {
		if (!isprint((unsigned char)help.data[i]) || help.data[i] == '\\' ||
		    help.data[i] == '"')
			help.data[i] = '?';
	}
	text_add(&help, "", 1);
	if (help.failed)
		return false;
	for (int format = 0; format < NR_FORMATS; format++) {
		/* OpenMetrics names the family, the older format its samples. */
		const char *end = format == FORMAT_PROMETHEUS ? total(family) : "";
		struct text head = { 0 };

		text_printf(&head, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, end,
			    help.data, family->name, end, types[family->type]);
		if (format == FORMAT_OPENMETRICS && *unit)
			text_printf(&head, "# UNIT %s %s\n", family->name, unit);
		family->head[format] = text_take(&head);
		if (!family->head[format])
			break;
	}
	text_free(&help);
	return family->head[NR_FORMATS - 1];
}

static bool add_line(struct family *family, const char *suffix, const char *bound,
		     uint32_t bucket, bool is_sum)
{
	struct line *line = &family->lines[family->nr_lines++];
	struct text before = { 0 }, after = { 0 };

	text_printf(&before, "%s%s{", family->name, suffix);
	if (bound)
		text_printf(&after, ",le=\"%s\"", bound);
	text_str(&after, "} ");
	*line = (struct line){
		.before_length = before.length, .after_length = after.length,
		.bucket = bucket, .is_sum = is_sum,
	};
	line->before = text_take(&before);
	line->after = text_take(&after);
	return line->before && line->after;
}

/*
 * Of the fine steps of a log histogram of times every other bound is shown, from a
 * microsecond on. What is shown is exact, since buckets count all that is below.
 */
static bool is_shown(const struct kvmstats_stat *stat, uint32_t bucket)
{
	uint64_t low, high;

	if ((stat->flags & KVMSTATS_TYPE_MASK) != KVMSTATS_TYPE_LOG_HIST ||
	    (stat->flags & KVMSTATS_UNIT_MASK) != KVMSTATS_UNIT_SECONDS ||
	    (stat->flags & KVMSTATS_BASE_MASK) != KVMSTATS_BASE_POW10 ||
	    stat->exponent != -9 || stat->size <= 16)
		return true;
	kvmstats_bucket_bounds(stat, bucket, &low, &high);
	return high >= 1000 && bucket % 2 == 0;
}

static bool add_buckets(struct family *family, const struct kvmstats_stat *stat)
{
	struct scale scale = scale_of(stat);
	char bound[NUMBER_MAX];
	uint64_t low, high;

	for (uint32_t i = 0; i + 1 < stat->size; i++) {
		if (!is_shown(stat, i) || kvmstats_bucket_bounds(stat, i, &low, &high))
			continue;
		/* The values are whole and below @high. */
		number_bound(bound, high - 1, &scale);
		if (!add_line(family, "_bucket", bound, i, false))
			return false;
	}
	return add_line(family, "_bucket", "+Inf", stat->size - 1, false) &&
	       add_line(family, "_count", NULL, stat->size - 1, false) &&
	       (!family->has_sum || add_line(family, "_sum", NULL, 0, true));
}

/* --- families --- */

/* KVM adds each time that it puts into X_hist to X_ns as well. */
static void find_sum(struct family *family, const struct kvmstats_stat *stat,
		     const struct descriptor *descriptors, uint32_t count)
{
	const uint32_t mask = KVMSTATS_UNIT_MASK | KVMSTATS_BASE_MASK;
	size_t length;

	if (!ends_in(stat->name, "_hist"))
		return;
	length = strlen(stat->name) - strlen("_hist");
	for (uint32_t i = 0; i < count; i++) {
		const struct kvmstats_stat *other = descriptors[i].stat;

		if (other->size != 1 || strncmp(other->name, stat->name, length) ||
		    strcmp(other->name + length, "_ns") ||
		    (other->flags & KVMSTATS_TYPE_MASK) != KVMSTATS_TYPE_CUMULATIVE ||
		    (other->flags ^ stat->flags) & mask || other->exponent != stat->exponent)
			continue;
		family->has_sum = true;
		family->sum = descriptors[i].value;
		return;
	}
}

static bool is_known(const struct kvmstats_stat *stat, enum family_type *type)
{
	switch (stat->flags & KVMSTATS_TYPE_MASK) {
	case KVMSTATS_TYPE_CUMULATIVE:
		*type = FAMILY_COUNTER;
		return stat->size == 1;
	case KVMSTATS_TYPE_INSTANT:
	case KVMSTATS_TYPE_PEAK:
		*type = FAMILY_GAUGE;
		return stat->size == 1;
	case KVMSTATS_TYPE_LINEAR_HIST:
	case KVMSTATS_TYPE_LOG_HIST:
		*type = FAMILY_HISTOGRAM;
		return true;
	default:
		return false;
	}
}

static bool make_family(struct families *families, const char *scope,
			const struct descriptor *descriptors, uint32_t count, uint32_t index,
			enum family_type type)
{
	const struct kvmstats_stat *stat = descriptors[index].stat;
	struct family *family = &families->all[families->count];

	*family = (struct family){
		.type = type, .value = descriptors[index].value, .size = stat->size,
		.scale = scale_of(stat), .stat = strdup(stat->name),
		.name = metric_name(families, scope, stat, type),
		.lines = calloc(stat->size + 2, sizeof(*family->lines)),
	};
	families->count++;
	if (!family->stat || !family->name || !family->lines)
		return false;
	if (!make_heads(family, scope, unit_of(stat)))
		return false;
	if (type != FAMILY_HISTOGRAM)
		return add_line(family, total(family), NULL, 0, false);
	find_sum(family, stat, descriptors, count);
	return add_buckets(family, stat);
}

static void free_family(struct family *family)
{
	for (uint32_t i = 0; i < family->nr_lines; i++) {
		free(family->lines[i].before);
		free(family->lines[i].after);
	}
	for (int format = 0; format < NR_FORMATS; format++)
		free(family->head[format]);
	free(family->lines);
	free(family->name);
	free(family->stat);
}

/* Afterwards, so that no name depends on what else is wanted. */
static void keep_wanted(struct families *families,
			bool (*wanted)(const void *context, const char *name),
			const void *context)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < families->count; i++) {
		struct family family = families->all[i];

		if (wanted(context, family.stat))
			families->all[kept++] = family;
		else
			free_family(&family);
	}
	families->count = kept;
}

bool families_make(struct families *out, const char *scope,
		   const struct descriptor *descriptors, uint32_t count,
		   bool (*wanted)(const void *context, const char *name), const void *context)
{
	enum family_type type;

	*out = (struct families){ .all = calloc(count ? count : 1, sizeof(*out->all)) };
	if (!out->all)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!is_known(descriptors[i].stat, &type)) {
			out->left_out++;
			continue;
		}
		if (!make_family(out, scope, descriptors, count, i, type)) {
			families_free(out);
			return false;
		}
	}
	if (wanted)
		keep_wanted(out, wanted, context);
	return true;
}

void families_free(struct families *families)
{
	for (uint32_t i = 0; i < families->count; i++)
		free_family(&families->all[i]);
	free(families->all);
	*families = (struct families){ 0 };
}
