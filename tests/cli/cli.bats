# SPDX-License-Identifier: GPL-2.0-or-later
# The kvmstats command on a machine without the module. KVMSTATS names the binary.

load ../refusal

commands=(list read watch dump events status)
tables=(list read status)

setup() {
	unset KVMSTATS_DEVICE
	none=$BATS_TEST_TMPDIR/none
	file=$BATS_TEST_TMPDIR/file
	: > "$file"
}

# expect STATUS TEXT ARGUMENT...
expect() {
	refusal kvmstats "$1" "$2" "$KVMSTATS" "${@:3}"
}

@test "help fits a screen of 24 lines and 80 columns" {
	for command in '' "${commands[@]}" top doctor; do
		run "$KVMSTATS" $command --help
		[ "$status" -eq 0 ]
		[ "${#lines[@]}" -gt 5 ]
		[ "$(wc -l <<< "$output")" -le 24 ]
		[ "$(wc -L <<< "$output")" -le 80 ]
	done
}

@test "help is that of the command, and the same for -h" {
	help=$("$KVMSTATS" --help)
	[ "$("$KVMSTATS" -h)" = "$help" ]
	for command in "${commands[@]}" top doctor; do
		[[ $("$KVMSTATS" "$command" --help) == "Usage: kvmstats $command "* ]]
		[ "$("$KVMSTATS" "$command" -h)" = "$("$KVMSTATS" "$command" --help)" ]
	done
}

@test "help names every command" {
	run "$KVMSTATS" --help
	for command in "${commands[@]}" top doctor; do
		[[ $output == *$'\n'"  $command "* ]]
	done
}

@test "version is that of the package" {
	version="kvmstats $(cat "$BATS_TEST_DIRNAME/../../VERSION")"
	[ "$("$KVMSTATS" --version)" = "$version" ]
	[ "$("$KVMSTATS" -V)" = "$version" ]
	[ "$("$KVMSTATS" list --version)" = "$version" ]
}

@test "no command is wrong usage" {
	expect 2 'a command is missing: see `kvmstats --help`'
}

@test "unknown command is wrong usage" {
	expect 2 'no command `lst`' lst
	expect 2 'no command ``' ''
}

@test "unknown option is wrong usage" {
	expect 2 '`--frobnicate`' --frobnicate list
	expect 2 '`--frobnicate`' list --frobnicate
	expect 2 '`-x`' -x
	expect 2 '`-x`' read -x
	expect 2 '`-s`' list -s exits
	expect 2 '`-i`' read -i 1
	expect 2 '`-J`' watch -J
	expect 2 '`-o`' dump -o ID
	expect 2 '`-f`' events -f exits
	expect 2 '`-t`' list -t
	expect 2 '`--help=please`' --help=please
	expect 2 'see `kvmstats --help`' -x
	expect 2 'see `kvmstats read --help`' read -x
}

@test "option without its value is wrong usage" {
	expect 2 '`--device` needs a value' --device
	expect 2 '`--stat` needs a value' read --stat
	expect 2 '`-s` needs a value' read 3 -s
	expect 2 '`-f` needs a value' dump -f
	expect 2 '`-o` needs a value' list -o
	expect 2 '`-i` needs a value' watch -i
	expect 2 '`--count` needs a value' events --count
}

@test "file that is no file of statistics is named, and why" {
	expect 1 "$none: No such file or directory" read "$none"
	expect 1 "$file: no binary statistics: give a file .stats" read "$file"
	printf '%4096s' '' > "$file"
	expect 1 "$file: no binary statistics: give a file .stats" read "$file"
	expect 1 "$BATS_TEST_TMPDIR: no .stats in it: is it a directory of statsfs" read "$BATS_TEST_TMPDIR"
	mkdir -p "$BATS_TEST_TMPDIR/dir/.stats"
	expect 1 "$BATS_TEST_TMPDIR/dir: Is a directory" read "$BATS_TEST_TMPDIR/dir"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	expect 1 "$BATS_TEST_TMPDIR/fifo: Illegal seek" read "$BATS_TEST_TMPDIR/fifo"
	expect 1 "./none: No such file or directory" read ./none
	expect 1 '/a\x0ab: No such file or directory' read $'/a\nb'
	expect 2 "\`$file\` is a file, which has no total" read -t "$file"
}

