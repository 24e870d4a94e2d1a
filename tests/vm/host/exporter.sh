#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The exporter with a real Prometheus: what queries return is what the command reads,
# and what is gone leaves no series.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

url=http://127.0.0.1:9774
server=http://127.0.0.1:9090

# With the rights of the unit
as_user=(setpriv --reuid kvmstats-exporter --regid kvmstats-exporter --groups kvmstats
	--bounding-set=-all --inh-caps=-all --no-new-privs)

# start_exporter ARG...: sets $exporter
start_exporter() {
	ASAN_OPTIONS=detect_leaks=1 "${as_user[@]}" kvmstats-exporter "$@" 2>/tmp/exporter.err </dev/null &
	exporter=$!
}

end_exporter() {
	kill "$exporter"
	wait "$exporter"
	is $? 0 "the exporter ends well"
}

is_serving() {
	curl -sf --max-time 5 "$url/healthz" >/dev/null
}

# query PROMQL: lines "NAME VALUE", sorted
query() {
	curl -sf -G "$server/api/v1/query" --data-urlencode "query=$1" |
		jq -r '.data.result[] | "\(.metric.__name__ // "-") \(.value[1])"' | LC_ALL=C sort
}

query_is() {
	[[ $(query "$1") == "$2" ]]
}

start_prometheus() {
	mkdir -p /tmp/prometheus
	cat >/tmp/prometheus.yml <<-END
		global: { scrape_interval: 1s, scrape_timeout: 1s }
		scrape_configs:
		- job_name: kvmstats
		  static_configs: [ { targets: [ "${url#http://}" ] } ]
	END
	prometheus --config.file=/tmp/prometheus.yml --storage.tsdb.path=/tmp/prometheus \
		--web.listen-address="${server#http://}" --log.level=warn \
		</dev/null >/tmp/prometheus.log 2>&1 &
	prometheus=$!
}

# Is there such a vCPU?
has() {
	kvmstats read "id:$1" >/dev/null 2>&1
}

