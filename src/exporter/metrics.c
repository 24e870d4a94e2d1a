// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "metrics.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * 1000000000ull + used.tv_nsec;
}

static uint64_t resident_bytes(void)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

static void add_versions(struct page *page, const struct collector *c)
{
	page_head(page, "kvmstats_exporter_build", "info", "", "The exporter.");
	text_str(&page->text, "kvmstats_exporter_build_info{version=\"" KVMSTATS_VERSION "\"} 1\n");
	if (!c->up)
		return;
	page_head(page, "kvmstats_module", "info", "", "The kernel module.");
	text_str(&page->text, "kvmstats_module_info{");
	text_label(&page->text, "version", c->module);
	text_printf(&page->text, ",abi=\"%u\"} 1\n", c->abi);
}

static void add_host(struct page *page, const struct collector *c)
{
	page_u64(page, "kvmstats_up", "gauge", "Whether the statistics could be read.", c->up);
	if (!c->up)
		return;
	page_u64(page, "kvmstats_vms", "gauge", "VMs on this host.", c->nr_vms);
	page_u64(page, "kvmstats_vcpus", "gauge", "vCPUs on this host.", c->nr_vcpus);
	vms_to_page(&c->vms, page);
}

static void add_self(struct page *page, const struct collector *c, const struct self *self,
		     uint64_t began)
{
	page_u64(page, "kvmstats_exporter_scrapes", "counter",
		 "Snapshots that were asked for.", self->scrapes);
	page_u64(page, "kvmstats_exporter_scrape_failures", "counter",
		 "Snapshots that could not be taken.", self->failures);
	page_u64(page, "kvmstats_exporter_connections", "gauge",
		 "Connections of clients that are open.", self->connections);
	page_u64(page, "kvmstats_exporter_connections_dropped", "counter",
		 "Connections that were closed as too slow or too many.", self->dropped);
	page_u64(page, "kvmstats_exporter_unknown_statistics", "gauge",
		 "Statistics that are left out, of a type that this version does not know.",
		 c->up ? c->boards[BOARD_VM].families.left_out +
			 c->boards[BOARD_SUM].families.left_out : 0);
	page_head(page, "kvmstats_exporter_resident_memory_bytes", "gauge", "bytes",
		  "Memory of the exporter.");
	text_printf(&page->text, "kvmstats_exporter_resident_memory_bytes %llu\n",
		    (unsigned long long)resident_bytes());
	page_seconds(page, "kvmstats_exporter_cpu_seconds", "counter",
		     "CPU time of the exporter.", cpu_ns());
	page_seconds(page, "kvmstats_exporter_scrape_duration_seconds", "gauge",
		     "Time that this snapshot and its text took.", now_ns() - began);
}

struct page *metrics_page(struct collector *c, struct self *self,
			  const struct metrics_request *request)
{
	bool (*wanted)(const void *context, const char *name) =
		request->filter ? filter_wants : NULL;
	struct page *page = page_new(request->format);
	uint64_t began = now_ns();

	if (!page)
		return NULL;
	self->scrapes++;
	self->failures += !collect(c, request->vcpu);
	add_host(page, c);
	if (c->up) {
		page_board(page, &c->boards[BOARD_VM], wanted, request->filter);
		page_board(page, &c->boards[request->vcpu ? BOARD_VCPU : BOARD_SUM], wanted,
			   request->filter);
	}
	add_versions(page, c);
	add_self(page, c, self, began);
	if (!page_close(page)) {
		page_free(page);
		return NULL;
	}
	return page;
}
