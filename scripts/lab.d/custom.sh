# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Kernels that the lab builds itself: Debian's source, and KERNEL.config here on
# top of allnoconfig. KERNEL.config sets CONFIG_LOCALVERSION to -KERNEL. One that
# begins with "# on top of OTHER.config" has the lines of that first.
#
# $LAB_CACHE/custom/KERNEL/id     what the tree was built from
# $LAB_CACHE/custom/KERNEL/linux  the built tree, to build modules against

LAB_SOURCE=linux-source-6.12

# The version of the source package that is in the environment.
custom_source_version() {
	suite_ensure "$(kernel_suite "$1")"
	awk -v package="$LAB_SOURCE" '
		$1 == "Package:" { found = $2 == package }
		found && $1 == "Version:" { print $2; exit }' \
		"$LAB_CACHE/suites/$(kernel_suite "$1")/var/lib/dpkg/status"
}

# All of its configuration; where an option comes twice, the later line is meant.
custom_config() {
	local below
	below=$(sed -n '2s/^# on top of \(.*\)$/\1/p' "$LAB_DIR/$1.config")
	cat ${below:+"$LAB_DIR/$below"} "$LAB_DIR/$1.config"
}

# What a kernel is made from, in one word.
custom_id() {
	local hash
	hash=$(custom_config "$1" | sha256sum)
	echo "$(custom_source_version "$1")-${hash:0:12}"
}

# The release (uname -r) it has.
custom_release() {
	local version
	version=$(custom_source_version "$1")
	echo "${version%%-*}-$1"
}

# Where its headers are, in the environment.
custom_headers() {
	echo "/lab/custom/$1/linux"
}

# Is what was built still what the fragment and the source say?
custom_is_current() {
	[[ $(cat "$LAB_CACHE/custom/$1/id" 2>/dev/null) == "$(custom_id "$1")" &&
		-e $(kernel_dir "$(custom_release "$1")") ]]
}

custom_build() {
	local kernel=$1 dir=$LAB_CACHE/custom/$1 suite id release started=$SECONDS
	! custom_is_current "$kernel" || return 0
	suite=$(kernel_suite "$kernel")
	id=$(custom_id "$kernel")
	release=$(custom_release "$kernel")
	note "building the $kernel kernel ($id), this takes some ten minutes"
	rm -rf "$(kernel_dir "$release")" "$dir"/{id,install,picked}
	# one that was interrupted goes on
	if [[ $(cat "$dir/started" 2>/dev/null) != "$id" ]]; then
		rm -rf "$dir"
		mkdir -p "$dir/linux"
		suite_run "$suite" tar -xJf "/usr/src/$LAB_SOURCE.tar.xz" \
			-C "/lab/custom/$kernel/linux" --strip-components=1
		echo "$id" >"$dir/started"
	fi
	custom_config "$kernel" >"$dir/config"
	# shellcheck disable=SC2016 # for the shell in there
	suite_run "$suite" nice bash -c '
		set -e
		cd "$1/linux"
		make KCONFIG_ALLCONFIG="$1/config" allnoconfig
		make -j"$(nproc)" bzImage modules
		make INSTALL_MOD_PATH="$1/install" DEPMOD=true modules_install
		mkdir "$1/install/boot"
		release=$(make -s kernelrelease)
		cp .config "$1/install/boot/config-$release"
		cp "$(make -s image_name)" "$1/install/boot/vmlinuz-$release"
		test "$release" = "$2"
	' - "/lab/custom/$kernel" "$release" >"$dir/log" 2>&1 || {
		tail -n 30 "$dir/log" >&2
		die "cannot build the $kernel kernel, see $dir/log"
	}
	custom_check "$kernel" "$dir/install/boot/config-$release"
	kernel_pick "$dir/install" "$release" "$dir/picked"
	mkdir -p "$LAB_CACHE/kernels"
	mv "$dir/picked" "$(kernel_dir "$release")"
	rm -rf "$dir/install"
	echo "$id" >"$dir/id"
	note "built $release in $((SECONDS - started)) s"
}

# Tell which options did not make it into the kernel.
custom_check() {
	local line
	custom_config "$1" | awk '
		match($0, /CONFIG_[A-Z0-9_]+/) { last[substr($0, RSTART, RLENGTH)] = $0 }
		END { for (name in last) if (last[name] ~ /^CONFIG_/) print last[name] }
	' | while IFS= read -r line; do
		grep -Fxq -- "$line" "$2" || note "not in the $1 kernel: $line"
	done
}

# Tools of that source which run as they are: source_tools prints where they are.
source_tools() {
	local dir version
	version=$(custom_source_version debug)
	dir=$LAB_CACHE/tools/$version
	if [[ ! -e $dir ]]; then
		note "unpacking tools of $version"
		mkdir -p "$LAB_CACHE/tools"
		rm -rf "$dir.tmp"
		mkdir "$dir.tmp"
		tar -xJf "$LAB_CACHE/suites/$LAB_HYPERVISOR/usr/src/$LAB_SOURCE.tar.xz" \
			-C "$dir.tmp" --strip-components=1 --wildcards --no-wildcards-match-slash \
			'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
			'*/scripts/const_structs.checkpatch' '*/tools/kvm/kvm_stat/kvm_stat'
		mv "$dir.tmp" "$dir"
	fi
	echo "$dir"
}

# lab_checkpatch FILE...: the style checker of that source; silent when content.
lab_checkpatch() {
	local dir
	dir=$(locked tools source_tools)
	perl "$dir/scripts/checkpatch.pl" --no-tree --no-signoff --show-types --terse --quiet \
		--file "$@"
}
