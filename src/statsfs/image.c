// SPDX-License-Identifier: GPL-2.0-only
/*
 * .stats: all values of a directory in the layout of KVM's binary stats fd. What is in
 * it is settled when it is opened; the data are read when they are asked for.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/uaccess.h>

#include "../kvmstats/shadow/image.h"
#include "inode.h"

/* Values that stand one after the other in an array and in the file. */
struct run {
	struct statsfs_array *array;
	unsigned int first;
	unsigned int nr;
};

/**
 * struct image - an open .stats
 * @src: the source, held by the inode
 * @head: header and id
 * @nr: of values
 * @nr_runs: of runs
 * @runs: in the order of the file
 * @desc: of each value
 */
struct image {
	struct statsfs_source *src;
	struct kvms_head head;
	unsigned int nr;
	unsigned int nr_runs;
	struct run *runs;
	struct kvmstats_desc desc[];
};

/* Values are read in pieces of so many, on the stack. */
#define NR_PIECE	128

/* Readers of stats fds know them by the "kvm" that an id begins with. */
static void make_id(struct statsfs_source *src, char id[KVMSTATS_ID_LEN])
{
	struct statsfs_source *path[STATSFS_DEPTH_MAX];
	struct statsfs_link *link;
	unsigned int depth = 0, len;

	for (; depth < STATSFS_DEPTH_MAX; src = link->parent) {
		link = srcu_dereference(src->link, &statsfs_srcu);
		if (!link)
			break;
		path[depth++] = src;
	}
	len = scnprintf(id, KVMSTATS_ID_LEN, "kvmstats");
	while (depth--)
		len += scnprintf(id + len, KVMSTATS_ID_LEN - len, "/%s", path[depth]->name);
}

static void make_desc(const struct statsfs_value *val, unsigned int index,
		      struct kvmstats_desc *desc)
{
	desc->flags = val->unit;
	if (!val->unit && val->type->boolean)
		desc->flags = KVMSTATS_UNIT_BOOLEAN;
	if (val->flags & STATSFS_PEAK)
		desc->flags |= KVMSTATS_TYPE_PEAK;
	else if (val->flags & STATSFS_FLOATING)
		desc->flags |= KVMSTATS_TYPE_INSTANT;
	desc->exponent = val->exponent;
	desc->size = 1;
	desc->offset = index * sizeof(u64);
	strscpy(desc->name, val->name, sizeof(desc->name));
}

static void add_value(struct image *image, const struct statsfs_entry *entry)
{
	struct run *run = image->nr_runs ? &image->runs[image->nr_runs - 1] : NULL;

	make_desc(&entry->array->values[entry->index], image->nr, &image->desc[image->nr]);
	if (!run || run->array != entry->array || run->first + run->nr != entry->index) {
		run = &image->runs[image->nr_runs++];
		run->array = entry->array;
		run->first = entry->index;
	}
	run->nr++;
	image->nr++;
}

/* In a read section in which the source is not revoked. */
static struct image *make_image(struct statsfs_source *src)
{
	struct statsfs_entry entry = { 0 };
	struct statsfs_array *array;
	u64 pos = STATSFS_POS_FIRST;
	struct image *image;
	size_t most = 0;

	list_for_each_entry_rcu(array, &src->arrays, node, srcu_read_lock_held(&statsfs_srcu))
		most += array->nr;
	image = kvzalloc(struct_size(image, desc, most) + most * sizeof(*image->runs), GFP_KERNEL);
	if (!image)
		return NULL;
	image->src = src;
	image->runs = (struct run *)&image->desc[most];

	for (; image->nr < most && statsfs_next(src, &pos, &entry); pos++) {
		if (entry.array)
			add_value(image, &entry);
	}
	kvms_header_init(&image->head.header, image->nr);
	make_id(src, image->head.id);
	return image;
}

static int image_open(struct inode *inode, struct file *file)
{
	struct statsfs_source *src = inode->i_private;
	int idx, err;

	idx = srcu_read_lock(&statsfs_srcu);
	err = statsfs_pin(src);
	if (!err) {
		file->private_data = make_image(src);
		if (!file->private_data) {
			statsfs_unpin(src);
			err = -ENOMEM;
		}
	}
	srcu_read_unlock(&statsfs_srcu, idx);
	return err;
}

static int image_release(struct inode *inode, struct file *file)
{
	kvfree(file->private_data);
	statsfs_unpin(inode->i_private);
	return 0;
}

static void read_piece(const struct image *image, unsigned int first, unsigned int nr, u64 *to)
{
	const struct run *run;
	int idx;

	idx = srcu_read_lock(&statsfs_srcu);
	for (run = image->runs; nr; run++) {
		unsigned int n;

		if (first >= run->nr) {
			first -= run->nr;
			continue;
		}
		n = min(nr, run->nr - first);
		statsfs_read_values(image->src, run->array, run->first + first, n, to);
		to += n;
		nr -= n;
		first = 0;
	}
	srcu_read_unlock(&statsfs_srcu, idx);
}

/* Gives the number of bytes, some of those wanted, or -EFAULT. */
static ssize_t copy_data(const struct image *image, u32 start, u32 len, char __user *to)
{
	u64 piece[NR_PIECE];
	u32 first = start / sizeof(u64), skip = start % sizeof(u64);
	u32 nr = min_t(u32, NR_PIECE, DIV_ROUND_UP(skip + len, sizeof(u64)));

	len = min_t(u32, len, nr * sizeof(u64) - skip);
	read_piece(image, first, nr, piece);
	if (copy_to_user(to, (char *)piece + skip, len))
		return -EFAULT;
	return len;
}

static ssize_t copy_span(const struct image *image, const struct kvms_span *span,
			 char __user *to)
{
	const void *from;

	if (span->block == KVMS_BLOCK_DATA)
		return copy_data(image, span->start, span->len, to);
	from = span->block == KVMS_BLOCK_HEAD ? (const void *)&image->head : image->desc;
	if (copy_to_user(to, from + span->start, span->len))
		return -EFAULT;
	return span->len;
}

static ssize_t image_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	const struct image *image = file->private_data;
	size_t done = 0;

	while (done < count) {
		struct kvms_span span = kvms_image_span(&image->head.header,
							image->nr * sizeof(u64),
							*ppos + done, count - done);
		ssize_t copied;

		if (!span.len)
			break;
		copied = copy_span(image, &span, buf + done);
		if (copied < 0)
			return copied;
		done += copied;
	}
	*ppos += done;
	return done;
}

static loff_t image_llseek(struct file *file, loff_t offset, int whence)
{
	const struct image *image = file->private_data;

	return fixed_size_llseek(file, offset, whence,
				 kvms_image_size(&image->head.header, image->nr * sizeof(u64)));
}

const struct file_operations statsfs_image_fops = {
	.owner = THIS_MODULE,
	.open = image_open,
	.release = image_release,
	.read = image_read,
	.llseek = image_llseek,
};
