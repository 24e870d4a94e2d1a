// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dev.h"
#include "module.h"
#include "native.h"
#include "tap.h"

static int load_file(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		tap_bail("cannot open %s", path);
	err = ERRNO_OF(syscall(SYS_finit_module, fd, parameters, 0));
	close(fd);
	return err;
}

static const char *kvmstats_path(void)
{
	return getenv("KVMSTATS_KO") ?: "/kvmstats.ko";
}

int kvmstats_load(const char *parameters)
{
	return load_file(kvmstats_path(), parameters);
}

int module_load(const char *name, const char *parameters)
{
	const char *kvmstats = kvmstats_path(), *end = strrchr(kvmstats, '/');
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s/%s.ko", (int)(end ? end - kvmstats : 0), kvmstats, name);
	return load_file(path, parameters);
}

int module_unload(const char *name)
{
	return ERRNO_OF(syscall(SYS_delete_module, name, O_NONBLOCK));
}

int kvmstats_unload(void)
{
	return module_unload("kvmstats");
}

long module_refs(const char *name)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	return read_text(path, text, sizeof(text)) < 0 ? -1 : strtol(text, NULL, 10);
}

void kvmstats_is_refused(const char *parameters, int expected)
{
	is_errno(kvmstats_load(parameters), expected, "load with \"%s\"", parameters);
	if (!tap_ok(!module_is_loaded("kvmstats"), "\"%s\": nothing is loaded", parameters))
		kvmstats_unload();
	tap_ok(access(KVMSTATS_DEVICE, F_OK) < 0, "\"%s\": no device", parameters);
}

#define PARAMETERS	"/sys/module/kvmstats/parameters"

int kvmstats_set(const char *parameter, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "/%s", parameter);
	return -write_text(path, text);
}

void kvmstats_is_set(const char *parameter, const char *expected)
{
	char path[128], text[64] = "";

	snprintf(path, sizeof(path), PARAMETERS "/%s", parameter);
	errno = -read_text(path, text, sizeof(text));
	text[strcspn(text, "\n")] = '\0';
	is_str(text, expected, "%s reads", parameter);
}

bool module_is_loaded(const char *name)
{
	return module_refs(name) >= 0;
}

void kvm_load(void)
{
	pid_t child = fork();
	int status;

	if (!child) {
		execlp("modprobe", "modprobe", "kvm_amd", NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		tap_bail("modprobe kvm_amd failed");
	if (access("/dev/kvm", R_OK | W_OK))
		tap_bail("kvm_amd is loaded and there is no /dev/kvm");
}

int kvm_unload(void)
{
	int err = module_unload("kvm_amd");

	return err ? err : module_unload("kvm");
}

void test_begin(void)
{
	if (module_is_loaded("kvmstats"))
		tap_bail("kvmstats is loaded before the test begins");
	if (!module_is_loaded("kvm_amd"))
		kvm_load();
}

int test_begin_loaded(const char *parameters)
{
	test_begin();
	errno = kvmstats_load(parameters);
	if (errno)
		tap_bail("cannot load kvmstats");
	return dev_open();
}

int test_end(void)
{
	is_errno(kvmstats_unload(), 0, "kvmstats unloads at the end");
	return tap_done();
}

int test_end_loaded(int dev)
{
	close(dev);
	return test_end();
}
