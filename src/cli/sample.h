/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What watch and dump share: samples as JSON. */
#ifndef KVMSTATS_SAMPLE_H
#define KVMSTATS_SAMPLE_H

#include "cli.h"

/**
 * struct sample_view - samples as the user wants to see them
 * @sampler: where they are from
 * @filter: which statistics
 * @rates: counters as their rise in a second
 * @vcpus: there is an array of vCPUs in each VM
 * @takes: what @filter takes of the VM's and of the vCPU's statistics
 */
struct sample_view {
	struct kvmstats_sampler *sampler;
	struct stat_filter *filter;
	bool rates;
	bool vcpus;
	bool *takes[2];
};

/* These three end the program on an error. @flags, @vm_ids, @nr: as the sampler has them */
void sample_view_open(struct sample_view *view, struct kvmstats *ks, uint32_t flags);
void sample_view_take(struct sample_view *view, const uint64_t *vm_ids, uint32_t nr);
void sample_view_close(struct sample_view *view);

/* Is there something to show: an object that lives, and for rates did so before? */
bool sample_shown(const struct sample_view *view, const struct kvmstats_sample *sample);

/* Members of an object: what time it is; which VM; what there is of the VM whose samples
 * begin at @index, which is moved behind them; one statistic.
 */
void json_time(struct json *j);
void json_vm_names(struct json *j, const struct kvmstats_vm *vm, const struct kvmstats_name *name);
void json_vm_samples(struct json *j, const struct sample_view *view, size_t *index);
void json_values(struct json *j, const struct kvmstats_stat *stat, const uint64_t *values);

#endif /* KVMSTATS_SAMPLE_H */
