#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# packages-test.sh PHASE DEBS RUN: runs in a clean host of a suite; DEBS has the packages
# in now/ and next/, RUN is for files from one phase to the next. Prints TAP.
# shellcheck source=scripts/lab.d/suite-test.sh
. /src/scripts/lab.d/suite-test.sh
phase=$1 debs=$2 run=$3
export DEBIAN_FRONTEND=noninteractive
version=$(dpkg-deb -f "$(echo "$debs"/now/kvmstats-dkms_*.deb)" Version)
next=$(dpkg-deb -f "$(echo "$debs"/next/kvmstats-dkms_*.deb)" Version)
mapfile -t packages < <(
	for deb in "$debs"/now/*.deb; do dpkg-deb -f "$deb" Package; done)

# What apt fetches is kept, and the lists as long as they serve.
apt() {
	local kept=${debs%-*}.apt
	mkdir -p "$kept"/{archives,lists}/partial
	apt-get -y -o Dir::Cache::archives="$kept/archives" -o Dir::State::lists="$kept/lists" \
		-o Debug::NoLocking=true "$@"
}

apt_install() {
	apt install "$@" || { apt update && apt install "$@"; }
}

# The files of the host, but for what logs, caches and package tools keep for themselves.
# Accounts stay, as is the custom: a number is not given to somebody else.
files() {
	find / -xdev \( -path /lab -o -path /src -o -path /proc -o -path /sys -o -path /dev \
		-o -path /tmp -o -path /run -o -path /root -o -path /var/cache -o -path /var/log \
		-o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /mnt \) -prune -o \
		! -path '/etc/*passwd*' ! -path '/etc/*group*' ! -path '/etc/*shadow*' \
		! -path '/etc/resolv.conf' ! -path '*/modules.*' ! -path '*/__pycache__*' \
		-printf '%p %y %m %u %g\n' | LC_ALL=C sort
}

# Nothing of ours is left but for what is in the list before the first installation?
clean() {
	diff "$run/before" <(files)
}

# Settings, and whether the exporter starts at boot, stay until purge.
gone() {
	! find /usr/src /var/lib/dkms /lib/modules/*/updates /usr/lib/udev /usr/bin /usr/lib \
		-xdev \( -name '*kvmstats*' -o -name '*statsfs*' \) 2>/dev/null | grep .
}

# only VERSION: DKMS has this one and no other
only() {
	dkms status
	[[ $(dkms status kvmstats | cut -d, -f1 | sort -u) == "kvmstats/$1" &&
		$(echo /usr/src/kvmstats-*) == "/usr/src/kvmstats-$1" ]]
}

consistent() {
	[[ -z $(dpkg --audit) && -z $(dpkg -C) ]]
}

# The kernel's hooks for a new kernel, as apt runs them.
kernel_arrives() {
	DEB_MAINT_PARAMS="configure" /etc/kernel/postinst.d/dkms "$1"
}

case $phase in
install)
	files >"$run/before"
	check "apt installs the packages" apt_install "$debs"/now/*.deb
	check "dpkg is content" consistent
	check "DKMS has built the modules" installed 2
	check "modprobe finds them" known "$version"
	for header in statsfs kvm_host_pmu; do
		check "the header $header for other modules is there" test -e \
			"/usr/src/kvmstats-$version/include/linux/$header.h"
	done
	check "the group is there" getent group kvmstats
	check "the command finds its library" kvmstats --version
	check "and is of this version" grep -F "$version" <(kvmstats --version)
	check "the exporter has a user in that group" grep -w kvmstats <(id -nG kvmstats-exporter)
	check "it starts at boot" test -e \
		/etc/systemd/system/multi-user.target.wants/kvmstats-exporter.service
	check "systemd understands its units" systemd-analyze verify --man=no \
		kvmstats-exporter.service kvmstats-exporter.socket
	;;
life)
	check "an upgrade" apt_install "$debs"/next/*.deb
	check "the new modules are those that are found" known "$next"
	check "nothing is left of the old one" only "$next"
	check "a downgrade" apt_install --allow-downgrades "$debs"/now/*.deb
	check "the old modules are those that are found" known "$version"
	check "nothing is left of the new one" only "$version"
	for option in KPROBES KVM; do
		fake=${release%%-*}-no$option-${release##*-}
		without "$fake" "$option"
		check "a kernel without CONFIG_$option is passed over" excluded "$fake" "$version"
	done
	for fake in 4.19.0-27-amd64 8.0.0-1-amd64; do
		without "$fake" NOTHING
		check "kernel $fake is passed over" excluded "$fake" "$version"
		check "and apt's upgrade to it does not fail" kernel_arrives "$fake"
	done
	rm -rf /lib/modules/*-no* /lib/modules/{4.19.0,8.0.0}-* /tmp/headers-*
	check "removal" apt remove "${packages[@]}"
	check "leaves no module" known ""
	check "and no file but settings" gone
	check "purge" dpkg --purge "${packages[@]}"
	check "and of what came along" apt autoremove --purge
	check "leaves the host as it was" clean
	check "dpkg is content" consistent

	without 8.0.0-1-amd64 NOTHING
	mv "/lib/modules/$release" /tmp/
	check "apt installs where the only kernel is passed over" apt_install "$debs"/now/*.deb
	check "dpkg is content there" consistent
	check "and purges there" apt purge "${packages[@]}"
	;;
esac
done_testing
