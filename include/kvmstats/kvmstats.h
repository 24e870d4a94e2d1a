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
 *  - A struct kvmstats may be used by several threads at once. What is made from it
 *    (an iterator, a reader, descriptors, a sampler, an inventory, events) may be
 *    used by one thread at a time; different ones are independent.
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

/** struct kvmstats_descs - the statistics that all VMs, or all vCPUs, have */
struct kvmstats_descs;

/** struct kvmstats_sampler - the values of many objects, now and before */
struct kvmstats_sampler;

/** struct kvmstats_inventory - the VMs of the host with their names */
struct kvmstats_inventory;

/** struct kvmstats_events - what happens to VMs and vCPUs */
struct kvmstats_events;

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
 * kvmstats_explain() - why kvmstats_open() failed, and what mends it
 * @path: what was opened, NULL for KVMSTATS_DEVICE
 * @error: what kvmstats_open() returned
 * @buf: receives one line without an end of line, NUL-terminated and cut to fit:
 *	"/dev/kvmstats: not there: load the module with `modprobe kvmstats`"
 * @size: bytes at @buf; 0 when only the length is wanted
 *
 * Looks at the host for it: is the module loaded, or kept out by the kernel's command
 * line; who may open the device; what is at @path instead.
 *
 * Return: the length of the whole line in bytes, without the NUL.
 */
size_t kvmstats_explain(const char *path, int error, char *buf, size_t size);

/**
 * kvmstats_close() - close the device
 * @ks: the handle, or NULL
 *
 * Its iterators, samplers and inventories must be freed before. Stats fds, readers,
 * descriptors and events stay usable.
 */
void kvmstats_close(struct kvmstats *ks);

/**
 * kvmstats_version() - version of this library
 *
 * Return: a constant string such as "0.1.0".
 */
const char *kvmstats_version(void);

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

/**
 * kvmstats_open_vm_total() - open a stats fd of a VM with its vCPUs summed
 * @ks: the device
 * @vm_id: kvmstats_vm.id of the VM
 *
 * The file holds the VM's statistics, then each of a vCPU over all of the VM's vCPUs.
 * Source of the ABI: KVMSTATS_OPEN_VM with KVMSTATS_OPEN_WITH_VCPUS.
 *
 * Return: a file descriptor, read-only and close-on-exec, that the caller closes,
 * or -ENOENT for an unknown VM, -EMFILE, -ENFILE, -ENOMEM.
 */
int kvmstats_open_vm_total(struct kvmstats *ks, uint64_t vm_id);

/**
 * kvmstats_open_host() - open a stats fd of the whole host
 * @ks: the device
 *
 * The file holds the same sums over all VMs, those that are gone included, so that no
 * counter ever falls. Source of the ABI: KVMSTATS_OPEN_HOST.
 *
 * Return: a file descriptor, read-only and close-on-exec, that the caller closes, or
 *  -ENODEV: kvm is not loaded;
 *  -EPERM: the device was opened in a child pid namespace;
 *  -EMFILE, -ENFILE, -ENOMEM.
 */
int kvmstats_open_host(struct kvmstats *ks);

/* --- the content of a stats fd --- */

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

/**
 * kvmstats_scale() - what to multiply a value by to have it in its unit
 * @stat: the description of a statistic
 *
 * For a histogram this goes for the bounds of the buckets.
 *
 * Return: base^exponent, 1e-9 for a statistic in nanoseconds; 1 for a base that this
 * library does not know.
 */
double kvmstats_scale(const struct kvmstats_stat *stat);

/* --- the statistics that all VMs, or all vCPUs, have --- */

/**
 * kvmstats_descs_new() - read and check the descriptors of the kvm that is loaded
 * @ks: the device
 * @kind: KVMSTATS_KIND_VM, or KVMSTATS_KIND_VCPU or _VCPU_SUM, which are the same
 * @out: receives them, kvmstats_descs_free() frees them; untouched on error
 *
 * They are held to the rules of kvmstats_reader_open(). Source of the ABI:
 * KVMSTATS_GET_SCHEMA.
 *
 * Return: 0 or
 *  -EINVAL: there is no such kind;
 *  -ENODEV: kvm is not loaded;
 *  -EBADMSG: a rule is broken;
 *  -ENOMEM.
 */
int kvmstats_descs_new(struct kvmstats *ks, uint32_t kind, struct kvmstats_descs **out);

/**
 * kvmstats_descs_free() - free descriptors
 * @d: what kvmstats_descs_new() gave, or NULL
 */
void kvmstats_descs_free(struct kvmstats_descs *d);

/**
 * kvmstats_descs_generation() - which kvm they are of
 * @d: the descriptors
 *
 * Return: kvmstats_info.schema_generation at that time, never 0.
 */
