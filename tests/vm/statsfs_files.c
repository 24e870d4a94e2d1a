// SPDX-License-Identifier: GPL-2.0-only
/* Files and directories of a tree that stands still: what is in them, and who may what. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <unistd.h>

#include "fixture.h"
#include "image.h"
#include "memory.h"
#include "tap.h"

#define MAGIC	0x73746174

static const char *const values[] = {
	"calls", "balance", "kilobytes", "on", "level", "most", "ns",
};

#define NR_VALUES	(sizeof(values) / sizeof(values[0]))

/* An address that there is nothing at. */
static uint8_t *nowhere;

/* --- content --- */

static void check_contents(void)
{
	static const struct {
		const char *dir;
		const char *text[NR_VALUES];
	} dirs[] = {
		{ "a", { "1\n", "-5\n", "10\n", "1\n", "100\n", "1000\n", "10000\n" } },
		{ "b", { "2\n", "-6\n", "20\n", "0\n", "200\n", "2000\n", "20000\n" } },
		{ "b/c", { "3\n", "4\n", "30\n", "0\n", "300\n", "3000\n",
			   "18446744073709551615\n" } },
		{ ".", { "6\n", "-7\n", "30\n", "2\n", "100\n", "3000\n", "29999\n" } },
	};
	char path[128];

	for (size_t d = 0; d < sizeof(dirs) / sizeof(dirs[0]); d++) {
		for (size_t i = 0; i < NR_VALUES; i++) {
			snprintf(path, sizeof(path), FIXTURE "/%s/%s", dirs[d].dir, values[i]);
			file_is(path, dirs[d].text[i]);
		}
	}
	file_is(FIXTURE "/a/state", "running\n");
	file_is(FIXTURE "/a/fixed", "7\n");
	open_is(FIXTURE "/secret", O_RDONLY, ENOENT);
	open_is(FIXTURE "/unseen", O_RDONLY, ENOENT);
	open_is(FIXTURE "/call", O_RDONLY, ENOENT);
	open_is(FIXTURE "/callss", O_RDONLY, ENOENT);
	open_is(FIXTURE "/.schem", O_RDONLY, ENOENT);
	open_is(FIXTURE "/a/calls/x", O_RDONLY, ENOTDIR);
}

static void check_lists(void)
{
	struct statfs statfs_of;
	char names[512];

	list_names(STATSFS, names, sizeof(names));
	is_str(names, ".schema .stats fixture ", "names in the root");
	list_names(FIXTURE, names, sizeof(names));
	is_str(names, ".schema .stats a b names calls balance kilobytes on level most ns ",
	       "names in fixture");
	list_names(FIXTURE "/b", names, sizeof(names));
	is_str(names, ".schema .stats c calls balance kilobytes on level most ns ",
	       "names in fixture/b");
	if (statfs(STATSFS, &statfs_of))
		tap_bail("statfs failed");
	is_u64(statfs_of.f_type, MAGIC, "magic of the file system");
}

/* What a directory says of its entries is what they say of themselves. */
static void check_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int wrong = 0;
	struct stat stat;

	if (!dir)
		tap_bail("cannot open %s", path);
	while ((entry = readdir(dir))) {
		/* The parent of a file system's root is another's. */
		if (!strcmp(entry->d_name, "..") && !strcmp(path, STATSFS))
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) ||
		    stat.st_ino != entry->d_ino || IFTODT(stat.st_mode) != entry->d_type) {
			tap_note("%s is not as it is listed", entry->d_name);
			wrong++;
		}
	}
	closedir(dir);
	is_u64(wrong, 0, "entries of %s that are not as listed", path);
}

static void mode_is(const char *path, mode_t expected)
{
	struct stat stat;

	if (lstat(path, &stat))
		tap_bail("cannot look at %s", path);
	is_u64(stat.st_mode, expected, "mode of %s", path);
	is_u64(stat.st_uid | stat.st_gid, 0, "%s is root's", path);
}

