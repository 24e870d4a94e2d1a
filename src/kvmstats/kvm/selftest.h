/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMS_SELFTEST_H
#define KVMS_SELFTEST_H

/**
 * kvms_selftest - do entry and return probes fire here, with right arguments?
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP with one line in the log that says what to do.
 * Context: process.
 */
int kvms_selftest(void);

/**
 * kvms_selftest_redirect - does a caller go where a probe sends it?
 *
 * Return: 0, or an errno. Context: process.
 */
int kvms_selftest_redirect(void);

#endif
