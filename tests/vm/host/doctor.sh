#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kvmstats doctor: what is really wrong on this host is found, and the command that it
# gives mends it. What lockdown brings is in zz_doctor_lockdown.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

release=$(uname -r)
pattern=${release//+/[+]} # as a regular expression

# examine [COMMAND...]: sets $out and $rc
examine() {
	out=$("$@" kvmstats doctor)
	rc=$?
}

# finds CHECK STATE PATTERN TEXT: one line of the last examination
finds() {
	like "$out" "^$2 +$1 +.*$3" "$4"
}

# mend CHECK: runs the command that the last examination gives for what failed
mend() {
	local command
	command=$(sed -n "s/^fail *$1 .*: \`\(.*\)\`\$/\1/p" <<<"$out" | head -n 1)
	[[ -n $command ]] && bash -c "$command" >/dev/null 2>/tmp/err
	ok "$1: the command that mends it, $command" $? "$(cat /tmp/err)"
}

nobody() {
	setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}

mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
switch=/sys/kernel/debug/kprobes/enabled
groupdel kvmstats 2>/dev/null

examine
is $rc 1 "without the module: exit status"
finds module fail "$pattern, but it is not loaded" "module absent"
finds device fail "not there" "device absent"
finds group fail "no group" "group absent"
finds kvm ok "" "KVM is there"
[[ $(wc -l <<<"$out") -ge 8 && $(grep -cvE '^(ok|warn|fail) ' <<<"$out") == 0 ]]
ok "each check is one line" $? "$out"

# There is no udev daemon here that could be told.
groupadd --system kvmstats
mend module
chgrp kvmstats /dev/kvmstats
chmod 640 /dev/kvmstats
examine
is $rc 0 "all is well: exit status"
finds module ok "is loaded" "module loaded"
finds version ok "$(modinfo -F version kvmstats)" "module and library fit"
finds hooks ok "[0-9]+ hooks" "hooks work"
finds vms ok "0 VMs" "no VMs"
[[ $(grep -c '^ok' <<<"$out") == $(wc -l <<<"$out") ]]
ok "and nothing else" $? "$out"

is "$(kvmstats doctor -J | jq -r .well)" true "JSON: all is well"
is "$(kvmstats doctor --json | jq -r '.checks[] | .state' | sort -u)" ok "JSON: so is each check"
is "$(kvmstats doctor -J | jq -r '.checks[] | .check' | sort -u | xargs)" \
	"cmdline device group hooks key kvm lockdown module probes version vms" "JSON: names"

start_demo_guest
examine
finds vms ok "1 VMs with 2 vCPUs" "a VM is seen"
kill "$guest"
wait "$guest"

examine nobody
is $rc 1 "without rights: exit status"
finds group fail "no member.*usermod -aG kvmstats" "no member of the group"
finds device fail "may not be opened" "the device is closed to it"
finds probes warn "root" "probes are seen by root alone"
examine setpriv --reuid nobody --regid kvmstats --clear-groups
is $rc 0 "a member of the group: exit status"
chmod 644 /dev/kvmstats
examine nobody
finds device warn "everyone" "a node open to all"
chmod 640 /dev/kvmstats
chgrp root /dev/kvmstats
examine
finds device warn "udev" "a node of another group"
chgrp kvmstats /dev/kvmstats

out=$(kvmstats doctor --device /dev/null)
is $? 1 "another device: exit status"
finds device fail "not the device" "another device"

echo 0 >$switch
examine
is $rc 1 "probes off: exit status"
finds probes fail "kprobes are off" "probes off"
mend probes
is "$(cat $switch)" 1 "they are on again"
rmmod kvmstats
echo 0 >$switch
modprobe kvmstats 2>/dev/null
ok "with probes off the module does not load" $((!$?))
examine
finds module fail "not loaded" "which is seen"
mend probes
mend module

rmmod kvm_amd kvm
examine
is $rc 1 "without KVM: exit status"
finds kvm fail "not loaded" "KVM absent"
finds hooks ok "wait" "hooks wait for it"
mend kvm
chgrp kvmstats /dev/kvmstats
examine
is $rc 0 "KVM is back: exit status"
rmmod kvmstats

printf 'quiet nokvmstats\n' >/tmp/cmdline
mount --bind /tmp/cmdline /proc/cmdline
examine
umount /proc/cmdline
finds cmdline fail nokvmstats "nokvmstats on the command line"

# A kernel that the module was never built for, with the real dkms.
mount -t tmpfs none "/lib/modules/$release"
examine
finds module fail "headers.*apt install linux-headers-$pattern" "no headers"
mkdir "/lib/modules/$release/build"
rm -rf /var/lib/dkms/kvmstats
examine
finds module fail "knows no kvmstats.*apt install kvmstats-dkms" "not known to dkms"
version=$(kvmstats --version)
version=${version#kvmstats }
mkdir -p "/usr/src/kvmstats-$version"
cat >"/usr/src/kvmstats-$version/dkms.conf" <<-END
	PACKAGE_NAME=kvmstats
	PACKAGE_VERSION=$version
	BUILT_MODULE_NAME[0]=kvmstats
	DEST_MODULE_LOCATION[0]=/updates/dkms
	AUTOINSTALL=yes
END
dkms add "kvmstats/$version" >/dev/null
examine
finds module fail "not built for $pattern.*dkms install kvmstats/$version -k $pattern" "not built"
dkms remove "kvmstats/$version" --all >/dev/null
rm -r "/usr/src/kvmstats-$version"
umount "/lib/modules/$release"

groupdel kvmstats
tap_done
