/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The ABI of /dev/kvmstats.
 *
 * Rules that hold for every command:
 *
 *  - The argument points to a struct whose first field, @size, is the size the
 *    caller knows. Structs only grow at the end. A longer struct whose unknown
 *    tail is zero is accepted; a non-zero tail is -E2BIG; a size below the
 *    struct's first version is -EINVAL. On return @size is the number of bytes
 *    the module knows of, or the caller's own when that is smaller.
 *  - Reserved fields and unknown flags are -EINVAL unless zero.
 *  - -EFAULT for memory that cannot be read or written, -ENOTTY for an unknown
 *    command. On error nothing but the user's own buffers has been touched.
 *  - Every field has a fixed width and the layout is the same for 32-bit callers.
 *
 * The files that KVMSTATS_OPEN_VM and KVMSTATS_OPEN_VCPU return have the layout
 * of KVM's binary stats fd (KVM_GET_STATS_FD): see Documentation/virt/kvm/api.rst
 * of Linux 5.14 and later, and struct kvmstats_header below.
 */
#ifndef _UAPI_KVMSTATS_H
#define _UAPI_KVMSTATS_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KVMSTATS_DEVICE		"/dev/kvmstats"

/* Raised whenever this file gains a command, a field or a flag. */
#define KVMSTATS_ABI_VERSION	3

#define KVMSTATS_ID_LEN		48	/* stats id, NUL-padded */
#define KVMSTATS_NAME_LEN	48	/* name of a statistic, NUL-padded */
#define KVMSTATS_COMM_LEN	16
#define KVMSTATS_HOOK_NAME_LEN	32
#define KVMSTATS_HOOK_TEXT_LEN	128

/* --- the content of a stats fd, as Linux 5.14 and later define it --- */

/**
 * struct kvmstats_header - first bytes of a stats fd
 * @flags: 0
 * @name_size: bytes of a name in a descriptor, 48
 * @num_desc: number of descriptors
 * @id_offset: bytes from the start of the file to the id string
 * @desc_offset: ... to the first descriptor
 * @data_offset: ... to the data block
 */
struct kvmstats_header {
	__u32 flags;
	__u32 name_size;
	__u32 num_desc;
	__u32 id_offset;
	__u32 desc_offset;
	__u32 data_offset;
};

#define KVMSTATS_TYPE_MASK		0x0000000fu
#define KVMSTATS_TYPE_CUMULATIVE	0x0u
#define KVMSTATS_TYPE_INSTANT		0x1u
#define KVMSTATS_TYPE_PEAK		0x2u
#define KVMSTATS_TYPE_LINEAR_HIST	0x3u
#define KVMSTATS_TYPE_LOG_HIST		0x4u

#define KVMSTATS_UNIT_MASK		0x000000f0u
#define KVMSTATS_UNIT_NONE		0x00u
#define KVMSTATS_UNIT_BYTES		0x10u
#define KVMSTATS_UNIT_SECONDS		0x20u
#define KVMSTATS_UNIT_CYCLES		0x30u
#define KVMSTATS_UNIT_BOOLEAN		0x40u

#define KVMSTATS_BASE_MASK		0x00000f00u
#define KVMSTATS_BASE_POW10		0x000u
#define KVMSTATS_BASE_POW2		0x100u

/**
 * struct kvmstats_desc - one statistic
 * @flags: KVMSTATS_TYPE_*, KVMSTATS_UNIT_* and KVMSTATS_BASE_*
 * @exponent: the value is value * base^exponent units
 * @size: number of __u64 values, 1 unless a histogram
 * @offset: bytes from the start of the data block
 * @bucket_size: width of a bucket of a linear histogram, else 0
 * @name: NUL-padded
 */
struct kvmstats_desc {
	__u32 flags;
	__s16 exponent;
	__u16 size;
	__u32 offset;
	__u32 bucket_size;
	char name[KVMSTATS_NAME_LEN];
};

