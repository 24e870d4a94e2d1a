// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounts. Each has a superblock of its own, with dentries and inodes that are made when
 * they are looked up; the tree is one. Options are about the root directory: who can come
 * into it can read all that is below.
 */
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/fsnotify.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "inode.h"

#define STATSFS_MAGIC	0x73746174
#define DEFAULT_MODE	0700

struct options {
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

/* A superblock's own. */
struct super {
	struct list_head node;
	struct super_block *sb;
	struct options options;
};

/* Those that are mounted; under statsfs_lock. */
static LIST_HEAD(supers);

/* --- what comes and goes in the tree --- */

static void tell(struct inode *dir, u32 mask, const char *name, bool is_dir)
{
	struct qstr qstr = QSTR_INIT(name, strlen(name));

	if (is_dir)
		mask |= FS_ISDIR;
	/* Who watches a directory asks no more of the inode than its file system. */
	fsnotify(mask, dir, FSNOTIFY_EVENT_INODE, dir, &qstr, NULL, 0);
}

/* Of a directory that no inode is of, nothing is cached, and nobody watches it. */
void statsfs_fs_added(struct statsfs_source *dir, const char *name, bool is_dir)
{
	struct super *super;

	lockdep_assert_held(&statsfs_lock);
	list_for_each_entry(super, &supers, node) {
		struct inode *inode = ilookup(super->sb, dir->ino);

		if (!inode)
			continue;
		tell(inode, FS_CREATE, name, is_dir);
		iput(inode);
	}
}

static void forget_name(struct inode *dir, const char *name)
{
	struct qstr qstr = QSTR_INIT(name, strlen(name));
	struct dentry *parent = d_find_any_alias(dir), *dentry;

	if (!parent)
		return;
	qstr.hash = full_name_hash(parent, qstr.name, qstr.len);
	dentry = d_lookup(parent, &qstr);
	if (dentry) {
		d_invalidate(dentry);
		dput(dentry);
	}
	dput(parent);
}

/* Who watches an inode holds it, also where nothing else of it is cached. */
static void forget_inode(u64 ino)
{
	struct super *super;

	list_for_each_entry(super, &supers, node) {
		struct inode *inode = ilookup(super->sb, ino);

		if (!inode)
			continue;
		fsnotify_inoderemove(inode);
		iput(inode);
	}
}

static void forget_below(struct statsfs_source *src)
{
	struct statsfs_link *link;

	list_for_each_entry(link, &src->subs, node) {
		forget_inode(link->sub->ino);
		forget_below(link->sub);
	}
}

void statsfs_fs_removed(struct statsfs_source *dir, const char *name,
			struct statsfs_source *sub, u64 ino)
{
	struct super *super;

	lockdep_assert_held(&statsfs_lock);
	if (list_empty(&supers))
		return;
	forget_inode(ino);
	if (sub)
		forget_below(sub);
	list_for_each_entry(super, &supers, node) {
		struct inode *inode = ilookup(super->sb, dir->ino);

		if (!inode)
			continue;
		forget_name(inode, name);
		tell(inode, FS_DELETE, name, sub);
		iput(inode);
	}
}

/* --- superblocks --- */

static void evict_inode(struct inode *inode)
{
	struct statsfs_source *src = inode->i_private;

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	/* A walk that holds no references may be looking at it, see revalidate(). */
	WRITE_ONCE(inode->i_private, NULL);
	if (src)
		statsfs_mem_put(src);
}

/* An inode goes with its dentry, and with it what it holds of a source. */
static int drop_inode(struct inode *inode)
{
	return 1;
}

static int show_options(struct seq_file *m, struct dentry *root)
{
	struct super *super = root->d_sb->s_fs_info;
	const struct options *options = &super->options;

	if (!uid_eq(options->uid, GLOBAL_ROOT_UID))
		seq_printf(m, ",uid=%u", from_kuid_munged(&init_user_ns, options->uid));
	if (!gid_eq(options->gid, GLOBAL_ROOT_GID))
		seq_printf(m, ",gid=%u", from_kgid_munged(&init_user_ns, options->gid));
	if (options->mode != DEFAULT_MODE)
		seq_printf(m, ",mode=%o", options->mode);
	return 0;
}

static const struct super_operations super_ops = {
	.statfs = simple_statfs,
	.drop_inode = drop_inode,
	.evict_inode = evict_inode,
	.show_options = show_options,
};

static void apply_options(struct inode *root, const struct options *options)
{
	inode_lock(root);
	root->i_uid = options->uid;
	root->i_gid = options->gid;
	root->i_mode = S_IFDIR | options->mode;
	inode_unlock(root);
}

static int fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct statsfs_node node = {
		.src = statsfs_root,
		.ino = statsfs_root->ino,
		.mode = S_IFDIR,
	};
	struct super *super;
	struct inode *inode;

