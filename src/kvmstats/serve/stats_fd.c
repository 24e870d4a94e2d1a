// SPDX-License-Identifier: GPL-2.0-only
#include <linux/anon_inodes.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uaccess.h>

#include "aggregate.h"
#include "stats_fd.h"

static int copy_span(struct kvms_object *obj, const struct kvms_head *head,
		     const struct kvms_span *span, char __user *to)
{
	const void *from;

	switch (span->block) {
	case KVMS_BLOCK_HEAD:
		/* A length known at build time spares the search for the object's bounds. */
		if (span->len == sizeof(*head))
			return copy_to_user(to, head, sizeof(*head));
		from = head;
		break;
	case KVMS_BLOCK_DESC:
		from = obj->layout->desc;
		break;
	default:
		if (obj->vm)
			kvms_object_refresh(obj, span->start, span->len);
		from = obj->data;
	}
	/* Another reader may bring the data up to date meanwhile. */
	return data_race(copy_to_user(to, from + span->start, span->len));
}

ssize_t kvms_stats_fd_read_as(struct kvms_object *obj, const struct kvms_head *head,
			      u32 data_size, char __user *buf, size_t count, loff_t *ppos)
{
	size_t done = 0;

	while (done < count) {
		struct kvms_span span = kvms_image_span(&head->header, data_size,
							*ppos + done, count - done);

		if (!span.len)
			break;
		if (copy_span(obj, head, &span, buf + done))
			return -EFAULT;
		done += span.len;
	}
	*ppos += done;
	return done;
}

ssize_t kvms_stats_fd_read(struct file *file, char __user *buf, size_t count, loff_t *ppos)
{
	struct kvms_object *obj = file->private_data;

	return kvms_stats_fd_read_as(obj, &obj->head, obj->layout->data_size, buf, count, ppos);
}

loff_t kvms_stats_fd_llseek(struct file *file, loff_t offset, int whence)
{
	struct kvms_object *obj = file->private_data;

	return fixed_size_llseek(file, offset, whence,
				 kvms_image_size(&obj->layout->header, obj->layout->data_size));
}

/* Always readable, for ever after the VM's end too; POLLHUP says that it came. */
static __poll_t stats_poll(struct file *file, poll_table *wait)
{
	struct kvms_object *obj = file->private_data;

	poll_wait(file, &obj->vm->wait, wait);
	/* Pairs with the release in vm_freeze(). */
	return EPOLLIN | EPOLLRDNORM | (smp_load_acquire(&obj->vm->gone) ? EPOLLHUP : 0);
}

static long stats_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	return kvms_aggregate(file->private_data, command, (void __user *)arg);
}

#ifdef CONFIG_COMPAT
static long stats_compat_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	return kvms_aggregate_compat(file->private_data, command, compat_ptr(arg));
}
#endif

int kvms_stats_fd_release(struct inode *inode, struct file *file)
{
	struct kvms_object *obj = file->private_data;

	kvms_vm_put(obj->vm);
	return 0;
}

static const struct file_operations stats_fops = {
	.owner = THIS_MODULE,
	.read = kvms_stats_fd_read,
	.llseek = kvms_stats_fd_llseek,
	.poll = stats_poll,
	.unlocked_ioctl = stats_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl = stats_compat_ioctl,
#endif
	.release = kvms_stats_fd_release,
};

int kvms_stats_fd_install(const char *name, const struct file_operations *fops,
			  struct kvms_object *obj)
{
	struct file *file;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = anon_inode_getfile(name, fops, obj, O_RDONLY);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_ATOMIC_POS;
	fd_install(fd, file);
	return fd;
}

int kvms_stats_fd_open_as(struct kvms_object *obj, const char *name,
			  const struct file_operations *fops)
{
	int fd;

	kvms_vm_get(obj->vm);
	fd = kvms_stats_fd_install(name, fops, obj);
	if (fd < 0)
		kvms_vm_put(obj->vm);
	return fd;
}

int kvms_stats_fd_open(struct kvms_object *obj)
{
	return kvms_stats_fd_open_as(obj, obj == &obj->vm->obj ? "kvmstats-vm" : "kvmstats-vcpu",
				     &stats_fops);
}