static void check_modes(void)
{
	mode_is(STATSFS, S_IFDIR | 0700);
	mode_is(FIXTURE, S_IFDIR | 0755);
	mode_is(FIXTURE "/b/c", S_IFDIR | 0755);
	mode_is(FIXTURE "/a/calls", S_IFREG | 0644);
	mode_is(FIXTURE "/calls", S_IFREG | 0644);
	mode_is(FIXTURE "/a/most", S_IFREG | 0644);
	mode_is(FIXTURE "/a/level", S_IFREG | 0444);
	mode_is(FIXTURE "/level", S_IFREG | 0444);
	mode_is(FIXTURE "/a/fixed", S_IFREG | 0444);
	mode_is(FIXTURE "/.schema", S_IFREG | 0444);
	mode_is(FIXTURE "/.stats", S_IFREG | 0444);
}

/* --- reading --- */

static void check_reads(void)
{
	int fd = open_file(FIXTURE "/a/ns", O_RDONLY);
	char bytes[16] = "", path[] = FIXTURE "/a/calls";
	ssize_t n;
	int other;

	for (size_t i = 0; i < 6; i++) {
		if (read(fd, bytes + i, 1) != 1)
			break;
	}
	is_str(bytes, "10000\n", "read byte by byte");
	is_u64(read(fd, bytes, sizeof(bytes)), 0, "at the end");
	is_u64(lseek(fd, 0, SEEK_SET), 0, "back to the start");
	n = read(fd, bytes, sizeof(bytes));
	is_u64(n, 6, "bytes from the start again");
	is_u64(pread(fd, bytes, 2, 4), 2, "bytes from the middle");
	is_bytes(bytes, "0\n", 2, "what is there");
	is_u64(pread(fd, bytes, 2, 1000), 0, "bytes far behind the end");
	is_errno(ERRNO_OF(read(fd, nowhere, 16)), 0, "a bad buffer, at the end");
	is_errno(ERRNO_OF(pread(fd, nowhere, 16, 0)), EFAULT, "a bad buffer");
	close(fd);

	fd = open_file(path, O_RDONLY);
	other = open_file(path, O_RDONLY);
	n = read(other, bytes, 1);
	fd_is(fd, "1\n", "before it is counted");
	fixture_do("count");
	fd_is(fd, "2\n", "counted, in a file that is open");
	n = read(other, bytes + 1, sizeof(bytes) - 1);
	is_u64(n, 1, "bytes that are left of the line from before");
	is_bytes(bytes, "1\n", 2, "that line");
	file_is(FIXTURE "/calls", "7\n");
	close(fd);
	close(other);
}

/* --- writing --- */

static void write_is(const char *path, const char *text, int expected)
{
	int fd = open_file(path, O_WRONLY | O_TRUNC);

	is_errno(ERRNO_OF(write(fd, text, strlen(text))), expected, "\"%.*s\" to %s",
		 (int)strcspn(text, "\n"), text, path);
	close(fd);
}

static void check_writes(void)
{
	static const char *const bad[] = { "1", "", "-1", "x", "0x", "0 0", "\n",
					   "18446744073709551616" };
	int fd;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		write_is(FIXTURE "/a/most", bad[i], EINVAL);
	file_is(FIXTURE "/a/most", "1000\n");
	write_is(FIXTURE "/a/most", "0\n", 0);
	file_is(FIXTURE "/a/most", "0\n");
	file_is(FIXTURE "/b/most", "2000\n");
	write_is(FIXTURE "/a/level", "0\n", EPERM);
	write_is(FIXTURE "/a/fixed", "0\n", EPERM);
	write_is(FIXTURE "/level", "0\n", EPERM);
	write_is(FIXTURE "/balance", "0", 0);
	file_is(FIXTURE "/balance", "0\n");
	file_is(FIXTURE "/a/balance", "0\n");
	file_is(FIXTURE "/b/c/balance", "0\n");

	fd = open_file(FIXTURE "/a/most", O_RDWR);
	is_errno(ERRNO_OF(write(fd, nowhere, 2)), EFAULT, "from a bad buffer");
	close(fd);
	fd = open_file(FIXTURE "/a/most", O_RDONLY);
	is_errno(ERRNO_OF(write(fd, "0", 1)), EBADF, "to a file open for reading");
	close(fd);
	/* Root may open what cannot be written. */
	fd = open_file(FIXTURE "/.stats", O_WRONLY);
	is_errno(ERRNO_OF(write(fd, "0", 1)), EINVAL, "to .stats");
	close(fd);
}