uint64_t kvmstats_descs_generation(const struct kvmstats_descs *d);

/**
 * kvmstats_descs_count() - the number of statistics
 * @d: the descriptors
 *
 * Return: the number, 0 to 4096.
 */
uint32_t kvmstats_descs_count(const struct kvmstats_descs *d);

/**
 * kvmstats_descs_stat() - the description of one statistic
 * @d: the descriptors
 * @index: from 0 to kvmstats_descs_count() - 1
 *
 * Return: the description, valid as long as @d; NULL when @index is past the last.
 */
const struct kvmstats_stat *kvmstats_descs_stat(const struct kvmstats_descs *d, uint32_t index);

/**
 * kvmstats_descs_find() - look for a statistic by its name
 * @d: the descriptors
 * @name: the whole name
 *
 * Return: the index of the first statistic with that name, or -ENOENT.
 */
int kvmstats_descs_find(const struct kvmstats_descs *d, const char *name);

/**
 * kvmstats_descs_value() - where the values of a statistic are in a sample
 * @d: the descriptors
 * @index: from 0 to kvmstats_descs_count() - 1
 *
 * Return: the index of its first value in kvmstats_sample.values, where
 * kvmstats_stat.size of them follow one another; 0 when @index is past the last.
 */
uint32_t kvmstats_descs_value(const struct kvmstats_descs *d, uint32_t index);

/* --- samples: the values of many objects at once --- */

/**
 * struct kvmstats_sample - one VM, the sum of a VM's vCPUs, or one vCPU
 * @kind: KVMSTATS_KIND_VM, _VCPU or _VCPU_SUM
 * @state: KVMSTATS_STATE_*
 * @vm_id: the VM
 * @time_ns: CLOCK_MONOTONIC of the values; 0 when the VM is not known
 * @elapsed_ns: since those of @before; 0 without them
 * @values: what kvmstats_sampler_descs() describes; NULL for a VM that was asked for
 *	by its id and is not known, or was of a kvm that is not loaded any more
 * @before: the same of the take before; NULL when the object was not in it, and when
 *	kvm has been loaded anew in between
 * @vcpu_id: the vCPU; 0 but for KVMSTATS_KIND_VCPU
 */
struct kvmstats_sample {
	uint32_t kind;
	uint32_t state;
	uint64_t vm_id;
	uint64_t time_ns;
	uint64_t elapsed_ns;
	const uint64_t *values;
	const uint64_t *before;
	uint32_t vcpu_id;
};

/**
 * kvmstats_sampler_new() - prepare to read many objects
 * @ks: the device, which must stay open until the sampler is freed
 * @flags: KVMSTATS_SNAPSHOT_VM, _VCPU and _VCPU_SUM: what to read of each VM
 * @out: receives the sampler, which kvmstats_sampler_free() frees; untouched on error
 *
 * Return: 0, -EINVAL for no or unknown flags, or -ENOMEM.
 */
int kvmstats_sampler_new(struct kvmstats *ks, uint32_t flags, struct kvmstats_sampler **out);

/**
 * kvmstats_sampler_free() - free a sampler with all its samples and descriptors
 * @s: the sampler, or NULL
 */
void kvmstats_sampler_free(struct kvmstats_sampler *s);

/**
 * kvmstats_sampler_take() - read all that is wanted, in as few calls as possible
 * @s: the sampler
 * @vm_ids: kvmstats_vm.id of the VMs wanted, in any order; NULL for all
 * @nr: how many; 0 for all
 *
 * Two calls of the module are enough once the sampler has seen how much there is, and
 * its memory is used again. A VM that is listed several times is read once. While kvm
 * is not loaded no VM has values, which is no error. After an error the last take
 * stands as it was. Source of the ABI: KVMSTATS_SNAPSHOT.
 *
 * Return: 0 or
 *  -EINVAL: only one of @vm_ids and @nr is 0;
 *  -EINTR: killed meanwhile;
 *  -EBADMSG: the answer of the module makes no sense;
 *  -ENOMEM.
 */
int kvmstats_sampler_take(struct kvmstats_sampler *s, const uint64_t *vm_ids, uint32_t nr);

/**
 * kvmstats_sampler_count() - the number of samples of the last take
 * @s: the sampler
 *
 * Return: the number, 0 before the first take.
 */
size_t kvmstats_sampler_count(const struct kvmstats_sampler *s);

/**
 * kvmstats_sampler_get() - one sample of the last take
 * @s: the sampler
 * @index: from 0 to kvmstats_sampler_count() - 1
 *
 * VMs come in ascending order of their ids; of each its own sample, then the sum, then
 * its vCPUs in ascending order of their ids. A VM that is not known has a sample of
 * KVMSTATS_KIND_VM whatever was wanted.
 *
 * Return: the sample, valid until the next take; NULL when @index is past the last.
 */
