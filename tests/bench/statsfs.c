// SPDX-License-Identifier: GPL-2.0-only
/*
 * What statsfs costs: reading a directory by its .stats and by its text files, one text
 * file against one of debugfs, and what the KVM view adds to a VM's life and to an exit
 * of a guest.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "busy.h"
#include "exit.h"
#include "farm.h"
#include "guest.h"
#include "image.h"
#include "least.h"
#include "module.h"
#include "native.h"
#include "reading.h"
#include "spread.h"
#include "statsfs.h"
#include "tap.h"

#define KVM_DIR		STATSFS "/kvm"
#define NR_VMS		100
#define NR_VCPUS	2
#define MANY_VMS	1000
#define MADE		100
#define LIVES		100
#define ROUNDS		3
/* A statistic of a VM that all kernels count, in debugfs too. */
#define VM_STAT		"mmu_shadow_zapped"
#define VCPU_STAT	"exits"

/* --- reads --- */

static void read_file(void *path)
{
	char text[64];

	if (read_text(path, text, sizeof(text)) <= 0)
		tap_bail("cannot read %s", (char *)path);
}

static void look_up(void *path)
{
	if (access(path, F_OK))
		tap_bail("cannot find %s", (char *)path);
}

static void open_and_close(void *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		tap_bail("cannot open %s", (char *)path);
	close(fd);
}

/* All files of values, by names that are known already. */
struct names {
	unsigned int nr;
	char paths[256][320];
};

static void read_files(void *argument)
{
	struct names *names = argument;

	for (unsigned int i = 0; i < names->nr; i++)
		read_file(names->paths[i]);
}

/* Those of a directory come behind those that are there. */
static void learn_names(struct names *names, const char *path)
{
	unsigned int before = names->nr;
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type != DT_REG || entry->d_name[0] == '.')
			continue;
		if (names->nr == sizeof(names->paths) / sizeof(names->paths[0]))
			tap_bail("too many files in %s", path);
		snprintf(names->paths[names->nr++], sizeof(names->paths[0]), "%s/%s", path,
			 entry->d_name);
	}
	if (!dir || names->nr == before)
		tap_bail("no files in %s", path);
	closedir(dir);
}

static void wait_for_view(uint32_t nr)
{
	for (int i = 0; i < 200 && (access(KVM_DIR, F_OK) || statsfs_subdirs(KVM_DIR) < nr); i++)
		usleep(50000);
	is_u64(statsfs_subdirs(KVM_DIR), nr, "VMs in the view");
}

/* The .stats of a directory, of which all text files are named from @first on. */
static struct reading open_stats(const char *path, const struct names *names, unsigned int first)
{
	struct reading whole = { 0 };
	struct image layout;
	char stats[160];

	snprintf(stats, sizeof(stats), "%s/.stats", path);
	whole.fd = open(stats, O_RDONLY | O_CLOEXEC);
	if (whole.fd < 0)
		tap_bail("no %s", stats);
	image_read(whole.fd, &layout);
	is_u64(layout.header.num_desc, names->nr - first, "%s: values, and text files", stats);
	whole.size = layout.size;
	return whole;
}

static struct reading data_of(struct reading whole)
{
	struct kvmstats_header header;

	if (pread(whole.fd, &header, sizeof(header), 0) != sizeof(header))
		tap_bail("pread failed");
	whole.offset = header.data_offset;
	whole.size -= whole.offset;
	return whole;
}

/* --- the host's directory --- */

struct costs {
	uint64_t files;
	uint64_t data;
};

static struct costs compare_host(void)
{
	static struct names names;
	struct reading whole, data;
	struct costs costs;
	uint64_t image;

