#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command against the real module: output, errors, exit status, rights.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

run kvmstats list
is $rc 1 "without the module: exit status"
like "$err" 'modprobe kvmstats' "without the module: the command that mends it"

modprobe kvmstats
run kvmstats list
is $rc 0 "without VMs, list is content"
run kvmstats read
is $rc 0 "without VMs, read is content"

start_demo_guest
run kvmstats list
like "$out" "\b$guest\b" "list shows the VM's process"
is "$(kvmstats list -o STATS-ID | grep -c 'kvm-[0-9]*/vcpu-')" 2 "and its two vCPUs"
vm=$(awk -v pid="$guest" '$0 ~ pid { print $1; exit }' <<<"$out")

run kvmstats read "$vm"
like "$out" remote_tlb_flush "read of a VM shows its stats"
run kvmstats read "$vm/1"
like "$out" io_exits "read of a vCPU shows its stats"
like "$out" 'halt_poll_success_ns.* ns' "with units"
before=$(value "$vm/1" io_exits)
for _ in {1..10}; do
	sleep 1
	now=$(value "$vm/1" io_exits)
	((now == before)) || break
done
at_least "$now" $((before + 1)) "counters rise"

for bad in 99999 "$vm/7" "$vm/7/7" -- -5 abc 18446744073709551616 "$vm/" /1; do
	[[ $bad != -- ]] || continue
	run kvmstats read -- "$bad"
	[[ $rc == [12] && $(wc -l <<<"$err") == 1 && -z $out ]]
	ok "read $bad: one line and exit status 1 or 2" $? "status $rc" "$err" "$out"
done
run kvmstats read "$vm" --stat no_such_stat
[[ $rc == [12] && $err == *no_such_stat* ]]
ok "an unknown statistic is named" $? "status $rc" "$err"
run sh -c 'kvmstats read >/dev/full'
is $rc 1 "a full disk is an error"
# shellcheck disable=SC2016
run bash -c 'set -o pipefail; kvmstats read | head -n 1; echo "${PIPESTATUS[0]}" >&2'
like "$err" '^(0|141)$' "a reader that goes away is none"

# What the udev rule does, which this host has no daemon for.
groupadd --system kvmstats 2>/dev/null
chgrp kvmstats /dev/kvmstats
chmod 640 /dev/kvmstats
run setpriv --reuid nobody --regid nogroup --clear-groups kvmstats list
is $rc 1 "nobody may not read"
like "$err" 'group' "and is told of the group"
run setpriv --reuid nobody --regid kvmstats --clear-groups kvmstats list
is $rc 0 "a member of the group may"
like "$out" "\b$guest\b" "and sees the VM"

kill "$guest"
wait "$guest"
rmmod kvmstats
ok "the module unloads" $?
tap_done
