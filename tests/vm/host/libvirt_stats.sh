#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `virsh domstats` shows of KVM's statistics: on a kernel without
# KVM_GET_STATS_FD nothing, until kvmstats is there.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

if [[ $LAB_KERNEL != 5.10 ]]; then
	echo "1..0 # SKIP libvirt finds the kernel's own here"
	exit 77
fi

daemon=''
pid_file=/run/libvirt/qemu/small.pid

# QEMU is no child of ours, nor of libvirtd.
clean_up() {
	[[ -z $daemon ]] || kill -KILL "$daemon"
	[[ ! -s $pid_file ]] || kill -KILL "$(cat "$pid_file")"
}
trap clean_up EXIT

virsh() {
	timeout 60 virsh "$@"
}

# libvirt without what this host lacks: systemd, D-Bus, a user for QEMU, cgroups. Nor
# is it to spend time on QEMU's capabilities of a second architecture.
start_libvirt() {
	useradd --system --user-group libvirt-qemu
	rm -f /usr/bin/qemu-system-i386
	mkdir -p /etc/libvirt
	cat >/etc/libvirt/qemu.conf <<-'END'
		user = "root"
		group = "root"
		security_driver = "none"
		namespaces = []
		cgroup_controllers = []
		remember_owner = 0
		stdio_handler = "file"
	END
	echo 'auth_unix_rw = "none"' >/etc/libvirt/libvirtd.conf
	libvirtd >/tmp/libvirtd.log 2>&1 &
	daemon=$!
	await 60 virsh --quiet list >/dev/null 2>&1
}

define_domain() {
	cat >/tmp/small.xml <<-'END'
		<domain type='kvm'>
		  <name>small</name>
		  <memory unit='MiB'>256</memory>
		  <vcpu>2</vcpu>
		  <os>
		    <type arch='x86_64'>hvm</type>
		    <kernel>/boot/vmlinuz</kernel>
		    <initrd>/boot/guest-initrd</initrd>
		    <cmdline>console=ttyS0 quiet panic=-1</cmdline>
		  </os>
		  <cpu mode='host-passthrough' check='none'/>
		  <on_reboot>destroy</on_reboot>
		  <devices>
		    <controller type='usb' model='none'/>
		    <memballoon model='none'/>
		    <serial type='file'><source path='/tmp/guest.log'/></serial>
		  </devices>
		</domain>
	END
	virsh define /tmp/small.xml
}

# boot: the domain, until its guest is up; sets $qemu. One more try, as start_qemu.
boot() {
	local try
	for try in 1 2; do
		rm -f /tmp/guest.log
		virsh start small || return
		qemu=$(cat "$pid_file")
		await 60 is_settled "$qemu"
		! is_up || return 0
		virsh destroy small
		echo "# the guest did not come up, try $try"
	done
	return 1
}

# The lines of domstats that come from KVM's statistics.
domstats() {
	virsh domstats --vm --vcpu small |
		sed -nE '/^ *(vm|vcpu\.[0-9]+)\.[a-z0-9_]+\.(sum|cur|max)=/s/^ *//p' | LC_ALL=C sort
}

# as_domstats VM/VCPU PREFIX: what domstats is to say; libvirt passes over histograms.
as_domstats() {
	stats_of "$1" | without_gone | awk -v prefix="$2" '
		BEGIN {
			suffix["cumulative"] = "sum"
			suffix["instant"] = "cur"
			suffix["peak"] = "max"
		}
		!($2 in suffix) { next }
		$3 == "boolean" { $4 = $4 ? "yes" : "no" }
		{ print prefix "." $1 "." suffix[$2] "=" $4 }'
}

expected() {
	{
		as_domstats "$vm" vm
		as_domstats "$vm/0" vcpu.0
		as_domstats "$vm/1" vcpu.1
	} | LC_ALL=C sort
}

version=$(virsh --version)
start_libvirt
ok "libvirt $version is up" $? "$(tail -n 5 /tmp/libvirtd.log)"
define_domain >/tmp/define 2>&1
ok "it takes a domain" $? "$(cat /tmp/define)"

virsh start --paused small >/tmp/start 2>&1
ok "and starts it" $? "$(cat /tmp/start)"
virsh domstats --vm --vcpu small | sed 's/^/# /'
is "$(domstats)" "" "without kvmstats, domstats has nothing of KVM's"
virsh destroy small >/dev/null

modprobe kvmstats
boot >/tmp/start 2>&1
ok "with kvmstats, the domain's guest is up" $? "$(cat /tmp/start)"
vm=$(vm_of "$qemu")
at_least "$vm" 1 "its VM has an id"
is "$(kvmstats list -rn -o NAME,NAME-SOURCE,UUID | grep ^small)" \
	"small libvirt $(virsh domuuid small)" "and libvirt's name and uuid"
like "$(/opt/kvmstats/tests/bin/example)" '^small [0-9]+/s$' "the example of libkvmstats(3) has it too"

first=$(value "$vm/0" exits)
second=$(domstats | sed -n 's/^vcpu\.0\.exits\.sum=//p')
third=$(value "$vm/0" exits)
at_least "$first" 1000 "it has made exits"
at_least "$second" "$first" "domstats has as many or more"
at_least "$third" "$second" "and no more than are there afterwards"

virsh suspend small >/dev/null
ok "the domain is suspended" $?
for _ in 1 2 3 4 5; do
	before=$(expected)
	seen=$(domstats)
	after=$(expected)
	[[ $before != "$after" ]] || break
done
same "$after" "$before" "its counters stand still"
same "$seen" "$before" "every one of them has the name and the value in domstats"
at_least "$(grep -c ^vm <<<"$seen")" 8 "of the VM"
at_least "$(grep -c ^vcpu.1 <<<"$seen")" 20 "and of the vCPUs"
virsh domstats --vm --vcpu small | sed 's/^/# /'

! rmmod kvmstats 2>/dev/null
ok "the module stays loaded for a QEMU that may ask again" $?
same "$(domstats)" "$seen" "and may"
kill -0 "$qemu"
ok "QEMU lives" $?

virsh destroy small >/dev/null
ok "the domain ends" $?
rmmod kvmstats
ok "and the module unloads" $?
tap_done
