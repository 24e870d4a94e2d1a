# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Suite environments: a minimal Debian per suite, to build in and to boot from.

# The packages of a suite's environment. That of SUITE-host is a host as an operator has
# it, for packages to be installed there: nothing to build userland with.
suite_packages() {
	local release
	if [[ $1 == *-host ]]; then
		release=$(kernel_release "$(suite_kernel "${1%-host}")")
		echo "systemd dkms jq curl linux-image-$release linux-headers-$release"
		return
	fi
	local list=(dkms "linux-headers-$LAB_ARCH" kmod gcc make libc6-dev
		libelf-dev sparse)
	# to be a host's userland
	local host=(qemu-system-x86 qemu-utils procps iproute2 strace jq
		libsmartcols1 libncursesw6 libkmod2 libsystemd0
		util-linux udev less busybox-static)
	# what the tests of the tools use, and what reads the exporter
	host+=(tmux ncurses-base curl socat prometheus python3-minimal bash-completion
		tree inotify-tools linux-perf)
	# to build the packages
	host+=(debhelper dh-dkms pkg-config libsmartcols-dev libncurses-dev libkmod-dev
		libmicrohttpd-dev libsystemd-dev)
	case $1 in
	bookworm)
		list+=("${host[@]}" libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients)
		;;
	"$LAB_HYPERVISOR")
		list+=("${host[@]}")
		# what the kernel's own kvm_stat runs in, to compare with
		list+=(python3)
		# to build the debug kernels
		list+=(bc bison flex libssl-dev openssl linux-source-6.12 perl xz-utils)
		;;
	esac
	echo "${list[@]}"
}

# Where this machine gets Debian from: debian_site LABEL
debian_site() {
	local site
	# shellcheck disable=SC2016 # apt's words
	site=$(apt-get indextargets 'Created-By: Packages' 'Origin: Debian' \
		"Label: $1" --format '$(SITE)' | sed -n 1p)
	[[ -n $site ]] || die "apt on this machine has no source with label $1"
	echo "$site"
}

# What Debian calls the suite that an environment is of, or stands on.
suite_name() {
	local name=${1%-backports}
	echo "${name%-host}"
}

# The apt sources of a suite.
suite_sources() {
	local base debian security
	base=$(suite_name "$1")
	debian=$(debian_site Debian) || exit
	security=$(debian_site Debian-Security) || exit
	echo "deb $debian $base main"
	echo "deb $debian $base-updates main"
	echo "deb $security $base-security main"
	[[ $1 != *-backports ]] || echo "deb $debian $1 main"
}

# apt's settings in an environment, as lines of apt.conf.
suite_apt_conf() {
	cat <<-'END'
		Acquire::Languages "none";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
	END
	# The last version of an ended suite stays good.
	[[ $1 != bullseye ]] || echo 'Acquire::Check-Valid-Until "false";'
	apt-config dump --format '%F "%v";%n' Acquire::http::Proxy
}

suite_create() {
	local suite=$1 root=$LAB_CACHE/suites/$1 tmp
	local include line opts=()
	tmp=$root.new
	include=$(suite_packages "$suite")
	while IFS= read -r line; do
		opts+=(--aptopt="$line")
	done < <(suite_apt_conf "$suite")
	if [[ $suite == *-backports ]]; then
		opts+=(--setup-hook="mkdir -p \"\$1/etc/apt/preferences.d\";
			printf 'Package: linux-*\nPin: release n=$suite\nPin-Priority: 600\n' \
			>\"\$1/etc/apt/preferences.d/lab\"")
	fi
	if [[ $suite != *-host ]]; then
		opts+=(--dpkgopt='path-exclude=/usr/share/doc/*'
			--dpkgopt='path-exclude=/usr/share/man/*'
			--dpkgopt='path-exclude=/usr/share/locale/*')
	fi
	rm -rf --one-file-system "$tmp"
	mkdir -p "$LAB_CACHE/suites" "$LAB_CACHE/log"
	note "making the $suite environment, this takes a minute or two"
	suite_sources "$suite" |
		mmdebstrap --mode=root --variant=minbase --include="${include// /,}" \
			"${opts[@]}" "$(suite_name "$suite")" "$tmp" - \
			>"$LAB_CACHE/log/suite-$suite" 2>&1 || {
		tail -n 20 "$LAB_CACHE/log/suite-$suite" >&2
		rm -rf --one-file-system "$tmp"
		die "cannot make the $suite environment"
	}
	echo "$include" >"$tmp/etc/lab-packages"
	mv "$tmp" "$root"
}

# Make the environment if there is none, add what it lacks.
suite_ensure() {
	[[ $(cat "$LAB_CACHE/suites/$1/etc/lab-packages" 2>/dev/null) == "$(suite_packages "$1")" ]] ||
		locked "suite-$1" suite_complete "$1"
}

suite_complete() {
	local root=$LAB_CACHE/suites/$1 want
	want=$(suite_packages "$1")
	[[ $(cat "$root/etc/lab-packages" 2>/dev/null) != "$want" ]] || return 0
	# another kernel than before: a host has one
	[[ $1 != *-host ]] || rm -rf --one-file-system "$root"
	if [[ ! -d $root ]]; then
		suite_create "$1"
		return
	fi
	note "adding packages to the $1 environment"
	# shellcheck disable=SC2086 # a list of words
	suite_apt "$1" install -y $want
	echo "$want" >"$root/etc/lab-packages"
}

# suite_apt SUITE ARGS...: apt-get update, then apt-get with ARGS; quiet unless it fails.
suite_apt() {
	local suite=$1 log=$LAB_CACHE/log/apt-$1
	shift
	mkdir -p "$LAB_CACHE/log"
	if ! suite_run "$suite" bash -c '
		set -e
		export DEBIAN_FRONTEND=noninteractive
		apt-get update
		apt-get "$@"
		apt-get clean' - "$@" >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		return 1
	fi
}

# suite_command SUITE CMD...: set suite_argv to what runs CMD in the environment, or in
# the root directory that SUITE is the absolute path of.
suite_command() {
	local root=$1
	shift
	[[ $root == /* ]] || root=$LAB_CACHE/suites/$root
	suite_argv=(unshare --mount --pid --fork --kill-child -- "$BASH"
		"$LAB_DIR/enter.sh" "$root" "$LAB_CACHE" "$LAB_REPO" "$@")
}

# suite_run SUITE CMD...: run a command in the environment, see enter.sh.
suite_run() {
	local suite_argv
	suite_command "$@"
	"${suite_argv[@]}"
}
