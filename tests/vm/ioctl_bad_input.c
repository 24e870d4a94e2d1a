// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every command of the device with arguments it must refuse, and with those of
 * older and newer callers that it must take. Built a second time as a 32-bit
 * program.
 */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command.h"
#include "dev.h"
#include "guest.h"
#include "module.h"
#include "tap.h"


static int dev;
static size_t page;
static uint64_t vm_id;
/* @spare bytes of zeros follow the first version; @poison one of them unless it is 0. */
static void expect_long(int index, uint32_t spare, uint32_t poison, int expected,
			const char *text)
{
	const struct command *command = &commands[index];
	static uint8_t buffer[16384];
	union argument argument = command_good(index);

	memset(buffer, 0, sizeof(buffer));
	argument.size = command->size + spare;
	memcpy(buffer, &argument, command->size);
	if (poison)
		buffer[command->size + poison - 1] = 1;
	if (is_errno(command_call(index, buffer), expected, "%s: %s", command->name, text) && !expected)
		is_u64(*(uint32_t *)buffer, command->size, "%s: %s: size that is returned",
		       command->name, text);
}

static void check_sizes(int index)
{
	const struct command *command = &commands[index];
	static const uint32_t less[] = { 1, 4, 8 };
	union argument argument = command_good(index);

	argument.size = 0;
	command_expect(index, argument, EINVAL, "size 0");
	argument.size = sizeof(uint32_t);
	command_expect(index, argument, EINVAL, "size of nothing but the size");
	for (size_t i = 0; i < sizeof(less) / sizeof(less[0]); i++) {
		argument.size = command->size - less[i];
		is_errno(command_call(index, &argument), EINVAL, "%s: size %u bytes too small",
			 command->name, less[i]);
	}
	expect_long(index, 0, 0, 0, "its own size");
	expect_long(index, 8, 0, 0, "longer by 8 zeros");
	expect_long(index, 13, 0, 0, "longer by 13 zeros");
	expect_long(index, page - command->size, 0, 0, "a page that ends in zeros");
	expect_long(index, 8, 1, E2BIG, "longer, its first byte set");
	expect_long(index, 8, 8, E2BIG, "longer, its last byte set");
	expect_long(index, page - command->size, page - command->size, E2BIG,
		    "a page, its last byte set");
	expect_long(index, page - command->size + 1, 0, E2BIG, "more than a page");
	expect_long(index, UINT32_MAX - command->size, 0, E2BIG, "the largest size");
}

static void check_pointers(int index)
{
	const struct command *command = &commands[index];
	union argument argument = command_good(index);
	uint8_t *low = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
	uint8_t *edge = low + page;
	int free_fd = lowest_free_fd();

	if (low == MAP_FAILED || munmap(edge, page))
		tap_bail("mmap failed");
	is_errno(command_call(index, NULL), EFAULT, "%s: NULL", command->name);
	is_errno(command_call(index, (void *)-4096l), EFAULT, "%s: a kernel address", command->name);
	is_errno(command_call(index, edge), EFAULT, "%s: unmapped memory", command->name);
	memcpy(edge - 4, &argument, 4);
	is_errno(command_call(index, edge - 4), EFAULT, "%s: only the size is mapped", command->name);
	memcpy(edge - command->size + 1, &argument, command->size - 1);
	is_errno(command_call(index, edge - command->size + 1), EFAULT, "%s: the last byte is unmapped",
		 command->name);
	argument.size += 8;
	memcpy(edge - command->size, &argument, command->size);
	is_errno(command_call(index, edge - command->size), EFAULT, "%s: a longer one's tail is unmapped",
		 command->name);
	argument.size -= 8;
	memcpy(edge - command->size, &argument, command->size);
	is_errno(command_call(index, edge - command->size), 0, "%s: ends where memory ends",
		 command->name);
	memcpy(low + 1, &argument, command->size);
	is_errno(command_call(index, low + 1), 0, "%s: an odd address", command->name);
	memcpy(low, &argument, command->size);
	mprotect(low, page, PROT_READ);
	is_errno(command_call(index, low), EFAULT, "%s: read-only memory", command->name);
	is_u64(lowest_free_fd(), free_fd, "%s: no descriptor left behind", command->name);
	munmap(low, page);
}

/* A field that takes no bits but those of @known. */
static void check_bits(int index, size_t field, uint32_t known, const char *text)
{
	static const uint32_t values[] = { 1, 2, 3, 0x80000000, 0x80000001, UINT32_MAX };

	if (field == NO_FIELD)
		return;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		union argument argument = command_good(index);

		memcpy((uint8_t *)&argument + field, &values[i], sizeof(values[i]));
		is_errno(command_call(index, &argument), values[i] & ~known ? EINVAL : 0,
			 "%s: %s %#x", commands[index].name, text, values[i]);
	}
}

static void check_unknown_commands(void)
{
	static const unsigned long unknown[] = {
		_IO(KVMSTATS_IOC_MAGIC, 0xff), _IO(KVMSTATS_IOC_MAGIC, 0x7f),
		_IO(KVMSTATS_IOC_MAGIC - 1, 0), _IO(0xae, 0), _IO(0xae, 0xce), 0, UINT32_MAX,
		_IOR(KVMSTATS_IOC_MAGIC, 0, struct kvmstats_info),
		_IOWR(KVMSTATS_IOC_MAGIC, 2, struct kvmstats_list),
	};
	union argument argument = command_good(INFO);

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		is_errno(ERRNO_OF(ioctl(dev, unknown[i], &argument)), ENOTTY, "command %#lx",
			 unknown[i]);
}

