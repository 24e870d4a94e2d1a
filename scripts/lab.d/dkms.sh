# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# lab_dkms SUITE: kvmstats installed and removed through DKMS.
lab_dkms() {
	local suite=$1 dir out rc=0 file
	[[ -e $LAB_REPO/dkms.conf ]] || die "no dkms.conf"
	suite_ensure "$suite"
	mkdir -p "$LAB_CACHE/tmp"
	dir=$(mktemp -d "$LAB_CACHE/tmp/dkms.XXXXXX")
	module_sources | while IFS= read -r file; do
		mkdir -p "$dir/$(dirname "$file")"
		cp "$LAB_REPO/$file" "$dir/$file"
	done
	out=$(
		LAB_THROWAWAY=1
		export LAB_THROWAWAY
		# shellcheck disable=SC2016 # for the shell in there
		suite_run "$suite" bash -c '
			cp -r "$1" /tmp/source && exec bash /src/scripts/lab.d/dkms-test.sh' \
			- "/lab/${dir#"$LAB_CACHE"/}"
	) || rc=$?
	rm -rf "$dir"
	echo "$out"
	awk -v suite="$suite" '/^(not )?ok/ { print suite, "dkms", "dkms", ++n,
		/^ok/ ? "pass" : "fail" }' <<<"$out" >>"${LAB_RESULTS:-/dev/null}"
	return "$rc"
}
