#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The KVM view as an operator sees it: with find, cat, tree and inotifywait while VMs come
# and go, and through the command.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

root=/sys/kernel/stats
view=$root/kvm
churns=15

# tree_of DIR: as tree draws it, with the values
tree_of() {
	local line path
	(
		cd "${1%/*}" || exit
		tree -f --noreport --charset ascii "${1##*/}" | while IFS= read -r line; do
			path=${line##*-- }
			printf %s "${line%"$path"}${path##*/}"
			[[ ! -f $path ]] || printf ' %s' "$(<"$path")"
			echo
		done
	)
}

# scalars WORD...: what the command reads of them, but for histograms
scalars() {
	kvmstats read -J "$@" | jq -r '.stats[] | select(.type | endswith("-hist") | not) |
		"\(.stat) \(.type) \(.unit) \(.value)"' | LC_ALL=C sort
}

# texts DIR: the text files of a directory, and what the command reads of it, alike
texts() {
	(cd "$1" && grep -H . -- * 2>/dev/null) | sed 's/:/ /' | LC_ALL=C sort
}

# keep_on COMMAND...: again and again until the VMs no longer come and go. What it complains
# of goes to a file of its own: a tool writes a line in pieces, between which come those of
# another.
keep_on() {
	local rounds=0
	while [[ ! -e /tmp/enough ]]; do
		"$@" >/dev/null 2>>"/tmp/complaints.$1"
		rounds=$((rounds + 1))
	done
	echo "$rounds" >>/tmp/rounds
}

cat_all() {
	find "$view" -type f -exec cat {} +
}

# --- who may ---

modprobe statsfs
ok "statsfs loads" $?
mount -t statsfs statsfs "$root"
ok "it is mounted" $?
is "$(stat -c '%a %U:%G' "$root")" '700 root:root' "the root is root's alone"
modprobe kvmstats
is "$(stat -c '%a %U:%G' "$view")" '755 root:root' "mode and owner of kvm"
is "$(stat -c '%a' "$view/exits")" 644 "mode of a counter"
is "$(stat -c '%a' "$view/.stats")" 444 "mode of .stats"
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
! "${nobody[@]}" ls "$root" >/dev/null 2>&1
ok "nobody else may look" $?
mount -o remount,mode=0755 "$root"
"${nobody[@]}" cat "$view/exits" >/dev/null
ok "unless the mount says so" $?
! "${nobody[@]}" sh -c "echo 0 >$view/exits" 2>/dev/null
ok "and even then nobody else may clear" $?
mount -o remount,mode=0700 "$root"

# --- the command ---

start_demo_guest
ok "a guest with two vCPUs runs" $?
vm=$(vm_of "$guest")
await 10 compgen -G "$view/$guest-*/vcpu1" >/dev/null
dir=$(compgen -G "$view/$guest-*")
ok "its directory is there" $? "$(ls "$view")"
tree_of "$view" | sed 's/^/# /'
kill -STOP "$guest"
sleep 0.3
same "$(scalars "$dir")" "$(scalars -t "id:$vm")" "stopped guest: VM by file and by id"
same "$(scalars "$dir/vcpu0")" "$(scalars "id:$vm/0")" "stopped guest: vCPU by file and by id"
same "$(scalars "$dir/vcpu1/.stats")" "$(scalars "id:$vm/1")" "the same of the file itself"
same "$(scalars "$view")" "$(scalars -t)" "stopped guest: host by file and by the device"
same "$(texts "$dir")" "$(scalars "$dir" | sed 's/ .* / /')" "text files are what .stats is"
is "$(kvmstats read -rno ID -s exits "$dir/vcpu0")" "kvm/${dir##*/}/vcpu0" "the id of a file"
is "$(cd "$dir" && kvmstats read -brno VALUE -s exits .stats ./vcpu0 | xargs)" \
	"$(<"$dir/exits") $(<"$dir/vcpu0/exits")" "files by their paths from here"
refused 1 'no binary statistics' kvmstats read "$dir/exits"
refused 1 'No such file or directory' kvmstats read "$view/none"
echo 0 >"$dir/exits"
is "$(<"$dir/exits") $(<"$dir/vcpu0/exits")" '0 0' "a cleared counter, and the vCPU's"
at_least "$(value "$vm/0" exits)" 100 "KVM's own is as it was"
kill -CONT "$guest"
sleep 0.3
at_least "$(<"$dir/exits")" 1 "it counts on from there"

# --- while VMs come and go ---

rm -f /tmp/enough /tmp/complaints.* /tmp/rounds
inotifywait -m -e create,delete --format '%e %f' "$view" >/tmp/events 2>/tmp/watching &
watcher=$!
await 10 grep -q established /tmp/watching
keep_on find "$view" -ls &
workers=($!)
keep_on cat_all &
workers+=($!)
keep_on tree "$view" &
workers+=($!)
names=()
for ((i = 0; i < churns; i++)); do
	/opt/kvmstats/tests/bin/demo-guest </dev/null >/dev/null &
	young=$!
	await 10 compgen -G "$view/$young-*" >/dev/null
	name=$(compgen -G "$view/$young-*")
	names+=("${name##*/}")
	kill "$young"
	wait "$young"
done
touch /tmp/enough
wait "${workers[@]}"
# Whole lines, so that a piece of one is seen too.
strange=$(grep -HvE '^(find|cat): .+: No such (file or directory|device)$' /tmp/complaints.*)
[[ -z $strange ]]
ok "find, cat and tree complain of nothing but what has gone" $? "$(head -n 20 <<<"$strange")"
echo "# complaints of each: $(wc -l /tmp/complaints.* | sed '$d' | xargs)"
echo "# rounds of each: $(xargs </tmp/rounds)"
at_least "$(sort -n /tmp/rounds | head -n 1)" 2 "all of them had more than one round"
gone_again() {
	! compgen -G "$view/${names[-1]}" >/dev/null
}
await 10 gone_again
sleep 0.2
kill "$watcher"
wait "$watcher" 2>/dev/null
missed=0
for name in "${names[@]}"; do
	grep -qxF "CREATE,ISDIR $name" /tmp/events || missed=$((missed + 1))
	grep -qxF "DELETE,ISDIR $name" /tmp/events || missed=$((missed + 1))
done
is "$missed" 0 "inotifywait is told of each VM that comes and goes"
is "$(compgen -G "$view/*-*" | wc -l)" 1 "one VM is left"

# --- the end ---

kill "$guest"
wait "$guest"
umount "$root"
ok "it is unmounted" $?
rmmod statsfs
ok "statsfs unloads" $?
rmmod kvmstats
ok "kvmstats unloads" $?
! [[ -e $root ]]
ok "nothing is left" $?
tap_done
