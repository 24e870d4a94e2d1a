# SPDX-License-Identifier: GPL-2.0-or-later
# kvmstats doctor on a machine without the module: its manners. What it finds is tested
# by tests/unit/test_doctor.c and in the lab.

setup() {
	unset KVMSTATS_DEVICE
	none=$BATS_TEST_TMPDIR/none
}

# expect_usage TEXT ARGUMENT...
expect_usage() {
	local text=$1
	shift
	run "$KVMSTATS" doctor "$@"
	[ "$status" -eq 2 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "kvmstats: "*"$text"*"kvmstats doctor --help"* ]]
}

@test "doctor: wrong usage is one line" {
	expect_usage '`-x`' -x
	expect_usage '`--jason`' --jason
	expect_usage '`now`' now
	expect_usage '`--device` needs a value' --device
}

@test "doctor: help fits a screen" {
	run "$KVMSTATS" doctor --help
	[ "$status" -eq 0 ]
	[ "$(wc -l <<< "$output")" -le 24 ]
	[ "$(wc -L <<< "$output")" -le 80 ]
}

@test "doctor: each check is a line, and one that failed is exit status 1" {
	run "$KVMSTATS" doctor --device "$none"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -ge 8 ]
	for line in "${lines[@]}"; do
		[[ $line =~ ^(ok\ \ |warn|fail)\ \ [a-z]+\  ]]
	done
	[[ $output == *"fail  device    $none is not there"* ]]
}

@test "doctor: JSON says the same" {
	run "$KVMSTATS" doctor -J --device "$none"
	[ "$status" -eq 1 ]
	[ "$(jq -r '.well' <<< "$output")" = false ]
	[ "$(jq -r '.checks[] | select(.check == "device") | .state' <<< "$output")" = fail ]
	[ "$(jq '.checks | length' <<< "$output")" -eq \
		"$("$KVMSTATS" doctor --device "$none" | wc -l)" ]
}

@test "doctor: a device's name is escaped" {
	name=$BATS_TEST_TMPDIR/$'a\e[31m\nb\xff'
	run "$KVMSTATS" doctor --device "$name"
	[[ $output == *'a\x1b[31m\x0ab\xff is not there'* ]]
	[[ $output != *$'\e'* ]]
	run "$KVMSTATS" doctor -J --device "$name"
	jq -e . <<< "$output"
}

@test "doctor: no colour but on a terminal" {
	run "$KVMSTATS" doctor
	[[ $output != *$'\e'* ]]
	run script -qec "TERM=xterm $KVMSTATS doctor" /dev/null
	[[ $output == *$'\e[3'* ]]
	run script -qec "NO_COLOR=1 TERM=xterm $KVMSTATS doctor" /dev/null
	[[ $output != *$'\e'* ]]
}

@test "doctor: output that cannot be written is a failure" {
	run bash -c '"$KVMSTATS" doctor 2>&1 > /dev/full'
	[ "$status" -eq 1 ]
	[ "$output" = "kvmstats: standard output: No space left on device" ]
}
