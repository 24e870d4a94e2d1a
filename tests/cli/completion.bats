# SPDX-License-Identifier: GPL-2.0-or-later
# The completions, with a command whose VMs have names that shells might trip over. The
# lab asks the real one.

setup() {
	completion=$BATS_TEST_DIRNAME/../../packaging/completion
	bin=$BATS_TEST_TMPDIR/bin
	mkdir "$bin"
	cat > "$bin/kvmstats" <<- END
		#!/bin/bash
		case "\$*" in
		"list -rno ID,NAME")
			printf '%s\n' '1 web1' '1/0 ' '1/1 ' '2 \$(touch\x20$BATS_TEST_TMPDIR/hit)' '2/0 ' \
				'3 a\x20b;c' '4 x:y' '5 [ab]*' '6 \xff' ;;
		"read --total -rno STAT,TYPE")
			printf '%s\n' 'exits cumulative' 'halt_wait_hist log-hist' \
				'[0\x20ns,\x201\x20ns) ' ;;
		*)
			exec "$KVMSTATS" "\$@" ;;
		esac
	END
	chmod +x "$bin/kvmstats"
	PATH=$bin:$PATH
}

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/hit" ]
}

# in_bash WORD...: what bash would offer for the last of them, in $output
in_bash() {
	run bash -c '
		. "$0/kvmstats"
		[[ $(complete -p kvmstats) == *_kvmstats* ]] || exit
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_kvmstats 2> >(grep -v compopt >&2)
		printf "%s\n" "${COMPREPLY[@]}"' "$completion" "$@"
}

# in_zsh WORD...: the same of zsh, whose own functions for it are replaced
in_zsh() {
	command -v zsh > /dev/null || skip "no zsh"
	run zsh -f -c '
		file=$1; shift
		words=("$@") CURRENT=$#
		compset() { return 1 }
		compadd() {
			while [[ $1 == -* ]]; do
				case $1 in
				-S) shift 2 ;;
				--) shift; break ;;
				esac
			done
			for word; do
				[[ $word != ${words[CURRENT]}* ]] || print -r -- "$word"
			done
		}
		. $file' - "$completion/_kvmstats" "$@"
}

# offers LINE...: neither more nor less
offers() {
	echo "status $status, offered:" "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "$(printf '%s\n' "$@")" ]
}

@test "commands are completed" {
	in_bash kvmstats ''
	offers $("$KVMSTATS" --help | awk '/^Commands/ { on = 1; next } !/^  / { on = 0 } on { print $1 }')
	in_bash kvmstats wa
	offers watch
	in_bash kvmstats --device /dev/null wa
	offers watch
	in_zsh kvmstats wa
	offers watch
}

@test "options are completed, each command's own" {
	in_bash kvmstats read --t
	offers --total
	in_bash kvmstats list --t
	offers ''
	in_bash kvmstats watch --i
	offers --interval
	in_bash kvmstats --de
	offers --device
	in_zsh kvmstats read --t
	offers --total
}

@test "columns are completed, also behind others" {
	in_bash kvmstats list -o NAME-
	offers NAME-SOURCE
	in_bash kvmstats list --output ID,NAME-
	offers ID,NAME-SOURCE
	in_bash kvmstats list -o +UU
	offers +UUID
	in_zsh kvmstats list -o NAME-
	offers NAME-SOURCE
}

@test "statistics are completed, without the buckets of histograms" {
	in_bash kvmstats read -s ''
	offers exits halt_wait_hist
	in_zsh kvmstats dump -s h
	offers halt_wait_hist
}

@test "VMs are completed by id and by name" {
	in_bash kvmstats watch ''
	offers 1 web1 2 "\\\$\\(touch\\ $BATS_TEST_TMPDIR/hit\\)" 3 'a\ b\;c' 4 5 '\[ab\]\*' 6 '\\xff'
	in_bash kvmstats watch w
	offers web1
	in_zsh kvmstats watch ''
	offers 1 web1 2 "\$(touch $BATS_TEST_TMPDIR/hit)" 3 'a b;c' 4 'x:y' 5 '[ab]*' 6 '\xff'
}

@test "vCPUs are completed behind the slash, where they can be read" {
	in_bash kvmstats read web1/
	offers web1/0 web1/1
	in_bash kvmstats read 1/
	offers 1/0 1/1
	in_bash kvmstats watch 1/
	offers ''
	in_zsh kvmstats read web1/
	offers web1/0 web1/1
}

@test "files are completed where they can be read" {
	mkdir -p "$BATS_TEST_TMPDIR/tree/kvm"
	in_bash kvmstats read "$BATS_TEST_TMPDIR/tree/k"
	offers "$BATS_TEST_TMPDIR/tree/kvm"
	in_bash kvmstats watch "$BATS_TEST_TMPDIR/tree/k"
	offers ''
}

@test "where nothing can be known nothing is offered" {
	for option in -i --interval --count; do
		in_bash kvmstats watch "$option" ''
		offers ''
	done
	in_bash kvmstats read --filter ''
	offers ''
	in_bash kvmstats frobnicate ''
	offers ''
}

@test "without the device there are no VMs and no noise" {
	rm "$bin/kvmstats"
	ln -s "$KVMSTATS" "$bin/kvmstats"
	export KVMSTATS_DEVICE=/dev/null
	for word in read watch; do
		in_bash kvmstats "$word" ''
		offers ''
		in_zsh kvmstats "$word" ''
		offers ''
	done
}