# What the command reads of a VM, with its vCPUs summed, as the lines of query; by the
# rule of names once more, in other words.
expected_of() {
	{
		stats_of "$1" | sed 's/^/vm /'
		stats_of "$1/0" | sed 's/^/vcpu /'
		! has "$1/1" || stats_of "$1/1" | sed 's/^/vcpu /'
	} | awk '
		$2 ~ /\[/ || $2 ~ /_hist$/ { next }
		{
			name = "kvmstats_" $1 "_" $2
			if ($4 == "ns")
				sub(/_ns$/, "_seconds", name)
			if ($3 == "cumulative")
				name = name "_total"
			if ($3 == "peak" && value[name] > $5)
				next
			value[name] = $3 == "peak" ? $5 : value[name] + $5
			scale[name] = $4 == "ns" ? 1e-9 : 1
		}
		END { for (name in value) printf "%s %.6f\n", name, value[name] * scale[name] }
	' | LC_ALL=C sort
}

# Of VM: all but histograms.
queried_of() {
	query "{__name__=~\"kvmstats_(vm|vcpu)_.+\",__name__!~\".*_hist_.*|kvmstats_vm_info\",vm=\"$1\"}" |
		awk '{ printf "%s %.6f\n", $1, $2 }'
}

sanitized
# What the udev rule and sysusers do, which this host has no daemon for.
modprobe kvmstats
groupadd --system kvmstats 2>/dev/null
useradd --system --no-create-home kvmstats-exporter
chgrp kvmstats /dev/kvmstats
chmod 640 /dev/kvmstats

start_demo_guest
vm=$(vm_of "$guest")
# Not even started: its counters stand still. The name is as bad as QEMU takes it.
launch_qemu -S -name 'guest=we"b\,,<b>1'
is_qemu_there() {
	has "$(vm_of "$qemu")/0"
}
await 30 is_qemu_there
ended=$(vm_of "$qemu")

start_exporter --unix /tmp/exporter.sock --listen "${url#http://}" --listen '[::1]:9774'
await 20 is_serving
ok "serves with nothing but the group's rights" $? "$(cat /tmp/exporter.err)"
for format in text/plain application/openmetrics-text; do
	curl -s -H "Accept: $format" "$url/metrics" >"/tmp/metrics.${format##*/}"
done
promtool check metrics </tmp/metrics.plain >/tmp/promtool 2>&1
ok "promtool check metrics" $? "$(cat /tmp/promtool)"
like "$(cat /tmp/metrics.plain)" \
	'^kvmstats_vm_info\{vm="'"$ended"'",pid="'"$qemu"'",name="we\\"b\\\\,<b>1",.*source="qemu"' \
	"the name of QEMU's command line, escaped"
is "$(tail -n 1 /tmp/metrics.openmetrics-text)" '# EOF' "OpenMetrics is whole"
like "$(cat /tmp/metrics.openmetrics-text)" '^# UNIT kvmstats_vcpu_halt_wait_seconds seconds' \
	"with units"
like "$(curl -s --unix-socket /tmp/exporter.sock "http://x/metrics?stat=exits&vcpu=1")" \
	'^kvmstats_vcpu_exits_total\{vm="'"$vm"'",pid="[0-9]+",vcpu="1"\} [1-9]' \
	"unix socket, query, vCPU series"
like "$(curl -s 'http://[::1]:9774/healthz')" '^ok$' "IPv6"
echo "# a scrape: $(grep -vc '^#' /tmp/metrics.plain) samples"

start_prometheus
await 60 query_is 'kvmstats_up' 'kvmstats_up 1'
ok "Prometheus scrapes" $? "$(tail -n 5 /tmp/prometheus.log)"
kill -STOP "$guest"
sleep 3
for id in "$vm" "$ended"; do
	same "$(queried_of "$id")" "$(expected_of "$id")" "queries return what kvmstats read does: VM $id"
done
at_least "$(queried_of "$vm" | wc -l)" 40 "statistics compared"
hist=halt_wait_hist
count=$(stats_of "$vm/0" | awk -v h="$hist" '$1 == h { print $4 }')
count=$((count + $(stats_of "$vm/1" | awk -v h="$hist" '$1 == h { print $4 }')))
is "$(query "kvmstats_vcpu_${hist}_seconds_count{vm=\"$vm\"}")" \
	"kvmstats_vcpu_${hist}_seconds_count $count" "and the count of a histogram"
is "$(query "kvmstats_vcpu_${hist}_seconds_sum{vm=\"$vm\"} - ignoring(vm) kvmstats_vcpu_halt_wait_seconds_total{vm=\"$vm\"}")" \
	"- 0" "its sum is the time that was waited"
# below_of VCPU: what the command counts in buckets below 2^20 ns
below_of() {
	stats_of "$1" | awk -v h="$hist" '
		index($1, h "[") == 1 { split($1, p, /[\[\]]/); if (p[2] < 1048576) n += $3 }
		END { print n + 0 }'
}
below=$(($(below_of "$vm/0") + $(below_of "$vm/1")))
is "$(query "kvmstats_vcpu_${hist}_seconds_bucket{vm=\"$vm\",le=\"0.001048575\"}")" \
	"kvmstats_vcpu_${hist}_seconds_bucket $below" "and a bucket counts all that is below its bound"

end_qemu
await 5 query_is "count({vm=\"$ended\"})" ""
ok "a VM that ends leaves no series" $? "$(query "count({vm=\"$ended\"})")"
at_least "$(queried_of "$vm" | wc -l)" 40 "the other one's are there"

before=$(queried_of "$vm")
await 10 rmmod kvmstats
ok "the exporter does not keep the module loaded" $?
await 5 query_is 'kvmstats_up' 'kvmstats_up 0'
ok "kvmstats_up is 0 without the module" $?
is "$(query 'count({vm=~".+"})')" "" "and there is no series of a VM"
like "$(curl -s "$url/api/vms")" '"up":false,"why":"[^"]*modprobe' "the page is told why"
modprobe kvmstats
chgrp kvmstats /dev/kvmstats
chmod 640 /dev/kvmstats
await 5 query_is 'kvmstats_up' 'kvmstats_up 1'
ok "and 1 when it is back" $?
vm=$(vm_of "$guest")
is "$(query "sum(resets(kvmstats_vcpu_exits_total[1m])) + sum(delta(kvmstats_vcpu_exits_total{pid=\"$guest\"}[4s]))")" \
	"- 0" "no counter has jumped"
same "$(queried_of "$vm" | grep -v wait)" "$(grep -v wait <<<"$before")" "the VM's series go on"
kill "$prometheus"
wait "$prometheus"
kill -CONT "$guest"
end_exporter

# --- socket activation ---

# What systemd does with a .socket unit.
cat >/tmp/activate.py <<'EOF2'
import os, socket, sys
s = socket.create_server(("127.0.0.1", 9775))
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[1], sys.argv[1:])
EOF2
python3 /tmp/activate.py kvmstats-exporter </dev/null 2>/tmp/exporter.err &
exporter=$!
url=http://127.0.0.1:9775
await 20 is_serving
ok "serves on the socket that systemd opened" $? "$(cat /tmp/exporter.err)"
! curl -s http://127.0.0.1:9774/healthz >/dev/null
ok "and on no other" $?
end_exporter

# --- text file ---

install -d -o kvmstats-exporter /tmp/textfile
"${as_user[@]}" kvmstats-exporter --textfile /tmp/textfile
is $? 0 "--textfile"
promtool check metrics </tmp/textfile/kvmstats.prom >/tmp/promtool 2>&1
ok "promtool check metrics of the file" $? "$(cat /tmp/promtool)"
like "$(cat /tmp/textfile/kvmstats.prom)" '^kvmstats_vcpu_exits_total\{vm="'"$vm"'",pid="'"$guest"'"\} [1-9]' \
	"it has the VM's counters"
is "$(ls -A /tmp/textfile)" kvmstats.prom "and nothing is left beside it"

# --- names that the operator gives ---

# names_file LINE: what is said of such a file, and the names in the text file
names_file() {
	echo "$1" >/tmp/names
	"${as_user[@]}" kvmstats-exporter --textfile /tmp/textfile --names /tmp/names 2>&1
	grep -o 'name="[^"]*",.*source="[a-z]*"' /tmp/textfile/kvmstats.prom
}
like "$(names_file "name=demo-guest-$guest web 1")" '^name="web 1",.*source="override"' "--names"
like "$(names_file 'no line at all')" '/tmp/names: line 1 is wrong' "a bad line is told of"
like "$(names_file '')" '^name="demo-guest-[0-9]*",.*source="comm"' "without one, a VM has its own name"
rm /tmp/names
like "$("${as_user[@]}" kvmstats-exporter --textfile /tmp/textfile --names /tmp/names 2>&1)" \
	'/tmp/names: No such file' "a file that is missing is told of"

kill "$guest"
wait "$guest"
await 10 rmmod kvmstats
ok "the module unloads" $?
tap_done