/* --- commands --- */

#define KVMSTATS_IOC_MAGIC	0xB9

#define KVMSTATS_GET_INFO	_IO(KVMSTATS_IOC_MAGIC, 0x00)
#define KVMSTATS_GET_HOOK	_IO(KVMSTATS_IOC_MAGIC, 0x01)
#define KVMSTATS_LIST_VMS	_IO(KVMSTATS_IOC_MAGIC, 0x02)
#define KVMSTATS_LIST_VCPUS	_IO(KVMSTATS_IOC_MAGIC, 0x03)
#define KVMSTATS_OPEN_VM	_IO(KVMSTATS_IOC_MAGIC, 0x04)
#define KVMSTATS_OPEN_VCPU	_IO(KVMSTATS_IOC_MAGIC, 0x05)
#define KVMSTATS_GET_SCHEMA	_IO(KVMSTATS_IOC_MAGIC, 0x06)
#define KVMSTATS_SNAPSHOT	_IO(KVMSTATS_IOC_MAGIC, 0x07)
#define KVMSTATS_OPEN_HOST	_IO(KVMSTATS_IOC_MAGIC, 0x08)
#define KVMSTATS_OPEN_EVENTS	_IO(KVMSTATS_IOC_MAGIC, 0x09)

/* kvmstats_info.features */
#define KVMSTATS_FEAT_KVM_PRESENT	(1ull << 0)	/* kvm is loaded and hooked */
#define KVMSTATS_FEAT_NATIVE_STATS_FD	(1ull << 1)	/* this kernel has KVM_GET_STATS_FD */

/* kvmstats_info.schema_source */
#define KVMSTATS_SCHEMA_NONE		0	/* kvm is not loaded */
#define KVMSTATS_SCHEMA_NATIVE		1	/* KVM's own descriptor tables */
#define KVMSTATS_SCHEMA_DEBUGFS		2	/* KVM's debugfs_entries and our table of units */

/**
 * struct kvmstats_info - KVMSTATS_GET_INFO
 * @size: in and out, see above
 * @flags: in: 0
 * @abi_version: KVMSTATS_ABI_VERSION of the module
 * @schema_source: KVMSTATS_SCHEMA_*
 * @features: KVMSTATS_FEAT_*
 * @schema_generation: changes whenever kvm is loaded anew; 0 while it is not
 * @nr_vms: VMs that the caller may see now
 * @nr_vcpus: their vCPUs
 * @nr_hooks: number of rows that KVMSTATS_GET_HOOK gives
 * @sweep_interval_ms: how often VMs are checked for an end that a probe missed
 * @vm_num_desc: descriptors of a VM's stats fd
 * @vm_data_size: bytes of its data block
 * @vcpu_num_desc: descriptors of a vCPU's stats fd
 * @vcpu_data_size: bytes of its data block
 * @package_version: version of the package, a NUL-terminated string
 *
 * Errors: those of every command.
 */
struct kvmstats_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 schema_source;
	__u64 features;
	__u64 schema_generation;
	__u64 nr_vms;
	__u64 nr_vcpus;
	__u32 nr_hooks;
	__u32 sweep_interval_ms;
	__u32 vm_num_desc;
	__u32 vm_data_size;
	__u32 vcpu_num_desc;
	__u32 vcpu_data_size;
	char package_version[32];
};

/* kvmstats_hook.kind */
#define KVMSTATS_HOOK_ENTRY	0	/* probe at the start of a function */
#define KVMSTATS_HOOK_RETURN	1	/* probe where a function returns */
#define KVMSTATS_HOOK_SYMBOL	2	/* an address that is only looked up */
#define KVMSTATS_HOOK_REDIRECT	3	/* probe that has a function of ours answer */
#define KVMSTATS_HOOK_TRACEPOINT 4	/* one of KVM's tracepoints; its hits are not counted */

