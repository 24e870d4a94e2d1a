// SPDX-License-Identifier: LGPL-2.1-or-later
/* The VMs that there are, with their names. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "names.h"

#define MAX_NAMES_FILE	(1 << 20)

struct entry {
	struct kvmstats_vm vm;
	struct kvmstats_name shown;	/* points to @found or to an override */
	struct identity *found;		/* looked up once */
	bool shared;			/* @found is another list's, while there are two */
};

/* The override file that is in use. */
struct names_file {
	char *path;			/* NULL without one */
	bool may_be_absent;
	struct stat seen;		/* what was read last, good or bad */
	struct overrides overrides;	/* the last good content */
	int error;			/* of the last reading */
	unsigned int line;
};

struct kvmstats_inventory {
	struct kvmstats *ks;
	struct names_file file;
	struct entry *entries;
	size_t count;
};

int kvmstats_inventory_new(struct kvmstats *ks, struct kvmstats_inventory **out)
{
	struct kvmstats_inventory *inv = calloc(1, sizeof(*inv));

	if (!inv)
		return -ENOMEM;
	inv->ks = ks;
	*out = inv;
	return 0;
}

static void entries_free(struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!entries[i].shared)
			free(entries[i].found);
	free(entries);
}

void kvmstats_inventory_free(struct kvmstats_inventory *inv)
{
	if (!inv)
		return;
	entries_free(inv->entries, inv->count);
	overrides_clear(&inv->file.overrides);
	free(inv->file.path);
	free(inv);
}

/* --- the override file --- */

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* One that is written to while it is read changes its times and is read again. */
static ssize_t read_whole(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, buf + len, size - len);
		if (n < 0)
			return -errno;
		len += n;
	} while (n && len < size);
	return len;
}

static int parse_fd(struct names_file *file, int fd, const struct stat *st)
{
	struct overrides fresh;
	ssize_t len;
	char *buf;
	int ret;

	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	if (st->st_size > MAX_NAMES_FILE)
		return -EFBIG;
	buf = malloc(st->st_size + 1);
	if (!buf)
		return -ENOMEM;
	len = read_whole(fd, buf, st->st_size);
	ret = len < 0 ? len : overrides_parse(text_of(buf, len), &fresh, &file->line);
	free(buf);
	if (ret)
		return ret;
	overrides_clear(&file->overrides);
	file->overrides = fresh;
	return 0;
}

/* Reads the file if it is not the one that was read last. */
static void names_refresh(struct names_file *file)
{
	struct stat st = { 0 };
	int fd;

	if (!file->path)
		return;
	/* O_NONBLOCK: a FIFO in its place is to be an error, not a wait. */
	fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		file->error = -errno;
	else if (!is_same(&st, &file->seen))
		file->error = parse_fd(file, fd, &st);
	if (fd >= 0)
		close(fd);
	if (file->error == -ENOENT && file->may_be_absent) {
		overrides_clear(&file->overrides);
		file->error = 0;
	}
	/* What could not be read for another reason than its content is tried again. */
	if (file->error && file->error != -EBADMSG)
		memset(&st, 0, sizeof(st));
	file->seen = st;
}

int kvmstats_inventory_names_error(const struct kvmstats_inventory *inv, unsigned int *line)
{
	if (line)
		*line = inv->file.error == -EBADMSG ? inv->file.line : 0;
	return inv->file.error;
}

static void show_names(struct kvmstats_inventory *inv)
{
	for (size_t i = 0; i < inv->count; i++) {
		struct entry *e = &inv->entries[i];
		const char *name = overrides_find(&inv->file.overrides, e->found);

		e->shown = (struct kvmstats_name){
			.name = name ? name : e->found->name,
			.uuid = e->found->uuid,
			.id = e->found->id,
			.source = name ? KVMSTATS_NAME_OVERRIDE : e->found->source,
		};
	}
}

