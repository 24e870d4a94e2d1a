/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libkvmstats: KVM statistics through /dev/kvmstats, and a reader for any KVM
 * binary stats fd.
 *
 * What holds for every function:
 *
 *  - An int result is 0, a file descriptor or an index when it is not negative,
 *    and a negated errno otherwise. The library never sets errno on purpose,
 *    never prints, never exits and keeps no state outside its handles.
 *  - "Errors" names what the library finds itself and what the module is known
 *    to give; an errno of the kernel that is not named is passed on as it is.
 *  - A struct kvmstats may be used by several threads at once. An iterator or a
 *    reader may be used by one thread at a time; different ones are independent.
 *  - Older and newer modules both work: a field that the module does not know
 *    reads as 0, a field that this library does not know is left out.
 *  - Structs that the library returns by pointer may grow at the end. Never copy
 *    them by sizeof and never step from one to the next by pointer arithmetic.
 */
#ifndef KVMSTATS_KVMSTATS_H
#define KVMSTATS_KVMSTATS_H

#include <stddef.h>
#include <stdint.h>

/* In the source tree the former, once installed the latter. */
#if __has_include("../uapi/kvmstats.h")
#include "../uapi/kvmstats.h"
#else
#include <linux/kvmstats.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/** struct kvmstats - an open /dev/kvmstats */
struct kvmstats;

/** struct kvmstats_vm_iter - a walk over the VMs */
struct kvmstats_vm_iter;

/** struct kvmstats_vcpu_iter - a walk over the vCPUs of one VM */
struct kvmstats_vcpu_iter;

/** struct kvmstats_reader - the parsed content of one stats fd */
struct kvmstats_reader;

/**
 * struct kvmstats_stat - one statistic of a stats fd
 * @name: NUL-terminated, any byte may occur in it
 * @flags: KVMSTATS_TYPE_*, KVMSTATS_UNIT_* and KVMSTATS_BASE_* under their masks;
 *	may hold values and bits that this library does not know
 * @bucket_size: width of a bucket of a linear histogram, in units of the values
 * @exponent: the value is value * base^exponent units; for a histogram this goes
 *	for the bounds of the buckets, whose values are counts of events
 * @size: number of values, at least 1
 *
 * Source of the ABI: struct kvm_stats_desc of Linux 5.14 and later,
 * Documentation/virt/kvm/api.rst, KVM_GET_STATS_FD.
 */
struct kvmstats_stat {
	const char *name;
	uint32_t flags;
	uint32_t bucket_size;
	int16_t exponent;
	uint16_t size;
};

/**
 * kvmstats_version() - version of this library
 *
 * Return: a constant string such as "0.1.0".
 */
const char *kvmstats_version(void);

/* --- the device --- */

/**
 * kvmstats_open() - open the device
 * @path: the device, NULL for KVMSTATS_DEVICE
 * @out: receives the handle, which kvmstats_close() frees; untouched on error
 *
 * Return: 0 or
 *  -ENOENT or -ENXIO: the device is not there, so the module is not loaded;
 *  -EACCES or -EPERM: the caller may not open it;
 *  -ENOTTY: @path is something else than a kvmstats device;
 *  -ENOMEM, -EMFILE, -ENFILE.
 */
int kvmstats_open(const char *path, struct kvmstats **out);

/**
 * kvmstats_close() - close the device
 * @ks: the handle, or NULL
 *
 * Its iterators must be freed before. Stats fds and readers stay usable.
 */
void kvmstats_close(struct kvmstats *ks);

/**
 * kvmstats_get_info() - what the module is and what it sees now
 * @ks: the device
 * @info: receives the answer, see <linux/kvmstats.h>; untouched on error
 * @size: sizeof(*info) as the caller was compiled, in bytes
 *
 * @info->size is set to the number of bytes that module, library and caller all
 * know; the bytes after that are 0. Source of the ABI: KVMSTATS_GET_INFO.
 *
 * Return: 0, or -EINVAL when @size cannot even hold @info->size.
 */
int kvmstats_get_info(struct kvmstats *ks, struct kvmstats_info *info, size_t size);

/**
 * kvmstats_get_hook() - one row of the module's hook table
 * @ks: the device
 * @index: row, from 0 to kvmstats_info.nr_hooks - 1
 * @hook: receives the row, see <linux/kvmstats.h>; untouched on error
 * @size: sizeof(*hook) as the caller was compiled, in bytes
 *
 * @hook->size is treated as in kvmstats_get_info(). Source of the ABI:
 * KVMSTATS_GET_HOOK.
 *
 * Return: 0 or
 *  -ENOENT: @index is past the last row;
 *  -EINVAL: @size cannot even hold @hook->size.
 */
