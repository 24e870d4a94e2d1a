#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A host that has kvmstats from its packages: every command, as root and as a member of
# the group; what udev does; and packages that come and go while the module is in use.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

is "$(command -v kvmstats)" /usr/bin/kvmstats "the command is the package's"
for module in kvmstats statsfs; do
	file=$(modinfo -n $module)
	is "${file%%.ko*}" "/lib/modules/$(uname -r)/updates/dkms/$module" "$module is DKMS's"
done
run=$(ldd /usr/bin/kvmstats)
like "$run" 'libkvmstats.so.0 => /lib/|libkvmstats.so.0 => /usr/lib/' "the library is the package's"

modprobe kvmstats
ok "modprobe loads it" $?
rmmod kvmstats
modprobe statsfs && mount -t statsfs statsfs /sys/kernel/stats
ok "and statsfs, which can be mounted" $?
umount /sys/kernel/stats && rmmod statsfs
ok "and goes again" $?

# What an install on a running host asks of udev, and every boot.
/usr/lib/systemd/systemd-udevd --daemon 2>/dev/null || /lib/systemd/systemd-udevd --daemon
udevadm trigger --action=add --subsystem-match=misc --sysname-match=kvm
is_loaded() {
	[[ -c /dev/kvmstats ]]
}
await 30 is_loaded
ok "udev loads the module where there is KVM" $?
[[ ! -e /sys/module/statsfs ]]
ok "and statsfs only who wants it" $?
udevadm settle --timeout=30
is "$(stat -c '%a %U %G' /dev/kvmstats)" "640 root kvmstats" "and gives it to the group"

useradd --system --groups kvmstats reader
useradd --system stranger
runuser -u reader -- kvmstats events -J -n 1 >/tmp/events &
events=$!
is_in_use() {
	(($(cat /sys/module/kvmstats/refcnt) > 0))
}
await 20 is_in_use
start_demo_guest
await 20 test -s /tmp/events
is "$(jq -r .event /tmp/events)" vm-created "reader: events"
kill "$events" 2>/dev/null

# as USER COMMAND...: sets $out, $err and $rc
as() {
	out=$(runuser -u "$1" -- "${@:2}" 2>/tmp/err)
	rc=$?
	err=$(cat /tmp/err)
}

vm=$(vm_of "$guest")
for user in root reader; do
	as $user kvmstats list
	like "$out" "\b$guest\b" "$user: list"
	as $user kvmstats read "$vm/1"
	like "$out" io_exits "$user: read"
	as $user kvmstats watch -n 1 -i 0.5 -s exits "$vm"
	is "$(jq '.vms | length' <<<"$out")" 1 "$user: watch"
	as $user kvmstats dump
	is "$(jq -r '.vms[].pid' <<<"$out")" "$guest" "$user: dump"
	as $user kvmstats top -b -n 1
	like "$out" demo-guest "$user: top"
	as $user kvmstats status
	like "$out" kvm_vm_release "$user: status"
	as $user kvmstats doctor
	like "$out" '^ok +module' "$user: doctor finds the module"
	like "$out" '^ok +group' "$user: and may read it"
done
as stranger kvmstats list
is $rc 1 "who is not in the group may not"
like "$err" group "and is told so"

# As its unit would start it: its own user, with the groups of that one.
setpriv --reuid kvmstats-exporter --regid kvmstats-exporter --init-groups \
	--bounding-set=-all kvmstats-exporter &
exporter=$!
scrape() {
	curl -fsS "http://127.0.0.1:9774/$1"
}
await 30 scrape healthz >/dev/null 2>&1
like "$(scrape metrics)" "^kvmstats_vm_info\{.*pid=\"$guest\"" "the exporter, as its user, shows the VM"
kill "$exporter"
wait "$exporter"

# A reader holds the module in use. DKMS has depmod look at all modules of the kernel,
# which takes minutes on an emulated CPU: let it see only its own.
mount -t tmpfs tmpfs "/lib/modules/$(uname -r)/kernel"
exec 7</dev/kvmstats
dpkg -r --force-depends kvmstats-dkms >/tmp/out 2>&1 7<&-
ok "the package can be removed while the module is in use" $? "$(cat /tmp/out)"
like "$(cat /tmp/out)" 'stays loaded' "and says that the module stays"
kvmstats list | grep -q "\b$guest\b"
ok "which still serves" $?
exec 7<&-

kill "$guest"
wait "$guest"
udevadm control --exit
rmmod kvmstats
ok "the module unloads" $?
tap_done
