/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * statsfs: the statistics of a subsystem as files.
 *
 * A source is a directory. It holds values, which are files, and subordinate
 * sources, which are directories in it. A value is simple, read from its owner's
 * memory, or an aggregate over the simple values of the same definition in its own
 * source and in all sources below.
 *
 * Each directory also holds .schema, a text that says what each value is, and .stats,
 * all its values in the layout of KVM's binary stats fd.
 *
 * All functions may be called from any number of threads, in any order, while files
 * are open and read. Those that change something take one mutex and may sleep; none
 * may be called from get(), clear() or show(). Reading takes no lock.
 */
#ifndef _LINUX_STATSFS_H
#define _LINUX_STATSFS_H

#include <linux/list.h>
#include <linux/module.h>
#include <linux/types.h>

struct statsfs_source;
struct statsfs_value;

/* Of this interface: a module that is not linked against statsfs.ko compares it. */
#define STATSFS_VERSION		1

/* Longest name of a value or a source, in bytes. */
#define STATSFS_NAME_MAX	47

/**
 * struct statsfs_type - how a value is read, and made zero
 * @get: value of the simple value @val at @base. Of a signed type, the two's complement.
 * @get_many: or NULL: the same for @nr values, two at least, that stand one after the
 *	other in their array, from @first on, all of this type; for types that read many
 *	as cheaply as one
 * @clear: makes it 0, or NULL when that cannot be
 * @sign: values are signed
 * @boolean: values are 0 or 1
 *
 * Context: process, and may sleep; never after statsfs_source_revoke() has returned.
 */
struct statsfs_type {
	u64 (*get)(const struct statsfs_value *val, void *base);
	void (*get_many)(const struct statsfs_value *first, unsigned int nr, void *base,
			 u64 *to);
	void (*clear)(const struct statsfs_value *val, void *base);
	bool sign;
	bool boolean;
};

/* A member of that type, @offset bytes behind the base. */
extern const struct statsfs_type statsfs_type_u8;
extern const struct statsfs_type statsfs_type_s8;
extern const struct statsfs_type statsfs_type_u16;
extern const struct statsfs_type statsfs_type_s16;
extern const struct statsfs_type statsfs_type_u32;
extern const struct statsfs_type statsfs_type_s32;
extern const struct statsfs_type statsfs_type_u64;
extern const struct statsfs_type statsfs_type_s64;
extern const struct statsfs_type statsfs_type_bool;
/* The base is STATSFS_PERCPU() of a per-CPU pointer: the sum over all possible CPUs. */
extern const struct statsfs_type statsfs_type_percpu_u32;
extern const struct statsfs_type statsfs_type_percpu_u64;
#define STATSFS_PERCPU(pointer)	((void *)(__force unsigned long)(pointer))

/**
 * enum statsfs_aggregate - what an aggregate makes of the values that it is over
 * @STATSFS_NONE: cannot be an aggregate
 * @STATSFS_SUM: of no values 0; wraps at 64 bits
 * @STATSFS_MIN: of no values the largest that a 64-bit number of the type's sign can be
 * @STATSFS_MAX: of no values the smallest
 * @STATSFS_AVG: of their sum, rounded towards 0; of no values 0
 * @STATSFS_COUNT_ZERO: how many are 0
 *
 * Revoked values do not count. Of values that are all revoked every aggregate is 0.
 */
enum statsfs_aggregate {
	STATSFS_NONE,
	STATSFS_SUM,
	STATSFS_MIN,
	STATSFS_MAX,
	STATSFS_AVG,
	STATSFS_COUNT_ZERO,
};

/* Units, as in the descriptors of a stats fd. */
#define STATSFS_UNIT_NONE	0x00
#define STATSFS_UNIT_BYTES	0x10
#define STATSFS_UNIT_SECONDS	0x20
#define STATSFS_UNIT_CYCLES	0x30
#define STATSFS_UNIT_BOOLEAN	0x40
#define STATSFS_BASE_POW10	0x000
#define STATSFS_BASE_POW2	0x100

/* statsfs_value.flags */
#define STATSFS_FLOATING	(1u << 0)	/* goes up and down, cannot be cleared */
#define STATSFS_PEAK		(1u << 1)	/* what .stats calls it, floating or not */

