// SPDX-License-Identifier: GPL-2.0-or-later
/* The kvmstats command: options, errors, and the way to a subcommand. */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct cli_command *const commands[] = {
	&command_list,
	&command_read,
	&command_watch,
	&command_dump,
	&command_events,
	&command_status,
	&command_top,
	&command_doctor,
};

static const char *device_option;
static const struct cli_command *current;	/* NULL before the word for it was read */

static void print_help(void)
{
	if (current) {
		fputs(current->help, stdout);
		return;
	}
	puts("Usage: kvmstats [OPTIONS] COMMAND [ARGUMENTS]\n"
	     "Show the statistics of the KVM virtual machines on this host.\n\n"
	     "Commands:");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	puts("`kvmstats COMMAND --help` tells of its own options; so does kvmstats(1).\n\n"
	     "Options:\n"
	     "      --device PATH   the device, instead of KVMSTATS_DEVICE of the environment\n"
	     "                      and of " KVMSTATS_DEVICE "\n"
	     "  -h, --help          show this help\n"
	     "  -V, --version       show the version\n\n"
	     "Exit status: 0 all went well, 1 something failed, 2 wrong usage.");
}

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

void fail_usage(const char *format, ...)
{
	va_list args;

	fputs("kvmstats: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": see `kvmstats%s%s --help`\n", current ? " " : "",
		current ? current->name : "");
	exit(EXIT_USAGE);
}

void *cli_memory(void *memory)
{
	if (!memory)
		fail(EXIT_RUNTIME, "%s", strerror(ENOMEM));
	return memory;
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
			print_help();
			exit(finish());
		case 'V':
			puts("kvmstats " KVMSTATS_VERSION);
			exit(finish());
		case ':':
			fail_usage("option `%s` needs a value", word);
		case '?':
			if (!strncmp(word, "--", 2))
				fail_usage("wrong option `%s`", word);
			fail_usage("wrong option `-%c`", optopt);
		default:
			return c;
		}
	}
	return -1;
}

void cli_no_more_words(int argc, char **argv, int allowed)
{
	if (argc - optind > allowed)
		fail_usage("one word too many, `%s`", argv[optind + allowed]);
}

const char *cli_device(void)
{
	const char *env = getenv("KVMSTATS_DEVICE");

	if (device_option)
		return device_option;
	return env && *env ? env : KVMSTATS_DEVICE;
}

struct kvmstats *cli_open_device(void)
{
	const char *path = cli_device();
	struct kvmstats *ks;
	char why[1024];
	int ret;

	ret = kvmstats_open(path, &ks);
	if (ret) {
		kvmstats_explain(path, ret, why, sizeof(why));
		fail(EXIT_RUNTIME, "%s", why);
	}
	return ks;
}

void cli_get_info(struct kvmstats *ks, struct kvmstats_info *info)
{
	int ret = kvmstats_get_info(ks, info, sizeof(*info));

	if (ret)
		fail(EXIT_RUNTIME, "cannot ask the module: %s", strerror(-ret));
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { CLI_COMMON_OPTIONS };
	const char *name;
	int status;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");	/* what is printed may be parsed */
	cli_getopt(argc, argv, "+:hV", longs);
	if (optind == argc)
		fail_usage("a command is missing");

	name = argv[optind];
	argc -= optind;
	argv += optind;
	optind = 0;	/* makes getopt_long() start anew */
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i]->name, name))
			continue;
		current = commands[i];
		status = current->run(argc, argv);
		finish();
		return status;
	}
	fail_usage("no command `%s`", name);
}
