# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# For the tests of the host environment: TAP, and guests.

tap_number=0
tap_failed=0

# ok TEXT STATUS [NOTE...]
ok() {
	tap_number=$((tap_number + 1))
	if (($2 == 0)); then
		echo "ok $tap_number - $1"
	else
		tap_failed=1
		echo "not ok $tap_number - $1"
		shift 2
		printf '%s\n' "$@" | sed 's/^/# /'
	fi
}

# is SEEN EXPECTED TEXT
is() {
	[[ $1 == "$2" ]]
	ok "$3" $? "seen '$1', expected '$2'"
}

# like SEEN PATTERN TEXT: an extended regular expression
like() {
	grep -Eq -- "$2" <<<"$1"
	ok "$3" $? "no match for '$2' in:" "$1"
}

# at_least SEEN LEAST TEXT
at_least() {
	[[ $1 =~ ^[0-9]+$ ]] && (($1 >= $2))
	ok "$3" $? "seen '$1', expected $2 or more"
}

tap_done() {
	echo "1..$tap_number"
	exit "$tap_failed"
}

# run COMMAND...: sets $out, $err and $rc
run() {
	out=$("$@" 2>/tmp/err)
	rc=$?
	# shellcheck disable=SC2034 # the tests use it
	err=$(cat /tmp/err)
}

# refused STATUS TEXT COMMAND...: its exit status, and one line on standard error with
# TEXT in it, and nothing on standard output
refused() {
	local status=$1 text=$2
	shift 2
	run "$@"
	[[ $rc == "$status" && -z $out && $(wc -l <<<"$err") == 1 && $err == *"$text"* ]]
	ok "refused: ${*@Q}" $? "status $rc, expected $status" "seen '$err'" "expected in it '$text'" \
		"standard output '$out'"
}

# same SEEN EXPECTED TEXT: of many lines
same() {
	local difference
	difference=$(diff <(echo "$1") <(echo "$2"))
	ok "$3" $? "seen <, expected >:" "$difference"
}

# await SECONDS COMMAND...: until COMMAND is true; false when the time is over
await() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return
		sleep 0.2
	done
}

is_up() {
	grep -qs 'guest: up' /tmp/guest.log
}

# is_settled PID: the guest is up, or its QEMU has ended
is_settled() {
	is_up || ! kill -0 "$1" 2>/dev/null
}

# launch_qemu [ARG...]: this host's kernel under the real QEMU with KVM; sets $qemu to
# its pid.
launch_qemu() {
	: >/tmp/guest.log
	qemu-system-x86_64 -name guest=real -enable-kvm -cpu host -smp 1 -m 256 \
		-display none -monitor none -net none -no-reboot -kernel /boot/vmlinuz \
		-initrd /boot/guest-initrd -append 'console=ttyS0 quiet panic=-1' \
		-serial file:/tmp/guest.log "$@" </dev/null >/tmp/qemu.log 2>&1 &
	qemu=$!
}

# start_qemu [ARG...]: the same, and its guest has booted. Emulated hardware is not
# always kind to a starting guest: one more try.
start_qemu() {
	local try
	for try in 1 2; do
		launch_qemu "$@"
		await 60 is_settled "$qemu"
		! is_up || return 0
		end_qemu
		echo "# QEMU's guest did not come up, try $try: $(tail -n 1 /tmp/qemu.log)"
	done
	return 1
}

end_qemu() {
	kill -KILL "$qemu" 2>/dev/null
	wait "$qemu" 2>/dev/null
}

# vm_of PID: the id of its VM
vm_of() {
	kvmstats list -J | jq -r --argjson pid "$1" '.vms[] | select(.pid == $pid).id' | head -n 1
}

has_vcpus() {
	kvmstats list -J | jq -e --argjson pid "$1" --argjson nr "$2" \
		'any(.vms[]; .pid == $pid and .vcpus == $nr)' >/dev/null
}

# paused_qemu ARG...: a VM with one vCPU that does nothing; sets $qemu to its pid.
paused_qemu() {
	qemu-system-x86_64 -enable-kvm -cpu host -smp 1 -m 16 -S -display none -monitor none \
		-serial none -net none "$@" </dev/null >/tmp/qemu.log 2>&1 &
	qemu=$!
	await 60 has_vcpus "$qemu" 1
}

# Every command from here on is the build that finds its own errors.
sanitized() {
	PATH=/opt/kvmstats/bin/san:$PATH
	export ASAN_OPTIONS=detect_leaks=0
	[[ $(command -v kvmstats) == /opt/kvmstats/bin/san/kvmstats ]]
	ok "the command is the one with sanitizers" $?
}

# The demo's guest with two vCPUs; sets $guest to its pid. kvmstats is loaded.
start_demo_guest() {
	/opt/kvmstats/tests/bin/demo-guest </dev/null &
	# shellcheck disable=SC2034 # the tests use it
	guest=$!
	await 60 has_vcpus "$guest" 2
}

# stats_of VM[/VCPU]: all that kvmstats reads, as sorted lines "NAME TYPE UNIT VALUE",
# with - for no unit; and "NAME[LOW] UNIT COUNT" for what is in a histogram.
stats_of() {
	kvmstats read -J "id:$1" | jq -r '.stats[] |
		.stat as $name | (if .unit == "" then "-" else .unit end) as $unit |
		if .type | endswith("-hist") then
			"\($name) \(.type) - \(.value)",
			((.children // [])[] | select(.value > 0) | "\($name)[\(.low)] \($unit) \(.value)")
		else "\($name) \(.type) \($unit) \(.value)" end' | LC_ALL=C sort
}

# What this kernel counts under a name that upstream has no more: no client of KVM's own
# fds sees it.
gone=""
[[ $LAB_KERNEL != 5.10 ]] || gone=largepages

# Of the lines of stats_of those that such a client sees.
without_gone() {
	grep -v "^${gone:-none} "
}

# One value of an object: value VM[/VCPU] NAME
value() {
	kvmstats read -brno VALUE -s "$2" "id:$1"
}
