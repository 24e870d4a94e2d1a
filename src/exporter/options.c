// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter.h"

static const char help[] =
	"Usage: kvmstats-exporter [OPTIONS]\n"
	"Serve the statistics of the KVM virtual machines on this host to Prometheus.\n"
	"\n"
	"  -l, --listen ADDR:PORT  where to serve, in numbers, [::1]:9774 for IPv6;\n"
	"                          repeatable; 127.0.0.1:9774 if nothing else is given\n"
	"  -u, --unix PATH         serve on a unix socket\n"
	"  -t, --textfile DIR      write DIR/kvmstats.prom for node_exporter, and end\n"
	"  -i, --interval SECONDS  with --textfile: do not end, write again and again\n"
	"      --vcpu              a series for each vCPU, not one for all of a VM's\n"
	"      --include REGEX     only statistics whose whole name matches; repeatable\n"
	"      --exclude REGEX     not these; repeatable\n"
	"      --names FILE        names for VMs, instead of " KVMSTATS_NAMES_FILE "\n"
	"      --device PATH       the device, instead of " KVMSTATS_DEVICE "\n"
	"  -h, --help              show this help\n"
	"  -V, --version           show the version\n"
	"\n"
	"/metrics?stat=REGEX&exclude=REGEX&vcpu=1 gives a part, / a page for people.\n"
	"Exit status: 0 all went well, 1 something failed, 2 wrong usage.\n";

enum {
	OPT_VCPU = 256,
	OPT_INCLUDE,
	OPT_EXCLUDE,
	OPT_NAMES,
	OPT_DEVICE,
};

static const struct option longs[] = {
	{ "listen", required_argument, NULL, 'l' },
	{ "unix", required_argument, NULL, 'u' },
	{ "textfile", required_argument, NULL, 't' },
	{ "interval", required_argument, NULL, 'i' },
	{ "vcpu", no_argument, NULL, OPT_VCPU },
	{ "include", required_argument, NULL, OPT_INCLUDE },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "names", required_argument, NULL, OPT_NAMES },
	{ "device", required_argument, NULL, OPT_DEVICE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

__attribute__((noreturn))
static void say_and_exit(const char *text)
{
	errno = 0;
	if (fputs(text, stdout) < 0 || fclose(stdout))
		fail(EXIT_RUNTIME, "standard output: %s", strerror(errno));
	exit(EXIT_SUCCESS);
}

static unsigned int parse_interval(const char *text)
{
	char *end;
	unsigned long seconds;

	errno = 0;
	seconds = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
	if (errno || !seconds || *end || seconds > 86400)
		fail(EXIT_USAGE, "--interval `%s`: seconds from 1 to 86400 are needed", text);
	return seconds;
}

static void add_pattern(struct patterns *patterns, const char *option, const char *expression)
{
	char error[FILTER_ERROR];

	if (!patterns_add(patterns, expression, error))
		fail(EXIT_USAGE, "%s: %s", option, error);
}

static void take(struct options *options, int c)
{
	switch (c) {
	case 'l':
		if (options->nr_listen == LISTENERS_MAX - 1)
			fail(EXIT_USAGE, "--listen: more than %d times", LISTENERS_MAX - 1);
		options->listen[options->nr_listen++] = optarg;
		break;
	case 'u':
		options->unix_path = optarg;
		break;
	case 't':
		options->textfile = optarg;
		break;
	case 'i':
		options->interval = parse_interval(optarg);
		break;
	case OPT_VCPU:
		options->vcpu = true;
		break;
	case OPT_INCLUDE:
		add_pattern(&options->filter.include, "--include", optarg);
		break;
	case OPT_EXCLUDE:
		add_pattern(&options->filter.exclude, "--exclude", optarg);
		break;
	case OPT_NAMES:
		options->names = optarg;
		break;
	case OPT_DEVICE:
		options->device = optarg;
		break;
	case 'h':
		say_and_exit(help);
	case 'V':
		say_and_exit("kvmstats-exporter " KVMSTATS_VERSION "\n");
	}
}

void options_parse(struct options *options, int argc, char **argv)
{
	const char *see = "see `kvmstats-exporter --help`";
	int c;

	*options = (struct options){ .device = KVMSTATS_DEVICE };
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":l:u:t:i:hV", longs, NULL)) != -1) {
		const char *word = argv[optind - 1];

		if (c == ':')
			fail(EXIT_USAGE, "option `%s` needs a value: %s", word, see);
		if (c == '?' && !strncmp(word, "--", 2))
			fail(EXIT_USAGE, "wrong option `%s`: %s", word, see);
		if (c == '?')
			fail(EXIT_USAGE, "wrong option `-%c`: %s", optopt, see);
		take(options, c);
	}
	if (optind < argc)
		fail(EXIT_USAGE, "one word too many, `%s`: %s", argv[optind], see);
	if (options->interval && !options->textfile)
		fail(EXIT_USAGE, "--interval is for --textfile only");
	if (options->textfile && (options->nr_listen || options->unix_path))
		fail(EXIT_USAGE, "--textfile serves nobody: leave out --listen and --unix");
}