int kvmstats_inventory_names(struct kvmstats_inventory *inv, const char *path, unsigned int *line)
{
	struct names_file file = {
		.path = strdup(path ? path : KVMSTATS_NAMES_FILE),
		.may_be_absent = !path,
	};

	if (!file.path)
		return -ENOMEM;
	names_refresh(&file);
	if (file.error) {
		if (line)
			*line = file.error == -EBADMSG ? file.line : 0;
		free(file.path);
		return file.error;
	}
	free(inv->file.path);
	overrides_clear(&inv->file.overrides);
	inv->file = file;
	show_names(inv);
	return 0;
}

/* --- VMs --- */

static int entries_read(struct kvmstats *ks, struct entry **entries, size_t *count)
{
	const struct kvmstats_vm *vm;
	struct kvmstats_vm_iter *it;
	size_t room = 0;
	int ret;

	*entries = NULL;
	*count = 0;
	ret = kvmstats_vm_iter_new(ks, &it);
	if (ret)
		return ret;
	while ((ret = kvmstats_vm_iter_next(it, &vm)) > 0) {
		if (*count == room) {
			struct entry *more;

			room = room ? room * 2 : 64;
			more = reallocarray(*entries, room, sizeof(*more));
			if (!more) {
				ret = -ENOMEM;
				break;
			}
			*entries = more;
		}
		(*entries)[(*count)++] = (struct entry){ .vm = *vm };
	}
	kvmstats_vm_iter_free(it);
	return ret;
}

/* What was found out about VMs that were there before; both are in the order of ids. */
static void entries_share(struct entry *to, size_t nr_to, struct entry *from, size_t nr_from)
{
	size_t f = 0;

	for (size_t t = 0; t < nr_to; t++) {
		while (f < nr_from && from[f].vm.id < to[t].vm.id)
			f++;
		if (f == nr_from || from[f].vm.id != to[t].vm.id)
			continue;
		to[t].found = from[f].found;
		to[t].shared = from[f].shared = true;
	}
}

static int entries_identify(struct entry *entries, size_t count)
{
	int ret = 0;

	for (size_t i = 0; i < count && !ret; i++) {
		if (entries[i].found)
			continue;
		entries[i].found = malloc(sizeof(*entries[i].found));
		if (!entries[i].found)
			return -ENOMEM;
		ret = kvmstats_identify("/proc", &entries[i].vm, entries[i].found);
	}
	return ret;
}

int kvmstats_inventory_refresh(struct kvmstats_inventory *inv)
{
	struct entry *entries, *drop;
	size_t count, nr_drop;
	int ret;

	ret = entries_read(inv->ks, &entries, &count);
	if (!ret) {
		entries_share(entries, count, inv->entries, inv->count);
		ret = entries_identify(entries, count);
	}
	drop = ret ? entries : inv->entries;
	nr_drop = ret ? count : inv->count;
	if (!ret) {
		inv->entries = entries;
		inv->count = count;
	}
	entries_free(drop, nr_drop);
	for (size_t i = 0; i < inv->count; i++)
		inv->entries[i].shared = false;
	names_refresh(&inv->file);
	show_names(inv);
	return ret;
}

size_t kvmstats_inventory_count(const struct kvmstats_inventory *inv)
{
	return inv->count;
}

const struct kvmstats_vm *kvmstats_inventory_vm(const struct kvmstats_inventory *inv, size_t index)
{
	return index < inv->count ? &inv->entries[index].vm : NULL;
}

const struct kvmstats_name *kvmstats_inventory_name(const struct kvmstats_inventory *inv,
						    size_t index)
{
	return index < inv->count ? &inv->entries[index].shown : NULL;
}

static int by_id(const void *key, const void *entry)
{
	const uint64_t *id = key;
	const struct entry *e = entry;

	return (*id > e->vm.id) - (*id < e->vm.id);
}

int kvmstats_inventory_find(const struct kvmstats_inventory *inv, uint64_t vm_id)
{
	const struct entry *found = NULL;

	if (inv->count)
		found = bsearch(&vm_id, inv->entries, inv->count, sizeof(*found), by_id);
	return found ? found - inv->entries : -ENOENT;
}