@test "file of statistics is read without the device" {
	{
		# header: flags, name_size, num_desc, id_offset, desc_offset, data_offset
		printf '\0\0\0\0\060\0\0\0\001\0\0\0\030\0\0\0\110\0\0\0\210\0\0\0'
		printf 'kvmstats/kvm/7-8' && head -c 32 /dev/zero
		# descriptor: flags, exponent, size, offset, bucket_size, name
		printf '\0\0\0\0\0\0\001\0\0\0\0\0\0\0\0\0exits' && head -c 43 /dev/zero
		printf '\052\0\0\0\0\0\0\0'
	} > "$file"
	run "$KVMSTATS" --device "$none" read -rno ID,STAT,VALUE,TYPE "$file"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = 'kvm/7-8 exits 42 cumulative' ]
	mkdir "$BATS_TEST_TMPDIR/dir"
	cp "$file" "$BATS_TEST_TMPDIR/dir/.stats"
	cd "$BATS_TEST_TMPDIR"
	run "$KVMSTATS" --device "$none" read -rno VALUE ./dir "$file"
	[ "$status" -eq 0 ]
	[ "$output" = $'42\n42' ]
	expect 1 "$none: not there" --device "$none" read "$file" 1
}

@test "word too many is wrong usage" {
	for command in list dump events status; do
		expect 2 '`all`' "$command" all
	done
}

@test "unknown column is wrong usage, and the known ones are named" {
	for command in "${tables[@]}"; do
		for option in -oFOO --output=FOO -o+FOO; do
			expect 2 'no column `FOO`: there are ' "$command" "$option"
		done
	done
	expect 2 'no column ``: there are ID,NAME,' list -o ''
	expect 2 'no column ``: there are ID,NAME,' list -o +
	expect 2 'no column ``: there are ID,NAME,' list -o ID,
	expect 2 'no column ``: there are ID,NAME,' list -o ,ID
	expect 2 'no column `I`' list -o I
	expect 2 'no column ` ID`' list -o 'PID, ID'
}

@test "columns are named in any case of letters" {
	for command in "${tables[@]}"; do
		columns=$("$KVMSTATS" "$command" --help | sed -n '/^Columns/{n;s/^ *//;s/ /,/g;p}')
		[ -n "$columns" ]
		for list in "$columns" "+$columns" "${columns,,}"; do
			expect 1 "$none: not there" --device "$none" "$command" -o "$list"
		done
	done
}

@test "two forms of output exclude each other" {
	for command in "${tables[@]}"; do
		for options in -JP -Jr -rP '--json --pairs' '--raw --json'; do
			expect 2 '-J, -P and -r exclude each other' "$command" $options
		done
	done
}

@test "options of tables are taken" {
	for command in "${tables[@]}"; do
		for options in -J -P -r -n -b -rnb --json --pairs --raw --noheadings --exact \
			       --output-all; do
			expect 1 "$none: not there" --device "$none" "$command" $options
		done
	done
}

@test "what is no regular expression is wrong usage" {
	for command in read watch dump; do
		for regex in '[' '(' '*' 'a{2,1}' '\'; do
			expect 2 "\`$regex\` is no regular expression" "$command" --filter "$regex"
		done
		expect 1 "$none: not there" --device "$none" "$command" -f '^exits$' -s exits
	done
}

@test "what is no interval is wrong usage" {
	for text in '' 0 0.09 .0 . 1. -1 +1 1s 1,5 ' 1' '1 ' 1e1 0x1 86400.1 86401 inf nan \
		    99999999999999999999; do
		expect 2 "\`$text\` is no number of seconds" watch --interval "$text"
		expect 2 "\`$text\` is no number of seconds" watch -i "$text"
	done
	for text in 0.1 .5 1 1.5 01 86400 0.1999999; do
		expect 1 "$none: not there" --device "$none" watch -i "$text"
	done
}

