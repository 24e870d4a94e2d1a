#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2317 # functions that check() calls
# Runs in a throw-away copy of a suite environment, with the module's source in
# /tmp/source: the life of the module under DKMS, as TAP.
version=$(cat /tmp/source/VERSION)
release=$(basename "$(find /lib/modules -mindepth 1 -maxdepth 1 | sort -V | tail -n 1)")
number=0 failed=0
log=/tmp/log
: >$log

# check DESCRIPTION CMD...
check() {
	local text=$1
	shift
	number=$((number + 1))
	echo "== $text: $*" >>$log
	if "$@" >>$log 2>&1; then
		echo "ok $number - $text"
	else
		echo "not ok $number - $text"
		sed 's/^/# /' $log | tail -n 25
		failed=1
	fi
}

module_file() {
	find "/lib/modules/$release/updates" -name 'kvmstats.ko*' 2>/dev/null | grep .
}

absent() {
	! "$@"
}

# exits STATUS CMD...
exits() {
	local want=$1 rc=0
	shift
	"$@" || rc=$?
	echo "exit status $rc"
	((rc == want))
}

# modprobe would find it; and it says the version that was built
known() {
	[[ $(modinfo -k "$release" -F version kvmstats) == "$version" ]]
}

# A kernel as DKMS sees it, but for one option: without RELEASE OPTION
without() {
	local tree=/tmp/headers-$1
	mkdir -p "$tree" "/lib/modules/$1"
	cp -r "/lib/modules/$release/build/." "$tree/"
	sed -i "/^CONFIG_$2=/d" "$tree/.config" "$tree/include/config/auto.conf"
	ln -sfn "$tree" "/lib/modules/$1/build"
}

# excluded RELEASE: DKMS passes the kernel over and calls it no failure. Until
# dkms 3 it has no exit status of its own for that.
excluded() {
	local rc=0
	dkms build "kvmstats/$version" -k "$1" || rc=$?
	echo "exit status $rc, wanted $skipped"
	((rc == skipped)) && [[ ! -e /var/lib/dkms/kvmstats/$version/build/make.log ]]
}

skipped=77
dkms --version | grep -q '^dkms[-: ]*2\.' && skipped=9
echo "# $(dkms --version), $release"
cp -r /tmp/source "/usr/src/kvmstats-$version"

check "add" dkms add "kvmstats/$version"
check "build" dkms build "kvmstats/$version" -k "$release"
check "install" dkms install "kvmstats/$version" -k "$release"
check "the module's file is there" module_file
check "the kernel's tools know it" known
check "remove" dkms remove "kvmstats/$version" --all
check "the module's file is gone" absent module_file
check "the kernel's tools know it no more" absent known

check "add again" dkms add "kvmstats/$version"
for option in KPROBES KVM; do
	fake=${release%%-*}-no$option-${release##*-}
	without "$fake" "$option"
	check "a kernel without CONFIG_$option is passed over" excluded "$fake"
done
old=4.19.0-27-${release##*-}
without "$old" NOTHING
check "a kernel that is too old is passed over" excluded "$old"
check "autoinstall for such a kernel is no failure" dkms autoinstall -k "$old"
check "autoinstall builds for a good one" dkms autoinstall -k "$release"
check "the module's file is there again" module_file
echo "1..$number"
exit $failed