int kvmstats_get_hook(struct kvmstats *ks, uint32_t index, struct kvmstats_hook *hook,
		      size_t size);

/**
 * kvmstats_vm_iter_new() - start a walk over the VMs that the caller may see
 * @ks: the device, which must stay open until the iterator is freed
 * @out: receives the iterator, which kvmstats_vm_iter_free() frees; untouched on
 *	error
 *
 * Return: 0 or -ENOMEM.
 */
int kvmstats_vm_iter_new(struct kvmstats *ks, struct kvmstats_vm_iter **out);

/**
 * kvmstats_vm_iter_next() - go on to the next VM
 * @it: the iterator
 * @vm: receives the VM, which is valid until the next call for @it; untouched
 *	unless 1 is returned
 *
 * VMs come in ascending order of their ids. One that begins or ends during the
 * walk may or may not be seen; all others are seen exactly once. The strings in
 * the record are NUL-terminated; comm is the choice of whoever runs the VM and
 * may hold any other byte. Source of the ABI: KVMSTATS_LIST_VMS.
 *
 * Return: 1, 0 after the last VM, or -EBADMSG when the answer of the module makes
 * no sense. After an error the same step may be tried again.
 */
int kvmstats_vm_iter_next(struct kvmstats_vm_iter *it, const struct kvmstats_vm **vm);

/**
 * kvmstats_vm_iter_free() - end a walk
 * @it: the iterator, or NULL
 */
void kvmstats_vm_iter_free(struct kvmstats_vm_iter *it);

/**
 * kvmstats_vcpu_iter_new() - start a walk over the vCPUs of a VM
 * @ks: the device, which must stay open until the iterator is freed
 * @vm_id: kvmstats_vm.id of the VM
 * @out: receives the iterator, which kvmstats_vcpu_iter_free() frees; untouched on
 *	error
 *
 * Return: 0 or -ENOMEM. An unknown @vm_id is found by the first step.
 */
int kvmstats_vcpu_iter_new(struct kvmstats *ks, uint64_t vm_id, struct kvmstats_vcpu_iter **out);

/**
 * kvmstats_vcpu_iter_next() - go on to the next vCPU
 * @it: the iterator
 * @vcpu: receives the vCPU, which is valid until the next call for @it; untouched
 *	unless 1 is returned
 *
 * Order and completeness are those of kvmstats_vm_iter_next(). Source of the ABI:
 * KVMSTATS_LIST_VCPUS.
 *
 * Return: 1, 0 after the last vCPU, or
 *  -ENOENT: there is no such VM, or it ended during the walk;
 *  -EBADMSG: the answer of the module makes no sense.
 */
int kvmstats_vcpu_iter_next(struct kvmstats_vcpu_iter *it, const struct kvmstats_vcpu **vcpu);

/**
 * kvmstats_vcpu_iter_free() - end a walk
 * @it: the iterator, or NULL
 */
void kvmstats_vcpu_iter_free(struct kvmstats_vcpu_iter *it);

/**
 * kvmstats_open_vm() - open the stats fd of a VM
 * @ks: the device
 * @vm_id: kvmstats_vm.id of the VM
 *
 * Source of the ABI: KVMSTATS_OPEN_VM, which tells what the fd can do.
 *
 * Return: a file descriptor, read-only and close-on-exec, that the caller closes,
 * or -ENOENT for an unknown VM, -EMFILE, -ENFILE, -ENOMEM.
 */
int kvmstats_open_vm(struct kvmstats *ks, uint64_t vm_id);

/**
 * kvmstats_open_vcpu() - open the stats fd of a vCPU
 * @ks: the device
 * @vm_id: kvmstats_vm.id of the VM
 * @vcpu_id: kvmstats_vcpu.vcpu_id of the vCPU
 *
 * Source of the ABI: KVMSTATS_OPEN_VCPU, which tells what the fd can do.
 *
 * Return: a file descriptor, read-only and close-on-exec, that the caller closes,
 * or -ENOENT for an unknown VM or vCPU, -EMFILE, -ENFILE, -ENOMEM.
 */
