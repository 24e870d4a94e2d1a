// SPDX-License-Identifier: GPL-2.0-only
#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kvm_ko.h"
#include "tap.h"

#define PATH		"/lib/modules/%s/kernel/arch/x86/kvm/kvm.ko"
#define SIGNED		"~Module signature appended~\n"
#define SIGNED_SIZE	(sizeof(SIGNED) - 1)
/* In front of that text: 8 bytes of no interest, and the signature's size. */
#define TRAILER_SIZE	12

static uint8_t *image;
static size_t image_size;

/* A changed module must not come with a signature, which would be wrong. */
static size_t unsigned_size(const uint8_t *bytes, size_t size)
{
	uint32_t signature;

	if (size < SIGNED_SIZE + TRAILER_SIZE ||
	    memcmp(bytes + size - SIGNED_SIZE, SIGNED, SIGNED_SIZE))
		return size;
	size -= SIGNED_SIZE + TRAILER_SIZE;
	memcpy(&signature, bytes + size + TRAILER_SIZE - sizeof(signature), sizeof(signature));
	return size - be32toh(signature);
}

void kvm_ko_read(void)
{
	struct utsname name;
	struct stat stat;
	char path[256];
	int fd;

	uname(&name);
	snprintf(path, sizeof(path), PATH, name.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat))
		tap_bail("cannot open %s", path);
	image = malloc(stat.st_size);
	if (!image || read(fd, image, stat.st_size) != stat.st_size)
		tap_bail("cannot read %s", path);
	image_size = unsigned_size(image, stat.st_size);
	close(fd);
}

static Elf64_Sym *find_symbol(const char *name)
{
	const Elf64_Ehdr *header = (void *)image;
	const Elf64_Shdr *sections = (void *)(image + header->e_shoff);

	for (int i = 0; i < header->e_shnum; i++) {
		const char *names = (char *)image + sections[sections[i].sh_link].sh_offset;
		Elf64_Sym *symbol = (void *)(image + sections[i].sh_offset);

		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		for (size_t nr = sections[i].sh_size / sizeof(*symbol); nr-- > 0; symbol++) {
			if (!strcmp(names + symbol->st_name, name))
				return symbol;
		}
	}
	tap_bail("kvm.ko has no symbol %s", name);
}

int kvm_ko_load(const char *hidden)
{
	/* Without its first letter it is another symbol, at the same place. */
	Elf64_Sym *symbol = hidden ? find_symbol(hidden) : NULL;
	int err;

	if (symbol)
		symbol->st_name++;
	err = ERRNO_OF(syscall(SYS_init_module, image, image_size, ""));
	if (symbol)
		symbol->st_name--;
	return err;
}
