#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nokvmstats on the kernel command line, which the test puts another file in place of.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

# with_cmdline TEXT: try to load; sets $rc
with_cmdline() {
	printf '%s\n' "$1" >/tmp/cmdline
	mount --bind /tmp/cmdline /proc/cmdline
	err=$(modprobe kvmstats 2>&1)
	rc=$?
	umount /proc/cmdline
	rmmod kvmstats 2>/dev/null
}

with_cmdline "quiet"
is $rc 0 "without the word the module loads"
for line in "nokvmstats" "quiet nokvmstats" "nokvmstats quiet"; do
	with_cmdline "$line"
	is $rc 1 "'$line' keeps it out"
	like "$err" 'not permitted' "and says so"
	like "$(dmesg | grep ' kvmstats: ' | tail -n 1)" 'nokvmstats' "and why, in the log"
done
for line in "nokvmstatsx" "xnokvmstats" "nokvmstats=0" "quiet -- nokvmstats"; do
	with_cmdline "$line"
	is $rc 0 "'$line' is another word"
done
tap_done