	sb->s_magic = STATSFS_MAGIC;
	sb->s_op = &super_ops;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_maxbytes = MAX_LFS_FILESIZE;
	sb->s_time_gran = 1;
	sb->s_flags |= SB_NOATIME;
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	compat_set_d_op(sb, &statsfs_dentry_ops);

	super = kzalloc(sizeof(*super), GFP_KERNEL);
	if (!super)
		return -ENOMEM;
	super->sb = sb;
	super->options = *(struct options *)fc->fs_private;
	INIT_LIST_HEAD(&super->node);
	sb->s_fs_info = super;

	statsfs_mem_get(statsfs_root);
	inode = statsfs_inode(sb, &node);
	if (!inode)
		return -ENOMEM;
	apply_options(inode, &super->options);
	sb->s_root = d_make_root(inode);
	if (!sb->s_root)
		return -ENOMEM;

	mutex_lock(&statsfs_lock);
	list_add(&super->node, &supers);
	mutex_unlock(&statsfs_lock);
	return 0;
}

static void kill_super(struct super_block *sb)
{
	struct super *super = sb->s_fs_info;

	/* Nothing is looked up in it from now on. */
	if (super) {
		mutex_lock(&statsfs_lock);
		list_del(&super->node);
		mutex_unlock(&statsfs_lock);
	}
	kill_anon_super(sb);
	kfree(super);
}

/* --- options --- */

enum { OPTION_UID, OPTION_GID, OPTION_MODE };

static const struct fs_parameter_spec parameters[] = {
	fsparam_u32("uid", OPTION_UID),
	fsparam_u32("gid", OPTION_GID),
	fsparam_u32oct("mode", OPTION_MODE),
	{}
};

static int parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct options *options = fc->fs_private;
	struct fs_parse_result result;
	int option = fs_parse(fc, parameters, param, &result);
	kuid_t uid;
	kgid_t gid;

	switch (option) {
	case OPTION_UID:
		uid = make_kuid(fc->user_ns, result.uint_32);
		if (!uid_valid(uid))
			return invalfc(fc, "uid=%u is not a user", result.uint_32);
		options->uid = uid;
		return 0;
	case OPTION_GID:
		gid = make_kgid(fc->user_ns, result.uint_32);
		if (!gid_valid(gid))
			return invalfc(fc, "gid=%u is not a group", result.uint_32);
		options->gid = gid;
		return 0;
	case OPTION_MODE:
		if (result.uint_32 & ~S_IALLUGO)
			return invalfc(fc, "mode=%o is not a mode", result.uint_32);
		options->mode = result.uint_32;
		return 0;
	default:
		return option;
	}
}

static int get_tree(struct fs_context *fc)
{
	return get_tree_nodev(fc, fill_super);
}

/* Options that are not given stay as they are. */
static int reconfigure(struct fs_context *fc)
{
	struct super *super = fc->root->d_sb->s_fs_info;

	super->options = *(struct options *)fc->fs_private;
	apply_options(d_inode(fc->root->d_sb->s_root), &super->options);
	return 0;
}

static void free_context(struct fs_context *fc)
{
	kfree(fc->fs_private);
}

static const struct fs_context_operations context_ops = {
	.parse_param = parse_param,
	.get_tree = get_tree,
	.reconfigure = reconfigure,
	.free = free_context,
};

static int init_context(struct fs_context *fc)
{
	struct options *options = kzalloc(sizeof(*options), GFP_KERNEL);

	if (!options)
		return -ENOMEM;
	if (fc->root) {
		struct super *super = fc->root->d_sb->s_fs_info;

		*options = super->options;
	} else {
		options->uid = GLOBAL_ROOT_UID;
		options->gid = GLOBAL_ROOT_GID;
		options->mode = DEFAULT_MODE;
	}
	fc->fs_private = options;
	fc->ops = &context_ops;
	return 0;
}

static struct file_system_type statsfs_type = {
	.owner = THIS_MODULE,
	.name = "statsfs",
	.init_fs_context = init_context,
	.parameters = parameters,
	.kill_sb = kill_super,
};

int __init statsfs_super_init(void)
{
	return register_filesystem(&statsfs_type);
}

void statsfs_super_exit(void)
{
	unregister_filesystem(&statsfs_type);
}
