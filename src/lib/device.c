// SPDX-License-Identifier: LGPL-2.1-or-later
/* The commands of /dev/kvmstats that stand for themselves. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "internal.h"

/* Strings of the module end within their field; nobody has to rely on it. */
#define terminate(array)	((array)[sizeof(array) - 1] = '\0')

const char *kvmstats_version(void)
{
	return KVMSTATS_VERSION;
}

int kvmstats_command(int fd, unsigned long cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

/* The caller's idea of a struct may be older or newer than the library's. */
static int hand_over(void *dst, size_t dst_size, const void *src, size_t src_size, uint32_t filled)
{
	if (dst_size < sizeof(filled))
		return -EINVAL;
	if (dst_size > src_size) {
		memset((char *)dst + src_size, 0, dst_size - src_size);
		dst_size = src_size;
	}
	if (filled > dst_size)
		filled = dst_size;
	memcpy(dst, src, dst_size);
	memcpy(dst, &filled, sizeof(filled));
	return 0;
}

static int query_info(int fd, struct kvmstats_info *info)
{
	*info = (struct kvmstats_info){ .size = sizeof(*info) };
	return kvmstats_command(fd, KVMSTATS_GET_INFO, info);
}

int kvmstats_open(const char *path, struct kvmstats **out)
{
	struct kvmstats_info info;
	struct kvmstats *ks;
	int ret;

	ks = malloc(sizeof(*ks));
	if (!ks)
		return -ENOMEM;

	/* O_NONBLOCK: a FIFO in its place is to be an error, not a wait. */
	ks->fd = open(path ? path : KVMSTATS_DEVICE, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (ks->fd < 0) {
		ret = -errno;
		goto free;
	}
	ret = query_info(ks->fd, &info);
	if (ret < 0)
		goto close;
	*out = ks;
	return 0;

close:
	close(ks->fd);
free:
	free(ks);
	return ret;
}

void kvmstats_close(struct kvmstats *ks)
{
	if (!ks)
		return;
	close(ks->fd);
	free(ks);
}

int kvmstats_get_info(struct kvmstats *ks, struct kvmstats_info *info, size_t size)
{
	struct kvmstats_info mine;
	int ret = query_info(ks->fd, &mine);

	if (ret < 0)
		return ret;
	terminate(mine.package_version);
	return hand_over(info, size, &mine, sizeof(mine), mine.size);
}

int kvmstats_get_hook(struct kvmstats *ks, uint32_t index, struct kvmstats_hook *hook, size_t size)
{
	struct kvmstats_hook mine = { .size = sizeof(mine), .index = index };
	int ret = kvmstats_command(ks->fd, KVMSTATS_GET_HOOK, &mine);

	if (ret < 0)
		return ret;
	terminate(mine.name);
	terminate(mine.lost);
	return hand_over(hook, size, &mine, sizeof(mine), mine.size);
}

static int open_object(struct kvmstats *ks, unsigned long cmd, struct kvmstats_open arg)
{
	arg.size = sizeof(arg);
	return kvmstats_command(ks->fd, cmd, &arg);
}

int kvmstats_open_vm(struct kvmstats *ks, uint64_t vm_id)
{
	return open_object(ks, KVMSTATS_OPEN_VM, (struct kvmstats_open){ .vm_id = vm_id });
}

int kvmstats_open_vm_total(struct kvmstats *ks, uint64_t vm_id)
{
	return open_object(ks, KVMSTATS_OPEN_VM, (struct kvmstats_open){
		.flags = KVMSTATS_OPEN_WITH_VCPUS, .vm_id = vm_id });
}

int kvmstats_open_vcpu(struct kvmstats *ks, uint64_t vm_id, uint32_t vcpu_id)
{
	return open_object(ks, KVMSTATS_OPEN_VCPU, (struct kvmstats_open){
		.vm_id = vm_id, .vcpu_id = vcpu_id });
}

int kvmstats_open_host(struct kvmstats *ks)
{
	return open_object(ks, KVMSTATS_OPEN_HOST, (struct kvmstats_open){ 0 });
}
