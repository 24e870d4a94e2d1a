# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# lab_packages SUITE: the packages, built in a suite's environment, on a clean host of
# that suite: installed, booted and used; upgraded, downgraded, purged.

# What packages are made from.
packages_sources() {
	git -C "$LAB_REPO" ls-files -co --exclude-standard -- ':!.ci' ':!scripts' ':!tests/fuzz/corpus' |
		LC_ALL=C sort | while IFS= read -r file; do
		[[ ! -f $LAB_REPO/$file ]] || echo "$file"
	done
}

# packages_build SUITE: print the directory, as seen in environments, that has the
# packages in now/ and those of a next version in next/; built when something changed.
packages_build() {
	local suite=$1 id dir
	id=$(packages_sources | (cd "$LAB_REPO" && xargs -d '\n' sha256sum) | sha256sum)
	dir=$LAB_CACHE/packages/$suite-${id:0:16}
	locked "packages-$suite-${id:0:16}" packages_make "$suite" "$dir" >&2
	echo "/lab/${dir#"$LAB_CACHE"/}"
}

packages_make() {
	local suite=$1 dir=$2 tmp=$2.new
	[[ ! -d $dir ]] || return 0
	suite_ensure "$suite"
	rm -rf "$tmp"
	mkdir -p "$tmp/source"
	packages_sources | (cd "$LAB_REPO" && xargs -d '\n' cp -P --parents -t "$tmp/source")
	suite_run "$suite" bash /src/scripts/lab.d/packages-build.sh "/lab/${tmp#"$LAB_CACHE"/}" \
		>"$tmp/log" 2>&1 || {
		tail -n 40 "$tmp/log"
		die "the packages do not build in $suite, see $tmp/log"
	}
	# of other sources, used long ago
	find "$LAB_CACHE/packages" -maxdepth 1 -name "$suite-*" -mmin +1440 -exec rm -rf {} +
	mv "$tmp" "$dir"
}

# packages_tap SUITE PHASE: print what comes in and count its TAP.
packages_tap() {
	tee >(awk -v suite="$1" -v phase="$2" '/^(not )?ok/ {
		print suite, "packages", phase, ++n, /^ok/ ? "pass" : "fail" }' \
		>>"${LAB_RESULTS:-/dev/null}")
}

# packages_test ROOT PHASE DEBS
packages_test() {
	suite_run "$1" bash /src/scripts/lab.d/packages-test.sh "$2" "$3" "/lab/${run#"$LAB_CACHE"/}"
}

lab_packages() {
	local suite=$1 kernel release debs host run start=$SECONDS out life rc=0 p f s
	kernel=$(suite_kernel "$suite")
	# for mounts that nobody else sees and that end with us
	[[ -n ${LAB_PRIVATE:-} ]] || LAB_PRIVATE=1 exec unshare --mount -- "$0" packages "$suite"
	repo_make tests-vm
	release=$(kernel_fetch "$kernel")
	suite_ensure "$LAB_HYPERVISOR"
	suite_ensure "$suite-host"
	debs=$(packages_build "$suite")
	run_dir "packages-$suite"
	mkdir "$run/host"
	mount -t tmpfs tmpfs "$run/host"
	mkdir "$run"/host/{upper,work,root}
	host=$run/host/root
	mount -t overlay overlay "$host" -o \
		"lowerdir=$LAB_CACHE/suites/$suite-host,upperdir=$run/host/upper,workdir=$run/host/work"

	packages_test "$host" install "$debs" | packages_tap "$suite" install || rc=1
	LAB_THROWAWAY=1 packages_test "$host" life "$debs" >"$run/life" 2>&1 &
	life=$!
	LAB_USERLAND=$host
	export LAB_USERLAND
	out=$(run_env "$kernel" "$release" "" packages test installed) || rc=1
	wait "$life" || rc=1
	packages_tap "$suite" life <"$run/life"
	sed '$d' <<<"$out"
	read -r p f s <<<"${out##*$'\n'}"
	echo "$suite packages in $((SECONDS - start)) s"
	((rc == 0 && f == 0 && p + s > 0))
}
