# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-only
# What the lab consists of, and where it keeps things.

LAB_ARCH=${LAB_ARCH:-amd64}
LAB_CACHE=${KVMSTATS_CACHE:-$HOME/.cache/kvmstats}
LAB_BUILD=${BUILD:-$LAB_REPO/build}
LAB_KERNELS=(5.10 6.1 6.12 7 debug kcsan)
# The suite whose QEMU boots everything.
LAB_HYPERVISOR=trixie
# A resolved version is good for a day.
LAB_RESOLVE_MINUTES=1440

[[ $LAB_CACHE == /* ]] || LAB_CACHE=$PWD/$LAB_CACHE
[[ $LAB_BUILD == /* ]] || LAB_BUILD=$LAB_REPO/$LAB_BUILD

case $LAB_ARCH in
amd64)
	# With these two emulated a 7.x host's guests lose their place more often: in 3 of
	# 40 runs of truth_native there, in none of 40 without.
	LAB_QEMU=(qemu-system-x86_64 -machine q35 -cpu "EPYC,vgif=off,v-vmsave-vmload=off")
	LAB_KVM_MODULE=kvm_amd
	;;
*)
	echo "lab: no support for LAB_ARCH=$LAB_ARCH yet" >&2
	exit 2
	;;
esac

# What of a stock kernel's modules the lab keeps, along with all they need.
LAB_MODULES=(kvm_amd kvm_intel 9p 9pnet_virtio virtio_pci virtio_blk
	virtio_console virtio_net overlay loop tun vhost_net vhost_vsock ext4
	configfs)
LAB_HOST_MODULES=(virtio_pci 9pnet_virtio 9p overlay)

die() {
	echo "lab: $*" >&2
	exit 1
}

note() {
	echo "lab: $*" >&2
}

# The suite that a kernel comes from and is built in.
kernel_suite() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12 | debug | kcsan) echo trixie ;;
	7) echo trixie-backports ;;
	*) die "no kernel '$1'; there are: ${LAB_KERNELS[*]}" ;;
	esac
}

# The stock kernel of a suite that packages are made for.
suite_kernel() {
	case $1 in
	bookworm) echo 6.1 ;;
	trixie) echo 6.12 ;;
	*) die "no packages for '$1'; there are: bookworm trixie" ;;
	esac
}

# The suite whose userland a kernel's hosts run: QEMU and libvirt that ask KVM for
# statistics, which bullseye's do not.
kernel_userland() {
	case $1 in
	5.10 | 6.1) echo bookworm ;;
	*) echo trixie ;;
	esac
}

# Is this kernel one that the lab builds itself?
kernel_is_custom() {
	[[ -e $LAB_DIR/$1.config ]]
}

# Run a command under an exclusive lock: locked NAME CMD...
locked() {
	local lock=$LAB_CACHE/locks/$1
	shift
	mkdir -p "$LAB_CACHE/locks"
	(
		flock 9
		"$@"
	) 9>"$lock"
}

# Is FILE younger than a resolved version may be?
is_fresh() {
	[[ -s $1 && -n $(find "$1" -mmin -"$LAB_RESOLVE_MINUTES") ]]
}

# Tests whose host's CPUs take turns. Side by side, where one CPU patches what another
# is about to run, QEMU goes on with the old code now and then, and that is a breakpoint
# which the kernel no longer knows: seen in two of four minutes of redirect_storm.
LAB_TAKE_TURNS=(redirect_storm)

# Tests in a host whose time counts instructions, so that CPU time is the same on a
# machine that is busy with other things.
LAB_COUNTED=(exporter_cost cost)

# Tests of what no kernel changes, each on the kernels that are enough for it; on the
# others they run when they are named.
declare -A LAB_ONLY_ON=(
	[library]="5.10 6.12"
	[libvirt_stats]="5.10"
	[native_params]="5.10 7 debug"
	[native_params_32]="5.10 7"
	[qemu_stats]="5.10 7"
	[redirect_storm]="5.10 7 debug"
	[statsfs_memory]="5.10 7"
	[statsfs_storm]="5.10 7 debug"
	[command_forms]="6.12"
	[command_follow]="6.12"
	[exporter]="6.12"
	[exporter_cost]="6.12"
	[exporter_page]="none, tests/exporter/page.sh runs it"
	[others_probe]="5.10 6.12"
	[doctor]="7"
	[zz_doctor_lockdown]="6.1"
	[top]="5.10"
	# by scripts/bench, which counts instructions there
	[cost]="none"
)
