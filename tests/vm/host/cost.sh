#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What five samples of all VMs cost, in CPU time: kvmstats top, the kvm_stat of the
# kernel's own tools (of the same statistics, which it reads in debugfs, and of
# tracepoints, as it does unless told), and query-stats of each QEMU. The VMs are the
# same, and stand still.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

NR_VMS=20
NR_VCPUS=2
SAMPLES=5
BAR=50

TIMEFORMAT='%3U %3S'
dir=/tmp/cost
mkdir -p "$dir"

# are_listed NUMBER
are_listed() {
	kvmstats status | grep -q "^VMs  *$1 with $(($1 * NR_VCPUS)) "
}

# cpu_ms COMMAND...: its user and system time in ms; its output goes to $dir/out
cpu_ms() {
	{ time "$@" >"$dir/out" 2>"$dir/err"; } 2>&1 | awk '{ printf "%.0f\n", ($1 + $2) * 1000 }'
}

# It has no end of its own: as many lines as samples, and one of names.
run_kvm_stat() {
	local lines=0
	coproc PYTHONUNBUFFERED=1 exec kvm_stat --log --set-delay 1 "$@"
	while ((lines <= SAMPLES)) && read -r line <&"${COPROC[0]}"; do
		echo "$line"
		lines=$((lines + 1))
	done
	kill "$COPROC_PID"
	wait "$COPROC_PID"
}

# All QEMUs are asked for what they know of their VM and its vCPUs, once a second.
run_qmp() {
	python3 - "$dir" "$SAMPLES" <<-'END'
		import glob, json, socket, sys, time
		files = []
		for path in glob.glob(sys.argv[1] + '/qmp.*'):
		    s = socket.socket(socket.AF_UNIX)
		    s.connect(path)
		    files.append(s.makefile('rw'))
		def ask(f, command, **arguments):
		    f.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
		    f.flush()
		    answer = {}
		    while 'return' not in answer:
		        answer = json.loads(f.readline())
		    return answer['return']
		for f in files:
		    f.readline()
		    ask(f, 'qmp_capabilities')
		for i in range(int(sys.argv[2]) + 1):
		    for f in files:
		        vm = ask(f, 'query-stats', target='vm')
		        vcpus = ask(f, 'query-stats', target='vcpu')
		        assert len(vm[0]['stats']) > 5 and len(vcpus) > 0 and len(vcpus[0]['stats']) > 20
		    time.sleep(1)
		print(len(files))
	END
}

# What all threads of all QEMUs have run so far, in ms.
qemus_ms() {
	local pid
	for pid in "${pids[@]}"; do
		cat /proc/"$pid"/task/*/schedstat
	done | awk '{ ns += $1 } END { printf "%.0f\n", ns / 1e6 }'
}

# While a file is read from outside, counted time runs ahead: no task hangs then.
echo 0 >/proc/sys/kernel/hung_task_timeout_secs
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
modprobe kvmstats
pids=()
for ((i = 0; i < NR_VMS; i++)); do
	qemu-system-x86_64 -enable-kvm -cpu host -machine microvm -smp $NR_VCPUS -m 16 \
		-display none -nodefaults -S -name "guest=vm$i" \
		-qmp "unix:$dir/qmp.$i,server=on,wait=off" </dev/null >"$dir/qemu.$i" 2>&1 &
	pids+=($!)
	await 60 are_listed $((i + 1))
done
are_listed $NR_VMS
ok "$NR_VMS VMs with $NR_VCPUS vCPUs each" $? "$(kvmstats list | head -n 30)" "$(cat $dir/qemu.*)"
sleep 2

# What is run for the first time is read and, here, translated first: that is no cost of
# a program that is run every day.
kvmstats top -b -n 1 -i 0.1 >/dev/null
SAMPLES=0 run_kvm_stat --debugfs >/dev/null

top=$(cpu_ms kvmstats top -b -n $SAMPLES -i 1)
is "$(wc -l <"$dir/out")" $((SAMPLES * NR_VMS + 1)) "kvmstats top: a line for each VM and sample"
start=$(cpu_ms kvmstats --version)
one=$(cpu_ms kvmstats top -b -n 1 -i 1)

debugfs=$(cpu_ms run_kvm_stat --debugfs)
is "$(wc -l <"$dir/out")" $((SAMPLES + 1)) "kvm_stat: a line for each sample"
like "$(head -n 1 $dir/out)" ' exits .* io_exits ' "kvm_stat: of the same statistics"
tracepoints=$(cpu_ms run_kvm_stat)
is "$(wc -l <"$dir/out")" $((SAMPLES + 1)) "kvm_stat: the same of tracepoints"

before=$(qemus_ms)
client=$(cpu_ms run_qmp)
is "$(cat $dir/out)" $NR_VMS "query-stats: all QEMUs have answered"
qemus=$(($(qemus_ms) - before))

# figure NAME VALUE BAR: a ratio, which is to be at least BAR
figure() {
	echo "# figure $1 $2 $3 $( (($2 >= $3)) && echo ok || echo short)"
}

# In ms; where instructions are counted, a million of them.
((top > 0)) || top=1
printf '# raw %s %d\n' kvmstats_top "$top" kvmstats_top_of_one "$one" kvmstats_version "$start" \
	kvm_stat_debugfs "$debugfs" kvm_stat_tracepoints "$tracepoints" \
	query_stats_in_qemu "$qemus" query_stats_client "$client"
figure kvm_stat_debugfs_vs_top $((debugfs / top)) $BAR
figure kvm_stat_tracepoints_vs_top $((tracepoints / top)) 1
figure query_stats_vs_top $(((qemus + client) / top)) 1
((debugfs >= BAR * top))
ok "kvm_stat costs at least $BAR times what kvmstats top does" $? "$debugfs ms against $top ms"

kill "${pids[@]}"
wait
rmmod kvmstats
tap_done
