#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What list, read, dump and status show, in every form: checked against one another, and
# with names that terminals, JSON and shells might trip over.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh
export LC_ALL=C.UTF-8

sanitized
modprobe kvmstats

run kvmstats list -J
is "$(jq -c . <<<"$out")" '{"vms":[]}' "no VMs as JSON"
is "$(kvmstats read -J | jq -c .)" '{"stats":[]}' "no statistics as JSON"
is "$(kvmstats dump | jq -c '[.vms, .schema.vm[0].name]')" '[[],"remote_tlb_flush"]' \
	"the schema is there without VMs"

start_demo_guest
demo=$(vm_of "$guest")
paused_qemu -name guest=twin
twins=("$qemu")
paused_qemu -name guest=twin
twins+=("$qemu")
# What must not happen on a terminal or in a shell, what is no UTF-8, and what looks as if
# it had been escaped.
# shellcheck disable=SC2016
evil=$'a\e[31m b\xff"$(touch /tmp/hit)`\\x41\xc2\x9b'
# shellcheck disable=SC2016
shown='a\x1b[31m b\xff"$(touch /tmp/hit)`\x5cx41\xc2\x9b'
uuid=1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed
paused_qemu -name "guest=$evil" -uuid $uuid
vm=$(vm_of "$qemu")
# From now on counters stand still.
kill -STOP "$guest"

# --- list ---

list=$(kvmstats list --output-all -J)
jq -e . >/dev/null <<<"$list"
ok "list -J is JSON" $?
# shellcheck disable=SC2016
is "$(jq -r --arg id "$vm" '.vms[] | select(.id == $id).name' <<<"$list")" \
	$'a\e[31m b\\xff"$(touch /tmp/hit)`\\x5cx41\xc2\x9b' "any name is in it, and its bytes can be told"
is "$(jq -c --arg id "$vm" '.vms[] | select(.id == $id) | [.["name-source"], .uuid, .pid, .user,
	.comm, .vcpus, .adopted, .children[0].id]' <<<"$list")" \
	"[\"qemu\",\"$uuid\",$qemu,\"root\",\"qemu-system-x86\",1,false,\"$vm/0\"]" "and all that is known"
is "$(jq '.vms | length' <<<"$list")" 4 "every VM is in it"
is "$(jq -r '.vms[] | .vcpus == (.children | length)' <<<"$list" | sort -u)" true "with its vCPUs"

is "$(kvmstats list -o NAME -n | sed -n 's/ *$//; /^a/p')" "$shown" "a table shows the name in print"
is "$(kvmstats list -rno NAME | grep '^a')" "${shown// /\\x20}" "-r shows it without blanks"
eval "$(kvmstats list -P -o ID,NAME | sed -n "s/^ID=\"$vm\" //p")"
[[ ! -e /tmp/hit && $NAME == a* ]]
ok "-P can be given to a shell" $? "NAME is '$NAME'"
is "$(kvmstats list -P -o pid,ID | head -n 1)" "PID=\"$guest\" ID=\"$demo\"" "columns come in the order asked for"
is "$(kvmstats list -o +uuid | head -n 1 | awk '{ print $1, $NF }')" "ID UUID" "+LIST adds to the usual ones"
is "$(kvmstats list --output-all | head -n 1 | wc -w)" 11 "--output-all shows all columns"
like "$(kvmstats list -n | head -n 1)" "^$demo " "-n leaves out the headings"
is "$(kvmstats list -rno ID | tr '\n' ' ')" \
	"$demo $demo/0 $demo/1 $(for pid in "${twins[@]}" "$qemu"; do echo "$(vm_of "$pid") $(vm_of "$pid")/0"; done | tr '\n' ' ')" \
	"-r has no lines of a tree"
like "$(kvmstats list -no ID)" "─$demo/1" "a table has"
like "$(LC_ALL=C kvmstats list -no ID)" "-$demo/1" "in letters where there is nothing else"
like "$(kvmstats list -no AGE | head -n 1)" '^ *00:0[0-9]:[0-9]{2}$' "an age is a time"
like "$(kvmstats list -bno AGE | head -n 1)" '^ *[0-9]+$' "-b: in seconds"

# --- names that the operator gives ---

names=/etc/kvmstats/names
mkdir -p /etc/kvmstats
echo "uuid=$uuid the shop" >$names
is "$(kvmstats list -Po NAME,NAME-SOURCE,UUID | grep $uuid)" \
	"NAME=\"the shop\" NAME-SOURCE=\"override\" UUID=\"$uuid\"" "the operator's name goes first"
