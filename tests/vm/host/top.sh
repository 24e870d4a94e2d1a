#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kvmstats top in a real terminal, tmux's, over real guests that come and go, and over the
# module being loaded anew. All that it showed is in the test's output.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

export LC_ALL=C.UTF-8 TERM=linux
unset TMUX

mux() {
	tmux -L top -f /dev/null "$@"
}

screen() {
	mux capture-pane -p -t top
}

keys() {
	mux send-keys -t top "$@"
}

has() {
	screen | grep -Eq -- "$1"
}

has_not() {
	! has "$1"
}

# shows PATTERN TEXT [SECONDS]: the screen comes to have it
shows() {
	if await "${3:-15}" has "$1"; then
		ok "$2" 0
	else
		ok "$2" 1 "no match for '$1' in:" "$(screen)"
	fi
}

# For those who read the test's output.
picture() {
	screen | sed '/^$/d; s/^/# |/'
}

hides() {
	if await 15 has_not "$1"; then
		ok "$2" 0
	else
		ok "$2" 1 "a match for '$1' in:" "$(screen)"
	fi
}

no_server() {
	! mux list-sessions 2>/dev/null
}

# start COMMAND: in a new terminal of 80x24
start() {
	mux kill-server 2>/dev/null && await 5 no_server
	mux new-session -d -s top -x 80 -y 24 "$1; echo status \$?; sleep 1000"
}

# demo NAME: a guest whose process has this name; sets $guest. The terminal goes first.
demo() {
	mkdir -p /tmp/demo
	cp -n /opt/kvmstats/tests/bin/demo-guest "/tmp/demo/$1"
	nice -n 19 "/tmp/demo/$1" </dev/null >/dev/null &
	guest=$!
}

# --- before there is anything ---

start "kvmstats top"
shows 'modprobe kvmstats' "without the module: the reason, and the end"
shows 'status 1' "exit status"
modprobe kvmstats
start "TERM= kvmstats top"
shows '^kvmstats: .*TERM.*top -b' "no TERM: one line"
start "TERM=dumb kvmstats top"
shows '^kvmstats: .*dumb.*top -b' "TERM=dumb: one line"
start "TERM=no-such kvmstats top"
shows '^kvmstats: .*no-such' "an unknown TERM: one line"
out=$(kvmstats top 2>&1)
like "$out" '^kvmstats: top needs a terminal' "no terminal: one line"

start "bash --norc -i"
keys 'stty -g >/tmp/before' Enter 'kvmstats top -i 0.5' Enter
shows 'no VMs' "no VMs yet"

# --- VMs come ---

demo $'busy\e[31m'
busy=$guest
launch_qemu -name guest=web01
shows "^ +[0-9]+ +$busy +2 +[1-9][0-9.k]* .* busy" "a VM comes, with its rates"
shows '2 VMs, 3 vCPUs' "all are counted" 30
shows 'busy\\x1b\[31m' "control characters are escaped"
shows "$qemu +1 .* web01" "QEMU's name"
at_least $((81 - $(screen | wc -L))) 1 "80 columns are kept to"
like "$(screen)" '\*EXITS/s +HALT/s +IO/s +MMIO/s +IRQ/s' "columns"
picture

# --- keys: with a guest that stands still, there is more time for them ---

kill -STOP "$busy"
keys h
shows 'regular expression' "h: help"
keys h
shows 'web01' "and back"
keys f
shows '^regular expression:' "f asks"
keys '^web' Enter
hides "busy" "f: the others are hidden"
shows 'filter: \^web' "and what is filtered is shown"
keys f '[' Enter
shows 'no regular expression' "f: a bad one is refused"
keys c
shows ' busy' "c: all again"
keys p "$busy" Enter
shows "^VM [0-9]+ busy" "p: into the guest of a process"
shows '^ +1 +[0-9.]+' "its vCPUs with rates"
keys Escape
shows 'web01' "Esc: back"
keys g web01 Enter
shows "^VM [0-9]+ web01" "g: into the guest with a name"
keys Escape
keys p 1 Enter
shows 'no guest with process 1' "p: one that is none"
keys s 0.01 Enter
shows 'give seconds' "s: too short"
keys s 0.3 Enter
shows 'every 0.3 s' "s: the interval"
keys t
shows '\*EXITS +HALT' "t: totals"
shows "$busy +2 +[1-9].*busy" "of a VM that stands still too"
keys r
shows "$busy +2 +0 .*busy" "r: totals count from now on"
keys t
keys o
shows 'EXITS/s +\*HALT/s' "o: the order of another column"
keys Space
shows '\[paused\]' "Space: paused"
before=$(screen | head -n 1)
sleep 1.2
is "$(screen | head -n 1)" "$before" "not even the clock moves"
keys Space
hides '\[paused\]' "and on"
kill -CONT "$busy"
keys x
shows '^STATISTIC +TOTAL +\*NOW/s' "x: statistics of all VMs"
shows '^io_exits +[0-9.k]+ +[1-9][0-9.k]* +[0-9.]+' "with rates and shares"
picture
keys o
shows '\*TOTAL' "o: by total"
keys f '^(exits|halt_poll_success_ns)$' Enter
hides '^io_exits' "f: of statistics"
keys c x
shows 'web01' "x: VMs again"

# --- from a VM to a statistic, and back ---

