#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs inside a host: kvmstats at work, with two real guests.
tests=/opt/kvmstats/tests
counters=(exits io_exits mmio_exits halt_exits)

# Say what is done, and do it.
show() {
	printf '\n# %s\n' "$*"
	"$@"
}

# Some counters of all guests.
counted() {
	local options=() name
	for name in "${counters[@]}"; do
		options+=(--stat "$name")
	done
	show kvmstats read "${options[@]}"
}

is_up() {
	grep -q 'guest: up' /tmp/guest.log 2>/dev/null
}

# ended_in SECONDS PID
ended_in() {
	timeout "$1" tail --pid="$2" -f /dev/null
}

# Boot this host's own kernel as a guest and wait for it.
start_linux() {
	: >/tmp/guest.log
	qemu-system-x86_64 -name guest=linux -enable-kvm -cpu host -smp 1 -m 256 -display none \
		-monitor none -net none -no-reboot -kernel /boot/vmlinuz \
		-initrd /boot/guest-initrd -append 'console=ttyS0 quiet panic=-1' \
		-serial file:/tmp/guest.log </dev/null >/tmp/qemu.log 2>&1 &
	qemu=$!
	for _ in {1..120}; do
		if is_up || ended_in 0.5 "$qemu"; then
			return
		fi
	done
}

printf '\n=== A KVM host with Linux %s, unmodified ===\n' "$(uname -r)"
show modprobe kvmstats || exit

printf '\n=== Two guests: Linux in QEMU, and a small one of our own ===\n'
"$tests/bin/demo-guest" </dev/null &
small=$!
start_linux
if ! is_up; then
	echo "QEMU's guest did not come up ($(tail -n 1 /tmp/qemu.log)); once more"
	start_linux
fi
if is_up; then
	echo "QEMU: process $qemu, its Linux is up"
else
	echo "QEMU's guest is not up:"
	cat /tmp/qemu.log /tmp/guest.log
fi

show kvmstats status
show kvmstats list
printf '\n=== The counters now, and again five seconds later ===\n'
counted
sleep 5
counted
! is_up || show kvmstats read linux/0 --filter halt_wait

printf '\n=== Guests gone, module gone ===\n'
kill "$qemu" "$small"
for pid in "$qemu" "$small"; do
	ended_in 10 "$pid" || kill -KILL "$pid"
done
wait
show kvmstats list
show rmmod kvmstats