	learn_names(&names, KVM_DIR);
	whole = open_stats(KVM_DIR, &names, 0);
	data = data_of(whole);
	printf("# raw host_files %u\n", names.nr);
	costs.files = bench_count("host_text_files", read_files, &names);
	image = bench_count("host_pread_whole", reading_once, &whole);
	costs.data = bench_count("host_pread_data", reading_once, &data);
	bench_count("host_open_and_close", open_and_close, KVM_DIR "/.stats");
	bench_count("host_text_file", read_file, names.paths[names.nr - 1]);
	/* Each is one value of all that is summed: they cannot be 100 times all at once. */
	bench_figure_at_least("host_files_vs_data", (double)costs.files / costs.data, 15);
	bench_figure_at_least("host_files_vs_whole", (double)costs.files / image, 15);
	close(whole.fd);
	return costs;
}

/* --- those of a VM and of its vCPUs --- */

struct vm_stats {
	struct reading data[1 + NR_VCPUS];
};

static void read_all_stats(void *argument)
{
	struct vm_stats *stats = argument;

	for (unsigned int i = 0; i <= NR_VCPUS; i++)
		reading_once(&stats->data[i]);
}

static struct costs compare_vm(const char *vm)
{
	static struct names names;
	struct vm_stats stats;
	struct costs costs;

	for (unsigned int i = 0; i <= NR_VCPUS; i++) {
		unsigned int first = names.nr;
		char path[128];

		if (i)
			snprintf(path, sizeof(path), KVM_DIR "/%s/vcpu%u", vm, i - 1);
		else
			snprintf(path, sizeof(path), KVM_DIR "/%s", vm);
		learn_names(&names, path);
		stats.data[i] = data_of(open_stats(path, &names, first));
	}
	printf("# raw vm_files %u\n", names.nr);
	costs.files = bench_count("vm_text_files", read_files, &names);
	costs.data = bench_count("vm_preads_data", read_all_stats, &stats);
	bench_figure_at_least("vm_files_vs_data", (double)costs.files / costs.data, 100);
	for (unsigned int i = 0; i <= NR_VCPUS; i++)
		close(stats.data[i].fd);
	return costs;
}

static void compare_file(const char *figure, const char *vm, const char *stat)
{
	char ours[160], theirs[160], raw[64];
	uint64_t cost, other;

	snprintf(ours, sizeof(ours), KVM_DIR "/%s/%s", vm, stat);
	snprintf(theirs, sizeof(theirs), DEBUGFS "/kvm/%s/%s", vm, stat);
	snprintf(raw, sizeof(raw), "%s_statsfs", figure);
	cost = bench_count(raw, read_file, ours);
	snprintf(raw, sizeof(raw), "%s_debugfs", figure);
	other = bench_count(raw, read_file, theirs);
	snprintf(raw, sizeof(raw), "%s_statsfs_look", figure);
	bench_count(raw, look_up, ours);
	snprintf(raw, sizeof(raw), "%s_debugfs_look", figure);
	bench_count(raw, look_up, theirs);
	snprintf(raw, sizeof(raw), "%s_statsfs_open_close", figure);
	bench_count(raw, open_and_close, ours);
	snprintf(raw, sizeof(raw), "%s_debugfs_open_close", figure);
	bench_count(raw, open_and_close, theirs);
	snprintf(raw, sizeof(raw), "%s_vs_debugfs", figure);
	bench_figure(raw, (double)cost / other, 1.0);
}

static void compare_reads(void)
{
	struct costs host, one;
	char vm[32], path[160];
	struct farm farm;

	if (!mount_once("debugfs", DEBUGFS))
		tap_bail("no debugfs");
	farm_create(&farm, NR_VMS, NR_VCPUS);
	statsfs_begin();
	wait_for_view(NR_VMS);
	snprintf(vm, sizeof(vm), "%d-%d", getpid(), farm_vm_fd(&farm, 0));
	host = compare_host();
	one = compare_vm(vm);
	/* All that is below kvm, against the same, and against the sums alone. */
	bench_figure_at_least("tree_files_vs_data", (host.files + NR_VMS * (double)one.files) /
			      (host.data + NR_VMS * (double)one.data), 100);
	bench_figure_at_least("tree_files_vs_host_data",
			      (host.files + NR_VMS * (double)one.files) / host.data, 100);
	compare_file("vm_file", vm, VM_STAT);
	/* There a sum over the vCPUs in both. */
	compare_file("vcpu_sum_file", vm, VCPU_STAT);
	snprintf(path, sizeof(path), KVM_DIR "/%s/vcpu0/" VCPU_STAT, vm);
	bench_count("vcpu_file_statsfs", read_file, path);
	statsfs_end();
	farm_destroy(&farm);
}

