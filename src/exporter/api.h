/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON that the page for people lives on. */
#ifndef EXPORTER_API_H
#define EXPORTER_API_H

#include "board.h"
#include "vms.h"

/*
 * api_json() - {"version", "time_ms", "up", "why", "stats", "vms"}
 * @vm, @sum: boards with the same rows, those of @vms
 * @why: why there is nothing, or NULL
 *
 * Histograms are left out. Values are in base units, in the order of "stats".
 */
void api_json(struct text *text, const struct vms *vms, const struct board *vm,
	      const struct board *sum, const char *why);

#endif /* EXPORTER_API_H */
