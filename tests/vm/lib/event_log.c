// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event_log.h"
#include "events.h"

/* Memory that is not touched costs nothing. */
#define MAX_IDS		(1u << 20)
#define MAX_VCPUS	8

struct event_log_vm {
	uint64_t time_ns;	/* of its last event */
	uint32_t vcpus;		/* ids seen, a bit each */
	bool created;
	bool gone;
};

void event_log_init(struct event_log *log, bool from_start)
{
	memset(log, 0, sizeof(*log));
	log->from_start = from_start;
	log->vms = mmap(NULL, MAX_IDS * sizeof(*log->vms), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (log->vms == MAP_FAILED)
		tap_bail("no memory for a log of events");
}

void event_log_free(struct event_log *log)
{
	munmap(log->vms, MAX_IDS * sizeof(*log->vms));
	log->vms = NULL;
}

/* Whether the VM's earlier events must all be here. */
static bool is_complete(const struct event_log *log)
{
	return log->from_start && !log->lost;
}

static const char *vm_fault(const struct event_log *log, const struct event_log_vm *vm,
			    const struct kvmstats_event *event)
{
	if (vm->gone)
		return "after its end";
	if (event->time_ns < vm->time_ns)
		return "earlier than the one before it";
	switch (event->type) {
	case KVMSTATS_EVENT_VM_CREATED:
		return vm->created || vm->vcpus ? "not the first" : NULL;
	case KVMSTATS_EVENT_VCPU_CREATED:
		if (event->vcpu_id >= MAX_VCPUS || vm->vcpus & 1u << event->vcpu_id)
			return "of a vCPU that nobody made";
		/* fall through */
	default:
		return !vm->created && is_complete(log) ? "before its creation" : NULL;
	}
}

static void add_vm_event(struct event_log *log, const struct kvmstats_event *event)
{
	struct event_log_vm *vm;
	const char *fault;

	if (event->vm_id >= MAX_IDS)
		tap_bail("an event of VM %" PRIu64, (uint64_t)event->vm_id);
	vm = &log->vms[event->vm_id];
	fault = event->value || event->reserved ? "with fields set" : vm_fault(log, vm, event);
	if (fault)
		finding_add(&log->fault, "VM %" PRIu64 ": event of type %u %s",
			  (uint64_t)event->vm_id, event->type, fault);
	vm->time_ns = event->time_ns;
	if (event->type == KVMSTATS_EVENT_VM_CREATED)
		vm->created = true;
	else if (event->type == KVMSTATS_EVENT_VM_GONE)
		vm->gone = true;
	else if (event->vcpu_id < MAX_VCPUS)
		vm->vcpus |= 1u << event->vcpu_id;
}

static void add_event(struct event_log *log, const struct kvmstats_event *event)
{
	bool is_lost = event->type == KVMSTATS_EVENT_LOST;

	if (event->type > KVMSTATS_EVENT_VCPU_CREATED) {
		finding_add(&log->fault, "an event of type %u", event->type);
		return;
	}
	log->seen[event->type]++;
	if (event->type >= KVMSTATS_EVENT_VM_CREATED) {
		add_vm_event(log, event);
		return;
	}
	if (event->vm_id || event->vcpu_id || event->pid || event->reserved || !event->value)
		finding_add(&log->fault, "an event of type %u with the wrong fields", event->type);
	if (is_lost)
		log->lost += event->value;
}

void event_log_add(struct event_log *log, const struct kvmstats_event *events, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		add_event(log, &events[i]);
}

uint32_t event_log_read(struct event_log *log, int fd, struct kvmstats_event *events,
			uint32_t most)
{
	uint32_t nr = events_read(fd, events, most);

	event_log_add(log, events, nr);
	return nr;
}

uint64_t event_log_total(const struct event_log *log)
{
	uint64_t total = log->lost;

	for (int i = KVMSTATS_EVENT_LOST + 1; i <= KVMSTATS_EVENT_VCPU_CREATED; i++)
		total += log->seen[i];
	return total;
}
