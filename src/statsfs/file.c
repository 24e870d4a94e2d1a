// SPDX-License-Identifier: GPL-2.0-only
/* The files with text in them: one for each value, and .schema. */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/div64.h>

#include "inode.h"

int statsfs_pin(struct statsfs_source *src)
{
	return !statsfs_revoked(src) && try_module_get(src->owner) ? 0 : -ENODEV;
}

void statsfs_unpin(struct statsfs_source *src)
{
	module_put(src->owner);
}

/* --- values --- */

/**
 * struct reader - an open file of a value
 * @lock: of the line
 * @array: the value's; not looked at once the source is revoked
 * @index: in it
 * @len: of the line
 * @line: NULL as long as none was read
 * @shown: memory of the line, if show() has made it
 * @number: memory of the line otherwise, at its end
 */
struct reader {
	struct mutex lock;
	struct statsfs_array *array;
	unsigned int index;
	unsigned int len;
	const char *line;
	char *shown;
	char number[sizeof("-9223372036854775808\n")];
};

/* In a read section in which the source is not revoked. */
static void find_value(struct statsfs_source *src, u64 ino, struct reader *reader)
{
	struct statsfs_array *array;

	list_for_each_entry_rcu(array, &src->arrays, node, srcu_read_lock_held(&statsfs_srcu)) {
		if (ino - array->ino < array->nr) {
			reader->array = array;
			reader->index = ino - array->ino;
			return;
		}
	}
}

static int value_open(struct inode *inode, struct file *file)
{
	struct statsfs_source *src = inode->i_private;
	struct reader *reader;
	int idx, err;

	reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);

	idx = srcu_read_lock(&statsfs_srcu);
	err = statsfs_pin(src);
	if (!err)
		find_value(src, inode->i_ino, reader);
	srcu_read_unlock(&statsfs_srcu, idx);
	if (err)
		kfree(reader);
	else
		file->private_data = reader;
	return err;
}

static int value_release(struct inode *inode, struct file *file)
{
	struct reader *reader = file->private_data;

	kfree(reader->shown);
	kfree(reader);
	statsfs_unpin(inode->i_private);
	return 0;
}

/* Printing it by format would be a third of what a read takes. */
static void print_number(struct reader *reader, u64 value, bool negative)
{
	char *end = reader->number + sizeof(reader->number), *start = end;

	if (negative)
		value = -value;
	*--start = '\n';
	do
		*--start = '0' + do_div(value, 10);
	while (value);
	if (negative)
		*--start = '-';
	reader->line = start;
	reader->len = end - start;
}

/* The line as it is now. */
static int read_line(struct statsfs_source *src, struct reader *reader)
{
	const struct statsfs_value *val;
	const char *text = NULL;
	bool sign = false;
	u64 value = 0;
	char *shown;
	int idx;

	idx = srcu_read_lock(&statsfs_srcu);
	if (!statsfs_revoked(src)) {
		val = &reader->array->values[reader->index];
		statsfs_read_values(src, reader->array, reader->index, 1, &value);
		sign = val->type->sign;
		if (val->show)
			text = val->show(value);
	}
	srcu_read_unlock(&statsfs_srcu, idx);

	if (!text) {
		print_number(reader, value, sign && (s64)value < 0);
		return 0;
	}
	shown = kasprintf(GFP_KERNEL, "%s\n", text);
	if (!shown)
		return -ENOMEM;
	kfree(reader->shown);
	reader->shown = shown;
	reader->line = shown;
	reader->len = strlen(shown);
	return 0;
}

/* A read from the start reads the value, one from further on goes on in the same line. */
static ssize_t value_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct reader *reader = file->private_data;
	ssize_t ret = 0;

	mutex_lock(&reader->lock);
	if (!*ppos || !reader->line)
		ret = read_line(file_inode(file)->i_private, reader);
	if (!ret)
		ret = simple_read_from_buffer(buf, count, ppos, reader->line, reader->len);
	mutex_unlock(&reader->lock);
	return ret;
}