/* kvmstats_hook.state */
#define KVMSTATS_HOOK_IDLE	0	/* kvm is not loaded */
#define KVMSTATS_HOOK_ARMED	1	/* or, for a symbol, found */
#define KVMSTATS_HOOK_FAILED	2	/* see @error */
#define KVMSTATS_HOOK_UNUSED	3	/* switched off, or not needed on this kernel */

/* kvmstats_hook.need */
#define KVMSTATS_HOOK_OPTIONAL	0	/* without it something is lost, see @lost */
#define KVMSTATS_HOOK_REQUIRED	1	/* without it kvmstats does not attach to kvm */

/**
 * struct kvmstats_hook - KVMSTATS_GET_HOOK: one row of the hook table
 * @size: in and out
 * @index: in: 0 to kvmstats_info.nr_hooks - 1
 * @kind: KVMSTATS_HOOK_ENTRY, _RETURN, _SYMBOL, _REDIRECT or _TRACEPOINT
 * @state: KVMSTATS_HOOK_IDLE, _ARMED, _FAILED or _UNUSED
 * @need: KVMSTATS_HOOK_OPTIONAL or _REQUIRED
 * @error: a positive errno that says why the state is _FAILED, else 0
 * @hits: events taken since the module was loaded
 * @misses: events that the probe could not take (no free instance, no memory)
 * @name: what KVM calls the function or the object
 * @lost: what a user loses without it
 *
 * Errors: -ENOENT when @index is past the last row.
 */
struct kvmstats_hook {
	__u32 size;
	__u32 index;
	__u32 kind;
	__u32 state;
	__u32 need;
	__u32 error;
	__u64 hits;
	__u64 misses;
	char name[KVMSTATS_HOOK_NAME_LEN];
	char lost[KVMSTATS_HOOK_TEXT_LEN];
};

/**
 * struct kvmstats_list - KVMSTATS_LIST_VMS and KVMSTATS_LIST_VCPUS
 * @size: in and out
 * @flags: in: 0
 * @vm_id: in: whose vCPUs to list; 0 for KVMSTATS_LIST_VMS
 * @cursor: in: 0 to start, else as the last call left it; out: where to go on
 * @records: in: address of an array that receives the records
 * @record_size: in: bytes between two records in the array, a multiple of 8; the
 *	module fills as much of each as it knows and zeroes the rest
 * @capacity: in: how many records fit, at least 1
 * @count: out: how many were written; 0 when there are no more
 * @reserved: 0
 *
 * Records come in ascending order of ids. One that ends or begins between two
 * calls may or may not be seen; all others are seen exactly once.
 *
 * Errors: -EINVAL for a record_size that is below the first version of the
 * record or no multiple of 8, for a capacity of 0, for a vm_id with
 * KVMSTATS_LIST_VMS; -ENOENT for an unknown vm_id.
 */
struct kvmstats_list {
	__u32 size;
	__u32 flags;
	__u64 vm_id;
	__u64 cursor;
	__u64 records;
	__u32 record_size;
	__u32 capacity;
	__u32 count;
	__u32 reserved;
};

/* kvmstats_vm.flags */
#define KVMSTATS_VM_ADOPTED	(1u << 0)	/* was running before it was taken up */

/**
 * struct kvmstats_vm - record of KVMSTATS_LIST_VMS
 * @id: names the VM for as long as the module is loaded; never reused, never 0
 * @start_ns: CLOCK_BOOTTIME when the VM was taken up: its creation, or for an
 *	adopted VM the moment kvmstats found it
 * @schema_generation: see struct kvmstats_info
 * @pid: process that created the VM, in the pid namespace of whoever opened the
 *	device; 0 when that process is gone
 * @uid: its user when it was taken up, in the user namespace of the opener
 * @nr_vcpus: number of vCPUs
 * @flags: KVMSTATS_VM_*
 * @comm: command name of that process when it was taken up
 * @stats_id: the id string of the VM's stats fd
 */
