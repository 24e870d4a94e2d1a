#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The library as a program's author meets it: installed below another prefix, found by
# pkg-config, in C and in C++, with its manual. Run from the top of the tree; EXAMPLE is
# the one of libkvmstats(3).
# shellcheck disable=SC2030,SC2031

setup_file() {
	export DESTDIR=$BATS_FILE_TMPDIR/root
	make -s install-userland DESTDIR="$DESTDIR" PREFIX=/opt/k LIBDIR=/opt/k/lib64 \
		>"$BATS_FILE_TMPDIR/log" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/log"
		return 1
	}
	export PKG_CONFIG_PATH=$DESTDIR/opt/k/lib64/pkgconfig
	export PKG_CONFIG_SYSROOT_DIR=$DESTDIR
	export LIB=$DESTDIR/opt/k/lib64 MAN=$DESTDIR/opt/k/share/man
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp "$EXAMPLE" example.c
	cp example.c example.cc
	read -ra cflags < <(pkg-config --cflags kvmstats)
	read -ra libs < <(pkg-config --libs kvmstats)
	map=$BATS_TEST_DIRNAME/../../src/lib/libkvmstats.map
	uapi=$DESTDIR/opt/k/include/linux/kvmstats.h
}

# without_module COMMAND...: the example says why, where there is no module
without_module() {
	[[ ! -e /dev/kvmstats ]] || skip "this host has /dev/kvmstats"
	run -1 "$@"
	[[ $output == "/dev/kvmstats: not there: load the module with \`modprobe kvmstats\`" ]]
}

bats_require_minimum_version 1.5.0

@test "pkg-config knows version and places" {
	[[ $(pkg-config --modversion kvmstats) == "$(cat "$BATS_TEST_DIRNAME/../../VERSION")" ]]
	[[ ${cflags[*]} == "-I$DESTDIR/opt/k/include" ]]
	[[ ${libs[*]} == "-L$DESTDIR/opt/k/lib64 -lkvmstats" ]]
}

@test "example of the manual is built with the shared library" {
	gcc -Wall -Wextra -Werror "${cflags[@]}" example.c -o example "${libs[@]}"
	readelf -d example | grep -q 'NEEDED.*libkvmstats\.so\.0'
	LD_LIBRARY_PATH=$LIB without_module ./example
}

@test "example is built with the static library" {
	gcc -static -Wall -Wextra -Werror "${cflags[@]}" example.c -o example "${libs[@]}"
	without_module ./example
}

@test "example is built as plain C11 by clang" {
	clang -std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Werror "${cflags[@]}" example.c -o example \
		"${libs[@]}"
}

@test "example is built as C++, shared and static" {
	g++ -std=c++11 -Wall -Wextra -Werror "${cflags[@]}" example.cc -o example "${libs[@]}"
	LD_LIBRARY_PATH=$LIB without_module ./example
	g++ -static -Wall -Wextra -Werror "${cflags[@]}" example.cc -o example "${libs[@]}"
}

@test "headers stand by themselves" {
	echo '#include <kvmstats/kvmstats.h>' >header.c
	gcc -std=c99 -Wall -Wextra -Werror "${cflags[@]}" -c header.c
	gcc -m32 -Wall -Wextra -Werror "${cflags[@]}" -c header.c
	[[ -e $uapi ]]
}

@test "only what the map names is exported, with its version" {
	sed -n 's/^\t\(kvmstats_.*\);$/\1/p' "$map" | LC_ALL=C sort >named
	nm -D --defined-only "$LIB/libkvmstats.so.0" | awk '$2 != "A" { print $3 }' |
		LC_ALL=C sort >exported
	diff <(sed 's/$/@@LIBKVMSTATS_0.1/' named) exported
	nm -g --defined-only "$LIB/libkvmstats.a" | awk 'NF == 3 { print $3 }' |
		LC_ALL=C sort | diff named -
	# and the header declares them all
	grep -o '\bkvmstats_[a-z_]*(' "$DESTDIR/opt/k/include/kvmstats/kvmstats.h" |
		tr -d '(' | LC_ALL=C sort -u | diff named -
}

@test "shared library has its name and needs libc alone" {
	[[ $(readelf -d "$LIB/libkvmstats.so.0") == *'soname: [libkvmstats.so.0]'* ]]
	[[ $(readlink "$LIB/libkvmstats.so") == libkvmstats.so.0 ]]
	[[ $(readelf -d "$LIB/libkvmstats.so.0" | grep -c NEEDED) == 1 ]]
}

@test "every function has a page" {
	while read -r name; do
		MANPATH=$MAN man -P cat -Tascii 3 "$name" 2>err | col -b >page
		grep -q "^ *$name()$" page || { echo "no page of $name"; cat err; false; }
	done < <(sed -n 's/^\t\(kvmstats_.*\);$/\1/p' "$map")
}

@test "groff is content with all pages of the library" {
	local page
	for page in "$MAN"/man3/*.3 "$MAN"/man5/*.5; do
		[[ $(head -c 4 "$page") != ".so " ]] || continue
		run -0 groff -man -ww -Tutf8 -z "$page"
		[[ -z $output ]]
	done
}