/**
 * struct statsfs_value - definition of a value
 * @name: name of the file; NULL ends an array of values
 * @offset: for the type, bytes behind the base
 * @type: how it is read
 * @aggregate: what it is where it is added without a base
 * @flags: STATSFS_FLOATING, STATSFS_PEAK; none of them: a counter
 * @unit: STATSFS_UNIT_* with STATSFS_BASE_*; 0 of a boolean type is a boolean
 * @exponent: a value of 1 is base to the power of this many units
 * @desc: one line for people, or NULL
 * @show: what the text file says instead of the number, or NULL; the string stays as
 *	long as the owner's module
 *
 * Two values are the same value where they are the same element of the same array.
 * Arrays stay as they are, and where they are, as long as the sources they were added to.
 */
struct statsfs_value {
	const char *name;
	u32 offset;
	const struct statsfs_type *type;
	enum statsfs_aggregate aggregate;
	u32 flags;
	u32 unit;
	s16 exponent;
	const char *desc;
	const char *(*show)(u64 value);
};

/* statsfs_source_create() and statsfs_source_add_values(): takes part in aggregates, has no files */
#define STATSFS_HIDDEN		(1u << 0)

/**
 * statsfs_source_create - make a source
 * @flags: STATSFS_HIDDEN or 0
 * @fmt: its name, as for printf; up to STATSFS_NAME_MAX bytes without "/", "." and
 *	control characters
 *
 * The module that calls it owns the source: it cannot be unloaded while a file of the
 * source is open.
 *
 * Return: the source, with one reference for the caller, or ERR_PTR() of -EINVAL for
 * a bad name or unknown flags, -ENAMETOOLONG, -ENOMEM. Context: process.
 */
