#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# First process of the host environment: puts a full userland together, from a
# suite environment and the files of this run, and goes there.
/bin/busybox --install -s /bin
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /proc /sys /dev /base /run-files /new /upper
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do
	modprobe "$module"
done </lab/host-modules
share() {
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro "$1" "$2"
}
share base /base
share run /run-files
mount -t tmpfs tmpfs /upper
mkdir /upper/data /upper/work
mount -t overlay -o lowerdir=/run-files:/base,upperdir=/upper/data,workdir=/upper/work \
	overlay /new
mount --move /dev /new/dev
mkdir -p /new/dev/pts /new/dev/shm
ln -s /proc/self/fd /new/dev/fd
mount -t devpts devpts /new/dev/pts
mount -t tmpfs tmpfs /new/dev/shm
mount -t tmpfs tmpfs /new/tmp
mount -t tmpfs tmpfs /new/run
mount --move /sys /new/sys
mount --move /proc /new/proc
hostname lab
ip link set lo up
exec switch_root /new /bin/sh -c 'sh /lab/guest-run.sh; busybox poweroff -f'