const struct kvmstats_sample *kvmstats_sampler_get(const struct kvmstats_sampler *s, size_t index);

/**
 * kvmstats_sampler_find() - the sample of one object in the last take
 * @s: the sampler
 * @kind: KVMSTATS_KIND_VM, _VCPU or _VCPU_SUM
 * @vm_id: the VM
 * @vcpu_id: the vCPU; ignored but for KVMSTATS_KIND_VCPU
 *
 * Return: the sample, valid until the next take; NULL when there is none.
 */
const struct kvmstats_sample *kvmstats_sampler_find(const struct kvmstats_sampler *s, uint32_t kind,
						    uint64_t vm_id, uint32_t vcpu_id);

/**
 * kvmstats_sampler_descs() - what the values of the last take are
 * @s: the sampler
 * @kind: KVMSTATS_KIND_VM, or KVMSTATS_KIND_VCPU or _VCPU_SUM, which are the same
 *
 * Return: the descriptors, which stay the sampler's and valid until the next take; NULL
 * when kvm was not loaded and before the first take.
 */
const struct kvmstats_descs *kvmstats_sampler_descs(const struct kvmstats_sampler *s,
						    uint32_t kind);

/**
 * kvmstats_sample_delta() - what a value rose by since the take before
 * @sample: a sample that has values
 * @value: index of the value: kvmstats_descs_value(), plus the bucket of a histogram
 *
 * Return: the difference; 0 when there is no take before, and when the value fell.
 */
uint64_t kvmstats_sample_delta(const struct kvmstats_sample *sample, uint32_t value);

/**
 * kvmstats_sample_rate() - the same for each second
 * @sample: a sample that has values
 * @value: as for kvmstats_sample_delta()
 *
 * Return: the difference divided by kvmstats_sample.elapsed_ns, in 1/s; 0 where the
 * difference or the time is 0.
 */
double kvmstats_sample_rate(const struct kvmstats_sample *sample, uint32_t value);

/* --- the VMs of the host with their names --- */

#define KVMSTATS_NAMES_FILE	"/etc/kvmstats/names"

/* kvmstats_name.source */
#define KVMSTATS_NAME_OVERRIDE		0	/* the override file */
#define KVMSTATS_NAME_LIBVIRT		1	/* QEMU under libvirt */
#define KVMSTATS_NAME_PROXMOX		2	/* QEMU under Proxmox VE */
#define KVMSTATS_NAME_QEMU		3	/* QEMU's -name, else its -uuid */
#define KVMSTATS_NAME_FIRECRACKER	4	/* --id */
#define KVMSTATS_NAME_CLOUD_HYPERVISOR	5	/* the socket of --api-socket */
#define KVMSTATS_NAME_COMM		6	/* kvmstats_vm.comm and .pid: nothing better */

/**
 * struct kvmstats_name - how a VM is called
 * @name: up to 255 bytes, never empty unless kvmstats_vm.comm is
 * @uuid: in lower case with dashes, "" when it is not known
 * @id: the number that Proxmox VE knows the VM by, else ""
 * @source: KVMSTATS_NAME_*, where @name is from
 *
 * Whoever runs the VM chose @name and @id: they may hold any byte but NUL, so escape
 * them where they are shown, and need not be those of one VM only.
 */
struct kvmstats_name {
	const char *name;
	const char *uuid;
	const char *id;
	uint32_t source;
};

/**
 * kvmstats_inventory_new() - an inventory, empty until it is refreshed
 * @ks: the device, which must stay open until the inventory is freed
 * @out: receives the inventory, which kvmstats_inventory_free() frees; untouched on
 *	error
 *
 * Return: 0 or -ENOMEM.
 */
int kvmstats_inventory_new(struct kvmstats *ks, struct kvmstats_inventory **out);

/**
 * kvmstats_inventory_free() - free an inventory with all that it gave
 * @inv: the inventory, or NULL
 */
void kvmstats_inventory_free(struct kvmstats_inventory *inv);

/**
 * kvmstats_inventory_names() - use an override file
 * @inv: the inventory
 * @path: the file, in the form of kvmstats-names(5); NULL for KVMSTATS_NAMES_FILE,
 *	which need not be there
 * @line: receives the number of the line at fault, from 1, with -EBADMSG, else 0; or
 *	NULL
 *
 * The file is looked at again with every refresh. One that has become bad or has gone
 * then leaves the last good content in use, see kvmstats_inventory_names_error().
 *
 * Return: 0, or with no change to @inv
 *  -EBADMSG: a line has another form, or the key of an earlier line;
 *  -EINVAL: @path is no regular file;
 *  -EFBIG: it is larger than 1 MiB;
 *  -ENOENT, -EACCES or another errno of open() or read(), -ENOMEM.
 */