#define statsfs_source_create(flags, fmt, ...) \
	statsfs_source_create_owned(THIS_MODULE, flags, fmt, ##__VA_ARGS__)

__printf(3, 4)
struct statsfs_source *statsfs_source_create_owned(struct module *owner, u32 flags,
						   const char *fmt, ...);

/**
 * statsfs_source_get - take a reference
 * statsfs_source_put - give it back
 *
 * A source goes with its last reference. Its parent holds one. Files of it that are open
 * read 0 from then on, but nobody waits for who is inside get(): revoke it first. NULL and
 * ERR_PTR() are passed over by put.
 *
 * Context: get any, put process.
 */
struct statsfs_source *statsfs_source_get(struct statsfs_source *src);
void statsfs_source_put(struct statsfs_source *src);

/**
 * statsfs_source_register - a source into the root of the file system
 *
 * Return: 0, -EEXIST when there is one of that name, -EBUSY when it has a parent
 * already, -EINVAL when it is hidden, -ENOMEM. Context: process.
 */
int statsfs_source_register(struct statsfs_source *src);

/**
 * statsfs_source_unregister - and out of it again
 *
 * Return: 0, or -ENOENT when it is not there. Context: process.
 */
int statsfs_source_unregister(struct statsfs_source *src);

/**
 * statsfs_source_add_values - add an array of values
 * @src: to this source
 * @values: the array, ended by a value without a name
 * @base: of its owner's memory, for simple values; NULL makes aggregates
 * @flags: STATSFS_HIDDEN or 0
 *
 * Where two values have one name, arrays that came later go before earlier ones, and
 * in an array the first.
 *
 * Return: 0, -EEXIST when this array is there with this base or a subordinate source has
 * one of the names, -EINVAL for a bad definition (name, type, unit, flags, no kind of
 * aggregate where @base is NULL), -ENAMETOOLONG, -ESTALE when @src is revoked, -ENOMEM.
 * Nothing is added then. Context: process.
 */
int statsfs_source_add_values(struct statsfs_source *src, const struct statsfs_value *values,
			      void *base, u32 flags);

/**
 * statsfs_source_add_subordinate - a source into another
 * @src: becomes its parent, and holds a reference on it
 * @sub: has no parent
 *
 * A hidden source has no directory, nor has anything below it.
 *
 * Return: 0, -EEXIST when there is a value or a source of that name, -EBUSY when @sub
 * has a parent, -ELOOP when @src is @sub or below it or too deep (32), -ESTALE when @src
 * is revoked, -ENOMEM. Context: process.
 */
int statsfs_source_add_subordinate(struct statsfs_source *src, struct statsfs_source *sub);

/**
 * statsfs_source_remove_subordinate - and out of it again
 *
 * @sub keeps its values and what is below it, and may be added elsewhere, or here. Its
 * open files go on.
 *
 * Return: 0, or -ENOENT when it is not there. Context: process.
 */
int statsfs_source_remove_subordinate(struct statsfs_source *src, struct statsfs_source *sub);

/**
 * statsfs_source_revoke - let go of what a source is over
 *
 * All its values read 0 from now on, in open files too, and no further ones can be added.
 * Waits until nobody is inside get(), clear() or show() of a value that was added to it:
 * its owner may free the memory, and the arrays, when this returns. Sources below it are
 * not touched.
 *
 * Context: process; not from get(), clear() or show(), nor under a lock that they take.
 */
void statsfs_source_revoke(struct statsfs_source *src);

/**
 * statsfs_sources_revoke - many of them with one wait
 */
void statsfs_sources_revoke(struct statsfs_source **srcs, unsigned int nr);

/**
 * statsfs_source_get_value - read a value
 * @src: the source
 * @val: an element of an array that was added to it
 * @value: receives it, or 0. Of a signed type, the two's complement.
 *
 * Where the array was added more than once, the last one counts.
 *
 * Return: 0, of a revoked source always, or -ENOENT. Context: process.
 */
int statsfs_source_get_value(struct statsfs_source *src, const struct statsfs_value *val,
			     u64 *value);
int statsfs_source_get_value_by_name(struct statsfs_source *src, const char *name, u64 *value);

/**
 * statsfs_source_clear - make a value 0
 *
 * Of an aggregate, all that it is over.
 *
 * Return: 0, -ENOENT, -EPERM when it cannot be cleared. Of a revoked source: 0. Context:
 * process.
 */
int statsfs_source_clear(struct statsfs_source *src, const struct statsfs_value *val);
int statsfs_source_clear_by_name(struct statsfs_source *src, const char *name);

/* --- for a module that does without statsfs.ko where it is not loaded --- */

struct statsfs_client;

/**
 * struct statsfs_api - what a client calls, each like the function of that name
 */
struct statsfs_api {
	struct statsfs_source *(*source_create_owned)(struct module *owner, u32 flags,
						      const char *fmt, ...) __printf(3, 4);
	void (*source_put)(struct statsfs_source *src);
	int (*source_register)(struct statsfs_source *src);
	int (*source_unregister)(struct statsfs_source *src);
	int (*source_add_values)(struct statsfs_source *src, const struct statsfs_value *values,
				 void *base, u32 flags);
	int (*source_add_subordinate)(struct statsfs_source *src, struct statsfs_source *sub);
	int (*source_remove_subordinate)(struct statsfs_source *src, struct statsfs_source *sub);
	void (*sources_revoke)(struct statsfs_source **srcs, unsigned int nr);
	void (*client_unregister)(struct statsfs_client *client);
};

/**
 * struct statsfs_client - such a module
 * @version: STATSFS_VERSION that it was built with
 * @owner: THIS_MODULE
 * @detach: statsfs.ko is going: take all sources away, and do not use the api again when
 *	this returns. Not called once the client is unregistered. Context: process.
 * @node: statsfs.ko's own
 */
struct statsfs_client {
	u32 version;
	struct module *owner;
	void (*detach)(struct statsfs_client *client);
	struct list_head node;
};

/**
 * statsfs_client_register - use statsfs.ko until it goes
 * @client: stays until it is unregistered or detached
 *
 * Found with symbol_get(), which is given back at once: a client does not keep
 * statsfs.ko loaded, its detach() is called when that is unloaded. That may be at once:
 * an init function that registers a client does not fail afterwards.
 *
 * Return: the functions, or ERR_PTR(-EINVAL) for another version. Context: process.
 */
const struct statsfs_api *statsfs_client_register(struct statsfs_client *client);

/**
 * statsfs_client_unregister - a client that is not detached is going itself
 *
 * Called by its module's exit function through the api, with all its sources taken away,
 * under rcu_read_lock(): statsfs.ko, which may be going too, waits for that.
 *
 * Context: process, and does not sleep.
 */
void statsfs_client_unregister(struct statsfs_client *client);

#endif