static void check_changes_refused(void)
{
	const struct timeval times[2] = { { 0 } };
	static const char file[] = FIXTURE "/a/calls", dir[] = FIXTURE "/a";

	is_errno(ERRNO_OF(chmod(file, 0666)), EPERM, "chmod of a file");
	is_errno(ERRNO_OF(chown(file, 1, 1)), EPERM, "chown of a file");
	is_errno(ERRNO_OF(truncate(file, 0)), EPERM, "truncate");
	is_errno(ERRNO_OF(utimes(file, times)), EPERM, "utimes");
	is_errno(ERRNO_OF(chmod(dir, 0777)), EPERM, "chmod of a directory");
	is_errno(ERRNO_OF(chmod(STATSFS, 0777)), EPERM, "chmod of the root");
	is_errno(ERRNO_OF(unlink(file)), EPERM, "unlink");
	is_errno(ERRNO_OF(rmdir(dir)), EPERM, "rmdir");
	is_errno(ERRNO_OF(rename(file, FIXTURE "/a/new")), EPERM, "rename");
	is_errno(ERRNO_OF(link(file, FIXTURE "/a/new")), EPERM, "link");
	is_errno(ERRNO_OF(symlink(file, FIXTURE "/a/new")), EPERM, "symlink");
	is_errno(ERRNO_OF(mkdir(FIXTURE "/a/new", 0755)), EPERM, "mkdir");
	is_errno(ERRNO_OF(mknod(FIXTURE "/a/new", S_IFIFO | 0644, 0)), EPERM, "mknod");
	/* As of any directory in which files are not made, that of sysfs for one. */
	open_is(FIXTURE "/a/new", O_RDWR | O_CREAT, EACCES);
	open_is(FIXTURE "/a/calls", O_RDWR | O_CREAT | O_EXCL, EEXIST);
}

/* --- .schema and .stats --- */

static void check_schema(void)
{
	static const char expected[] =
		"# name\ttype\tunit\tflags\taggregate\tdescription\n"
		"calls\tu64\tnone\tcumulative\t%s\thow often\n"
		"balance\ts64\tnone\tcumulative\t%s\t\n"
		"kilobytes\tu64\t2^10 bytes\tcumulative\t%s\t\n"
		"on\tbool\tboolean\tcumulative\t%s\t\n"
		"level\tu64\tnone\tfloating\t%s\ta\\011tab\n"
		"most\tu64\tnone\tpeak\t%s\t\n"
		"ns\tu64\t10^-9 seconds\tcumulative\t%s\ttime spent\n";
	char text[1024], seen[1024];
	int fd;

	fd = open_file(FIXTURE "/.schema", O_RDONLY);
	seen[pread(fd, seen, sizeof(seen) - 1, 0)] = '\0';
	close(fd);
	snprintf(text, sizeof(text), expected, "sum", "sum", "max", "count_zero", "min", "max",
		 "sum");
	is_str(seen, text, "schema of aggregates");

	fd = open_file(FIXTURE "/b/.schema", O_RDONLY);
	seen[pread(fd, seen, sizeof(seen) - 1, 0)] = '\0';
	close(fd);
	snprintf(text, sizeof(text), expected, "-", "-", "-", "-", "-", "-", "-");
	is_str(seen, text, "schema of simple values");
	file_is(STATSFS "/.schema", "# name\ttype\tunit\tflags\taggregate\tdescription\n");
}

