#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# packages-build.sh DIR: runs in a suite environment. Builds the packages of DIR/source
# into DIR/now, and into DIR/next those of a version that comes after it.
set -eu
cd "$1/source"
export DEB_BUILD_OPTIONS='parallel=2 nocheck'

# build DIR
build() {
	dpkg-buildpackage -b -us -uc --ignore-builtin-builddeps
	mkdir "$1"
	mv ../*.deb ../*.changes ../*.buildinfo "$1/"
	rm "$1"/*-dbgsym_*
}

version=$(cat VERSION)
next=${version%.*}.$((${version##*.} + 1))
build ../now
sed -i "s/^${version//./\\.}$/$next/" VERSION
sed -i "/^PACKAGE_VERSION=/s/=.*/=\"$next\"/" dkms.conf
sed -i "1s/(.*)/($next)/" debian/changelog
build ../next
rm -rf ../source
