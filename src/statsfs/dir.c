// SPDX-License-Identifier: GPL-2.0-only
/*
 * Directories. A dentry and its inode are made when a name is looked up, and are good as
 * long as the name still stands for the same thing; there are none of names that stand
 * for nothing.
 */
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "inode.h"

static const struct inode_operations dir_iops;
static const struct inode_operations file_iops;
static const struct file_operations dir_fops;

struct inode *statsfs_inode(struct super_block *sb, const struct statsfs_node *node)
{
	struct inode *inode = iget_locked(sb, node->ino);

	if (!inode || !compat_inode_is_new(inode)) {
		statsfs_mem_put(node->src);
		return inode;
	}
	inode->i_private = node->src;
	inode->i_mode = node->mode;
	inode->i_uid = GLOBAL_ROOT_UID;
	inode->i_gid = GLOBAL_ROOT_GID;
	compat_inode_set_times(inode);
	if (S_ISDIR(node->mode)) {
		inode->i_op = &dir_iops;
		inode->i_fop = &dir_fops;
	} else {
		inode->i_op = &file_iops;
		inode->i_fop = node->fops;
	}
	unlock_new_inode(inode);
	return inode;
}

/* --- names --- */

static const struct {
	const char *name;
	unsigned int ino;
	const struct file_operations *fops;
} own_files[] = {
	{ ".schema", STATSFS_INO_SCHEMA, &statsfs_schema_fops },
	{ ".stats", STATSFS_INO_STATS, &statsfs_image_fops },
};

/* They stand behind . and .. */
#define POS_OWN_FILES	2

static umode_t value_mode(const struct statsfs_value *val)
{
	return val->type->clear && !(val->flags & STATSFS_FLOATING) ? 0644 : 0444;
}

static u64 entry_ino(const struct statsfs_entry *entry)
{
	return entry->array ? entry->array->ino + entry->index : entry->sub->ino;
}

/* In a read section, as are all that follow; the node has no count yet. */
static bool find(struct statsfs_source *dir, const struct qstr *name, struct statsfs_node *node)
{
	struct statsfs_entry entry;
	unsigned int i;

	if (!statsfs_visible(dir))
		return false;

	for (i = 0; i < ARRAY_SIZE(own_files); i++) {
		if (name->len != strlen(own_files[i].name) ||
		    memcmp(name->name, own_files[i].name, name->len))
			continue;
		*node = (struct statsfs_node){
			dir, dir->ino + own_files[i].ino, S_IFREG | 0444, own_files[i].fops,
		};
		return true;
	}

	if (!statsfs_lookup(dir, name->name, name->len, &entry))
		return false;
	node->ino = entry_ino(&entry);
	if (entry.array) {
		node->src = dir;
		node->mode = S_IFREG | value_mode(&entry.array->values[entry.index]);
		node->fops = &statsfs_value_fops;
	} else {
		node->src = entry.sub;
		node->mode = S_IFDIR | 0755;
	}
	return true;
}

static struct dentry *lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct statsfs_node node;
	struct inode *inode;
	bool found;
	int idx;

	if (dentry->d_name.len > NAME_MAX)
		return ERR_PTR(-ENAMETOOLONG);

	dentry->d_time = statsfs_changes();
	idx = srcu_read_lock(&statsfs_srcu);
	found = find(dir->i_private, &dentry->d_name, &node);
	if (found)
		statsfs_mem_get(node.src);
	srcu_read_unlock(&statsfs_srcu, idx);

	/* Not into the cache, where it would hide what comes later. */
	if (!found)
		return NULL;
	inode = statsfs_inode(dir->i_sb, &node);
	return inode ? d_splice_alias(inode, dentry) : ERR_PTR(-ENOMEM);
}

/* Does the name still stand for that inode? With references on the dentry and its parent. */
static bool is_the_same(struct dentry *dentry)
{
	struct dentry *parent = dget_parent(dentry);
	struct name_snapshot name;
	struct statsfs_node node;
	bool same;
	int idx;

	take_dentry_name_snapshot(&name, dentry);
	idx = srcu_read_lock(&statsfs_srcu);
	same = find(d_inode(parent)->i_private, &name.name, &node) &&
	       node.ino == d_inode(dentry)->i_ino;
	srcu_read_unlock(&statsfs_srcu, idx);
	release_dentry_name_snapshot(&name);
	dput(parent);
	return same;
}

/* A name stands for the same thing as long as nothing has changed in the tree. */
static int COMPAT_D_REVALIDATE(revalidate)
{
	unsigned long changes = statsfs_changes();

	if (READ_ONCE(dentry->d_time) == changes)
		return 1;
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	if (!is_the_same(dentry))
		return 0;
	WRITE_ONCE(dentry->d_time, changes);
	return 1;
}

const struct dentry_operations statsfs_dentry_ops = {
	.d_revalidate = revalidate,
};

/* --- listing --- */

struct listed {
	u64 pos;
	u64 ino;
	unsigned int type;
	char name[STATSFS_NAME_MAX + 1];
};

/* So many are looked up at a time: who lists them may fault, outside the read section. */
#define NR_LISTED	(PAGE_SIZE / sizeof(struct listed))

/* Gives how many there are, or -ENOENT. */
static int list_some(struct statsfs_source *dir, u64 pos, struct listed *list)
{
	struct statsfs_entry entry = { 0 };
	int nr = 0, idx;

	idx = srcu_read_lock(&statsfs_srcu);
	if (!statsfs_visible(dir)) {
		nr = -ENOENT;
		goto out;
	}
	for (; pos < POS_OWN_FILES + ARRAY_SIZE(own_files); pos++) {
		list[nr] = (struct listed){
			pos, dir->ino + own_files[pos - POS_OWN_FILES].ino, DT_REG
		};
		strscpy(list[nr++].name, own_files[pos - POS_OWN_FILES].name,
			sizeof(list->name));
	}
	for (; nr < NR_LISTED && statsfs_next(dir, &pos, &entry); pos++) {
		list[nr] = (struct listed){
			pos, entry_ino(&entry), entry.array ? DT_REG : DT_DIR
		};
		strscpy(list[nr++].name, entry.array ? entry.array->values[entry.index].name :
						       entry.sub->name, sizeof(list->name));
	}
out:
	srcu_read_unlock(&statsfs_srcu, idx);
	return nr;
}

static int iterate(struct file *file, struct dir_context *ctx)
{
	struct statsfs_source *dir = file_inode(file)->i_private;
	struct listed *list;
	int nr, i;

	if (!dir_emit_dots(file, ctx))
		return 0;
	list = kmalloc_array(NR_LISTED, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;

	while ((nr = list_some(dir, ctx->pos, list)) > 0) {
		for (i = 0; i < nr; i++) {
			ctx->pos = list[i].pos;
			if (!dir_emit(ctx, list[i].name, strlen(list[i].name), list[i].ino,
				      list[i].type)) {
				nr = 0;
				goto out;
			}
			ctx->pos++;
		}
	}
out:
	kfree(list);
	return nr;
}

static const struct file_operations dir_fops = {
	.owner = THIS_MODULE,
	.llseek = generic_file_llseek,
	.read = generic_read_dir,
	.iterate_shared = iterate,
};

/* A shell that redirects to a value truncates it first; nothing else can be changed. */
static int COMPAT_SETATTR(set_attr)
{
	return attr->ia_valid & ATTR_OPEN ? 0 : -EPERM;
}

static const struct inode_operations dir_iops = {
	.lookup = lookup,
	.setattr = set_attr,
};

static const struct inode_operations file_iops = {
	.setattr = set_attr,
};
