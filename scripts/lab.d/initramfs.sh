# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What a virtual machine gets to see: the files of a run and the initramfs.

# run_files DIR ENV RELEASE KO: modules and kvmstats, as a tree at DIR; KO may be empty.
# A host with packages brings its own.
run_files() {
	local to=$1 env=$2 release=$3 ko=$4 modules=usr/lib/modules/$3
	mkdir -p "$to"/opt/kvmstats/{bin,lib,tests} "$to/lab"
	cp "$LAB_DIR/guest-run.sh" "$to/lab/"
	[[ $env != packages ]] || return 0
	mkdir -p "$to/$modules"
	cp -r "$(kernel_dir "$release")/$modules" "$to/${modules%/*}"
	if [[ -n $ko ]]; then
		mkdir "$to/$modules/updates"
		find "${ko%/*}" -name '*.ko' -exec cp -t "$to/opt/kvmstats" {} +
		cp "$to"/opt/kvmstats/*.ko "$to/$modules/updates/"
		ln -s usr/lib "$to/lib"
		depmod -b "$to" "$release"
		rm "$to/lib"
	fi
}

# initramfs_tree DIR INIT: busybox and /init.
initramfs_tree() {
	mkdir -p "$1/bin"
	cp "$(type -P busybox)" "$1/bin/busybox"
	cp "$LAB_DIR/$2" "$1/init"
	chmod +x "$1/init"
	ln -s usr/lib "$1/lib"
	# so that the kernel has a console before /init mounts /dev
	mkdir -p "$1/dev"
}

# initramfs_pack DIR FILE
initramfs_pack() {
	(cd "$1" && find . -print0 | LC_ALL=C sort -z |
		cpio --quiet --null -o -H newc -R 0:0) >"$2"
}

# initramfs_host DIR RELEASE: an initramfs tree that finds the host's root.
initramfs_host() {
	local to=$1 release=$2 kernel modules file
	kernel=$(kernel_dir "$release")
	modules=usr/lib/modules/$release
	initramfs_tree "$to" init-host.sh
	mkdir -p "$to/lab" "$to/$modules"
	printf '%s\n' "${LAB_HOST_MODULES[@]}" >"$to/lab/host-modules"
	ln -sfn usr/lib "$kernel/lib"
	cp "$kernel/$modules"/modules.{builtin,builtin.modinfo,order} "$to/$modules/"
	modules_closure "$kernel" "$release" "${LAB_HOST_MODULES[@]}" |
		while IFS= read -r file; do
			module_copy "$file" "$to/$modules/${file#*/lib/modules/"$release"/}"
		done
	depmod -b "$to" "$release"
}
