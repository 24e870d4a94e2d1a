// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "farm.h"
#include "kmem.h"
#include "module.h"
#include "native.h"
#include "tap.h"

/*
 * Objects are counted one by one; slabs stay for the sake of one object in them. What
 * KVM takes for each CPU, for a VM, comes from chunks that the kernel keeps: one is
 * 2 MB of vmalloc, of which two may stay, and 5.10 gives back none of its pages.
 */
static const struct kmem slack = {
	.slab = 2048, .vmalloc = 2 * 2048 + 512, .percpu = 4096, .objects = 192,
};

/* The caches that kvmstats takes from. */
static bool is_general(const char *cache)
{
	return !strncmp(cache, "kmalloc-", 8) || !strcmp(cache, "radix_tree_node");
}

/* What is free in a CPU's own slabs counts as taken, unless it has to give them back. */
static void shrink(const char *cache)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache);
	if (write_text(path, "1"))
		tap_bail("cannot write %s", path);
}

static double bytes_in_objects(bool shrink_them)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	unsigned long nr, size;
	char line[512], name[64];
	double sum = 0;

	if (!file)
		tap_bail("cannot read /proc/slabinfo");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %lu %*u %lu", name, &nr, &size) != 3)
			continue;
		if (shrink_them)
			shrink(name);
		if (is_general(name))
			sum += (double)nr * size;
	}
	fclose(file);
	return sum;
}

double kmem_settled_bytes(void)
{
	for (int i = 0; i < 3; i++) {
		usleep(500000);
		write_text("/proc/sys/vm/drop_caches", "3");
	}
	bytes_in_objects(true);
	return bytes_in_objects(false);
}

double kmem_all_bytes(bool settle)
{
	if (settle)
		kmem_settled_bytes();
	return 1024.0 * (meminfo_kb("\nSlab") + meminfo_kb("VmallocUsed") + meminfo_kb("Percpu"));
}

static struct kmem settled(void)
{
	double bytes = kmem_settled_bytes();

	return (struct kmem){
		.slab = meminfo_kb("SUnreclaim"),
		.vmalloc = meminfo_kb("VmallocUsed"),
		.percpu = meminfo_kb("Percpu"),
		.objects = bytes / 1024,
	};
}

/* Memory for modules comes in large pieces, so KVM itself is out of the way. */
struct kmem kmem_without_kvm(void)
{
	struct kmem kmem;

	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kmem = settled();
	kvm_load();
	return kmem;
}

bool kmem_is_back(const struct kmem *before)
{
	struct kmem after = kmem_without_kvm();
	bool is_back = after.slab <= before->slab + slack.slab &&
		       after.vmalloc <= before->vmalloc + slack.vmalloc &&
		       after.percpu <= before->percpu + slack.percpu &&
		       after.objects <= before->objects + slack.objects;

	tap_ok(is_back, "memory is back where it was");
	tap_summary("kernel memory in kB, before/after/slack: slab %ld/%ld/%ld, vmalloc %ld/%ld/%ld, percpu %ld/%ld/%ld, objects %ld/%ld/%ld",
		    before->slab, after.slab, slack.slab,
		    before->vmalloc, after.vmalloc, slack.vmalloc,
		    before->percpu, after.percpu, slack.percpu,
		    before->objects, after.objects, slack.objects);
	return is_back;
}
