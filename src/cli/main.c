// SPDX-License-Identifier: GPL-2.0-or-later
/* The kvmstats command: options, errors, and the way to a subcommand. */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char *device_option;

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "list", cmd_list },
	{ "read", cmd_read },
	{ "status", cmd_status },
};

static const char help[] =
	"Usage: kvmstats [OPTIONS] COMMAND\n"
	"Show the statistics of the KVM virtual machines on this host.\n"
	"\n"
	"Commands:\n"
	"  list                  the VMs and their vCPUs; an age after > is a lower bound\n"
	"  read [VM[/VCPU]]      the statistics of VM 3 (3), of its vCPU 0 (3/0), or of\n"
	"                        all VMs and all vCPUs; ids as shown by list\n"
	"  status                versions, and which hooks into KVM work\n"
	"\n"
	"Options:\n"
	"  -s, --stat NAME       read: only this statistic; may be given several times\n"
	"      --device PATH     the device, instead of " KVMSTATS_DEVICE "\n"
	"  -h, --help            show this help\n"
	"  -V, --version         show the version\n"
	"\n"
	"Environment:\n"
	"  KVMSTATS_DEVICE       the device, unless --device is given\n"
	"\n"
	"Exit status: 0 all went well, 1 something failed, 2 wrong usage.\n";

void fail(int status, const char *format, ...)
{
	va_list args;

	fputs("kvmstats: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/* Output that did not arrive, as on a full disk, is not success. */
static int finish(void)
{
	int failed = ferror(stdout);

	errno = 0;
	if (fclose(stdout) || failed)
		fail(EXIT_RUNTIME, "standard output: %s",
		     errno ? strerror(errno) : "write error");
	return EXIT_SUCCESS;
}

__attribute__((noreturn))
static void say_and_exit(const char *text)
{
	fputs(text, stdout);
	exit(finish());
}

int cli_getopt(int argc, char **argv, const char *shorts, const struct option *longs)
{
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const char *word = argv[optind - 1];

		switch (c) {
		case CLI_OPT_DEVICE:
			device_option = optarg;
			break;
		case 'h':
			say_and_exit(help);
		case 'V':
			say_and_exit("kvmstats " KVMSTATS_VERSION "\n");
		case ':':
			fail(EXIT_USAGE, "option `%s` needs a value: see `kvmstats --help`", word);
		case '?':
			if (!strncmp(word, "--", 2))
				fail(EXIT_USAGE, "wrong option `%s`: see `kvmstats --help`", word);
			fail(EXIT_USAGE, "wrong option `-%c`: see `kvmstats --help`", optopt);
		default:
			return c;
		}
	}
	return -1;
}

void cli_no_more_words(int argc, char **argv, int allowed)
{
	if (argc - optind > allowed)
		fail(EXIT_USAGE, "one word too many, `%s`: see `kvmstats --help`",
		     argv[optind + allowed]);
}

struct kvmstats *cli_open_device(void)
{
	const char *env = getenv("KVMSTATS_DEVICE");
	const char *path = KVMSTATS_DEVICE;
	struct kvmstats *ks;
	int ret;

	if (device_option)
		path = device_option;
	else if (env && *env)
		path = env;

	ret = kvmstats_open(path, &ks);
	switch (-ret) {
	case 0:
		return ks;
	case ENOENT:
	case ENXIO:
	case ENODEV:
		fail(EXIT_RUNTIME, "%s: not there: load the module with `modprobe kvmstats`", path);
	case EACCES:
	case EPERM:
		fail(EXIT_RUNTIME,
		     "%s: permission denied: be root or a member of the group `kvmstats`", path);
	case ENOTTY:
		fail(EXIT_RUNTIME,
		     "%s: not a kvmstats device: correct --device or KVMSTATS_DEVICE", path);
	default:
		fail(EXIT_RUNTIME, "%s: cannot be opened: %s", path, strerror(-ret));
	}
}

const char *cli_word(const char *const *words, size_t count, uint32_t value,
		     const char *what, char *buf, size_t size)
{
	if (value < count)
		return words[value];
	snprintf(buf, size, "%s 0x%x", what, value);
	return buf;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { CLI_COMMON_OPTIONS };
	const char *name;
	int status;

	setlocale(LC_ALL, "");
	cli_getopt(argc, argv, "+:hV", longs);
	if (optind == argc)
		fail(EXIT_USAGE, "a command is missing: see `kvmstats --help`");

	name = argv[optind];
	argc -= optind;
	argv += optind;
	optind = 0;	/* makes getopt_long() start anew */
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		status = commands[i].run(argc, argv);
		finish();
		return status;
	}
	fail(EXIT_USAGE, "no command `%s`: see `kvmstats --help`", name);
}
