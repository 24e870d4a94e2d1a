// SPDX-License-Identifier: GPL-2.0-only
#include <linux/uaccess.h>

#include "command.h"

int kvms_fetch(void *to, size_t known, size_t min, const void __user *from)
{
	u32 size;

	if (get_user(size, (const u32 __user *)from))
		return -EFAULT;
	if (size < min)
		return -EINVAL;
	if (size > KVMS_MAX_STRUCT)
		return -E2BIG;
	return copy_struct_from_user(to, known, from, size);
}

int kvms_give_back(void __user *to, void *from, size_t known)
{
	u32 *size = from;

	*size = min_t(size_t, *size, known);
	return copy_to_user(to, from, *size) ? -EFAULT : 0;
}