@test "what is no count is wrong usage" {
	for command in watch events; do
		for text in '' 0 -1 +1 1.5 ' 1' '1 ' x 0x1 18446744073709551616; do
			expect 2 "\`$text\` is no whole number" "$command" --count "$text"
			expect 2 "\`$text\` is no whole number" "$command" -n "$text"
		done
		expect 1 "$none: not there" --device "$none" "$command" -n 18446744073709551615
	done
}

@test "missing device names the remedy" {
	for command in "${commands[@]}"; do
		expect 1 "$none: not there: the device is /dev/kvmstats" --device "$none" "$command"
	done
}

@test "device is /dev/kvmstats unless told otherwise" {
	[ ! -e /dev/kvmstats ] || skip "this machine has /dev/kvmstats"
	expect 1 '/dev/kvmstats: not there: load the module with `modprobe kvmstats`' list
	KVMSTATS_DEVICE= expect 1 "/dev/kvmstats: not there" list
}

@test "device is taken from the environment, and the option goes first" {
	KVMSTATS_DEVICE=$none expect 1 "$none: not there" list
	KVMSTATS_DEVICE=$file expect 1 "$none: not there" --device "$none" list
	KVMSTATS_DEVICE=$file expect 1 "$none: not there" list --device "$none"
}

@test "regular file, directory, fifo and other devices are no kvmstats device" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for path in "$file" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/fifo" /dev/null; do
		KVMSTATS_DEVICE=$path expect 1 ", not a kvmstats device" list
	done
}

@test "missing permission names the remedy" {
	chmod 0 "$file"
	[ -r "$file" ] || {
		expect 1 "$file: permission denied" --device "$file" list
		return
	}
	command -v setpriv > /dev/null || skip "root, and no setpriv to become someone else"
	dir=$(mktemp -d)
	chmod 755 "$dir"
	cp "$KVMSTATS" "$dir/kvmstats"
	: > "$dir/device"
	chmod 0 "$dir/device"
	printf '#!/bin/sh\nexec setpriv --reuid 65534 --clear-groups %s/kvmstats "$@"\n' "$dir" \
		> "$dir/as-nobody"
	chmod 755 "$dir/as-nobody" "$dir/kvmstats"
	KVMSTATS=$dir/as-nobody expect 1 \
		'permission denied: be root or a member of the group `kvmstats`' \
		--device "$dir/device" list
	rm -r "$dir"
}

@test "output that cannot be written is a failure" {
	run bash -c '"$KVMSTATS" --help 2>&1 > /dev/full'
	[ "$status" -eq 1 ]
	[ "$output" = "kvmstats: standard output: No space left on device" ]
	run bash -c '"$KVMSTATS" --version 2>&1 >&-'
	[ "$status" -eq 1 ]
	[ "$output" = "kvmstats: standard output: Bad file descriptor" ]
}

# into_nothing: runs the command when nobody reads its output any more, and leaves what
# it said on stderr in $output and its exit status in $status.
into_nothing() {
	local err=$BATS_TEST_TMPDIR/err status_file=$BATS_TEST_TMPDIR/status
	# The sleep lets the reader be gone.
	{
		sleep 0.3
		status=0
		"$KVMSTATS" --help 2> "$err" || status=$?
		echo "$status" > "$status_file"
	} | true
	output=$(cat "$err")
	status=$(cat "$status_file")
}

@test "reader that goes away ends the program without noise" {
	into_nothing
	[ "$status" -eq $((128 + 13)) ]
	[ -z "$output" ]
}

@test "reader that goes away is a failure where SIGPIPE is ignored" {
	trap '' PIPE
	into_nothing
	[ "$status" -eq 1 ]
	[ "$output" = "kvmstats: standard output: Broken pipe" ]
}
