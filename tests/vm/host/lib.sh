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

# Boots this host's kernel under the real QEMU with KVM; sets $qemu to its pid.
# Emulated hardware is not always kind to a starting guest: one more try.
start_qemu() {
	local try
	for try in 1 2; do
		: >/tmp/guest.log
		qemu-system-x86_64 -name guest=real -enable-kvm -cpu host -smp 1 -m 256 \
			-display none -monitor none -net none -no-reboot -kernel /boot/vmlinuz \
			-initrd /boot/guest-initrd -append 'console=ttyS0 quiet panic=-1' \
			-serial file:/tmp/guest.log </dev/null >/tmp/qemu.log 2>&1 &
		qemu=$!
		timeout 60 sh -c "until grep -q 'guest: up' /tmp/guest.log; do
			kill -0 $qemu || exit; sleep 0.2; done" 2>/dev/null
		grep -q 'guest: up' /tmp/guest.log && return
		kill -KILL "$qemu" 2>/dev/null
		echo "# QEMU's guest did not come up, try $try: $(tail -n 1 /tmp/qemu.log)"
	done
	return 1
}

# One value of an object: value VM[/VCPU] NAME
value() {
	kvmstats read "$1" --stat "$2" | awk -v name="$2" '{
		for (i = 1; i < NF; i++)
			if ($i == name) { print $(i + 1); exit }
	}'
}
