# shellcheck shell=bash disable=SC2317
# SPDX-License-Identifier: GPL-2.0-only
# For tests that run in a throw-away copy of a suite environment: TAP, and what DKMS has
# done to the kernel there.
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

done_testing() {
	echo "1..$number"
	exit $failed
}

# installed NUMBER: as many modules of ours have their file
installed() {
	local found
	found=$(find "/lib/modules/$release/updates" -name 'kvmstats.ko*' -o -name 'statsfs.ko*')
	echo "$found"
	(($(grep -c . <<<"$found") == $1))
}

# known VERSION: modprobe would find them, and they say the version that was built;
# without a version, it would find none
known() {
	local module
	for module in kvmstats statsfs; do
		[[ $(modinfo -k "$release" -F version $module) == "$1" ]] || return
	done
}

# without RELEASE OPTION: a kernel as DKMS sees it, but for one option
without() {
	local tree=/tmp/headers-$1
	mkdir -p "$tree" "/lib/modules/$1"
	cp -rs "$(realpath "/lib/modules/$release/build")/." "$tree/"
	sed -i "/^CONFIG_$2=/d" "$tree/.config" "$tree/include/config/auto.conf"
	ln -sfn "$tree" "/lib/modules/$1/build"
}

# excluded RELEASE VERSION: DKMS passes the kernel over and calls it no failure. Until
# dkms 3 it has no exit status of its own for that.
excluded() {
	local rc=0 wanted=77
	! dkms --version | grep -q '^dkms[-: ]*2\.' || wanted=9
	dkms build "kvmstats/$2" -k "$1" || rc=$?
	echo "exit status $rc, wanted $wanted"
	((rc == wanted)) && [[ ! -e /var/lib/dkms/kvmstats/$2/build/make.log ]]
}
