// SPDX-License-Identifier: GPL-2.0-or-later
/* The module as modprobe finds it. */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkmod.h>

#include "cli.h"
#include "doctor.h"

/*
 * libkmod, opened where alone it is needed: it brings libcrypto along, with which every
 * command would take six times as long to start.
 */
static struct {
	__typeof__(kmod_new) *new;
	__typeof__(kmod_unref) *unref;
	__typeof__(kmod_set_log_priority) *set_log_priority;
	__typeof__(kmod_list_next) *list_next;
	__typeof__(kmod_module_new_from_lookup) *module_new_from_lookup;
	__typeof__(kmod_module_get_module) *module_get_module;
	__typeof__(kmod_module_get_path) *module_get_path;
	__typeof__(kmod_module_get_info) *module_get_info;
	__typeof__(kmod_module_unref) *module_unref;
	__typeof__(kmod_module_unref_list) *module_unref_list;
	__typeof__(kmod_module_info_get_key) *module_info_get_key;
	__typeof__(kmod_module_info_get_value) *module_info_get_value;
	__typeof__(kmod_module_info_free_list) *module_info_free_list;
} kmod;

static void open_kmod(void)
{
	static const struct {
		const char *name;
		void *function;
	} symbols[] = {
		{ "kmod_new", &kmod.new },
		{ "kmod_unref", &kmod.unref },
		{ "kmod_set_log_priority", &kmod.set_log_priority },
		{ "kmod_list_next", &kmod.list_next },
		{ "kmod_module_new_from_lookup", &kmod.module_new_from_lookup },
		{ "kmod_module_get_module", &kmod.module_get_module },
		{ "kmod_module_get_path", &kmod.module_get_path },
		{ "kmod_module_get_info", &kmod.module_get_info },
		{ "kmod_module_unref", &kmod.module_unref },
		{ "kmod_module_unref_list", &kmod.module_unref_list },
		{ "kmod_module_info_get_key", &kmod.module_info_get_key },
		{ "kmod_module_info_get_value", &kmod.module_info_get_value },
		{ "kmod_module_info_free_list", &kmod.module_info_free_list },
	};
	void *lib = dlopen("libkmod.so.2", RTLD_NOW);

	if (!lib)
		fail(EXIT_RUNTIME,
		     "libkmod.so.2 is not there: install libkmod2 (Debian) or kmod-libs (RPM)");
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *function = dlsym(lib, symbols[i].name);

		if (!function)
			fail(EXIT_RUNTIME, "libkmod.so.2 has no %s: upgrade it", symbols[i].name);
		memcpy(symbols[i].function, &function, sizeof(function));
	}
}

static void read_info(struct kmod_module *mod, struct doctor_module_file *file)
{
	struct kmod_list *list = NULL, *item;
	bool is_signed = false;

	if (kmod.module_get_info(mod, &list) < 0) {
		file->missing = true;
		return;
	}
	for (item = list; item; item = kmod.list_next(list, item)) {
		const char *key = kmod.module_info_get_key(item);
		const char *value = kmod.module_info_get_value(item);

		if (!strcmp(key, "vermagic"))
			snprintf(file->release, sizeof(file->release), "%.*s",
				 (int)strcspn(value, " "), value);
		else if (!strcmp(key, "signer"))
			snprintf(file->signer, sizeof(file->signer), "%s", value);
		else if (!strcmp(key, "sig_id"))
			is_signed = true;
	}
	if (is_signed && !*file->signer)
		snprintf(file->signer, sizeof(file->signer), "a key without a name");
	kmod.module_info_free_list(list);
}

void doctor_find_module(const struct doctor *d, struct doctor_module_file *file)
{
	struct kmod_list *list = NULL;
	struct kmod_module *mod;
	struct kmod_ctx *ctx;
	char dir[PATH_MAX];
	const char *path;

	memset(file, 0, sizeof(*file));
	snprintf(dir, sizeof(dir), "%s/lib/modules/%s", d->host->root, d->host->release);
	open_kmod();
	ctx = cli_memory(kmod.new(dir, NULL));
	kmod.set_log_priority(ctx, -1);
	if (kmod.module_new_from_lookup(ctx, "kvmstats", &list) < 0 || !list)
		goto unref;
	mod = kmod.module_get_module(list);
	path = kmod.module_get_path(mod);
	if (path) {
		snprintf(file->path, sizeof(file->path), "%s", path);
		read_info(mod, file);
	}
	kmod.module_unref(mod);
	kmod.module_unref_list(list);
unref:
	kmod.unref(ctx);
}
