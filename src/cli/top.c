// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats top */
#include <stdlib.h>

#include "cli.h"
#include "top.h"

static int run_top(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "batch", no_argument, NULL, 'b' },
		{ "count", required_argument, NULL, 'n' },
		{ "interval", required_argument, NULL, 'i' },
		{ "filter", required_argument, NULL, 'f' },
		{ "sort", required_argument, NULL, 'S' },
		CLI_COMMON_OPTIONS
	};
	struct top_model model = { 0 };
	struct top_state state;
	uint64_t count = 0;
	bool batch = false;
	char reason[256];
	int c, status;

	top_state_init(&state, &model, 1000);
	while ((c = cli_getopt(argc, argv, ":bn:i:f:S:hV", longs)) != -1) {
		switch (c) {
		case 'b':
			batch = true;
			break;
		case 'n':
			count = cli_parse_count("--count", optarg);
			break;
		case 'i':
			state.interval_ms = cli_parse_interval("--interval", optarg);
			break;
		case 'f':
			if (top_state_filter(&state, optarg, reason, sizeof(reason)))
				fail_usage("`%s` is no regular expression: %s", optarg, reason);
			break;
		case 'S':
			if (!top_state_sort(&state, optarg))
				fail_usage("no column `%s` to sort by", optarg);
			break;
		}
	}
	cli_no_more_words(argc, argv, 0);

	status = batch ? top_batch(&state, cli_device(), count) :
			 top_screen(&state, cli_device(), count);
	top_state_free(&state);
	top_model_free(&model);
	return status;
}

const struct cli_command command_top = {
	.name = "top",
	.summary = "the VMs with their rates, on the whole screen; -b for scripts",
	.help =
	"Usage: kvmstats top [OPTIONS]\n"
	"Show all VMs with what they do in a second. Press h for the keys. The device is\n"
	"open only while it is read, so the module can be loaded anew meanwhile.\n"
	"\n"
	"Options:\n"
	"  -b, --batch         print a line for each VM and sample, for scripts\n"
	"  -n, --count N       end after N samples\n"
	"  -i, --interval SEC  between samples, 0.1 to 86400; 1 unless given\n"
	"  -f, --filter REGEX  only VMs whose name matches (see regex(7))\n"
	"  -S, --sort COLUMN   exits, halt, io, mmio, irq, poll, wait, id or name\n"
	CLI_HELP,
	.run = run_top,
};
