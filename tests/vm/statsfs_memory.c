// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the KVM view takes of the kernel's memory with a thousand VMs of two vCPUs: of
 * nobody's interest yet, with each file looked at, and after the caches have been let
 * go of.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dev.h"
#include "farm.h"
#include "kmem.h"
#include "module.h"
#include "statsfs.h"
#include "tap.h"

#define NR_VMS		1000
#define NR_VCPUS	2
#define NR_WARM		20
#define KVM_DIR		STATSFS "/kvm"
#define MOST_OF_A_FILE	1536
/* Inodes and dentries come back as slabs, of which some stay for the sake of one object. */
#define SLACK		(8 << 20)

static struct farm farm;

struct tree {
	unsigned long dirs;
	unsigned long files;		/* of values */
};

/* Asks for the attributes of all there is below, so that all of it has inodes. */
static void look(const char *path, struct tree *tree)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char child[512];
	struct stat stat;

	if (!dir)
		tap_bail("cannot open %s", path);
	tree->dirs++;
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		if (lstat(child, &stat))
			tap_bail("cannot look at %s", child);
		if (S_ISDIR(stat.st_mode))
			look(child, tree);
		else
			tree->files += entry->d_name[0] != '.';
	}
	closedir(dir);
}

/* The attach takes up what is there, while it works or before it is done. */
static void wait_for_view(uint32_t nr)
{
	for (int i = 0; i < 600 && (access(KVM_DIR, F_OK) || statsfs_subdirs(KVM_DIR) < nr); i++)
		usleep(50000);
	is_u64(statsfs_subdirs(KVM_DIR), nr, "VMs in the view");
}

static void warm_up(void)
{
	struct tree tree = { 0 };

	farm_create(&farm, NR_WARM, NR_VCPUS);
	statsfs_begin();
	wait_for_view(NR_WARM);
	look(KVM_DIR, &tree);
	farm_destroy(&farm);
	statsfs_end();
}

int main(void)
{
	double before, unseen, seen, dropped, left;
	struct tree tree = { 0 };
	int dev;

	dev = test_begin_loaded("");
	warm_up();
	farm_create(&farm, NR_VMS, NR_VCPUS);
	before = kmem_all_bytes(true);
	statsfs_begin();
	wait_for_view(NR_VMS);
	unseen = kmem_all_bytes(true) - before;
	look(KVM_DIR, &tree);
	seen = kmem_all_bytes(false) - before;
	dropped = kmem_all_bytes(true) - before;

	is_u64(tree.dirs, 1 + NR_VMS * (1 + NR_VCPUS), "directories");
	in_range(tree.files, tree.dirs * 20, UINT64_MAX, "files of values");
	tap_summary("%lu directories, %lu values; nobody has looked: %.0f bytes a directory, %.1f a value; all looked at: %.0f a value; let go of: %.1f a value",
		    tree.dirs, tree.files, unseen / tree.dirs, unseen / tree.files,
		    seen / tree.files, dropped / tree.files);
	in_range(unseen > 0 ? unseen / tree.files : 0, 0, MOST_OF_A_FILE,
		 "bytes for a value that nobody has looked at");
	/* Or nothing was measured. */
	in_range(seen - unseen, tree.files * 256, UINT64_MAX, "inodes are kept of all looked at");
	in_range(dropped > unseen ? dropped - unseen : 0, 0, SLACK, "they are given back");

	statsfs_end();
	left = kmem_all_bytes(true) - before;
	in_range(left > 0 ? left : 0, 0, SLACK, "all is given back with statsfs");
	farm_destroy(&farm);
	return test_end_loaded(dev);
}
