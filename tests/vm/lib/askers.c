// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "askers.h"
#include "dev.h"
#include "exits.h"
#include "image.h"
#include "native.h"
#include "tap.h"

#define NR_VCPUS	2
#define YOUNG_EXITS	3
#define BURST		8
#define REST_US		200		/* or the CPUs are so busy that little is switched */

/* Not on the stack: of the calling thread. */
static _Thread_local union {
	struct kvm_stats_names names;
	struct kvm_stats_data data;
	uint8_t bytes[8 + FLAT_MAX * KVM_STATS_NAME_LEN];
} room;

static int vm_fd(const struct askers *askers)
{
	return farm_vm_fd(&askers->farm, 0);
}

static int vcpu_fd(const struct askers *askers)
{
	return farm_vcpu_fd(&askers->farm, 0, 0);
}

static void count(struct asker *asker, bool answered)
{
	atomic_fetch_add(answered ? &asker->answered : &asker->refused, 1);
}

/* Whether it is the errno that KVM has for what it does not know. */
static bool is_refusal(struct asker *asker, int err, int own, const char *what)
{
	if (err == own)
		return true;
	finding_add(&asker->fault, "%s: errno %s", what, strerrorname_np(err));
	return false;
}

/* --- KVM_GET_STATS_FD --- */

/* A stats fd, or -1 when it was refused or a fault was found. */
static int get_stats_fd(struct asker *asker, int object_fd, int own)
{
	int fd = ioctl(object_fd, KVM_GET_STATS_FD, 0);

	if (fd < 0)
		is_refusal(asker, errno, asker->of->is_native ? 0 : own, "KVM_GET_STATS_FD");
	count(asker, fd >= 0);
	return fd;
}

static void judge_exits(struct asker *asker, uint64_t exits, const char *where)
{
	if (exits < asker->last_exits)
		finding_add(&asker->fault, "%s: " EXITS_STAT " fall from %llu to %llu", where,
			    (unsigned long long)asker->last_exits, (unsigned long long)exits);
	asker->last_exits = exits;
}

static void ask_fd(struct asker *asker, int object_fd, int own, const char *id)
{
	struct image first, second;
	int fd = get_stats_fd(asker, object_fd, own);

	if (fd < 0)
		return;
	image_read(fd, &first);
	if (image_broken_rules(&first, id))
		finding_add(&asker->fault, "a stats fd of %s breaks rules", id);
	image_read(fd, &second);
	if (!image_is_later(&second, &first))
		finding_add(&asker->fault, "a value of %s falls", id);
	if (image_find(&second, EXITS_STAT))
		judge_exits(asker, image_value(&second, EXITS_STAT), id);
	close(fd);
}

/* The last values stay, but kernels before 6.5 must not be asked for them. */
static void ask_young(struct asker *asker)
{
	struct askers *askers = asker->of;
	struct farm farm;
	int fd;

	farm_create(&farm, 1, 1);
	exits_allow(farm_vm_fd(&farm, 0));
	exits_make(farm_vcpu_fd(&farm, 0, 0), YOUNG_EXITS);
	fd = get_stats_fd(asker, farm_vcpu_fd(&farm, 0, 0), askers->vcpu_errno);
	if (fd >= 0 && fd_value(fd, EXITS_STAT) != YOUNG_EXITS)
		finding_add(&asker->fault, "exits of a young vCPU");
	if (!askers->is_native)
		farm_destroy(&farm);
	if (fd >= 0 && fd_value(fd, EXITS_STAT) != YOUNG_EXITS)
		finding_add(&asker->fault, "exits of a vCPU that is gone");
	if (fd >= 0)
		close(fd);
	if (askers->is_native)
		farm_destroy(&farm);
}

/* --- KVM_CHECK_EXTENSION --- */

static void ask_extension(struct asker *asker, int fd)
{
	int slots, has;

	if (atomic_load(&asker->of->no_extension))
		return;
	slots = ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_MEMSLOTS);
	has = ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_BINARY_STATS_FD);

	if (has != 1 && (has || asker->of->is_native))
		finding_add(&asker->fault, "the extension is %d", has);
	if (slots <= 1)
		finding_add(&asker->fault, "%d memory slots", slots);
	count(asker, has == 1);
}

/* --- the flat arrays --- */

static bool ask_flat(struct asker *asker, int fd, int own, unsigned long command)
{
	int err;

	room.names.size = sizeof(room) - 8;
	err = ERRNO_OF(ioctl(fd, command, &room));
	count(asker, !err);
	return !err || (is_refusal(asker, err, own, "a flat array"), false);
}

static void ask_values(struct asker *asker, int fd, int own, const struct flat *flat)
{
	if (!ask_flat(asker, fd, own, KVM_STATS_GET_DATA))
		return;
	for (uint32_t i = 0; i < flat->nr; i++)
		if (!strcmp(flat->names[i], EXITS_STAT))
			judge_exits(asker, room.data.data[i], "GET_DATA");
}