int kvmstats_open_vcpu(struct kvmstats *ks, uint64_t vm_id, uint32_t vcpu_id);

/* --- the content of a stats fd --- */

/**
 * kvmstats_reader_open() - read and check the schema of a stats fd
 * @fd: a stats fd of kvmstats_open_vm(), kvmstats_open_vcpu() or KVM_GET_STATS_FD.
 *	It stays the caller's, who closes it after the reader. Its file position is
 *	neither used nor moved.
 * @out: receives the reader, which kvmstats_reader_close() frees; untouched on error
 *
 * The content need not be trusted: a file is refused unless
 *  - the header has no flags, names of 8 to 256 bytes, a multiple of 8, and not
 *    more than 4096 descriptors;
 *  - all blocks are 8-byte aligned, apart from each other, behind the header, and
 *    end within 4 MiB;
 *  - the id and all names are NUL-terminated, the id starts with "kvm", no name is
 *    empty;
 *  - values are 8-byte aligned and no two statistics share one;
 *  - a statistic has 1 value, a log histogram 1 to 65, a linear one 1 or more;
 *  - bucket_size is set for a linear histogram and for nothing else;
 *  - the exponent of seconds is not above 0, that of booleans is 0, that of the
 *    other units not below 0.
 * A type or unit of a later kernel is accepted, and held only to the rules that do
 * not depend on its meaning.
 *
 * Return: 0 or
 *  -EBADMSG: the file breaks a rule or is too short;
 *  -EBADF, -ESPIPE or another errno of pread(): @fd is no stats fd;
 *  -ENOMEM.
 */
int kvmstats_reader_open(int fd, struct kvmstats_reader **out);

/**
 * kvmstats_reader_close() - free a reader; its fd stays open
 * @r: the reader, or NULL
 */
void kvmstats_reader_close(struct kvmstats_reader *r);

/**
 * kvmstats_reader_id() - the id string of the file
 * @r: the reader
 *
 * Return: a NUL-terminated string such as "kvm-4711/vcpu-0", valid as long as @r.
 */
const char *kvmstats_reader_id(const struct kvmstats_reader *r);

/**
 * kvmstats_reader_count() - the number of statistics
 * @r: the reader
 *
 * Return: the number, 0 to 4096.
 */
uint32_t kvmstats_reader_count(const struct kvmstats_reader *r);

/**
 * kvmstats_reader_stat() - the description of one statistic
 * @r: the reader
 * @index: from 0 to kvmstats_reader_count() - 1
 *
 * Return: the description, valid as long as @r; NULL when @index is past the last.
 */
const struct kvmstats_stat *kvmstats_reader_stat(const struct kvmstats_reader *r, uint32_t index);

/**
 * kvmstats_reader_find() - look for a statistic by its name
 * @r: the reader
 * @name: the whole name
 *
 * Return: the index of the first statistic with that name, or -ENOENT.
 */
int kvmstats_reader_find(const struct kvmstats_reader *r, const char *name);

/**
 * kvmstats_reader_update() - read all values anew, with one pread()
 * @r: the reader
 *
 * Return: 0 or
 *  -EBADMSG: the file is too short for its values;
 *  another errno of pread().
 * After an error there are no values until an update succeeds.
 */
int kvmstats_reader_update(struct kvmstats_reader *r);

/**
 * kvmstats_reader_values() - the values of one statistic at the last update
 * @r: the reader
 * @index: from 0 to kvmstats_reader_count() - 1
 *
 * Return: an array of kvmstats_stat.size values, which stays where it is as long
 * as @r and changes with every update; NULL when @index is past the last, before
 * the first update, and after one that failed.
 */
const uint64_t *kvmstats_reader_values(const struct kvmstats_reader *r, uint32_t index);

/**
 * kvmstats_bucket_bounds() - which values a bucket of a histogram counts
 * @stat: the description of a histogram
 * @bucket: from 0 to @stat->size - 1
 * @low: receives the lowest value, in units of base^exponent; untouched on error
 * @high: receives the value from which on it is the next bucket's, UINT64_MAX for
 *	the last bucket, which has no upper bound; untouched on error
 *
 * Return: 0, or -EINVAL when @stat is no histogram of a known type or @bucket is
 * past the last.
 */
int kvmstats_bucket_bounds(const struct kvmstats_stat *stat, uint32_t bucket,
			   uint64_t *low, uint64_t *high);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* KVMSTATS_KVMSTATS_H */
