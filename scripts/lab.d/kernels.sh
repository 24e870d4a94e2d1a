# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Kernels: which version is the newest, its files, and kvmstats built for it.
#
# $LAB_CACHE/resolved/KERNEL   the release that KERNEL stands for today
# $LAB_CACHE/kernels/RELEASE/  boot/vmlinuz and usr/lib/modules/RELEASE, what the
#                              lab needs of them

# Print the release (uname -r) that KERNEL stands for.
kernel_release() {
	local file=$LAB_CACHE/resolved/$1
	if kernel_is_custom "$1"; then
		custom_release "$1"
		return
	fi
	is_fresh "$file" || locked "resolve-$1" kernel_resolve "$1" >&2
	cat "$file"
}

# Ask the suite's index; the environment's headers follow.
kernel_resolve() {
	local file=$LAB_CACHE/resolved/$1 suite release
	! is_fresh "$file" || return 0
	suite=$(kernel_suite "$1")
	suite_ensure "$suite"
	mkdir -p "$LAB_CACHE/resolved"
	if locked "suite-$suite" suite_apt "$suite" install -y "linux-headers-$LAB_ARCH" &&
		release=$(suite_run "$suite" apt-cache show --no-all-versions "linux-image-$LAB_ARCH" |
			sed -n 's/^Depends: .*linux-image-\([0-9][^ ,]*\).*/\1/p' | sed -n 1p) &&
		[[ -n $release ]]; then
		echo "$release" >"$file.new"
		mv "$file.new" "$file"
	elif [[ -s $file ]]; then
		note "cannot ask for the newest kernel of $suite, staying with $(cat "$file")"
	else
		die "cannot find out the newest kernel of $suite"
	fi
}

# Print where the files of a release are; they may not be there yet.
kernel_dir() {
	echo "$LAB_CACHE/kernels/$1"
}

# Have the kernel's files in the cache; print its release.
kernel_fetch() {
	local release
	release=$(kernel_release "$1")
	if kernel_is_custom "$1"; then
		custom_is_current "$1" || locked "kernel-$1" custom_build "$1" >&2
	else
		[[ -d $(kernel_dir "$release") ]] ||
			locked "kernel-$1" kernel_download "$1" "$release" >&2
	fi
	echo "$release"
}

kernel_download() {
	local release=$2 suite dir tmp package
	dir=$(kernel_dir "$release")
	[[ ! -d $dir ]] || return 0
	suite=$(kernel_suite "$1")
	tmp=$LAB_CACHE/kernels/$release.tmp
	note "fetching $release"
	rm -rf "$tmp"
	mkdir -p "$tmp/debs"
	suite_ensure "$suite"
	# From 7 on, the image is spread over packages that it depends on.
	# shellcheck disable=SC2016 # for the shell in there
	suite_run "$suite" bash -c '
		set -e
		cd "$1"
		image=linux-image-$2
		apt-cache show "$image" >/dev/null 2>&1 || apt-get update
		apt-get download "$image" $(apt-cache depends -i --recurse "$image" |
			sed -n "s/^[ |]*Depends: \(linux-[a-z-]*-$2\)$/\1/p" | sort -u)
	' - "/lab/kernels/$release.tmp/debs" "$release" >"$tmp/log" 2>&1 || {
		cat "$tmp/log" >&2
		die "cannot download linux-image-$release"
	}
	mkdir "$tmp/all"
	for package in "$tmp"/debs/*.deb; do
		dpkg-deb -x "$package" "$tmp/all"
	done
	kernel_pick "$tmp/all" "$release" "$tmp/kernel"
	mv "$tmp/kernel" "$dir"
	rm -rf "$tmp"
}

# kernel_pick FROM RELEASE TO: take what the lab needs of an unpacked kernel.
kernel_pick() {
	local from=$1 release=$2 to=$3 modules file
	mkdir -p "$to/boot"
	for file in "$from/boot/vmlinuz-$release" "$from"/usr/lib/modules/"$release"/vmlinuz \
		"$from"/lib/modules/"$release"/vmlinuz; do
		[[ ! -e $file ]] || cp "$file" "$to/boot/vmlinuz"
	done
	[[ -e $to/boot/vmlinuz ]] || die "no vmlinuz in the packages of $release"
	for file in "$from/boot/config-$release" "$from"/usr/lib/modules/"$release"/config; do
		[[ ! -e $file ]] || cp "$file" "$to/boot/config"
	done
	if [[ ! -e $from/lib ]]; then
		ln -s usr/lib "$from/lib"
	fi
	depmod -b "$from" "$release"
	modules=usr/lib/modules/$release
	mkdir -p "$to/$modules"
	cp "$from/lib/modules/$release"/modules.{builtin,builtin.modinfo,order} "$to/$modules/"
	modules_closure "$from" "$release" "${LAB_MODULES[@]}" | while IFS= read -r file; do
		module_copy "$file" "$to/$modules/${file#"$from"/*lib/modules/"$release"/}"
	done
	ln -s usr/lib "$to/lib"
	depmod -b "$to" "$release"
	rm "$to/lib"
}

# modules_closure BASE RELEASE MODULE...: the files of these modules and of those
# they need, each after what it needs; modules that do not exist are left out.
modules_closure() {
	local base=$1 release=$2 module
	shift 2
	for module; do
		modprobe -d "$base" -S "$release" --show-depends "$module" 2>/dev/null |
			sed -n 's/^insmod \([^ ]*\).*/\1/p' || true
	done | awk '!seen[$0]++'
}

# Copy a module, uncompressed.
module_copy() {
	mkdir -p "${2%/*}"
	case $1 in
	*.xz) xz -dc "$1" >"${2%.xz}" ;;
	*.zst) zstd -dqc "$1" >"${2%.zst}" ;;
	*.gz) gzip -dc "$1" >"${2%.gz}" ;;
	*) cp "$1" "$2" ;;
	esac
}

# kernel_has RELEASE OPTION: is the option on?
kernel_has() {
	grep -q "^CONFIG_$2=[ym]" "$(kernel_dir "$1")/boot/config" 2>/dev/null
}

kernels_table() {
	local kernel
	printf '%-8s %-18s %s\n' KERNEL SUITE VERSION
	for kernel in "${LAB_KERNELS[@]}"; do
		printf '%-8s %-18s %s\n' "$kernel" "$(kernel_suite "$kernel")" \
			"$(kernel_release "$kernel")"
	done
}
