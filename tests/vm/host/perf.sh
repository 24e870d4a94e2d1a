#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# KVM's counters with the real perf: for threads, VMs and the host, alone, in groups, at
# intervals, inherited, from an exec on, over a VM's end; for who may, and in its own list.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

pmu=/sys/bus/event_source/devices/kvm
times=1000

# port_guest VCPUS: starts the guest that writes to a port when it is told to; sets $guest,
# $threads, one for each vCPU, and the descriptors $order and $answer.
port_guest() {
	coproc GUEST { exec /opt/kvmstats/tests/bin/port-guest "$1"; }
	# shellcheck disable=SC2034,SC2153 # coproc sets them
	guest=$GUEST_PID order=${GUEST[1]} answer=${GUEST[0]}
	read -r -u "$answer" -a threads
}

# work TIMES: each vCPU writes to its port so many times
work() {
	echo "$1" >&"$order"
	read -r -u "$answer" _
}

# counted PERF-ARG...: perf stat with them, while each vCPU of the guest does $times;
# sets $out to lines "VALUE;UNIT;EVENT;..."
counted() {
	rm -f /tmp/stat
	perf stat -x\; -o /tmp/stat "$@" -- sleep 60 </dev/null &
	local perf=$!
	await 20 perf_counts "$perf"
	work "$times"
	pkill -INT -P "$perf" sleep 2>/dev/null || kill -INT "$perf"
	wait "$perf" 2>/dev/null
	out=$(grep -v '^#' /tmp/stat | grep .)
}

# perf counts when what it starts has begun
# shellcheck disable=SC2317 # by await
perf_counts() {
	pgrep -P "$1" -x sleep >/dev/null
}

# value_in EVENT: what $out says of it
value_in() {
	awk -F\; -v event="$1" '$3 == event { print $1 }' <<<"$out"
}

modprobe kvmstats
ok "kvmstats loads" $?

# --- what perf knows ---

like "$(perf list kvm 2>&1)" 'kvm/io_exits/' "perf list names the events"
perf list 2>/dev/null | grep -E '^ *kvm(_host)?/' | sed 's/^/# /' | head -n 12
is "$(cat $pmu/format/event) $(cat $pmu/format/vm)" 'config:0-15 config1:0-63' "formats"
is "$(cat $pmu/caps/sampling)" 0 "caps: no sampling"
is "$(cat $pmu/events/halt_poll_success_ns.unit) $(cat $pmu/events/halt_poll_success_ns.scale)" \
	'msec 1e-6' "unit and scale of a time"
! [[ -e $pmu/events/exits.unit ]]
ok "a plain counter has no unit" $?
is "$(kvmstats status --events -J | jq '[.events[] | select(.perf != "no")] | length')" \
	"$(find $pmu/events -type f ! -name '*.*' | wc -l)" "status --events has them all"
like "$(kvmstats status --events -b)" '^kvm/exits/ +vcpu +-t -p -a' "status --events"
like "$(kvmstats status --events)" '^max_mmu_page_hash_collisions +vm +no .*peak, no counter' \
	"status --events says what is no event, and why"
kvmstats status --events | sed 's/^/# /' | head -n 8
refused 2 'no column' kvmstats status --events -o HOOK

# --- a guest whose exits are known ---

port_guest 2
ok "the guest runs" $?
work 5
counted -e kvm/io_exits/ -t "${threads[0]}"
is "$(value_in kvm/io_exits/)" $times "a thread"
counted -e kvm/io_exits/,kvm/mmio_exits/,kvm/halt_exits/ -p "$guest"
is "$(value_in kvm/io_exits/) $(value_in kvm/mmio_exits/) $(value_in kvm/halt_exits/)" \
	"$((2 * times)) 0 2" "a process, three events"
counted --per-thread -e kvm/io_exits/ -p "$guest"
is "$(grep -c ";$times;" <<<"$out")" 2 "each thread"
counted -e '{task-clock,kvm/io_exits/,kvm/halt_exits/}' -t "${threads[1]}"
is "$(value_in kvm/io_exits/) $(value_in kvm/halt_exits/)" "$times 1" "a group"
like "$out" '^[0-9]+.*task-clock' "a group's clock"
vm=$(vm_of "$guest")
counted -a -e "kvm/io_exits/,kvm/io_exits,vm=$vm/"
is "$(value_in kvm/io_exits/) $(value_in "kvm/io_exits,vm=$vm/")" "$((2 * times)) $((2 * times))" \
	"the host and the VM, -a"
counted -e "{kvm_host/io_exits/,kvm_host/halt_exits/}"
is "$(value_in kvm_host/io_exits/) $(value_in kvm_host/halt_exits/)" "$((2 * times)) 2" \
	"the host on its CPU, a group"
counted -I 200 -e kvm/io_exits/ -p "$guest"
is "$(awk -F\; '$4 == "kvm/io_exits/" { sum += $2 } END { print sum }' <<<"$out")" $((2 * times)) \
	"at intervals, all together"

