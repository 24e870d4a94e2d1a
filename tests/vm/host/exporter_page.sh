#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The host that tests/exporter/page.sh looks at with a browser: two VMs, one busy and one
# with an awkward name, and the exporter, until nobody looks any more.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

address=10.0.2.15:9774

scrapes() {
	curl -s "http://$address/metrics?stat=none" |
		awk '$1 == "kvmstats_exporter_scrapes_total" { print $2 }'
}

modprobe kvmstats
modprobe virtio_net
link=$(ip -o link | awk -F ': ' '$2 != "lo" { print $2; exit }')
ip address add 10.0.2.15/24 dev "$link" && ip link set "$link" up
ok "the host has a network" $? "$(ip link)"
start_demo_guest
launch_qemu -S -name 'guest=<img src=x onerror=alert(1)>'
kvmstats-exporter --listen "$address" </dev/null &
exporter=$!

# Ours is one of them each time.
before=0 seen=0 quiet=0
for _ in {1..60}; do
	sleep 3
	now=$(scrapes)
	if ((now > before + 1)); then
		seen=1 quiet=0
	else
		quiet=$((quiet + 1))
	fi
	before=$now
	((!seen || quiet < 3)) || break
done
is "$seen" 1 "somebody has looked"
kill "$exporter" "$guest"
end_qemu
wait "$exporter"
is $? 0 "the exporter ends"
wait "$guest"
rmmod kvmstats
ok "the module unloads" $?
tap_done