static void ask_names(struct asker *asker)
{
	const struct askers *askers = asker->of;
	struct kvm_stats_info info;
	int err = ERRNO_OF(ioctl(vm_fd(askers), KVM_STATS_GET_INFO, &info));

	if (err)
		is_refusal(asker, err, askers->vm_errno, "GET_INFO");
	else if (info.num_stats != askers->vm_flat.nr)
		finding_add(&asker->fault, "%u stats of a VM", info.num_stats);
	if (ask_flat(asker, vm_fd(askers), askers->vm_errno, KVM_STATS_GET_NAMES) &&
	    memcmp(room.names.names, askers->vm_flat.names,
		   askers->vm_flat.nr * KVM_STATS_NAME_LEN))
		finding_add(&asker->fault, "other names of a VM's stats");
	if (ask_flat(asker, vcpu_fd(askers), askers->vcpu_errno, KVM_STATS_GET_NAMES) &&
	    memcmp(room.names.names, askers->vcpu_flat.names,
		   askers->vcpu_flat.nr * KVM_STATS_NAME_LEN))
		finding_add(&asker->fault, "other names of a vCPU's stats");
}

/* --- threads --- */

static void ask(struct asker *asker)
{
	struct askers *askers = asker->of;

	switch (asker->kind) {
	case ASK_VM_FD:
		return ask_fd(asker, vm_fd(askers), askers->vm_errno, askers->vm_id);
	case ASK_VCPU_FD:
		return ask_fd(asker, vcpu_fd(askers), askers->vcpu_errno, askers->vcpu_id);
	case ASK_YOUNG_FD:
		return ask_young(asker);
	case ASK_DEV_EXTENSION:
		return ask_extension(asker, askers->farm.kvm_fd);
	case ASK_VM_EXTENSION:
		return ask_extension(asker, vm_fd(askers));
	case ASK_VM_FLAT:
		return ask_values(asker, vm_fd(askers), askers->vm_errno, &askers->vm_flat);
	case ASK_VCPU_FLAT:
		return ask_values(asker, vcpu_fd(askers), askers->vcpu_errno, &askers->vcpu_flat);
	case ASK_NAMES:
		return ask_names(asker);
	}
}

static void *asker_run(void *argument)
{
	struct asker *asker = argument;

	exits_prepare();
	while (!atomic_load(&asker->of->stop)) {
		ask(asker);
		usleep(REST_US);
	}
	return NULL;
}

/* Holds the vCPU's mutex most of the time, as a VMM does. */
static void *make_exits(void *argument)
{
	struct askers *askers = argument;

	exits_prepare();
	while (!atomic_load(&askers->stop)) {
		exits_make(vcpu_fd(askers), BURST);
		usleep(100);
	}
	return NULL;
}

void askers_init(struct askers *askers)
{
	struct kvm_stats_info info;

	memset(askers, 0, sizeof(*askers));
	farm_create(&askers->farm, 1, NR_VCPUS);
	exits_allow(vm_fd(askers));
	askers->is_native = native_has_stats_fd(askers->farm.kvm_fd);
	askers->vm_errno = ERRNO_OF(ioctl(vm_fd(askers), KVM_STATS_GET_INFO, &info));
	askers->vcpu_errno = ERRNO_OF(ioctl(vcpu_fd(askers), KVM_STATS_GET_INFO, &info));
	snprintf(askers->vm_id, sizeof(askers->vm_id), "kvm-%d", gettid());
	snprintf(askers->vcpu_id, sizeof(askers->vcpu_id), "kvm-%d/vcpu-0", gettid());
}

static void learn_names(int fd, struct flat *flat)
{
	struct kvm_stats_info info;

	room.names.size = sizeof(room) - 8;
	if (ioctl(fd, KVM_STATS_GET_INFO, &info) || ioctl(fd, KVM_STATS_GET_NAMES, &room))
		tap_bail("no flat arrays on KVM's own fds");
	flat->nr = info.num_stats;
	memcpy(flat->names, room.names.names, sizeof(flat->names));
}

void askers_start(struct askers *askers)
{
	learn_names(vm_fd(askers), &askers->vm_flat);
	learn_names(vcpu_fd(askers), &askers->vcpu_flat);
	if (pthread_create(&askers->maker, NULL, make_exits, askers))
		tap_bail("no thread");
	for (int i = 0; i < NR_ASKERS; i++) {
		askers->asker[i].of = askers;
		askers->asker[i].kind = i;
		if (pthread_create(&askers->asker[i].thread, NULL, asker_run, &askers->asker[i]))
			tap_bail("no thread");
	}
}

void askers_stop(struct askers *askers, const char *text)
{
	static const char *const names[NR_ASKERS] = {
		[ASK_VM_FD] = "stats fds of a VM", [ASK_VCPU_FD] = "stats fds of a vCPU",
		[ASK_YOUNG_FD] = "stats fds of young vCPUs",
		[ASK_DEV_EXTENSION] = "the extension of /dev/kvm",
		[ASK_VM_EXTENSION] = "the extension of a VM",
		[ASK_VM_FLAT] = "flat values of a VM", [ASK_VCPU_FLAT] = "flat values of a vCPU",
		[ASK_NAMES] = "flat names",
	};

	atomic_store(&askers->stop, true);
	pthread_join(askers->maker, NULL);
	for (int i = 0; i < NR_ASKERS; i++) {
		struct asker *asker = &askers->asker[i];
		bool always = askers->is_native && i < ASK_VM_FLAT;

		pthread_join(asker->thread, NULL);
		finding_is_none(&asker->fault, "%s: %s: %lu answers, %lu refusals", text, names[i],
				asker->answered, asker->refused);
		tap_ok(asker->answered && (asker->refused || always), "%s: %s: of both", text,
		       names[i]);
	}
	farm_destroy(&askers->farm);
}