int kvmstats_inventory_names(struct kvmstats_inventory *inv, const char *path, unsigned int *line);

/**
 * kvmstats_inventory_names_error() - what the last look at the override file found
 * @inv: the inventory
 * @line: receives the number of the line at fault with -EBADMSG, else 0; or NULL
 *
 * Return: 0 when the file is in use as it is, or a negated errno as above.
 */
int kvmstats_inventory_names_error(const struct kvmstats_inventory *inv, unsigned int *line);

/**
 * kvmstats_inventory_refresh() - bring the inventory up to date
 * @inv: the inventory
 *
 * What a VM is called is found out once, when it is new: from the command line and the
 * control group of the process that created it, below /proc. A process that began after
 * its VM did has only got the pid of that one, and is not asked. Where /proc hides the
 * processes of others, only comm and pid are known. Source of the ABI:
 * KVMSTATS_LIST_VMS.
 *
 * Return: 0, or with the VMs as they were -ENOMEM, or -EBADMSG when the answer of the
 * module makes no sense.
 */
int kvmstats_inventory_refresh(struct kvmstats_inventory *inv);

/**
 * kvmstats_inventory_count() - the number of VMs at the last refresh
 * @inv: the inventory
 *
 * Return: the number, 0 before the first refresh.
 */
size_t kvmstats_inventory_count(const struct kvmstats_inventory *inv);

/**
 * kvmstats_inventory_vm() - one VM at the last refresh
 * @inv: the inventory
 * @index: from 0 to kvmstats_inventory_count() - 1, in ascending order of ids
 *
 * Return: the VM, valid until the next refresh; NULL when @index is past the last.
 */
const struct kvmstats_vm *kvmstats_inventory_vm(const struct kvmstats_inventory *inv, size_t index);

/**
 * kvmstats_inventory_name() - its name
 * @inv: the inventory
 * @index: from 0 to kvmstats_inventory_count() - 1, in ascending order of ids
 *
 * Return: the name, valid until the next refresh or kvmstats_inventory_names(); NULL
 * when @index is past the last.
 */
const struct kvmstats_name *kvmstats_inventory_name(const struct kvmstats_inventory *inv,
						    size_t index);

/**
 * kvmstats_inventory_find() - look for a VM by its id
 * @inv: the inventory
 * @vm_id: kvmstats_vm.id of the VM
 *
 * Return: its index, or -ENOENT.
 */
int kvmstats_inventory_find(const struct kvmstats_inventory *inv, uint64_t vm_id);

/**
 * kvmstats_name_source() - a word for KVMSTATS_NAME_*
 * @source: kvmstats_name.source
 *
 * Return: a constant string: "override", "libvirt", "proxmox", "qemu", "firecracker",
 * "cloud-hypervisor", "comm", or "unknown" for one that this library does not know.
 */
const char *kvmstats_name_source(uint32_t source);

/* --- events --- */

/**
 * kvmstats_events_open() - be told of VMs and vCPUs from now on
 * @ks: the device, which may be closed before the events are
 * @out: receives the handle, which kvmstats_events_close() frees; untouched on error
 *
 * Source of the ABI: KVMSTATS_OPEN_EVENTS.
 *
 * Return: 0, -EMFILE, -ENFILE or -ENOMEM.
 */
int kvmstats_events_open(struct kvmstats *ks, struct kvmstats_events **out);

/**
 * kvmstats_events_close() - be told no more
 * @ev: the events, or NULL
 */
void kvmstats_events_close(struct kvmstats_events *ev);

/**
 * kvmstats_events_fd() - a file descriptor that poll() can wait for
 * @ev: the events
 *
 * It tells of events that the library has not read yet: call kvmstats_events_next()
 * with a timeout of 0 until that returns 0, then wait for POLLIN. Do not read it.
 *
 * Return: the file descriptor, which stays the library's.
 */
int kvmstats_events_fd(const struct kvmstats_events *ev);

/**
 * kvmstats_events_next() - the next event
 * @ev: the events
 * @timeout_ms: how long to wait for it, in milliseconds; -1 for ever, 0 not at all
 * @event: receives the event, see <linux/kvmstats.h>, valid until the next call for
 *	@ev; untouched unless 1 is returned
 *
 * A VM that KVMSTATS_EVENT_VM_GONE tells of can still be opened and sampled by its id,
 * for its last values, until the next call for @ev.
 *
 * Return: 1, 0 when the time is over, or
 *  -EINTR: a signal came first;
 *  -EBADMSG: the answer of the module makes no sense;
 *  -EIO: there will be no more events.
 */
int kvmstats_events_next(struct kvmstats_events *ev, int timeout_ms,
			 const struct kvmstats_event **event);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* KVMSTATS_KVMSTATS_H */
