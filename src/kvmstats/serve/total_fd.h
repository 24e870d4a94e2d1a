/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMS_TOTAL_FD_H
#define KVMS_TOTAL_FD_H

#include "../shadow/shadow.h"

/**
 * kvms_total_fd_open - a stats fd on a total
 * @schema: the file holds a reference of its own
 * @vm: the VM whose vCPUs are summed, of which the file holds a reference too, or
 *	NULL for the host
 *
 * Return: as kvms_stats_fd_open(). Context: process.
 */
int kvms_total_fd_open(struct kvms_schema *schema, struct kvms_vm *vm);

#endif
