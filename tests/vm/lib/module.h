/* SPDX-License-Identifier: GPL-2.0-only */
/* Loading and unloading kvmstats and KVM itself. */
#ifndef VMTEST_MODULE_H
#define VMTEST_MODULE_H

#include <stdbool.h>

/* The module under test, from the file that the environment's KVMSTATS_KO names. */
int kvmstats_load(const char *parameters);	/* 0 or an errno */
int kvmstats_unload(void);			/* 0 or an errno, does not wait */
/* Checks that it does not load, and leaves nothing. */
void kvmstats_is_refused(const char *parameters, int expected);

/* A parameter of the module while it is loaded. */
int kvmstats_set(const char *parameter, const char *text);	/* 0 or an errno */
void kvmstats_is_set(const char *parameter, const char *expected);	/* checks what it reads */

/* Another module of ours, from NAME.ko beside that file. 0 or an errno. */
int module_load(const char *name, const char *parameters);

bool module_is_loaded(const char *name);
long module_refs(const char *name);		/* -1 when it is not loaded */
int module_unload(const char *name);		/* 0 or an errno, does not wait */

/* kvm and kvm_amd together; kvm_load ends the program when it cannot. */
void kvm_load(void);
int kvm_unload(void);				/* 0 or an errno */

/* Every test starts with KVM and no kvmstats, and ends so. */
void test_begin(void);
/* As above, and then loads kvmstats and opens its device. */
int test_begin_loaded(const char *parameters);
/* Checks that kvmstats can go, and gives the exit status. */
int test_end(void);
/* The same for a test that holds the device open. */
int test_end_loaded(int dev);

#endif
