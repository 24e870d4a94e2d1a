#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# enter.sh ROOT CACHE REPO CMD...: what runs in a mount and pid namespace of its
# own to execute CMD in a suite environment. There, the cache is /lab and
# the repository /src.
# With LAB_THROWAWAY=1, changes to the environment vanish at the end.
# With LAB_USERLAND, that directory is /mnt there.
set -e
root=$1 cache=$2 repo=$3
shift 3

if [[ ${LAB_THROWAWAY:-0} == 1 ]]; then
	mkdir -p "$cache/overlay"
	mount -t tmpfs tmpfs "$cache/overlay"
	mkdir "$cache"/overlay/{upper,work,root}
	mount -t overlay overlay "$cache/overlay/root" -o \
		"lowerdir=$root,upperdir=$cache/overlay/upper,workdir=$cache/overlay/work"
	root=$cache/overlay/root
fi
mkdir -p "$root/lab" "$root/src"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$cache" "$root/lab"
mount --bind "$repo" "$root/src"
if [[ -n ${LAB_USERLAND:-} ]]; then
	mount --bind "$LAB_USERLAND" "$root/mnt"
fi
if [[ -e /etc/resolv.conf ]] && ! cmp -s /etc/resolv.conf "$root/etc/resolv.conf"; then
	cat /etc/resolv.conf >"$root/etc/resolv.conf"
fi

vars=(HOME=/root LC_ALL=C.UTF-8 "TERM=${TERM:-dumb}"
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
for name in http_proxy https_proxy no_proxy; do
	[[ -z ${!name:-} ]] || vars+=("$name=${!name}")
done
exec chroot "$root" env -i "${vars[@]}" "$@"
