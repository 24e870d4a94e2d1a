#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in a throw-away copy of a suite environment, with the module's source in
# /tmp/source: the life of the module under DKMS, as TAP.
version=$(cat /tmp/source/VERSION)
# shellcheck source=scripts/lab.d/suite-test.sh
. /src/scripts/lab.d/suite-test.sh

echo "# $(dkms --version), $release"
cp -r /tmp/source "/usr/src/kvmstats-$version"

check "add" dkms add "kvmstats/$version"
check "build" dkms build "kvmstats/$version" -k "$release"
check "install" dkms install "kvmstats/$version" -k "$release"
check "the modules' files are there" installed 2
check "the kernel's tools know them" known "$version"
check "remove" dkms remove "kvmstats/$version" --all
check "the modules' files are gone" installed 0
check "the kernel's tools know them no more" known ""

check "add again" dkms add "kvmstats/$version"
for option in KPROBES KVM; do
	fake=${release%%-*}-no$option-${release##*-}
	without "$fake" "$option"
	check "a kernel without CONFIG_$option is passed over" excluded "$fake" "$version"
done
old=4.19.0-27-${release##*-}
without "$old" NOTHING
check "a kernel that is too old is passed over" excluded "$old" "$version"
check "autoinstall for such a kernel is no failure" dkms autoinstall -k "$old"
check "autoinstall builds for a good one" dkms autoinstall -k "$release"
check "the modules' files are there again" installed 2
check "autoinstall for the old one is still no failure" dkms autoinstall -k "$old"
done_testing
