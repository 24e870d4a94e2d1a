# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Building what is tested.

# Where this checkout's modules are built; two checkouts do not share it.
build_dir() {
	local id
	id=$(printf %s "$LAB_REPO" | cksum)
	echo "$LAB_CACHE/build/${id%% *}/$1"
}

# module_build KERNEL: build the modules, print the path of kvmstats.ko, or nothing
# when this checkout has no module.
module_build() {
	local dir
	[[ -e $LAB_REPO/Kbuild ]] || return 0
	dir=$(build_dir "$1")
	mkdir -p "$dir/src"
	locked "build-$(basename "$(dirname "$dir")")-$1" module_make "$1" "$dir" >&2
	find "$dir/src" -name kvmstats.ko
}

# The files that the modules are built from, relative to the repository.
module_sources() {
	local file
	git -C "$LAB_REPO" ls-files -co --exclude-standard -- \
		Kbuild VERSION dkms.conf include src samples tests/pmu tests/statsfs docs/STATSFS.md | LC_ALL=C sort -u |
		while IFS= read -r file; do
			[[ ! -f $LAB_REPO/$file ]] || echo "$file"
		done
}

# sources_sync DIR: bring DIR up to date; what has not changed keeps its time.
sources_sync() {
	local dir=$1 file
	module_sources >"$dir.list"
	if [[ -e $dir.list.old ]]; then
		LC_ALL=C comm -13 "$dir.list" "$dir.list.old" | while IFS= read -r file; do
			rm -f "$dir/$file" "$dir/${file%.c}.ko"
		done
	fi
	while IFS= read -r file; do
		cmp -s "$LAB_REPO/$file" "$dir/$file" || {
			mkdir -p "$(dirname "$dir/$file")"
			cp "$LAB_REPO/$file" "$dir/$file"
		}
	done <"$dir.list"
	cp "$dir.list" "$dir.list.old"
}

# Where a release's headers are, in its suite's environment.
kernel_headers() {
	if kernel_is_custom "$1"; then
		custom_headers "$1"
	else
		echo "/lib/modules/$2/build"
	fi
}

module_make() {
	local kernel=$1 dir=$2 release suite src rc=0
	release=$(kernel_release "$kernel")
	suite=$(kernel_suite "$kernel")
	suite_ensure "$suite"
	! kernel_is_custom "$kernel" || kernel_fetch "$kernel" >/dev/null
	# another kernel than last time, or a build that did not pass: from scratch
	if [[ $(cat "$dir/passed" 2>/dev/null) != "$release" ]]; then
		rm -rf "$dir"
		mkdir -p "$dir/src"
	fi
	rm -f "$dir/passed"
	sources_sync "$dir/src"
	# Where sparse is too old for a kernel, its Makefile says so and goes on (7.x).
	src=/lab/${dir#"$LAB_CACHE"/}/src
	suite_run "$suite" make -C "$(kernel_headers "$kernel" "$release")" "M=$src" \
		-j2 W=1 C=1 CHECK=sparse SAMPLES=1 modules >"$dir/log" 2>&1 || rc=$?
	sed -i "s#$src/##g" "$dir/log"
	if ((rc)); then
		grep -v -E '^(  (CC|LD|AR|CHECK|MODPOST|BTF)|make)' "$dir/log" | head -n 40
		die "the module does not build for $kernel ($release), see $dir/log"
	fi
	if module_warnings "$dir"; then
		die "warnings in the build for $kernel ($release), see $dir/log"
	fi
	echo "$release" >"$dir/passed"
}

# module_warnings DIR: print the warnings about our own files, not the kernel's
# headers; true when there are any.
module_warnings() {
	grep -E 'warning|WARNING|error' "$1/log" | awk -v list="$1/src.list" '
		BEGIN { while ((getline file < list) > 0) ours[file] = 1 }
		/^WARNING: modpost|^ERROR: modpost|objtool: / { print; found = 1; next }
		{ split($0, part, ":"); if (part[1] in ours) { print; found = 1 } }
		END { exit !found }'
}

# Have make build a target, if the Makefile has it: repo_make TARGET...
# The build directory is named as make itself names it, or what was noted of headers
# is not found again.
repo_make() {
	local target wanted=() id log=$LAB_CACHE/log/make
	for target; do
		! make -C "$LAB_REPO" -n "$target" >/dev/null 2>&1 || wanted+=("$target")
	done
	((${#wanted[@]})) || return 0
	id=$(build_dir make)
	mkdir -p "$LAB_CACHE/log"
	locked "make-$(basename "$(dirname "$id")")" \
		make -C "$LAB_REPO" --no-print-directory BUILD="${LAB_BUILD#"$LAB_REPO/"}" "${wanted[@]}" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "make ${wanted[*]} failed"
	}
}