is "$(kvmstats read -rno ID -s exits 'the shop/0')" "$vm/0" "and names the VM"
printf '# the shop\nuuid=x shop\n' >$names
for command in list events; do
	refused 1 "$names: line 2 is malformed: see kvmstats-names(5)" kvmstats $command
done
rm $names
mkdir $names
refused 1 "$names: " kvmstats list
rmdir $names

# --- which VM ---

for word in "$vm" "id:$vm" "$qemu" "pid:$qemu" "$uuid" "uuid:${uuid^^}" "$evil" "name:$evil" "$shown"; do
	is "$(kvmstats read -rno ID -s remote_tlb_flush -- "$word")" "$vm" "a VM by ${word@Q}"
done
for word in "$vm" "$evil" "uuid:$uuid"; do
	is "$(kvmstats read -rno ID -s exits -- "$word/0")" "$vm/0" "its vCPU by ${word@Q}/0"
done
is "$(kvmstats read -rno NAME -s exits -s remote_tlb_flush "$demo" "$demo/1")" \
	"demo-guest-$guest"$'\n'"demo-guest-$guest" "several at once"
first=$(vm_of "${twins[0]}")
refused 1 "may be any of id:$first (twin, pid ${twins[0]}), id:$(vm_of "${twins[1]}")" kvmstats read twin
refused 1 "may be any of id:$first/0 (twin, pid ${twins[0]}), id:" kvmstats read twin/0
refused 1 "may be any of id:$first " kvmstats watch twin
for word in '' 999 "id:$qemu" "pid:$vm" uuid: "$vm/" "$vm/0/0" "$vm/4294967296" nobody/0; do
	refused 1 "no VM \`$word\`: see \`kvmstats list\`" kvmstats read -- "$word"
done
refused 1 'no VM `\x1b[2J`' kvmstats read $'\e[2J'
refused 1 "no vCPU $vm/7: see" kvmstats read "$vm/7"
refused 1 "no vCPU $vm/4294967295: see" kvmstats read "$vm/4294967295"
refused 2 "has no total" kvmstats read -t "$vm/0"

# --- read ---

refused 1 'no statistic is named `exit`' kvmstats read "$vm/0" -s exit
refused 1 'no statistic is named `no`' kvmstats read -s exits -s no
refused 1 'no statistic matches `^exit$`' kvmstats read "$vm/0" -f '^exit$'
refused 1 'no statistic matches `nothing`' kvmstats watch -f nothing
refused 1 'no statistic is named `nothing`' kvmstats dump -s nothing
is "$(kvmstats read "$demo/0" -rno STAT -f '^(io_|mm).*exits$' -s exits | xargs)" "exits io_exits mmio_exits" \
	"-f and -s take what either matches"
like "$(kvmstats read "$demo/0" -s pf_fixed)" '^ID +STAT +VALUE +TYPE$' "there are no bars without a histogram"
like "$(kvmstats read -b "$demo/0" -s halt_wait_ns | tail -n 1)" ' ns +cumulative *$' "-b names the unit"
is "$(kvmstats read -r "$demo/0" -s pf_fixed | head -n 1)" "ID STAT VALUE TYPE BAR" \
	"programs always get the same columns"
like "$(kvmstats read "$demo/0" -no VALUE -s halt_wait_ns)" '^[0-9.]+ (n|u|m|)s$' "without it a number has its own"

# Each vCPU statistic of read -J is what dump has.
dump=$(kvmstats dump)
jq -e . >/dev/null <<<"$dump"
ok "dump is JSON" $?
for cpu in 0 1; do
	same "$(kvmstats read -J "$demo/$cpu" | jq -r '.stats[] | "\(.stat) \(.value)"')" \
		"$(jq -r --argjson vm "$demo" --argjson cpu $cpu '.vms[] | select(.id == $vm) |
			.vcpus[] | select(.id == $cpu) | .stats | to_entries[] |
			"\(.key) \(.value | if type == "array" then add else . end)"' <<<"$dump")" \
		"vCPU $cpu: read has what dump has"
done
same "$(kvmstats read -J "$demo" | jq -r '.stats[] | "\(.stat) \(.value)"')" \
	"$(jq -r --argjson vm "$demo" '.vms[] | select(.id == $vm).vm | to_entries[] | "\(.key) \(.value)"' <<<"$dump")" \
	"VM: read has what dump has"
same "$(kvmstats read -tJ "$demo" | jq -r '.stats[] | "\(.stat) \(.value)"')" \
	"$(jq -r --argjson vm "$demo" '.vms[] | select(.id == $vm) | .vm + .vcpu_sum | to_entries[] |
		"\(.key) \(.value | if type == "array" then add else . end)"' <<<"$dump")" \
	"VM with its vCPUs: read -t has what dump has"
