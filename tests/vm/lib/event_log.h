/* SPDX-License-Identifier: GPL-2.0-only */
/* All that one events fd tells, held against what a VM's life must look like. */
#ifndef VMTEST_EVENT_LOG_H
#define VMTEST_EVENT_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "finding.h"
#include "kvmstats.h"

struct event_log {
	uint64_t seen[KVMSTATS_EVENT_VCPU_CREATED + 1];	/* by type, those lost as one each */
	uint64_t lost;		/* what they say was lost */
	bool from_start;	/* no VM is older than this log */
	struct finding fault;
	struct event_log_vm *vms;	/* by id */
};

void event_log_init(struct event_log *log, bool from_start);
void event_log_free(struct event_log *log);

void event_log_add(struct event_log *log, const struct kvmstats_event *events, uint32_t nr);
/* Reads at most @most events that are there now and adds them. Gives their number. */
uint32_t event_log_read(struct event_log *log, int fd, struct kvmstats_event *events,
			uint32_t most);

/* Seen and lost together. */
uint64_t event_log_total(const struct event_log *log);

#endif
