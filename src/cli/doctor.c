// SPDX-License-Identifier: GPL-2.0-or-later
/* kvmstats doctor */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"

static const char *const states[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_WARN] = "warn",
	[DOCTOR_FAIL] = "fail",
};

/* Of the lines about kvmstats; what dkms says of other modules is of no concern. */
static char *run_dkms(void)
{
	char *output = NULL;
	size_t size = 0;
	int status;
	FILE *pipe;

	if (system("command -v dkms >/dev/null 2>&1"))
		return NULL;
	pipe = popen("dkms status kvmstats 2>/dev/null", "re");
	if (!pipe)
		return NULL;
	if (getdelim(&output, &size, '\0', pipe) < 0) {
		free(output);
		output = strdup("");
	}
	status = pclose(pipe);
	(void)status;	/* dkms of some versions fails when it knows no such module */
	return output;
}

static bool in_force(gid_t group)
{
	int count = getgroups(0, NULL);
	bool found = getegid() == group;
	gid_t *groups;

	if (count <= 0)
		return found;
	groups = cli_memory(calloc(count, sizeof(*groups)));
	count = getgroups(count, groups);
	for (int i = 0; i < count; i++)
		found |= groups[i] == group;
	free(groups);
	return found;
}

static void look_up_group(struct doctor_host *host)
{
	const struct passwd *user = getpwuid(host->uid);
	const char *name = user ? user->pw_name : "";
	const struct group *group = getgrnam(DOCTOR_GROUP);

	host->group = group ? group->gr_gid : (gid_t)-1;
	if (!group)
		return;
	host->group_in_force = in_force(group->gr_gid);
	for (char **member = group->gr_mem; *member; member++)
		host->group_listed |= !strcmp(*member, name);
}

static void ask_module(struct doctor_host *host)
{
	struct kvmstats *ks;

	host->open_error = kvmstats_open(host->device, &ks);
	if (host->open_error)
		return;
	host->open_error = kvmstats_get_info(ks, &host->info, sizeof(host->info));
	host->hooks = cli_memory(calloc(host->info.nr_hooks + 1, sizeof(*host->hooks)));
	for (uint32_t i = 0; !host->open_error && i < host->info.nr_hooks; i++)
		host->open_error = kvmstats_get_hook(ks, i, &host->hooks[i],
						     sizeof(*host->hooks));
	kvmstats_close(ks);
}

static void print_text(const struct doctor *d)
{
	static const char *const colors[] = {
		[DOCTOR_OK] = "\033[32m", [DOCTOR_WARN] = "\033[33m", [DOCTOR_FAIL] = "\033[31m",
	};
	bool colored = cli_colors();

	for (size_t i = 0; i < d->nr_findings; i++) {
		const struct doctor_finding *f = &d->findings[i];
		char *text = cli_escaped(f->text);

		printf("%s%-4s%s  %-8s  %s", colored ? colors[f->state] : "", states[f->state],
		       colored ? "\033[0m" : "", f->check, text);
		if (f->mend)
			printf(": `%s`", f->mend);
		putchar('\n');
		free(text);
	}
}

static void print_json(const struct doctor *d, bool well)
{
	struct json json = { .indent = 2 };

	json_open(&json, NULL, '{');
	json_bool(&json, "well", well);
	json_open(&json, "checks", '[');
	for (size_t i = 0; i < d->nr_findings; i++) {
		const struct doctor_finding *f = &d->findings[i];

		json_open(&json, NULL, '{');
		json_string(&json, "check", f->check);
		json_string(&json, "state", states[f->state]);
		json_string(&json, "text", f->text);
		if (f->mend)
			json_string(&json, "mend", f->mend);
		else
			json_null(&json, "mend");
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
}

static int run_doctor(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'J' },
		CLI_COMMON_OPTIONS
	};
	struct doctor_host host = { .root = "", .dkms_status = run_dkms, .uid = geteuid() };
	struct doctor d = { .host = &host };
	struct utsname kernel;
	bool json = false, well = true;

	while (cli_getopt(argc, argv, ":JhV", longs) != -1)
		json = true;
	cli_no_more_words(argc, argv, 0);

	uname(&kernel);
	host.release = kernel.release;
	host.device = cli_device();
	look_up_group(&host);
	ask_module(&host);

	doctor_examine(&d);
	for (size_t i = 0; i < d.nr_findings; i++)
		well &= d.findings[i].state != DOCTOR_FAIL;
	if (json)
		print_json(&d, well);
	else
		print_text(&d);
	doctor_free(&d);
	free(host.hooks);
	return well ? EXIT_SUCCESS : EXIT_RUNTIME;
}

const struct cli_command command_doctor = {
	.name = "doctor",
	.summary = "what is wrong on this host, and the command that mends it",
	.help =
	"Usage: kvmstats doctor [OPTIONS]\n"
	"Check all that kvmstats needs on this host, a line for each check: ok, warn or\n"
	"fail, what was found, and between `` the command that mends it.\n"
	"\n"
	"Options:\n"
	"  -J, --json          as JSON\n"
	CLI_HELP
	"\n"
	"Exit status: 0 nothing failed, 1 something did.\n",
	.run = run_doctor,
};