struct kvmstats_vm {
	__u64 id;
	__u64 start_ns;
	__u64 schema_generation;
	__u32 pid;
	__u32 uid;
	__u32 nr_vcpus;
	__u32 flags;
	char comm[KVMSTATS_COMM_LEN];
	char stats_id[KVMSTATS_ID_LEN];
};

/**
 * struct kvmstats_vcpu - record of KVMSTATS_LIST_VCPUS
 * @vm_id: the VM it belongs to
 * @start_ns: CLOCK_BOOTTIME when it was taken up
 * @vcpu_id: the id that the VMM gave it
 * @flags: KVMSTATS_VM_ADOPTED when it was running before it was taken up
 * @stats_id: the id string of the vCPU's stats fd
 */
struct kvmstats_vcpu {
	__u64 vm_id;
	__u64 start_ns;
	__u32 vcpu_id;
	__u32 flags;
	char stats_id[KVMSTATS_ID_LEN];
};

/* kvmstats_open.flags */
#define KVMSTATS_OPEN_WITH_VCPUS	(1u << 0)	/* a VM, with its vCPUs summed */

/**
 * struct kvmstats_open - KVMSTATS_OPEN_VM, KVMSTATS_OPEN_VCPU and KVMSTATS_OPEN_HOST
 * @size: in and out
 * @flags: in: KVMSTATS_OPEN_WITH_VCPUS with KVMSTATS_OPEN_VM, else 0
 * @vm_id: in: the VM; 0 for KVMSTATS_OPEN_HOST
 * @vcpu_id: in: the vCPU; 0 but for KVMSTATS_OPEN_VCPU
 * @reserved: 0
 *
 * Returns a stats fd, read-only and close-on-exec. It may be read at any offset
 * and length, moved with lseek, duplicated, and passed to a process that may not
 * open the device. It gives the last values once the VM is gone; poll() then
 * reports POLLHUP.
 *
 * With KVMSTATS_OPEN_WITH_VCPUS the file holds the VM's stats followed by each
 * vCPU stat over all vCPUs of the VM: counters and histograms summed, peaks as the
 * largest, instant values summed.
 *
 * KVMSTATS_OPEN_HOST gives the same over all VMs, those that are gone included, so
 * that no counter ever falls; instant values are summed over the living. Its id is
 * "kvm-host". It belongs to the kvm that is loaded when it is opened: it reports
 * POLLHUP and keeps its last values when kvm is unloaded.
 *
 * Errors: -ENOENT for an unknown VM or vCPU; -EINVAL for an id that the command
 * does not take; -EMFILE, -ENFILE, -ENOMEM; for KVMSTATS_OPEN_HOST -ENODEV while
 * kvm is not loaded, and -EPERM when the device was opened in a child pid
 * namespace, whose sums would tell of VMs outside.
 */
struct kvmstats_open {
	__u32 size;
	__u32 flags;
	__u64 vm_id;
	__u32 vcpu_id;
	__u32 reserved;
};

/* kvmstats_schema.kind and kvmstats_record.kind */
#define KVMSTATS_KIND_VM		0
#define KVMSTATS_KIND_VCPU		1
#define KVMSTATS_KIND_VCPU_SUM		2	/* a record only: laid out as KIND_VCPU */

/**
 * struct kvmstats_schema - KVMSTATS_GET_SCHEMA: descriptors, once for all objects
 * @size: in and out
 * @flags: in: 0
 * @kind: in: KVMSTATS_KIND_VM or KVMSTATS_KIND_VCPU
 * @capacity: in: how many descriptors fit at @descs; 0 asks for @count only
 * @count: out: how many there are
 * @data_size: out: bytes of the data block that they describe
 * @generation: out: kvmstats_info.schema_generation they belong to
 * @descs: in: address of an array of struct kvmstats_desc
 *
 * Errors: -EINVAL for another kind; -ENODEV while kvm is not loaded; -ENOSPC when
 * @capacity is not 0 and too small.
 */