same "$(kvmstats read -tJ | jq -r '.stats[] | "\(.stat) \(.value)"')" \
	"$(jq -r '.total | to_entries[] | "\(.key) \(.value | if type == "array" then add else . end)"' <<<"$dump")" \
	"host: read -t has what dump has"
is "$(jq '(.total.exits == ([.vms[].vcpu_sum.exits] | add)) and
	all(.vms[]; .vcpu_sum.exits == ([.vcpus[].stats.exits] | add))' <<<"$dump")" true "sums are sums"
is "$(jq -c '[.schema.vcpu[].name] == (.vms[0].vcpus[0].stats | keys_unsorted)' <<<"$dump")" true \
	"the schema names each statistic, in order"
is "$(jq -c '.schema.vcpu[] | select(.name == "halt_wait_hist") |
	[.type, .unit, .base, .exponent, .size == (.bounds | length), .bounds[0:4]]' <<<"$dump")" \
	'["log-hist","seconds",10,-9,true,[0,1,2,4]]' "and tells of its buckets"
is "$(kvmstats dump -f '^(exits|pages_4k)$' | jq -c '[.schema.vm[].name, .schema.vcpu[].name, (.total | length)]')" \
	'["pages_4k","exits",2]' "-f leaves of dump what matches"

# The booted guest has halted; here the histogram of QEMU's, which never ran, is empty.
is "$(kvmstats read -J "$vm/0" -s halt_wait_hist | jq -c '.stats[0] | [.value, .children]')" '[0,null]' \
	"an empty histogram has no buckets"

# --- status ---

status=$(kvmstats status -J)
is "$(jq -c '[.module.abi == .library.abi, .module.vms, .module.vcpus, .module.kvm_present,
	.module.version == .library.version]' <<<"$status")" '[true,4,5,true,true]' "status -J"
is "$(jq '.hooks | length' <<<"$status")" "$(kvmstats status -rn | wc -l)" "-r shows the hooks alone"
is "$(kvmstats status -Po STATE,HOOK | head -n 1)" 'STATE="armed" HOOK="kvm_vm_release"' "-P too"
like "$(kvmstats status)" '^schema +native' "a table follows what the module says"

# --- colours ---

# From here on the plain build, which is faster.
PATH=${PATH#*:}

on_terminal() {
	script -qec "$*" /dev/null </dev/null
}
export TERM=xterm
unset NO_COLOR
like "$(on_terminal kvmstats read "$vm/0" | cat -v)" '\^\[\[' "colours on a terminal"
is "$(kvmstats read "$vm/0" | grep -c $'\e')" 0 "none in a pipe"
is "$(NO_COLOR=1 on_terminal kvmstats read "$vm/0" | grep -c $'\e')" 0 "none with NO_COLOR"
is "$(NO_COLOR=1 on_terminal kvmstats list | grep -c $'\e')" 0 "nor does a name bring any"
like "$(NO_COLOR='' on_terminal kvmstats read "$vm/0" | cat -v)" '\^\[\[' "but with an empty one"
is "$(TERM=dumb on_terminal kvmstats read "$vm/0" | grep -c $'\e')" 0 "none on a dumb terminal"

# --- completion, of what there is ---

complete_last() {
	(
		. /opt/kvmstats/completion/kvmstats
		# shellcheck disable=SC2034 # bash's own
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_kvmstats 2>/dev/null
		printf '%s\n' "${COMPREPLY[@]}"
	)
}
is "$(complete_last kvmstats read demo-)" "demo-guest-$guest" "a VM's name is completed"
is "$(complete_last kvmstats read "demo-guest-$guest/" | xargs)" "demo-guest-$guest/0 demo-guest-$guest/1" "its vCPUs"
is "$(complete_last kvmstats watch twi | sort -u)" "twin" "and of twins the name"
word=$(complete_last kvmstats read a)
eval "kvmstats read -rno ID -s remote_tlb_flush $word" >/tmp/id
[[ $(cat /tmp/id) == "$vm" && ! -e /tmp/hit ]]
ok "a name that is completed is one word, and names the VM" $? "completed to: $word" "$(cat /tmp/id)"
is "$(complete_last kvmstats read -s halt_wait_h)" halt_wait_hist "a statistic is completed"

kill -CONT "$guest"
kill -KILL "$guest" "${twins[@]}" "$qemu"
wait "$guest" "${twins[@]}" "$qemu" 2>/dev/null
rmmod kvmstats
ok "the module unloads" $?
tap_done
