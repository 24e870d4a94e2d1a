/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of libkvmstats share; nothing here leaves the library. */
#ifndef KVMSTATS_LIB_INTERNAL_H
#define KVMSTATS_LIB_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kvmstats/kvmstats.h>

/* Far above any real file, low enough that a hostile one cannot exhaust memory. */
#define KVMSTATS_MAX_DESC	4096u
#define KVMSTATS_MAX_NAME	256u
#define KVMSTATS_MAX_FILE	(4u << 20)

/* fls64() of a value is 0 to 64, so no value falls into a bucket after the 65th. */
#define KVMSTATS_MAX_LOG_HIST	65u

struct kvmstats {
	int fd;
};

struct kvmstats_descs {
	uint64_t generation;	/* 0 when they are a stats fd's */
	uint32_t count;
	uint32_t data_size;	/* bytes of the values */
	struct kvmstats_stat *stats;
	uint32_t *value_index;	/* of the first value of each statistic, 0 is the first */
	char *names;		/* each in a slot of as many bytes as names have */
};

struct kvmstats_reader {
	int fd;			/* the caller's */
	bool valid;		/* @data holds the result of a complete read */
	uint32_t data_offset;	/* in the file, bytes */
	char *id;
	struct kvmstats_descs descs;
	uint64_t *data;
};

/* ioctl() with its errno as the result. */
int kvmstats_command(int fd, unsigned long cmd, void *arg);

/**
 * kvmstats_schema_size() - how many bytes kvmstats_parse() wants to see
 * @header: the first bytes of a stats file
 * @size: receives the number of bytes from the start of the file to the end of the
 *	later one of its id and its descriptors, at most KVMSTATS_MAX_FILE
 *
 * Return: 0, or -EBADMSG when the header breaks a rule.
 */
int kvmstats_schema_size(const struct kvmstats_header *header, size_t *size);

/**
 * kvmstats_parse() - make a reader from the start of a stats file
 * @buf: the bytes, of any alignment; not referred to after the call
 * @len: how many
 * @out: receives a reader without values and with an @fd of -1, which
 *	kvmstats_reader_close() frees; untouched on error
 *
 * Return: 0; -EBADMSG when a rule is broken or the id or a descriptor is not within
 * @len; -ENOMEM.
 */
int kvmstats_parse(const void *buf, size_t len, struct kvmstats_reader **out);

/**
 * kvmstats_parse_descs() - make statistics from descriptors
 * @buf: the descriptors, of any alignment; not referred to after the call
 * @count: how many, at most KVMSTATS_MAX_DESC
 * @name_size: bytes of a name in them
 * @d: receives all but the generation, which kvmstats_descs_clear() frees;
 *	untouched on error
 *
 * Return: 0; -EBADMSG when a rule is broken; -ENOMEM.
 */
int kvmstats_parse_descs(const char *buf, uint32_t count, uint32_t name_size,
			 struct kvmstats_descs *d);
void kvmstats_descs_clear(struct kvmstats_descs *d);

/* What KVMSTATS_GET_SCHEMA says of the kvm that is loaded, 0 while none is. */
int kvmstats_generation(struct kvmstats *ks, uint64_t *generation);

/* kvmstats_explain() on a host whose /proc and /sys are below @root. */
size_t kvmstats_explain_in(const char *root, const char *path, int error, char *buf, size_t size);

#endif /* KVMSTATS_LIB_INTERNAL_H */
