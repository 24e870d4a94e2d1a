/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMS_AGGREGATE_H
#define KVMS_AGGREGATE_H

#include "../shadow/shadow.h"

/* Is it one of the KVM_STATS_* commands, of a 64-bit or a 32-bit program? In any context. */
bool kvms_is_aggregate(unsigned int command);

/**
 * kvms_aggregate - one of the KVM_STATS_* commands, which give flat arrays
 * @obj: held by the caller
 * @command: as the caller gave it
 * @arg: the caller's
 *
 * Return: 0 or what include/uapi/kvmstats.h says, -ENOTTY for another command.
 * Context: process.
 */
long kvms_aggregate(struct kvms_object *obj, unsigned int command, void __user *arg);

/* The same for a 32-bit program. */
long kvms_aggregate_compat(struct kvms_object *obj, unsigned int command, void __user *arg);

#endif