struct kvmstats_schema {
	__u32 size;
	__u32 flags;
	__u32 kind;
	__u32 capacity;
	__u32 count;
	__u32 data_size;
	__u64 generation;
	__u64 descs;
};

/* kvmstats_record.state */
#define KVMSTATS_STATE_LIVE		0
#define KVMSTATS_STATE_GONE		1	/* asked for by id: last values, or no data block */

/**
 * struct kvmstats_record - one object in a snapshot, followed by its data block
 * @length: bytes of the record and its data block, a multiple of 8
 * @kind: KVMSTATS_KIND_*
 * @state: KVMSTATS_STATE_*
 * @vm_id: the VM
 * @time_ns: CLOCK_MONOTONIC just before the VM was read; VMs that are read in one go
 *	share it
 * @generation: schema that describes the data block
 * @vcpu_id: the vCPU; 0 but for KVMSTATS_KIND_VCPU
 * @reserved: 0
 */
struct kvmstats_record {
	__u32 length;
	__u16 kind;
	__u16 state;
	__u64 vm_id;
	__u64 time_ns;
	__u64 generation;
	__u32 vcpu_id;
	__u32 reserved;
};

/* kvmstats_snapshot.flags: at least one */
#define KVMSTATS_SNAPSHOT_VM		(1u << 0)
#define KVMSTATS_SNAPSHOT_VCPU		(1u << 1)
#define KVMSTATS_SNAPSHOT_VCPU_SUM	(1u << 2)

/**
 * struct kvmstats_snapshot - KVMSTATS_SNAPSHOT: many objects in one call
 * @size: in and out
 * @flags: in: KVMSTATS_SNAPSHOT_*
 * @vm_ids: in: address of an array of __u64 ids of the VMs wanted, or 0 for all
 * @nr_vm_ids: in: length of that array, 0 for all VMs
 * @count: out: records written
 * @buffer: in: address that receives the records, a multiple of 8
 * @buffer_size: in: bytes there
 * @used: out: bytes written
 * @vm_cursor: in: 0 to start, else as the last call left it
 * @vcpu_cursor: in: 0 to start, else as the last call left it
 * @more: out: 1 when the buffer was too small; call again with the cursors
 * @reserved: 0
 *
 * VMs come in ascending order of ids, or in the order of @vm_ids; of each VM its
 * own record first, then the sum, then its vCPUs in ascending order of ids. No
 * lock is held across VMs and no guest is waited for: values of one object belong
 * together, two objects may be read some moments apart.
 *
 * Errors: -EINVAL for no or unknown flags, a buffer that is no multiple of 8, or
 * nr_vm_ids and vm_ids of which only one is 0; -ENOSPC when not even one record
 * fits; -EINTR when killed; -ENOMEM.
 */
struct kvmstats_snapshot {
	__u32 size;
	__u32 flags;
	__u64 vm_ids;
	__u32 nr_vm_ids;
	__u32 count;
	__u64 buffer;
	__u64 buffer_size;
	__u64 used;
	__u64 vm_cursor;
	__u64 vcpu_cursor;
	__u32 more;
	__u32 reserved;
};

/* kvmstats_event.type */
#define KVMSTATS_EVENT_LOST		0	/* @value events had no room */
#define KVMSTATS_EVENT_KVM_LOADED	1	/* @value is the schema generation */
#define KVMSTATS_EVENT_KVM_UNLOADED	2	/* @value is the schema generation */
#define KVMSTATS_EVENT_VM_CREATED	3
#define KVMSTATS_EVENT_VM_GONE		4
#define KVMSTATS_EVENT_VCPU_CREATED	5

