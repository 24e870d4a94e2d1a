#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What QEMU says of KVM's statistics through its monitor: on a kernel without
# KVM_GET_STATS_FD nothing, until kvmstats is there. What is said is printed.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

if [[ $LAB_KERNEL == debug || $LAB_KERNEL == kcsan ]]; then
	echo "1..0 # SKIP a $LAB_KERNEL kernel takes minutes to boot as QEMU's guest"
	exit 77
fi

# What the kernel has statistics of on its own.
own="vcpu vm"
[[ $LAB_KERNEL != 5.10 ]] || own=""

version=$(qemu-system-x86_64 --version | head -n 1)
qemu=''
trap end_qemu EXIT
trap '' PIPE
port=4444
with_qmp=(-qmp "tcp:127.0.0.1:$port,server=on,wait=off")

# qmp COMMAND [ARGUMENTS]: sets $reply; greetings and events are passed over
qmp() {
	local request="{\"execute\": \"$1\"${2:+, \"arguments\": $2}}"
	echo "# -> $request"
	echo "$request" >&"$socket"
	while IFS= read -r -t 30 -u "$socket" reply; do
		reply=${reply%$'\r'}
		[[ $reply == '{"return"'* || $reply == '{"error"'* ]] || continue
		echo "# <- $reply"
		return
	done
	reply='{"return": []}'
	echo "# no answer"
	return 1
}

qmp_connect() {
	kill -0 "$qemu" 2>/dev/null || return
	{ exec {socket}<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null
}

qmp_open() {
	await 30 qmp_connect && qmp qmp_capabilities
}

# hmp COMMAND: sets $said to what the human monitor says
hmp() {
	qmp human-monitor-command "{\"command-line\": \"$1\"}"
	said=$(jq -r .return <<<"$reply" | tr -d '\r')
}

# Of what KVM has statistics in the last reply.
targets() {
	jq -r '.return[] | select(.provider == "kvm").target' <<<"$reply" | sort | xargs
}

# shown SCHEMAS TARGET [PATH]: the last reply in the form of stats_of. QEMU gives a
# histogram's last bucket first, up to 10.0 at least.
shown() {
	jq -r --argjson schemas "$1" --arg target "$2" --arg path "${3:-}" '
		def unit:
			if .unit == "seconds" and .base == 10 and .exponent == -9
			then "ns" else .unit // "-" end;
		def kind: .type | sub("log2"; "log") | sub("ogram$"; "");
		def low($i):
			if .type == "linear-histogram" then $i * .["bucket-size"]
			elif $i == 0 then 0 else pow(2; $i - 1) end;
		($schemas.return[] | select(.provider == "kvm" and .target == $target) |
			INDEX(.stats[]; .name)) as $schema |
		.return[] | select(.provider == "kvm" and (.["qom-path"] // "") == $path) |
		.stats[] | .value as $value | $schema[.name] |
		if $value | type == "array" then
			($value | reverse) as $value |
			"\(.name) \(kind) - \($value | add)",
			(range($value | length) as $i | select($value[$i] > 0) |
				"\(.name)[\(low($i))] \(unit) \($value[$i])")
		elif $value | type == "boolean" then
			"\(.name) \(kind) \(unit) \(if $value then 1 else 0 end)"
		else
			"\(.name) \(kind) \(unit) \($value)"
		end' <<<"$reply" | LC_ALL=C sort
}

# plain: of the lines of stats_of and shown those that are no histograms
plain() {
	grep -v -e '-hist ' -e '\['
}

# human_shown: the same of what the human monitor says
human_shown() {
	sed -nE '
		s/^ +([a-z0-9_]+) \(([a-z]+)\): (.*)$/\1 \2 - \3/p
		s/^ +([a-z0-9_]+) \(([a-z]+), ([a-z]+)\): (.*)$/\1 \2 \3 \4/p' |
		sed 's/ no$/ 0/; s/ yes$/ 1/' | LC_ALL=C sort
}

# compare OBJECT TARGET [PATH]: what kvmstats reads of OBJECT and what QEMU says of the
# same; leaves the former in $stats.
compare() {
	local before after seen
	for _ in 1 2 3 4 5; do
		before=$(stats_of "$1")
		qmp query-stats "{\"target\": \"$2\"}"
		after=$(stats_of "$1")
		[[ $before != "$after" ]] || break
	done
	same "$after" "$before" "$1: the counters of a stopped guest stand still"
	seen=$(shown "$schemas" "$2" "${3:-}")
	is "$(comm -13 <(names <<<"$seen") <(names <<<"$before") | xargs)" \
		"$([[ $2 != vm ]] || echo "$gone")" "$1: QEMU has every name that upstream has"
	stats=$(without_gone <<<"$before")
	same "$seen" "$stats" "$1: name, type, unit and value of each are the same in QEMU"
}

names() {
	sed -n 's/^\([a-z0-9_]*\) .*/\1/p'
}

launch_qemu -S "${with_qmp[@]}"
qmp_open
ok "$version answers" $?
qmp query-stats-schemas
is "$(targets)" "$own" "without kvmstats QEMU has what the kernel has: ${own:-nothing}"
hmp 'info stats vm'
is "$(head -n 1 <<<"$said")" "${own:+provider: kvm}" "and so has its human monitor"

modprobe kvmstats
qmp query-stats-schemas
is "$(targets)" "$own" "a QEMU that was there before asks no second time"
end_qemu

start_qemu "${with_qmp[@]}" -smp 2
ok "with kvmstats, a new QEMU's guest is up" $?
vm=$(vm_of "$qemu")
at_least "$vm" 1 "the VM has an id"
qmp_open
qmp stop
ok "and is stopped" $?
qmp query-stats-schemas
schemas=$reply
is "$(targets)" "vcpu vm" "it has statistics of the VM and of its vCPUs"

compare "$vm" vm
at_least "$(wc -l <<<"$stats")" 8 "a VM has several"
hmp 'info stats vm'
same "$(human_shown <<<"$said")" "$(plain <<<"$stats")" \
	"$vm: info stats vm says the same"

qmp query-cpus-fast
cpus=$reply
for cpu in 0 1; do
	compare "$vm/$cpu" vcpu "$(jq -r --argjson cpu "$cpu" '.return[] |
		select(.["cpu-index"] == $cpu)["qom-path"]' <<<"$cpus")"
	at_least "$(wc -l <<<"$stats")" 20 "a vCPU has many"
	at_least "$(awk '$1 == "exits" { print $4 }' <<<"$stats")" 1000 "it has run"
	((cpu == 0)) || continue
	hmp 'info stats vcpu'
	same "$(human_shown <<<"$said")" "$(plain <<<"$stats")" \
		"$vm/$cpu: info stats vcpu says the same"
done

end_qemu
rmmod kvmstats
ok "with QEMU gone the module unloads" $?
tap_done