/* --- lives --- */

static void live(void *lives)
{
	struct farm farm;

	for (int i = 0; i < *(int *)lives; i++) {
		farm_create(&farm, 1, NR_VCPUS);
		farm_destroy(&farm);
	}
}

static void make(void *argument)
{
	struct farm *farm = argument;

	farm_grow(farm, MADE);
	if (farm->nr_vms < MADE)
		tap_bail("only %u VMs can be made", farm->nr_vms);
}

struct price {
	double creation;
	double life;
};

/* The least of some rounds, each less what a rest alone costs. */
static struct price price_of(const char *name)
{
	struct price best = { 0 };
	int none = 0, lives = LIVES;
	char raw[64];

	live(&lives);
	for (int i = 0; i < ROUNDS; i++) {
		double rest, creation, life;
		struct farm farm;

		snprintf(raw, sizeof(raw), "%s_rest_%d", name, i);
		rest = busy_count(raw, live, &none);
		farm_reserve(&farm, MADE, NR_VCPUS);
		snprintf(raw, sizeof(raw), "%s_creations_%d", name, i);
		creation = (busy_count(raw, make, &farm) - rest) / MADE;
		farm_destroy(&farm);
		snprintf(raw, sizeof(raw), "%s_lives_%d", name, i);
		life = (busy_count(raw, live, &lives) - rest) / LIVES;
		if (!i || creation < best.creation)
			best.creation = creation;
		if (!i || life < best.life)
			best.life = life;
	}
	printf("# raw %s_creation %.0f\n# raw %s_life %.0f\n", name, best.creation, name,
	       best.life);
	return best;
}

/* Both with kvmstats; what that costs itself is in lifecycle.c. */
static void compare_lives(const char *name, uint32_t nr_vms)
{
	struct price without, with;
	struct farm others;
	char text[64];

	farm_create(&others, nr_vms, NR_VCPUS);
	snprintf(text, sizeof(text), "%s_without", name);
	without = price_of(text);
	statsfs_begin();
	wait_for_view(nr_vms);
	snprintf(text, sizeof(text), "%s_statsfs", name);
	with = price_of(text);
	wait_for_view(nr_vms);
	statsfs_end();
	snprintf(text, sizeof(text), "%s_creation_vs_without", name);
	bench_figure(text, with.creation / without.creation, 1.10);
	snprintf(text, sizeof(text), "%s_life_vs_without", name);
	bench_figure(text, with.life / without.life, 1.10);
	farm_destroy(&others);
}

/* --- exits --- */

static void compare_exits(void)
{
	struct spread without, with;
	struct guest_vcpu *vcpu;
	struct guest guest;

	guest_create(&guest);
	vcpu = guest_add_vcpu(&guest, 0);
	exit_prepare(vcpu);
	without = spread_count("exit_kvmstats", exit_once, vcpu);
	statsfs_begin();
	wait_for_view(1);
	with = spread_count("exit_statsfs", exit_once, vcpu);
	statsfs_end();
	spread_figure("exit_statsfs_vs_without", with, without, 1.0);
	guest_destroy(&guest);
}

int main(void)
{
	test_begin();
	errno = kvmstats_load("");
	if (errno)
		tap_bail("cannot load kvmstats");
	compare_reads();
	compare_lives("alone", 1);
	compare_lives("among_1000", MANY_VMS);
	compare_exits();
	if (kvmstats_unload())
		tap_bail("kvmstats cannot be unloaded");
	return bench_done();
}