static bool is_text(const char *text, size_t size)
{
	return text[0] && memchr(text, '\0', size);
}

static void check_hooks(void)
{
	struct kvmstats_info info;
	unsigned int wrong = 0;
	union argument argument = command_good(HOOK);

	dev_info(dev, &info);
	is_u64(info.abi_version, KVMSTATS_ABI_VERSION, "ABI version");
	tap_ok(is_text(info.package_version, sizeof(info.package_version)), "package version");
	in_range(info.nr_hooks, 1, 100, "number of hooks");
	for (uint32_t i = 0; i < info.nr_hooks; i++) {
		struct kvmstats_hook hook;
		bool right;

		dev_hook(dev, i, &hook);
		right = hook.index == i && hook.size == sizeof(hook) &&
			hook.kind <= KVMSTATS_HOOK_TRACEPOINT && hook.state <= KVMSTATS_HOOK_UNUSED &&
			hook.need <= KVMSTATS_HOOK_REQUIRED && hook.error < 4096 &&
			!!hook.error == (hook.state == KVMSTATS_HOOK_FAILED) &&
			is_text(hook.name, sizeof(hook.name)) &&
			is_text(hook.lost, sizeof(hook.lost));
		if (!right || (hook.need == KVMSTATS_HOOK_REQUIRED &&
			       hook.state != KVMSTATS_HOOK_ARMED)) {
			tap_note("hook %u: %.32s: kind %u state %u need %u error %u", i, hook.name,
				 hook.kind, hook.state, hook.need, hook.error);
			wrong++;
		}
	}
	is_u64(wrong, 0, "rows of the hook table that are wrong");
	argument.hook.index = info.nr_hooks;
	command_expect(HOOK, argument, ENOENT, "past the last");
	argument.hook.index = UINT32_MAX;
	command_expect(HOOK, argument, ENOENT, "the largest index");
}

static void check_ids(void)
{
	static const uint64_t unknown[] = { 0, 1ull << 32, UINT64_MAX };
	union argument argument;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		argument = command_good(LIST_VCPUS);
		argument.list.vm_id = unknown[i];
		command_expect(LIST_VCPUS, argument, ENOENT, "unknown VM");
		argument = command_good(OPEN_VM);
		argument.open.vm_id = unknown[i];
		command_expect(OPEN_VM, argument, ENOENT, "unknown VM");
		command_expect(OPEN_VCPU, argument, ENOENT, "unknown VM");
	}
	argument = command_good(OPEN_VM);
	argument.open.vm_id++;
	command_expect(OPEN_VM, argument, ENOENT, "a VM that is yet to come");
	argument = command_good(OPEN_VCPU);
	argument.open.vcpu_id = 1;
	command_expect(OPEN_VCPU, argument, ENOENT, "unknown vCPU");
	command_expect(OPEN_VM, argument, EINVAL, "a vCPU id");
	argument.open.vcpu_id = UINT32_MAX;
	command_expect(OPEN_VCPU, argument, ENOENT, "the largest vCPU id");
	argument = command_good(LIST_VMS);
	argument.list.vm_id = vm_id;
	command_expect(LIST_VMS, argument, EINVAL, "a VM id");
}

static void check_descriptor_limit(int index)
{
	union argument argument = command_good(index);
	struct rlimit old, new;
	int free_fd = lowest_free_fd();

	getrlimit(RLIMIT_NOFILE, &old);
	new = old;
	new.rlim_cur = free_fd;
	setrlimit(RLIMIT_NOFILE, &new);
	for (int i = 0; i < 3; i++)
		command_expect(index, argument, EMFILE, "no descriptor is free");
	setrlimit(RLIMIT_NOFILE, &old);
	is_u64(lowest_free_fd(), free_fd, "%s: none is lost", commands[index].name);
	command_expect(index, argument, 0, "one is free again");
}

int main(void)
{
	struct guest guest;

	dev = test_begin_loaded("");
	page = sysconf(_SC_PAGESIZE);
	guest_create(&guest);
	guest_add_vcpu(&guest, 0);
	vm_id = dev_vm_of(dev, getpid()).id;
	command_init(dev, vm_id);
	for (int i = 0; i < NR_COMMANDS; i++) {
		check_sizes(i);
		check_pointers(i);
		check_bits(i, commands[i].flags, i == OPEN_VM ? KVMSTATS_OPEN_WITH_VCPUS : 0,
			   "flags");
		check_bits(i, commands[i].reserved, 0, "reserved");
	}
	check_unknown_commands();
	check_hooks();
	check_ids();
	check_descriptor_limit(OPEN_VM);
	check_descriptor_limit(OPEN_VCPU);
	guest_destroy(&guest);
	close(dev);
	is_errno(kvmstats_unload(), 0, "kvmstats unloads at the end");
	is_errno(kvm_unload(), 0, "KVM unloads: no VM leaked");
	kvm_load();
	return tap_done();
}
