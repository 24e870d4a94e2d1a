// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "fault.h"
#include "module.h"
#include "native.h"
#include "tap.h"

#define SPARSE		8
#define MAX_POINTS	3000
#define MAX_ERRNO	4096
#define MAX_NOTES	10
#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define MODULES_END	0xffffffffff000000ull
#define PAGE_BYTES	4096ull

#define CACHES		"/sys/kernel/slab"
/* The kernel's own, to find mistakes, with a reserve for want of memory. */
#define LEAK_CACHE	"kmemleak_object"
#define DEBUG_CACHE	"debug_objects_cache"

/* What frees a probe, and with it whatever disarms it. */
#define UNREGISTER	"__unregister_kprobe_top"

enum { OBJECT, COPY, PAGE, NR_KINDS };

static const char *const kinds[NR_KINDS] = {
	[OBJECT] = "failslab", [COPY] = "fail_usercopy", [PAGE] = "fail_page_alloc",
};

struct span {
	uint64_t start;
	uint64_t end;
};

/* Where code stands that calls on points which count, and on those which never do. */
static struct span required, rejected;

/* How often each errno came; [0] for calls that went well all the same. */
struct tally {
	unsigned int points;
	unsigned int errnos[MAX_ERRNO];
};

static struct tally total;
static int nth_fd = -1;

static bool try_set(const char *kind, const char *knob, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", kind, knob);
	return !write_text(path, value);
}

static void set(const char *kind, const char *knob, const char *value)
{
	if (!try_set(kind, knob, value))
		tap_bail("cannot set %s of %s", knob, kind);
}

/* All slab caches that serve the kernel proper. */
static void choose_caches(void)
{
	DIR *dir = opendir(CACHES);
	struct dirent *entry;
	char path[512];

	if (!dir)
		tap_bail("cannot read %s", CACHES);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), CACHES "/%s/failslab", entry->d_name);
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, LEAK_CACHE) &&
		    strcmp(entry->d_name, DEBUG_CACHE) && write_text(path, "1"))
			tap_note("allocations of %s do not fail", entry->d_name);
	}
	closedir(dir);
	set("failslab", "cache-filter", "Y");
}

void fault_needed(void)
{
	if (access(FAIL_NTH, F_OK))
		tap_skip_all("no %s: this kernel has no fault injection", FAIL_NTH);
}

void fault_begin(void)
{
	fault_needed();
	mount_once("debugfs", DEBUGFS);
	nth_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (nth_fd < 0)
		tap_bail("cannot open " FAIL_NTH);
	for (int i = 0; i < NR_KINDS; i++) {
		if (!try_set(kinds[i], "verbose", "0"))
			tap_skip_all("no %s/%s: this kernel cannot fail those", DEBUGFS, kinds[i]);
		set(kinds[i], "probability", "0");
	}
	set("failslab", "ignore-gfp-wait", "N");
	choose_caches();
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
	/* The program's own page faults would be points too. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		tap_bail("mlockall failed");
}

/* --- which points count --- */

static void set_span(const char *kind, const char *what, struct span span)
{
	char knob[32], value[32];

	snprintf(knob, sizeof(knob), "%s-start", what);
	snprintf(value, sizeof(value), "%#" PRIx64, span.start);
	set(kind, knob, value);
	snprintf(knob, sizeof(knob), "%s-end", what);
	snprintf(value, sizeof(value), "%#" PRIx64, span.end);
	set(kind, knob, value);
}

static void choose_kinds(bool pages)
{
	static const struct span nowhere = { 1, 1 };

	for (int i = 0; i < NR_KINDS; i++) {
		set_span(kinds[i], "require", (i == PAGE) == pages ? required : nowhere);
		set_span(kinds[i], "reject", rejected);
	}
}

/* Calls @see for each symbol of the kernel; @module is "" for the kernel proper. */
static void each_symbol(void (*see)(uint64_t addr, char type, const char *name,
				    const char *module, void *context), void *context)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	char line[512], type, name[256], module[64];
	uint64_t addr;

	if (!symbols)
		tap_bail("cannot read /proc/kallsyms");
	while (fgets(line, sizeof(line), symbols)) {
		module[0] = '\0';
		if (sscanf(line, "%" SCNx64 " %c %255s [%63[^]]", &addr, &type, name, module) >= 3)
			see(addr, type, name, module, context);
	}
	fclose(symbols);
}

struct search {
	const char *name;
	struct span found;
	uint64_t init;
};

static void see_name(uint64_t addr, char type, const char *name, const char *module, void *context)
{
	struct search *search = context;

	(void)type;
	if (!module[0] && !strcmp(name, search->name))
		search->found.start = addr;
}

/* Symbols come in no order. */
static void see_end(uint64_t addr, char type, const char *name, const char *module, void *context)
{
	struct search *search = context;

	(void)type;
	(void)name;
	if (!module[0] && addr > search->found.start &&
	    (!search->found.end || addr < search->found.end))
		search->found.end = addr;
}

static void see_text(uint64_t addr, char type, const char *name, const char *module, void *context)
{
	struct search *search = context;

	(void)name;
	if (strcmp(module, search->name) || (type != 't' && type != 'T'))
		return;
	/* Its init function is far off, and may not be forgotten yet. */
	if (addr - search->init < PAGE_BYTES)
		return;
	if (!search->found.start || addr < search->found.start)
		search->found.start = addr;
	/* The size of the last function is not told. */
	if (search->found.end <= addr)
		search->found.end = (addr & -PAGE_BYTES) + PAGE_BYTES;
}

static struct span function(const char *name)
{
	struct search search = { .name = name };