keys p "$busy" Enter
shows '^VM [0-9]+ busy' "a VM"
picture
keys Down Enter
shows 'busy.* > vCPU [01]' "Down and Enter: a vCPU"
keys f '^exits$' Enter
shows '^exits +[0-9.k]+ +[1-9]' "one statistic of it"
keys Enter
shows '> exits' "Enter: the statistic alone"
shows '[▁▂▃▄▅▆▇█]{5,}' "a sparkline of its rate"
picture
keys c
shows '^io_exits' "c: no filter, statistics of all VMs"
keys f '^halt_wait_hist$' Enter
shows "^halt_wait_hist +[1-9]" "a histogram, of a Linux that boots" 60
keys Enter t
shows '^\[.*s, .*s\) +[0-9.k]+ +[0-9.k-]+ █' "its buckets with bars"
picture
keys Escape
shows '^STATISTIC' "Esc: back to the statistics"
keys c Escape
shows 'web01' "Esc: and to the VMs"

# --- the window ---

kill -STOP "$busy" "$qemu"

for size in 40x10 20x4 200x50 80x24; do
	mux resize-window -t top -x "${size%x*}" -y "${size#*x}"
	sleep 0.4
	if [[ $size == 20x4 ]]; then
		shows 'too small' "a window of $size"
	else
		shows ' NAME$' "a window of $size"
		[[ $(screen | wc -L) -le ${size%x*} ]]
		ok "and no line is longer" $? "$(screen)"
	fi
done
keys C-z
shows 'Stopped' "Ctrl-Z: stopped"
keys fg Enter
shows 'web01' "and continued"

# --- VMs go, the module goes and comes ---

keys p "$qemu" Enter
shows '^VM [0-9]+ web01' "into a VM"
end_qemu
shows 'has ended' "that ends: this is said, and all VMs are shown"
shows '1 VMs, 2 vCPUs' "one less"
kill -CONT "$busy"
for _ in {1..20}; do
	rmmod kvmstats 2>/dev/null && break
	sleep 0.1
done
! grep -q '^kvmstats ' /proc/modules
ok "the module is unloaded under it" $?
shows 'modprobe kvmstats' "it says why there is nothing, and waits"
hides 'busy' "and shows nothing old"
modprobe kvmstats
shows "$busy +2 +[1-9].* busy" "the module is back, and so is the VM"
kill "$busy"
wait "$busy"
shows 'no VMs' "all VMs gone"
keys q 'echo status $?; stty -g >/tmp/after; echo over' Enter
shows 'status 0' "q: exit status"
shows '^over' "and a shell again"
is "$(cat /tmp/after)" "$(cat /tmp/before)" "the terminal is as it was"

# --- signals ---

for signal in INT TERM; do
	start "stty -g >/tmp/before; bash -c 'exec kvmstats top'; echo ended \$?; stty -g >/tmp/after"
	shows 'no VMs' "again"
	pkill "-$signal" -x kvmstats
	case $signal in
	INT) shows 'ended 0' "SIGINT: exit status" ;;
	TERM) shows 'ended 143' "SIGTERM: exit status" ;;
	esac
	is "$(cat /tmp/after)" "$(cat /tmp/before)" "and the terminal is as it was"
done
mux kill-server

# --- batch ---

demo busy
busy=$guest
await 15 has_vcpus "$busy" 2
out=$(kvmstats top -b -n 3 -i 0.5)
is $? 0 "batch: exit status"
is "$(wc -l <<<"$out")" 4 "batch: headings and three lines"
like "$(head -n 1 <<<"$out")" '^TIME +ID +PID +VCPUS +EXITS/s .* NAME$' "batch: headings"
is "$(awk 'NR > 1 { print NF }' <<<"$out" | sort -u)" "$(awk 'NR == 1 { print NF }' <<<"$out")" \
	"batch: as many fields as headings"
awk -v pid="$busy" 'NR > 1 && ($3 != pid || $4 != 2 || $5 <= 0 || $NF !~ /busy/) { exit 1 }' <<<"$out"
ok "batch: process, vCPUs, a rate and the name" $? "$out"
is "$(kvmstats top -b -n 1 -i 0.1 -f nothing | wc -l)" 0 "batch: filter"
is "$(kvmstats top -b -n 1 -i 0.1 --filter '^bu' | wc -l)" 2 "batch: filter that takes it"
kvmstats top -b -n 12 -i 0.5 >/tmp/batch 2>/tmp/err &
top=$!
sleep 0.7
for _ in {1..20}; do
	rmmod kvmstats 2>/dev/null && break
	sleep 0.1
done
sleep 1.2
modprobe kvmstats
wait $top
is $? 0 "batch over a reload: exit status"
# The reason may change while it lasts, as while the module loads.
((0 < $(wc -l </tmp/err) && $(wc -l </tmp/err) <= 4))
ok "batch over a reload: the trouble is told of, and not at every sample" $? "$(cat /tmp/err)"
like "$(cat /tmp/err)" 'modprobe kvmstats' "and why"
at_least "$(grep -c busy /tmp/batch)" 2 "batch over a reload: lines before and after"
out=$(kvmstats top -b -n 2 -i 0.1 >/dev/full 2>/tmp/err)
is $? 1 "batch: a full disk is an error"
is "$(wc -l </tmp/err)" 1 "batch: in one line"
kill "$busy"
wait "$busy"
rmmod kvmstats
ok "the module unloads" $?
tap_done
