#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Someone else's probe on a function whose callers kvmstats redirects, as bpftrace or
# perf set it: whoever comes and goes first, the kernel has nothing to warn of.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

tracing=/sys/kernel/tracing
parameter=/sys/module/kvmstats/parameters/aggregate_abi
mountpoint -q $tracing || mount -t tracefs tracefs $tracing

probe() {
	echo 'p:others kvm_arch_vm_ioctl' >$tracing/kprobe_events &&
		echo 1 >$tracing/events/kprobes/others/enable
}

unprobe() {
	echo 0 >$tracing/events/kprobes/others/enable &&
		echo >$tracing/kprobe_events
}

switch() {
	echo "$1" >$parameter
}

# The row of the hook table: hook FUNCTION
hook() {
	kvmstats status | awk -v name="$1" '$1 == name { print $4 }'
}

probe
ok "someone probes kvm_arch_vm_ioctl" $?
modprobe kvmstats aggregate_abi=on
ok "the module loads" $?
is "$(hook kvm_arch_vm_ioctl)" failed "the probed function's callers are not redirected"
like "$(kvmstats status)" 'kvm_arch_vm_ioctl.*busy' "the hook table says why"
is "$(hook kvm_arch_vcpu_ioctl)" unused "nor are those of the rest: it is all or nothing"
unprobe
ok "the other probe goes" $?
switch off
switch on
is "$(hook kvm_arch_vm_ioctl)" armed "switched off and on, the callers are redirected"

probe
ok "a second probe comes after ours" $?
switch off
ok "ours goes first" $?
unprobe
ok "the other one after it" $?
switch on
is "$(hook kvm_arch_vm_ioctl)" armed "ours is back"
probe
unprobe
ok "another one comes and goes" $?
probe
rmmod kvmstats
ok "the module unloads under it" $?
unprobe
ok "and it goes last" $?
tap_done
