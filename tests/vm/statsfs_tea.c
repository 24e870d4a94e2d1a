// SPDX-License-Identifier: GPL-2.0-only
/* The module that docs/STATSFS.md shows does what it says. */
#include <fcntl.h>
#include <unistd.h>

#include "image.h"
#include "module.h"
#include "native.h"
#include "statsfs.h"
#include "tap.h"

int main(void)
{
	char text[32] = "";
	int fd;

	statsfs_begin();
	is_errno(module_load("statsfs_tea", ""), 0, "the module of the page loads");
	read_text(STATSFS "/tea/cups", text, sizeof(text));
	is_str(text, "3\n", "cups");
	read_text(STATSFS "/tea/degrees", text, sizeof(text));
	is_str(text, "80\n", "degrees");
	is_errno(-write_text(STATSFS "/tea/degrees", "0"), EPERM, "which cannot be cleared");
	is_errno(-write_text(STATSFS "/tea/cups", "0\n"), 0, "as cups can");

	fd = open(STATSFS "/tea/.stats", O_RDONLY | O_CLOEXEC);
	is_u64(fd_value(fd, "cups"), 0, "cups, cleared");
	is_u64(fd_value(fd, "degrees"), 80, "degrees as before");
	close(fd);

	is_errno(module_unload("statsfs_tea"), 0, "it unloads");
	tap_ok(access(STATSFS "/tea", F_OK) < 0, "and leaves nothing");
	statsfs_end();
	return tap_done();
}
