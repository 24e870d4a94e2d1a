#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs inside a virtual machine, with busybox or with a full userland: runs the
# tests named in /lab/list and reports on the second serial port.

# LAB_KERNEL, LAB_ENV, LAB_MODE, LAB_TIMEOUT, LAB_LEAKS, LAB_KVM_MODULE, LAB_TERMINAL
# shellcheck source=/dev/null
. /lab/conf
export LAB_KERNEL LAB_ENV LAB_MODE LAB_TIMEOUT
export LD_LIBRARY_PATH=/opt/kvmstats/lib
export HOME=/root KVMSTATS_KO=/opt/kvmstats/kvmstats.ko

stty -F /dev/ttyS1 raw -echo
exec 3>/dev/ttyS1

# Our modules that are loaded, the newest, and so who uses another, first.
loaded() {
	while read -r module _; do
		case $module in
		kvmstats | statsfs) echo "$module" ;;
		*) [ ! -e "/opt/kvmstats/$module.ko" ] || echo "$module" ;;
		esac
	done </proc/modules
}

# Unload them; says what there was, and which will not go.
unload() {
	while mounted=$(awk '$3 == "statsfs" { print $2; exit }' /proc/mounts) && [ -n "$mounted" ]; do
		echo "not ok - left statsfs mounted on $mounted"
		umount "$mounted" || umount -l "$mounted" || break
	done
	for module in $(loaded); do
		echo "not ok - left $module loaded"
		rmmod "$module" || echo "# and it cannot be unloaded"
	done
}

now() {
	cut -d ' ' -f 1 /proc/uptime
}

# A test makes this file where the emulator failed it: see tap_again() there.
AGAIN=/tmp/again
TRIES=5

# Where every task of session $pid is, for a test that does not end.
show_tasks() {
	echo "ran longer than $LAB_TIMEOUT s; its tasks:"
	for task in /proc/[0-9]*/task/[0-9]*; do
		# shellcheck disable=SC2046 # fields: pid, (comm), state, ppid, pgrp, session
		set -- $(cat "$task/stat" 2>/dev/null)
		[ "$6" = "$pid" ] || continue
		echo "$1 $2 $3 $(cat "$task/syscall" 2>/dev/null)"
		sed 's/^/    /' "$task/stack" 2>/dev/null
	done
}

# Ends session $pid when its time is over.
watch() {
	trap 'kill "$sleep"; exit' TERM
	sleep "$LAB_TIMEOUT" &
	sleep=$!
	wait "$sleep"
	show_tasks >&3
	kill -KILL -- "-$pid"
}

# run_program PROGRAM...: as a session of its own, of which nothing is left then
run_program() {
	rm -f "$AGAIN"
	setsid "$@" </dev/null >&3 2>&1 3>&- 4>&- 5<&- &
	pid=$!
	watch 4>&- 5<&- &
	watch=$!
	wait "$pid"
	rc=$?
	kill "$watch" 2>/dev/null
	kill -KILL -- "-$pid" 2>/dev/null
}

run_one() {
	name=$1
	if [ "$LAB_ENV" = fast ]; then
		set -- "/opt/kvmstats/tests/$name"
	else
		set -- bash "/opt/kvmstats/tests/host/$name.sh"
	fi
	echo "== begin $name" >&3
	echo "lab: begin $name" >/dev/kmsg
	start=$(now)
	cd /tmp || exit
	try=1
	run_program "$@"
	while [ "$rc" != 0 ] && [ -e "$AGAIN" ] && [ "$try" -lt "$TRIES" ]; do
		echo "== again $(cat "$AGAIN")" >&3
		unload >/dev/null
		try=$((try + 1))
		run_program "$@"
	done
	unload >&3
	echo "lab: end $name" >/dev/kmsg
	echo "== end $name rc=$rc t=$(echo "$start $(now)" | awk '{ printf "%.1f", $2 - $1 }')" >&3
}

# Keep kmemleak open from the start: a test that locks the kernel down also locks
# debugfs files, and its mount is not to be seen by the tests.
open_leaks() {
	mkdir -p /lab/debugfs
	mount -t debugfs debugfs /lab/debugfs
	exec 4>/lab/debugfs/kmemleak
	exec 5</lab/debugfs/kmemleak
	umount -l /lab/debugfs
	echo clear >&4
}

# All of a boot's tests together: what was allocated and is lost?
check_leaks() {
	echo "== begin kmemleak" >&3
	echo "1..1" >&3
	# an object younger than 5 s is never reported
	sleep 6
	echo scan >&4
	sleep 1
	echo scan >&4
	leaks=$(cat <&5)
	if [ -n "$leaks" ]; then
		echo "not ok 1 - nothing leaked" >&3
		echo "$leaks" | head -n 100 | sed 's/^/# /' >&3
	else
		echo "ok 1 - nothing leaked" >&3
	fi
	echo "== end kmemleak rc=0 t=7" >&3
}

mkdir -p /sys/kernel/debug
if [ -e /proc/sys/kernel/hung_task_timeout_secs ]; then
	echo 60 >/proc/sys/kernel/hung_task_timeout_secs
fi
modprobe "$LAB_KVM_MODULE"
[ -e /dev/kvm ] || echo "lab: no /dev/kvm" >/dev/kmsg

case $LAB_MODE in
test | bench)
	count=0
	[ "$LAB_LEAKS" != 1 ] || open_leaks
	while read -r test; do
		run_one "$test"
		count=$((count + 1))
	done </lab/list
	if [ "$LAB_LEAKS" = 1 ]; then
		check_leaks
		count=$((count + 1))
	fi
	echo "== done $count" >&3
	;;
shell)
	cd /root || exit
	# shellcheck disable=SC2086 # rows N cols N, or nothing
	[ -z "$LAB_TERMINAL" ] || stty -F /dev/ttyS0 $LAB_TERMINAL
	echo "leave with exit, or at once with Ctrl-A X" >/dev/ttyS0
	setsid sh -c 'exec bash -l </dev/ttyS0 >/dev/ttyS0 2>&1'
	;;
demo)
	bash /lab/demo-host.sh </dev/null >/dev/ttyS1 2>&1
	;;
esac
exec 3>&-