# two at once
perf stat -x\; -o /tmp/stat2 -e kvm/io_exits/ -t "${threads[0]}" -- sleep 60 &
other=$!
await 20 perf_counts "$other"
counted -e kvm/io_exits/ -t "${threads[0]}"
pkill -INT -P "$other" sleep
wait "$other" 2>/dev/null
is "$(value_in kvm/io_exits/) $(awk -F\; '$3 == "kvm/io_exits/" { print $1 }' /tmp/stat2)" \
	"$times $times" "two perfs on the same thread"

# the VM is killed under it
perf stat -x\; -o /tmp/stat -e kvm/io_exits/ -p "$guest" -- sleep 60 &
perf=$!
perf stat -a -x\; -o /tmp/stat2 -e "kvm/io_exits/,kvm/io_exits,vm=$vm/" -- sleep 60 &
other=$!
await 20 perf_counts "$perf"
await 20 perf_counts "$other"
work 77
run rmmod kvmstats
is $rc 1 "kvmstats does not unload while perf counts"
kill -KILL "$guest"
wait "$guest" 2>/dev/null
sleep 0.5
pkill -INT -P "$perf" sleep
pkill -INT -P "$other" sleep
wait "$perf" "$other" 2>/dev/null
is "$(awk -F\; '$3 == "kvm/io_exits/" { print $1 }' /tmp/stat)" 154 "a killed VM: its threads' last count"
is "$(awk -F\; '$3 ~ /^kvm/ { print $1 }' /tmp/stat2 | xargs)" '154 154' \
	"a killed VM: its own and the host's last count"

# a command: from its exec on, with the threads and processes that it starts
perf stat -x\; -o /tmp/stat -e kvm/io_exits/ -- sh -c \
	"echo $times | /opt/kvmstats/tests/bin/port-guest 2; true" >/dev/null
is "$(awk -F\; '$3 == "kvm/io_exits/" { print $1 }' /tmp/stat)" $((2 * times)) \
	"a command from its exec on, inherited by its threads"
perf stat -x\; -o /tmp/stat -e kvm/io_exits/ -- ls / >/dev/null
is "$(awk -F\; '$3 == "kvm/io_exits/" { print $1 }' /tmp/stat)" 0 "a command without a VM counts 0"

# --- refusals ---

# not_counted WHAT PERF-ARG...
not_counted() {
	local what=$1
	shift
	run perf "$@" -- true
	[[ $rc != 0 || $err == *'not supported'* ]]
	ok "refused: $what" $? "status $rc" "$out" "$err"
}
not_counted "sampling" record -o /tmp/data -e kvm/exits/
like "$err" "sampling|overflow-interrupts|perf stat" "perf record says what to use"
not_counted "an unknown name" stat -e kvm/nonsense/
not_counted "an unknown number" stat -e kvm/event=0x1fff/
not_counted "a number that is too large" stat -e kvm/event=0x10000/
not_counted "a VM for a thread" stat -e kvm/exits,vm=1/
not_counted "a VM that is not there" stat -a -e kvm/exits,vm=4711/
not_counted "a VM's statistic for a thread" stat -e kvm/remote_tlb_flush/
not_counted "leaving out the kernel" stat -e kvm/exits/u
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
echo -1 >/proc/sys/kernel/perf_event_paranoid
run "${nobody[@]}" perf stat -e kvm/exits/ -- true
[[ $rc != 0 ]]
ok "who may not open the device may not count" $? "$out" "$err"
run "${nobody[@]}" perf stat -e task-clock -- true
is $rc 0 "though perf would let him"

# --- a real guest ---

if [[ $LAB_KERNEL == debug || $LAB_KERNEL == kcsan ]]; then
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - a real guest # SKIP a $LAB_KERNEL kernel takes minutes to boot as QEMU's guest"
else
	# shellcheck disable=SC2119 # no arguments
	start_qemu
	ok "QEMU's guest is up" $?
	perf stat -e task-clock,context-switches,kvm/exits/,kvm/io_exits/,kvm/halt_exits/,kvm/halt_wait_ns/ \
		-p "$qemu" -- sleep 2 2>&1 | tee /tmp/stat | sed 's/^/# /'
	at_least "$(awk '$2 == "kvm/exits/" { gsub(",", "", $1); print $1 }' /tmp/stat)" 10 \
		"a QEMU guest's exits beside its clock"
	perf stat --per-thread -e task-clock,kvm/exits/ -p "$qemu" -- sleep 1 2>&1 | sed 's/^/# /'
	before=$(kvmstats read -tbrno VALUE -s exits)
	perf stat -I 500 -a -e kvm/exits/,kvm/halt_exits/ -- sleep 2 2>&1 | tee /tmp/stat | sed 's/^/# /'
	after=$(kvmstats read -tbrno VALUE -s exits)
	sum=$(awk '$3 == "kvm/exits/" { gsub(",", "", $2); sum += $2 } END { print sum + 0 }' /tmp/stat)
	((sum >= (after - before) / 2 && sum <= after - before))
	ok "the host at intervals, as the device has it" $? "perf $sum, device $((after - before))"
	end_qemu
fi

rmmod kvmstats
ok "kvmstats unloads" $?
! [[ -e $pmu ]]
ok "the PMU is gone" $?
tap_done