/**
 * struct kvmstats_event - what is read from an events fd
 * @type: KVMSTATS_EVENT_*
 * @vcpu_id: of KVMSTATS_EVENT_VCPU_CREATED, else 0
 * @vm_id: of VM and vCPU events, else 0
 * @time_ns: CLOCK_BOOTTIME of the event; of KVMSTATS_EVENT_LOST, of the last one lost
 * @value: see the types, else 0
 * @pid: creator of the VM, in the pid namespace of whoever opened the device; 0 when
 *	it is not known, and for events of kvm itself
 * @reserved: 0
 */
struct kvmstats_event {
	__u32 type;
	__u32 vcpu_id;
	__u64 vm_id;
	__u64 time_ns;
	__u64 value;
	__u32 pid;
	__u32 reserved;
};

/**
 * struct kvmstats_open_events - KVMSTATS_OPEN_EVENTS
 * @size: in and out
 * @flags: in: 0
 * @record_size: in: bytes between two events as they are read, a multiple of 8; the
 *	module fills as much of each as it knows and zeroes the rest
 * @reserved: 0
 *
 * Returns an fd that reports events from now on: read() gives whole records and
 * blocks while there are none, unless O_NONBLOCK was set with fcntl (-EAGAIN);
 * -EINVAL when not even one record fits. poll() reports POLLIN. Close-on-exec.
 *
 * A VM whose KVMSTATS_EVENT_VM_GONE has been read can still be opened by its id, for
 * its last values, until the next read() from this fd or its close.
 *
 * Errors: -EINVAL for a record_size that is no multiple of 8 or below the first
 * version of struct kvmstats_event; -EMFILE, -ENFILE, -ENOMEM.
 */
struct kvmstats_open_events {
	__u32 size;
	__u32 flags;
	__u32 record_size;
	__u32 reserved;
};

/* --- flat arrays --- */

/*
 * The form of an earlier proposal for KVM, with its numbers, on a stats fd of a VM or
 * a vCPU, and with the module's parameter aggregate_abi on KVM's own VM and vCPU fds,
 * where they wait for a vCPU that runs and fail with -EIO in a process that does not
 * have the VM's address space, and for a vCPU with -ENODEV once its VM's own fd is
 * closed. A VM has its own stats first and then those of its vCPUs, each summed over
 * all of them (of peaks the largest); a vCPU has its own. What does not fit the form
 * is left out of it: histograms, and names longer than 31 bytes. How many there are
 * never changes for an fd, and names and values are in the same order.
 *
 * Errors: -EINVAL when @size is too small, then nothing is written; -EFAULT; -ENOMEM;
 * -ENOTTY on a stats fd of a total. A larger @size is accepted, what is behind the
 * last one stays as it is. Reading resets nothing.
 */
#define KVM_STATS_IOC_MAGIC	0xAE
#define KVM_STATS_NAME_LEN	32

/**
 * struct kvm_stats_info - KVM_STATS_GET_INFO
 * @num_stats: out: how many names and values there are
 */
struct kvm_stats_info {
	__u32 num_stats;
};

/**
 * struct kvm_stats_names - KVM_STATS_GET_NAMES
 * @size: in: bytes at @names, KVM_STATS_NAME_LEN for each
 * @names: out: NUL-padded
 */
struct kvm_stats_names {
	__u32 size;
	__u8 names[];
};

/**
 * struct kvm_stats_data - KVM_STATS_GET_DATA
 * @size: in: bytes at @data, 8 for each
 * @data: out: the values. Their place, and with it the command's number, is another
 *	for i386 programs, which are understood too.
 */
struct kvm_stats_data {
	__u32 size;
	__u64 data[];
};

#define KVM_STATS_GET_INFO	_IOR(KVM_STATS_IOC_MAGIC, 0xcc, struct kvm_stats_info)
#define KVM_STATS_GET_NAMES	_IOR(KVM_STATS_IOC_MAGIC, 0xcd, struct kvm_stats_names)
#define KVM_STATS_GET_DATA	_IOR(KVM_STATS_IOC_MAGIC, 0xce, struct kvm_stats_data)

#endif /* _UAPI_KVMSTATS_H */
