/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's fault injection: allocations and user copies of one call fail, one
 * by one, until the call meets no further one. It does not reach copies of a single
 * value or of zeros (get_user, clear_user): tests with holes in memory do. Failures of
 * the machinery itself end the program.
 */
#ifndef VMTEST_FAULT_H
#define VMTEST_FAULT_H

#include <stdbool.h>

#define FAULT_MAX_ALLOWED	4

/* Ends the program as skipped where the kernel has no fault injection. */
void fault_needed(void);
/* The same, and failing can begin, also in the caches of the modules that are loaded. */
void fault_begin(void);

/* Which points count from now on: all there are, ... */
void fault_anywhere(void);
/* ... those below a module's functions, which is loaded, ... */
void fault_within(const char *module);
/*
 * ... or those below the functions of any module. Disarming a probe is left out:
 * the kernel has no way to tell of a failure there.
 */
void fault_within_modules(void);

/* So many of 100 allocations fail that count, in all threads, until it is 0 again. */
void fault_sometimes(unsigned int percent);

/* The current thread's @nth point from now on fails. */
void fault_arm(unsigned int nth);
/* Whether it has; nothing fails from now on. */
bool fault_disarm(void);

/**
 * struct fault_case - a call, and what holds after each of its points has failed
 * @name: of the call
 * @before: makes what the call needs; may be NULL
 * @call: gives 0 or an errno
 * @after: is all as it should be after this errno? Notes what is not, and undoes
 *	what the call did. May be NULL.
 * @context: for these
 * @allowed: errnos that may come, up to the first 0
 * @least: objects and user copies there must be
 * @dense: points that fail one by one; of those behind only each eighth does, where a
 *	call makes many files of one kind. 0: all of them
 */
struct fault_case {
	const char *name;
	void (*before)(void *context);
	int (*call)(void *context);
	bool (*after)(void *context, int err);
	void *context;
	int allowed[FAULT_MAX_ALLOWED];
	unsigned int least;
	unsigned int dense;
};

/*
 * Goes through all objects and user copies, and then through all pages, since slabs
 * ask for a page now and then, which moves the points behind. Checks all of it, and
 * that no descriptor and no reference to kvmstats is left.
 */
void fault_run(const struct fault_case *fault);
/* The sum over all runs, as a check with a line of its own. */
void fault_report(void);
/*
 * Checks that kvmstats and then KVM can go, which needs all VMs to be gone, reports and
 * gives the exit status.
 */
int fault_end_loaded(int dev);

#endif
