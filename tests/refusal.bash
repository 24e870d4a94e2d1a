# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For the bats tests of the programs.

# refusal NAME STATUS TEXT COMMAND...: the exit status, and one line on stderr, which
# begins with the program's name and has TEXT in it, and nothing on stdout.
refusal() {
	local name=$1 status_wanted=$2 text=$3 status=0
	shift 3
	"$@" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" || status=$?
	echo "status $status, expected $status_wanted"
	echo "stderr: $(cat "$BATS_TEST_TMPDIR/err")"
	echo "expected in it: $text"
	[ "$status" -eq "$status_wanted" ]
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	[ "$(wc -l < "$BATS_TEST_TMPDIR/err")" -eq 1 ]
	grep -q "^$name: " "$BATS_TEST_TMPDIR/err"
	grep -qF -- "$text" "$BATS_TEST_TMPDIR/err"
}