	each_symbol(see_name, &search);
	if (search.found.start)
		each_symbol(see_end, &search);
	if (!search.found.end)
		tap_bail("the kernel has no function %s", name);
	return search.found;
}

void fault_anywhere(void)
{
	required = (struct span){ 0, UINT64_MAX };
	rejected = (struct span){ 0, 0 };
}

void fault_within(const char *module)
{
	struct search search = { .name = module };
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/module/%s/sections/.init.text", module);
	if (read_text(path, text, sizeof(text)) < 0)
		tap_bail("cannot read %s", path);
	search.init = strtoull(text, NULL, 16);
	each_symbol(see_text, &search);
	if (!search.found.end)
		tap_bail("no function of %s is known", module);
	required = search.found;
	rejected = function(UNREGISTER);
}

void fault_within_modules(void)
{
	struct search search = { .name = "_end" };

	each_symbol(see_name, &search);
	if (!search.found.start)
		tap_bail("the end of the kernel is not known");
	required = (struct span){ search.found.start, MODULES_END };
	rejected = function(UNREGISTER);
}

/* --- the switch --- */

void fault_sometimes(unsigned int percent)
{
	char text[16];

	choose_kinds(false);
	snprintf(text, sizeof(text), "%u", percent);
	set("failslab", "times", "-1");
	set("failslab", "task-filter", "N");
	set("failslab", "probability", text);
}

void fault_arm(unsigned int nth)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(nth_fd, text, n, 0) != n)
		tap_bail("cannot write %s", FAIL_NTH);
}

/* Reading and writing the switch are user copies themselves, so that they may fail. */
bool fault_disarm(void)
{
	char text[16] = "";
	bool struck = pread(nth_fd, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;

	if (pwrite(nth_fd, "0", 1, 0) != 1 && pwrite(nth_fd, "0", 1, 0) != 1)
		tap_bail("cannot write %s", FAIL_NTH);
	return struck;
}

/* --- a case --- */

static bool is_allowed(const struct fault_case *fault, int err)
{
	if (!err)
		return true;
	for (int i = 0; i < FAULT_MAX_ALLOWED && fault->allowed[i]; i++) {
		if (fault->allowed[i] == err)
			return true;
	}
	return false;
}

static void tally_text(const struct tally *tally, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (int err = 1; err < MAX_ERRNO && len < size; err++) {
		if (tally->errnos[err])
			len += snprintf(text + len, size - len, "%u %s, ", tally->errnos[err],
					strerrorname_np(err) ?: "unknown");
	}
	if (len < size)
		snprintf(text + len, size - len, "%u succeeded all the same", tally->errnos[0]);
}

static void tally_add(struct tally *tally, int err)
{
	tally->points++;
	tally->errnos[err < MAX_ERRNO ? err : MAX_ERRNO - 1]++;
}

static void note_some(unsigned int *nr, const char *name, unsigned int nth, int err,
		      const char *text)
{
	if ((*nr)++ < MAX_NOTES)
		tap_note("%s, point %u, %s: %s", name, nth, err ? strerrorname_np(err) : "success",
			 text);
}

/* What is wrong after points that failed. */
struct wrongs {
	unsigned int errnos;
	unsigned int states;
	unsigned int leaks;
};

/* Whether there was an @nth point. */
static bool run_point(const struct fault_case *fault, unsigned int nth, struct tally *tally,
		      struct wrongs *wrongs)
{
	long refs = module_refs("kvmstats");
	int fd = lowest_free_fd(), err;
	bool struck;

	if (fault->before)
		fault->before(fault->context);
	fault_arm(nth);
	err = fault->call(fault->context);
	struck = fault_disarm();
	if (struck)
		tally_add(tally, err);
	if (!(struck ? is_allowed(fault, err) : !err))
		note_some(&wrongs->errnos, fault->name, nth, err, "not an errno that fits");
	if (fault->after && !fault->after(fault->context, err))
		note_some(&wrongs->states, fault->name, nth, err, "not as it should be then");
	if (lowest_free_fd() != fd || module_refs("kvmstats") != refs)
		note_some(&wrongs->leaks, fault->name, nth, err, "something is left behind");
	return struck;
}

/* Whether it came to an end, after as many points as there must be. */
static bool run_points(const struct fault_case *fault, unsigned int least, struct tally *tally,
		       struct wrongs *wrongs)
{
	unsigned int nth = 1;

	while (nth < MAX_POINTS && run_point(fault, nth, tally, wrongs))
		nth += fault->dense && nth >= fault->dense ? SPARSE : 1;
	return nth > least && nth < MAX_POINTS;
}

void fault_run(const struct fault_case *fault)
{
	struct wrongs wrongs = { 0 };
	struct tally tally = { 0 };
	char text[256];
	bool ended;

	choose_kinds(false);
	ended = run_points(fault, fault->least, &tally, &wrongs);
	choose_kinds(true);
	ended &= run_points(fault, 0, &tally, &wrongs);
	tally_text(&tally, text, sizeof(text));
	tap_ok(ended, "%s: %u points failed: %s", fault->name, tally.points, text);
	is_u64(wrongs.errnos, 0, "%s: errnos that do not fit", fault->name);
	is_u64(wrongs.states, 0, "%s: points after which not all is right", fault->name);
	is_u64(wrongs.leaks, 0, "%s: points that leave something behind", fault->name);

	total.points += tally.points;
	for (int err = 0; err < MAX_ERRNO; err++)
		total.errnos[err] += tally.errnos[err];
}

void fault_report(void)
{
	char text[256];

	tally_text(&total, text, sizeof(text));
	if (tap_ok(total.points, "points failed"))
		tap_summary("%u points failed: %s", total.points, text);
}

int fault_end_loaded(int dev)
{
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads at the end");
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	fault_report();
	return tap_done();
}
