#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# docs/PARITY.md against the statistics that the command reads on this kernel.
# shellcheck source=tests/vm/host/lib.sh
. /opt/kvmstats/tests/host/lib.sh

case $LAB_KERNEL in
debug | kcsan) column=6.12 ;;
*) column=$LAB_KERNEL ;;
esac

# The rows of one of the tables: name and what this kernel's column says.
rows() {
	awk -F '|' -v section="## Of a $1" -v column="$column" '
		/^## / { inside = $0 == section; at = 0 }
		!inside || NF < 3 { next }
		{ gsub(/[ `]/, "", $2) }
		$2 == "stat" {
			for (i = 3; i < NF; i++) {
				gsub(/ /, "", $i)
				if ($i == column)
					at = i
			}
			next
		}
		at && $2 !~ /^-/ { gsub(/ /, "", $at); print $2, $at }' /opt/kvmstats/docs/PARITY.md
}

# check KIND OBJECT: both ways
check() {
	local kind=$1 names name state missing='' wrong='' known='' number=0
	rows "$kind" >/tmp/rows
	names=" $(kvmstats read -J "id:$2" | jq -r '.stats[].stat' | xargs) "
	while read -r name state; do
		number=$((number + 1))
		known+=" $name "
		case $state in
		native | supplied) [[ $names == *" $name "* ]] || missing+=" $name" ;;
		absent) [[ $names != *" $name "* ]] || wrong+=" $name" ;;
		*) wrong+=" $name($state)" ;;
		esac
	done </tmp/rows
	at_least "$number" 10 "$kind: statistics in the table for $column"
	is "$missing" '' "$kind: all that the table has are there"
	is "$wrong" '' "$kind: none that the table calls absent"
	for name in $names; do
		[[ $known == *" $name "* ]] || echo "# $kind: $name is not in the table"
	done
}

modprobe kvmstats
start_demo_guest
vm=$(vm_of "$guest")
check VM "$vm"
check vCPU "$vm/0"
kill "$guest"
wait "$guest"
rmmod kvmstats
ok "the module unloads" $?
tap_done
