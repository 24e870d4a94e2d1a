#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A real QEMU with a real guest, seen through the command, without QEMU's help.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

if [[ $LAB_KERNEL == debug || $LAB_KERNEL == kcsan ]]; then
	echo "1..0 # SKIP a $LAB_KERNEL kernel takes minutes to boot as QEMU's guest"
	exit 77
fi

modprobe kvmstats
ok "modprobe finds the module where DKMS puts it" $?
start_qemu
ok "QEMU's guest is up" $?

list=$(kvmstats list)
like "$list" "\b$qemu\b.*qemu-system" "list shows QEMU's process and its name"
vm=$(awk -v pid="$qemu" '$0 ~ pid { print $1; exit }' <<<"$list")
at_least "$vm" 1 "the VM has an id"

first=$(value "$vm/0" exits)
sleep 1
second=$(value "$vm/0" exits)
at_least "$first" 1000 "a guest that has booted has made exits"
at_least "$second" $((first + 1)) "and makes more"

status=$(kvmstats status)
like "$status" 'kvm_vm_release.*armed' "status shows the hook table"
like "$status" 'kvm_dev_ioctl.*armed' "with every hook armed"

# The counters that debugfs has of this VM lie between two of our readings.
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
kill -STOP "$qemu"
sleep 0.2
for name in exits io_exits halt_exits; do
	is "$(value "$vm/0" $name)" "$(cat /sys/kernel/debug/kvm/"$qemu"-*/$name)" \
		"$name of the stopped QEMU is what debugfs says"
done
kill -CONT "$qemu"

if [[ $LAB_KERNEL == 5.10 ]]; then
	! rmmod kvmstats 2>/dev/null
	ok "the module stays loaded for a QEMU that it told of stats fds" $?
	echo off >/sys/module/kvmstats/parameters/native_abi
fi
rmmod kvmstats
ok "the module unloads under a running guest" $?
modprobe kvmstats
like "$(kvmstats list)" "\b$qemu\b.*qemu-system" "a new load adopts QEMU's VM, with its name"

kill -KILL "$qemu"
wait "$qemu" 2>/dev/null
is "$(kvmstats list | grep -c qemu)" 0 "the VM is gone from the list with its process"

rmmod kvmstats
ok "the module unloads" $?
tap_done
