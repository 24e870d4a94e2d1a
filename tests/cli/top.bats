# SPDX-License-Identifier: GPL-2.0-or-later
# kvmstats top on a machine without the module: bad input. The rest is tested by
# tests/unit/test_top.c and in the lab, in a real terminal.

load ../refusal

setup() {
	unset KVMSTATS_DEVICE
	none=$BATS_TEST_TMPDIR/none
}

# expect STATUS TEXT ARGUMENT...
expect() {
	refusal kvmstats "$1" "$2" "$KVMSTATS" top "${@:3}"
}

@test "top: wrong usage is one line" {
	expect 2 '`-x`' -x
	expect 2 '`now`' -b now
	for option in -n -i -f -S --count --interval --filter --sort; do
		expect 2 "\`$option\` needs a value" "$option"
	done
	for count in 0 -1 x 1x '' 99999999999999999999999; do
		expect 2 '--count' -b -n "$count"
	done
	for seconds in 0 0.01 -1 x 1x '' 86401 nan inf; do
		expect 2 '--interval' -b -i "$seconds"
	done
	expect 2 'no regular expression' -b -f '['
	expect 2 'no column `exit` to sort by' -b -S exit
	expect 2 'no column `` to sort by' -b --sort ''
}

@test "top: help fits a screen" {
	run "$KVMSTATS" top --help
	[ "$status" -eq 0 ]
	[ "$(wc -l <<< "$output")" -le 24 ]
	[ "$(wc -L <<< "$output")" -le 80 ]
}

@test "top: without the device it says why" {
	expect 1 "$none" -b --device "$none"
	expect 1 /dev/null -b -n 1 --device /dev/null
}

@test "top: every column can be sorted by" {
	for column in exits halt io mmio irq poll wait id name; do
		expect 1 "$none" -b -S "$column" --device "$none"
	done
}

@test "top: no terminal, or none that can be drawn on, is one line" {
	expect 1 'top needs a terminal'
	for term in '' dumb no-such-terminal; do
		run script -qec "TERM=$term $KVMSTATS top --device $none" /dev/null
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *kvmstats:* ]]
	done
}