static ssize_t value_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	struct reader *reader = file->private_data;
	int idx, err;
	u64 value;

	err = kstrtou64_from_user(buf, count, 0, &value);
	if (err == -EFAULT)
		return err;
	if (err || value)
		return -EINVAL;

	idx = srcu_read_lock(&statsfs_srcu);
	err = statsfs_clear_value(file_inode(file)->i_private, reader->array, reader->index);
	srcu_read_unlock(&statsfs_srcu, idx);
	return err ?: count;
}

const struct file_operations statsfs_value_fops = {
	.owner = THIS_MODULE,
	.open = value_open,
	.release = value_release,
	.read = value_read,
	.write = value_write,
	.llseek = generic_file_llseek,
};

/* --- .schema --- */

static const char *unit_name(const struct statsfs_value *val)
{
	switch (val->unit & 0xf0) {
	case STATSFS_UNIT_BYTES:
		return "bytes";
	case STATSFS_UNIT_SECONDS:
		return "seconds";
	case STATSFS_UNIT_CYCLES:
		return "cycles";
	case STATSFS_UNIT_BOOLEAN:
		return "boolean";
	}
	return val->type->boolean ? "boolean" : "none";
}

static const char *const aggregates[] = {
	[STATSFS_NONE] = "-",
	[STATSFS_SUM] = "sum",
	[STATSFS_MIN] = "min",
	[STATSFS_MAX] = "max",
	[STATSFS_AVG] = "avg",
	[STATSFS_COUNT_ZERO] = "count_zero",
};

/*
 * A line of .schema. Its fields are separated by tabs:
 *   name		the file's
 *   type		u64, s64 or bool
 *   unit		none, bytes, seconds, cycles or boolean, with a factor before it
 *			where there is one: "10^-9 seconds", "2^10 bytes"
 *   flags		cumulative, floating, peak, or peak,floating
 *   aggregate		sum, min, max, avg or count_zero; - of a simple value
 *   description	tabs, newlines and backslashes in octal; empty where there is none
 * Lines that begin with # are not about a value. Further fields may come at the end.
 */
static void show_value(struct seq_file *m, const struct statsfs_value *val, bool simple)
{
	seq_printf(m, "%s\t%s\t", val->name,
		   val->type->boolean ? "bool" : val->type->sign ? "s64" : "u64");
	if (val->exponent)
		seq_printf(m, "%d^%d ", val->unit & STATSFS_BASE_POW2 ? 2 : 10, val->exponent);
	seq_printf(m, "%s\t%s%s%s\t%s\t", unit_name(val),
		   val->flags & STATSFS_PEAK ? "peak" : "",
		   val->flags == (STATSFS_PEAK | STATSFS_FLOATING) ? "," : "",
		   val->flags & STATSFS_FLOATING ? "floating" :
		   val->flags & STATSFS_PEAK ? "" : "cumulative",
		   aggregates[simple ? STATSFS_NONE : val->aggregate]);
	if (val->desc)
		seq_escape(m, val->desc, "\t\n\\");
	seq_putc(m, '\n');
}

static int schema_show(struct seq_file *m, void *unused)
{
	struct statsfs_source *src = m->private;
	struct statsfs_entry entry = { 0 };
	u64 pos = STATSFS_POS_FIRST;
	int idx;

	seq_puts(m, "# name\ttype\tunit\tflags\taggregate\tdescription\n");
	idx = srcu_read_lock(&statsfs_srcu);
	for (; statsfs_next(src, &pos, &entry); pos++) {
		if (entry.array)
			show_value(m, &entry.array->values[entry.index], entry.array->base);
	}
	srcu_read_unlock(&statsfs_srcu, idx);
	return 0;
}

static int schema_open(struct inode *inode, struct file *file)
{
	struct statsfs_source *src = inode->i_private;
	int idx, err;

	idx = srcu_read_lock(&statsfs_srcu);
	err = statsfs_pin(src);
	srcu_read_unlock(&statsfs_srcu, idx);
	if (err)
		return err;
	err = single_open(file, schema_show, src);
	if (err)
		statsfs_unpin(src);
	return err;
}

static int schema_release(struct inode *inode, struct file *file)
{
	statsfs_unpin(inode->i_private);
	return single_release(inode, file);
}

const struct file_operations statsfs_schema_fops = {
	.owner = THIS_MODULE,
	.open = schema_open,
	.release = schema_release,
	.read = seq_read,
	.llseek = seq_lseek,
};
