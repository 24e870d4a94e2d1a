#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The commands that go on: watch and events, while VMs come and go and kvm is loaded anew.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

# has LINES FILE
has() {
	(($(wc -l <"$2") >= $1))
}

# follow PID...: all of them have their events open
follow() {
	local pid
	for pid; do
		readlink "/proc/$pid"/fd/* | grep -q kvmstats-events || return
	done
}

# ended PID
ended() {
	! kill -0 "$1" 2>/dev/null
}

sanitized
modprobe kvmstats

is "$(kvmstats watch -c -n 1 | jq -c '[.values, .vms]')" '["counters",[]]' "without VMs watch has none"
is "$(kvmstats watch -n 2 -i 0.1 | jq -c '[.values, .vms]')" $'["rates",[]]\n["rates",[]]' "rates neither"

# --- events: a VM's life ---

kvmstats events >/tmp/lines &
lines=$!
kvmstats events -J >/tmp/json &
json=$!
kvmstats events --json --count 3 >/tmp/three &
three=$!
await 20 follow "$lines" "$json" "$three"
ok "events wait" $?
start_demo_guest
vm=$(vm_of "$guest")
await 20 has 3 /tmp/json
name=demo-guest-$guest
is "$(jq -c '[.event, .vm, .vcpu, .pid, .name]' /tmp/json)" "[\"vm-created\",$vm,null,$guest,\"$name\"]
[\"vcpu-created\",$vm,0,$guest,\"$name\"]
[\"vcpu-created\",$vm,1,$guest,\"$name\"]" "a VM and its vCPUs are told of as they come"
wait "$three"
is $? 0 "with a count it ends"
same "$(jq -c 'del(.time)' /tmp/three)" "$(jq -c 'del(.time)' /tmp/json)" "with the same events"
like "$(head -n 1 /tmp/lines)" \
	"^20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}[+-][0-9]{2}:[0-9]{2}  vm-created    $vm  pid $guest  $name\$" \
	"a line for people has it all"
seconds=$(jq -s '(now - (.[0].time | sub("\\.[0-9]+\\+00:00$"; "Z") | fromdate)) | floor' /tmp/json)
[[ $seconds -ge 0 && $seconds -lt 60 ]]
ok "its time is this one" $? "seconds ago: $seconds"

# --- watch ---

before=$(value "$vm/0" exits)
watched=$(kvmstats watch -c --vcpu -n 2 -i 0.3 "$name")
after=$(value "$vm/0" exits)
is "$(jq -c '[.values, (.vms | length), .vms[0].id, .vms[0].name, .vms[0].uuid, (.vms[0].vcpus | length)]' <<<"$watched")" \
	"[\"counters\",1,$vm,\"$name\",null,2]
[\"counters\",1,$vm,\"$name\",null,2]" "watch -c has a line for each reading"
is "$(jq -s --argjson before "$before" --argjson after "$after" '[.[].vms[0].vcpus[0].stats.exits] |
	$before <= .[0] and .[0] <= .[1] and .[1] <= $after' <<<"$watched")" true \
	"its counters lie between those of read"
is "$(jq -s '[.[].vms[0].time_ns] | .[1] - .[0] >= 250000000' <<<"$watched")" true "and are an interval apart"

before=$(value "$vm/0" exits)
rates=$(kvmstats watch --vcpu -n 2 -i 0.5 -f '^(exits|pages_4k|halt_wait_hist)$')
after=$(value "$vm/0" exits)
is "$(jq -s --argjson most "$((after - before))" '[.[].vms[0] | .vcpus[0].stats.exits * .elapsed_ns / 1e9] |
	all(. > 0) and add <= $most + 1' <<<"$rates")" true "rates are what the counters rise by"
is "$(jq -s 'all(.[].vms[0]; (.vcpu_sum.exits - ([.vcpus[].stats.exits] | add) | fabs) < 0.01)' <<<"$rates")" true \
	"the sum's rate is the sum of rates"
is "$(jq -c '.vms[0] | [(.vm | keys), (.vcpu_sum | keys), (.vcpu_sum.halt_wait_hist | length)]' <<<"$rates" | sort -u)" \
	'[["pages_4k"],["exits","halt_wait_hist"],32]' "-f leaves what matches"
pages=$(value "$vm" pages_4k)
is "$(jq '.vms[0].vm.pages_4k' <<<"$rates" | sort -u)" "$pages" "what is no counter is as it is"
is "$(kvmstats watch -n 1 -c "pid:$guest" | jq -c '.vms[0] | has("vcpus")')" false "vCPUs are there when asked for"

timeout 20 bash -c 'kvmstats watch -c -i 3600 | head -n 1 >/dev/null; exit "${PIPESTATUS[0]}"'
is $? 141 "a reader that goes away ends watch at once"
timeout 20 bash -c '{ kvmstats events; echo $? >/tmp/rc; } | true'
is "$(cat /tmp/rc)" 141 "and events"
refused 1 'no VM `nobody`' kvmstats watch nobody
refused 1 'standard output: No space left on device' sh -c 'exec kvmstats watch -c -n 1 >/dev/full'

kvmstats watch -i 0.1 "id:$vm" >/tmp/watched &
one=$!
kvmstats watch -c -i 0.1 >/tmp/all &
all=$!
await 20 has 2 /tmp/watched
ok "watch goes on" $?
kill "$guest"
wait "$guest"
await 20 ended "$one"
wait "$one"
is $? 0 "it ends with the VM that it was given"
jq -e . /tmp/watched >/dev/null
ok "with whole lines" $?

# --- kvm goes and comes back ---

modprobe -r kvm_amd kvm
ok "kvm unloads while it is watched" $?
modprobe kvm_amd
start_demo_guest
again=$(vm_of "$guest")
await 20 has 9 /tmp/json
is "$(jq -c '[.event, .vm // .value]' /tmp/json | tail -n +4 | head -n 4 | sort)" "[\"kvm-loaded\",2]
[\"kvm-unloaded\",1]
[\"vm-created\",$again]
[\"vm-gone\",$vm]" "events tell of it"
is "$(jq -r 'select(.event == "vm-gone").name' /tmp/json)" "$name" "and of who is gone, by name"
await 20 grep -q "\"id\": $again," /tmp/all
ok "watch sees the new VM" $?
same "$(wc -l </tmp/lines)" "$(wc -l </tmp/json)" "people and programs are told the same"

rmmod kvmstats 2>/dev/null
is $? 1 "the module stays while it is followed"
kill "$lines" "$json" "$all"
wait "$lines" "$json" "$all"
kill "$guest"
wait "$guest"
rmmod kvmstats
ok "and unloads afterwards" $?
modprobe kvmstats
start_demo_guest
is "$(kvmstats watch -c -n 1 | jq '.vms[].pid // .vms[].id')" "$(vm_of "$guest")" "loaded anew, all of it works"
kill "$guest"
wait "$guest"
rmmod kvmstats
ok "the module unloads" $?
tap_done
