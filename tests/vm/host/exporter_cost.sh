#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What a scrape of 600 VMs with two vCPUs each costs the host, against one snapshot of
# what it shows, each VM and the sum of its vCPUs, through the library. Time counts
# instructions here.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

url=http://127.0.0.1:9774
bin=/opt/kvmstats/tests/bin

is_serving() {
	curl -sf "$url/healthz" >/dev/null
}

# scrapes COUNT [QUERY]: so many, over one connection
scrapes() {
	local urls=() i
	for ((i = 0; i < $1; i++)); do
		urls+=(-o /dev/null "$url/metrics${2:-}")
	done
	curl -s "${urls[@]}"
}

# The exporter's CPU time, in nanoseconds
cpu_of_exporter() {
	curl -s "$url/metrics?stat=none" |
		awk '$1 == "kvmstats_exporter_cpu_seconds_total" { printf "%.0f", $2 * 1e9 }'
}

# Every vCPU makes an exit.
tick() {
	echo >&"${farm[1]}"
	read -r _ <&"${farm[0]}"
}

modprobe kvmstats
coproc farm { exec "$bin/farm-host"; }
# shellcheck disable=SC2154 # coproc sets it
farm_pid=$farm_PID
read -r word <&"${farm[0]}"
is "$word" ready "600 VMs with two vCPUs each"
kvmstats-exporter </dev/null 2>/tmp/exporter.err &
exporter=$!
await 20 is_serving

read -r library objects < <("$bin/library-snapshot" 10 sums)
is "$objects" 1200 "objects in a snapshot: VMs and sums"
read -r single objects < <("$bin/library-snapshot" 10 vcpus)
is "$objects" 1800 "objects in a snapshot: VMs and vCPUs"

scrapes 5
before=$(cpu_of_exporter)
none=$(($(cpu_of_exporter) - before))
before=$(cpu_of_exporter)
scrapes 10
idle=$((($(cpu_of_exporter) - before - none) / 10))
busy=0
for _ in {1..5}; do
	tick
	before=$(cpu_of_exporter)
	tick
	scrapes 1
	busy=$((busy + $(cpu_of_exporter) - before - none))
done
busy=$((busy / 5))
echo "# thousands of instructions: library, VMs and sums $((library / 1000))," \
	"VMs and vCPUs $((single / 1000)); scrape $((idle / 1000))," \
	"when each vCPU has changed $((busy / 1000)), of no statistic $((none / 1000))"
echo "# bytes $(curl -s "$url/metrics" | wc -c), samples $(curl -s "$url/metrics" | grep -vc '^#')," \
	"resident $(awk '/VmRSS/ { print $2 }' "/proc/$exporter/status") kB"
at_least $((300 * library)) $((100 * idle)) \
	"a scrape costs at most 3 times a snapshot: $((100 * idle / library)) %"
# All of the text is written anew then.
at_least $((400 * library)) $((100 * busy)) \
	"at most 4 times when each vCPU has changed: $((100 * busy / library)) %"

kill "$exporter"
wait "$exporter"
ok "the exporter ends" $?
input=${farm[1]}
exec {input}>&-
wait "$farm_pid"
await 10 rmmod kvmstats
ok "the module unloads" $?
tap_done
