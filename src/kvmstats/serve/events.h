/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMS_EVENTS_H
#define KVMS_EVENTS_H

#include "../shadow/shadow.h"

/* The listener of the shadow: hands an event to every open events fd. */
void kvms_events_push(u32 type, struct kvms_vm *vm, u64 value);

#endif