static void text_of(const char *dir, const char *name, char *text, size_t size)
{
	char path[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open_file(path, O_RDONLY);
	n = read(fd, text, size - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
}

static void check_stats_of(const char *dir, const char *id, unsigned int nr)
{
	static struct image image;
	const struct kvmstats_desc *descs;
	unsigned int wrong = 0;
	char path[256], seen[64], text[64];
	int fd;

	snprintf(path, sizeof(path), "%s/.stats", dir);
	fd = open_file(path, O_RDONLY);
	image_read(fd, &image);
	is_u64(image_broken_rules(&image, id), 0, "broken rules of %s", path);
	is_u64(image.header.num_desc, nr, "values in it");
	is_u64(lseek(fd, 0, SEEK_END), image.size, "its end");
	descs = image_descs(&image);
	for (unsigned int i = 0; i < image.header.num_desc; i++) {
		text_of(dir, descs[i].name, text, sizeof(text));
		/* What is shown otherwise is the number 1 there. */
		if (!strcmp(text, "running\n"))
			strcpy(text, "1\n");
		snprintf(seen, sizeof(seen), text[0] == '-' ? "%lld\n" : "%llu\n",
			 (unsigned long long)*image_values(&image, &descs[i]));
		if (strcmp(seen, text)) {
			tap_note("%s is %s, its file says %s", descs[i].name, seen, text);
			wrong++;
		}
	}
	is_u64(wrong, 0, "values of %s that are not those of the files", path);
	close(fd);
}

static void check_stats(void)
{
	static struct image image;
	uint64_t value;
	int fd;

	/* The root has no values. */
	fd = open_file(STATSFS "/.stats", O_RDONLY);
	image_read(fd, &image);
	is_u64(image.header.num_desc, 0, "values in the root");
	is_u64(image.size, image.header.data_offset, "bytes of its .stats");
	is_str(image_id(&image), "kvmstats", "id of the root");
	close(fd);
	check_stats_of(FIXTURE, "kvmstats/fixture", 7);
	check_stats_of(FIXTURE "/a", "kvmstats/fixture/a", 9);
	check_stats_of(FIXTURE "/b/c", "kvmstats/fixture/b/c", 7);

	fd = open_file(FIXTURE "/a/.stats", O_RDONLY);
	image_read(fd, &image);
	is_u64(image_find(&image, "level")->flags, KVMSTATS_TYPE_INSTANT, "a floating value");
	is_u64(image_find(&image, "most")->flags, KVMSTATS_TYPE_PEAK, "a peak");
	is_u64(image_find(&image, "on")->flags, KVMSTATS_UNIT_BOOLEAN, "a boolean");
	is_u64(image_find(&image, "kilobytes")->flags, KVMSTATS_UNIT_BYTES | KVMSTATS_BASE_POW2,
	       "kilobytes");
	fixture_do("count");
	image_read_data(fd, &image);
	is_u64(image_value(&image, "calls"), 3, "counted, in a .stats that is open");
	is_u64(pread(fd, &value, 8, image.header.data_offset + 8 + 3), 8, "across two values");
	is_bytes(&value, image.bytes + image.header.data_offset + 8 + 3, 8, "them");
	is_u64(pread(fd, &value, 8, image.size - 3), 3, "what is left at the end");
	is_u64(pread(fd, &value, 8, image.size), 0, "at the end");
	is_errno(ERRNO_OF(pread(fd, nowhere, 8, 0)), EFAULT, "a bad buffer");
	is_errno(ERRNO_OF(lseek(fd, image.size + 1, SEEK_SET)), EINVAL, "seek behind the end");
	close(fd);
}

int main(void)
{
	nowhere = memory_edge(1);
	fixture_begin();
	check_contents();
	check_lists();
	check_entries(STATSFS);
	check_entries(FIXTURE);
	check_entries(FIXTURE "/b");
	check_modes();
	check_schema();
	check_reads();
	check_stats();
	check_writes();
	check_changes_refused();
	return fixture_end();
}
