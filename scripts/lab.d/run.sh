# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# The commands that boot something.

# The tests there are: tests_in fast|turns|host|counted|bench; those of turns run as fast
# does, those of counted as host.
tests_in() {
	local file
	case $1 in
	fast)
		for file in "$LAB_BUILD"/tests/vm/*; do
			[[ -f $file && -x $file ]] || continue
			[[ " ${LAB_TAKE_TURNS[*]} " == *" ${file##*/} "* ]] || echo "${file##*/}"
		done
		;;
	turns) printf '%s\n' "${LAB_TAKE_TURNS[@]}" ;;
	host)
		for file in "$LAB_REPO"/tests/vm/host/*.sh; do
			[[ -f $file && $file != */lib.sh ]] || continue
			file=${file##*/} file=${file%.sh}
			[[ " ${LAB_COUNTED[*]} " == *" $file "* ]] || echo "$file"
		done
		;;
	counted) printf '%s\n' "${LAB_COUNTED[@]}" ;;
	bench)
		for file in "$LAB_BUILD"/tests/bench/*; do
			[[ -f $file && -x $file ]] || continue
			echo "${file##*/}"
		done
		;;
	esac
}

# select_tests ENV KERNEL [NAME...]: those of the names that ENV has; without names all
# but those that belong on other kernels.
select_tests() {
	local env=$1 kernel=$2 name
	shift 2
	if (($#)); then
		tests_in "$env" | grep -Fxf <(printf '%s\n' "$@") || true
		return
	fi
	for name in $(tests_in "$env"); do
		[[ " ${LAB_ONLY_ON[$name]:-$kernel} " != *" $kernel "* ]] || echo "$name"
	done
}

# Stop when one of the names is no test: check_names ENV,ENV... [NAME...]
check_names() {
	local envs=${1//,/ } env name known=''
	shift
	for env in $envs; do
		known+=" $(tests_in "$env" | xargs)"
	done
	for name; do
		[[ "$known " == *" $name "* ]] || die "no test '$name'; there are:$known"
	done
}

# run_dir NAME: lock a directory for a run that nobody else uses (until the shell
# ends), empty it, and set run to it.
run_dir() {
	local i
	mkdir -p "$LAB_CACHE/locks" "$LAB_CACHE/runs"
	for i in '' .2 .3 .4 .5 .6; do
		exec {run_lock}>"$LAB_CACHE/locks/run-$1$i"
		if flock -n "$run_lock"; then
			run=$LAB_CACHE/runs/$1$i
			rm -rf "$run"
			mkdir -p "$run"
			return
		fi
		exec {run_lock}>&-
	done
	die "too many runs of $1 at the same time"
}

# run_payload RUN KIND RELEASE TEST...: tests and userland; KIND is fast, bench, host, or
# packages for a host that has its userland from those.
run_payload() {
	local run=$1 kind=$2 release=$3 to=$1/files/opt/kvmstats from=$LAB_BUILD/tests/vm file
	shift 3
	printf '%s\n' "$@" >"$run/files/lab/list"
	[[ ! -d $from/bin ]] || cp -r "$from/bin" "$to/tests/bin"
	if [[ $kind == packages ]]; then
		cp -r "$LAB_REPO/tests/vm/packages" "$to/tests/host"
		cp "$LAB_REPO/tests/vm/host/lib.sh" "$to/tests/host/"
		# to power off with
		mkdir -p "$run/files/usr/local/bin"
		cp "$(type -P busybox)" "$run/files/usr/local/bin/"
		return
	fi
	if [[ $kind != host ]]; then
		[[ $kind != bench ]] || from=$LAB_BUILD/tests/bench
		for file; do
			cp "$from/$file" "$to/tests/"
		done
		return
	fi
	[[ ! -d $from ]] || cp -rT "$from" "$to/tests"
	[[ ! -d $LAB_REPO/tests/vm/host ]] || cp -r "$LAB_REPO/tests/vm/host" "$to/tests/host"
	cp -r "$LAB_REPO/docs" "$to/docs"
	mkdir -p "$run/files/usr/local/bin" "$run/files/boot"
	for file in kvmstats kvmstats-exporter; do
		[[ -x $LAB_BUILD/$file ]] || continue
		cp "$LAB_BUILD/$file" "$to/bin/"
		ln -s "/opt/kvmstats/bin/$file" "$run/files/usr/local/bin/"
	done
	if [[ -x $LAB_BUILD/san/kvmstats ]]; then
		mkdir "$to/bin/san"
		cp "$LAB_BUILD"/san/kvmstats{,-exporter} "$to/bin/san/"
	fi
	cp -r "$LAB_REPO/packaging/completion" "$to/completion"
	for file in "$LAB_BUILD"/lib*.so*; do
		[[ ! -e $file ]] || cp -P "$file" "$to/lib/"
	done
	[[ " $* " != *" cost "* ]] ||
		cp "$(locked tools source_tools)/tools/kvm/kvm_stat/kvm_stat" "$run/files/usr/local/bin/"
	cp "$LAB_DIR/demo-host.sh" "$run/files/lab/"
	# for guests inside the host
	ln "$(kernel_dir "$release")/boot/vmlinuz" "$run/files/boot/vmlinuz"
	initramfs_tree "$run/guest" init-guest.sh
	initramfs_pack "$run/guest" "$run/files/boot/guest-initrd"
}

# Did QEMU drop a timer interrupt of its machine? Then RCU starves, while its thread
# sleeps until that timer: seen once in some hundred boots on a busy machine.
lost_its_timer() {
	grep -qE "rcu.* kthread (timer wakeup didn't happen|starved .*WAIT_FQS.*state=(I|0x402) )" \
		"$1/console"
}

# The same by the state of a machine that stood still: a CPU armed its timer and let
# interrupts in, the time is over, and there it stays; one that spins with interrupts off
# is the kernel's fault. Or QEMU does not answer at all.
stood_still() {
	[[ -e $1/state ]] || return
	tr -d '\r' <"$1/state" | awk '
		/^CPU#/ { cpu = substr($1, 5); seen[cpu]++; samples++ }
		/ RFL=.....[2367abef]/ && seen[cpu] < 3 { open[cpu] = 1 }
		/^dumping local APIC state for CPU / { cpu = $7 }
		/^LVTT\t/ { armed = /one-shot/ && !/masked/ }
		/^Timer\t/ {
			match($0, /initial_count = [0-9]+/)
			count = substr($0, RSTART, RLENGTH)
			over = armed && / current_count = 0$/ && (!(cpu in first) || count == first[cpu])
			first[cpu] = count
		}
		/^ISR\t/ { lost[cpu] += over && /\(none\)/ }
		END {
			for (cpu in open)
				found += lost[cpu] == 3
			exit samples && !found
		}'
}

# run_env KERNEL RELEASE KO ENV MODE TEST...: one boot. Prints the report; the
# counts are the last line.
run_env() {
	local kernel=$1 release=$2 ko=$3 env=$4 mode=$5 run args status=0 payload=$4
	local tests=0 log=0 expected patience
	shift 5
	[[ $mode != bench ]] || payload=bench
	run_dir "$kernel-$payload"
	qemu_prepare "$run" "$kernel" "$release" "$env" "$mode" "$ko"
	run_payload "$run" "$payload" "$release" "$@"
	qemu_initrd "$run" "$env" "$release"
	mapfile -t args < <(qemu_args "$run" "$kernel" "$release" "$env" "$mode")
	patience=$(($(test_timeout "$kernel") + 30))
	qemu_watch "$run" "$patience" "${args[@]}" || status=$?
	if lost_its_timer "$run" || stood_still "$run"; then
		echo "again $kernel/$payload (the emulator lost a timer, or itself)"
		status=0
		qemu_watch "$run" "$patience" "${args[@]}" || status=$?
	fi
	expected=("$@")
	! grep -q LAB_LEAKS=1 "$run/files/lab/conf" || expected+=(kmemleak)
	tests=$(report_tests "$run" "$kernel" "$payload" "${expected[@]}")
	log=$(report_log "$run" "$kernel" "$payload" "$status")
	if [[ $mode == bench ]] || grep -q '^# figure' "$run/results"; then
		bench_print "$run" "$kernel"
		printf '%s\n' "$tests" "$log" | grep -vE '^ok|^[0-9]+ [0-9]+ [0-9]+$' || true
	else
		printf '%s\n' "$tests" "$log" | grep -vE '^[0-9]+ [0-9]+ [0-9]+$' || true
	fi
	printf '%s\n' "$tests" "$log" | awk '/^[0-9]+ [0-9]+ [0-9]+$/ {
		p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }'
	rm -rf "$run"/{files,guest,initramfs,initrd}
}

# bench_print RUN KERNEL: a line for each figure, and beside it all that was counted.
bench_print() {
	local raw=$LAB_BUILD/bench-$2.raw
	tr -d '\r' <"$1/results" >"$raw"
	awk 'BEGIN { printf "%-40s %10s %8s\n", "FIGURE", "VALUE", "BAR" }
		/^# figure / { printf "%-40s %10s %8s %s\n", $3, $4, $5, $6 }' "$raw"
	note "raw output: $raw"
}

# lab_test KERNEL [TEST...]
lab_test() {
	local kernel=$1 release ko env list start=$SECONDS out
	local passed=0 failed=0 skipped=0 p f s
	shift
	repo_make tests-vm userland userland-san
	check_names fast,turns,host,counted "$@"
	release=$(kernel_fetch "$kernel")
	suite_ensure "$LAB_HYPERVISOR"
	ko=$(module_build "$kernel")
	for env in fast turns host counted; do
		mapfile -t list < <(select_tests "$env" "$kernel" "$@")
		((${#list[@]})) || continue
		if [[ $env == turns ]]; then
			out=$(LAB_THREADS=single run_env "$kernel" "$release" "$ko" fast test "${list[@]}")
		elif [[ $env == counted ]]; then
			out=$(LAB_COUNT=1 run_env "$kernel" "$release" "$ko" host test "${list[@]}")
		else
			out=$(run_env "$kernel" "$release" "$ko" "$env" test "${list[@]}")
		fi
		sed '$d' <<<"$out"
		read -r p f s <<<"${out##*$'\n'}"
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	done
	echo "$kernel: $passed passed, $failed failed, $skipped skipped in $((SECONDS - start)) s"
	((failed == 0 && passed > 0))
}

# lab_bench KERNEL [BENCH...]
lab_bench() {
	local kernel=$1 release ko list out p f s
	shift
	repo_make tests-vm tests-bench
	check_names bench "$@"
	release=$(kernel_fetch "$kernel")
	suite_ensure "$LAB_HYPERVISOR"
	ko=$(module_build "$kernel")
	mapfile -t list < <(select_tests bench "$kernel" "$@")
	((${#list[@]})) || die "no benchmarks"
	out=$(run_env "$kernel" "$release" "$ko" fast bench "${list[@]}")
	sed '$d' <<<"$out"
	read -r p f s <<<"${out##*$'\n'}"
	((f == 0))
}

# lab_compare NAME KERNEL KERNEL BAR: what a raw figure comes to on the first kernel
# against the second, from their last runs.
lab_compare() {
	local name=$1 kernel=$2 other=$3 bar=$4
	awk -v name="$name" -v figure="${name}_${kernel}_vs_$other" -v bar="$bar" '
		$1 == "#" && $2 == "raw" && $3 == name { count[++nr] = $4 }
		END {
			if (nr != 2 || !count[2])
				exit 2
			good = count[1] / count[2] <= bar
			printf "%-40s %10.3f %8.2f %s\n", figure, count[1] / count[2], bar,
				good ? "ok" : "short"
			exit !good
		}' "$LAB_BUILD/bench-$kernel.raw" "$LAB_BUILD/bench-$other.raw"
}

# run_interactive KERNEL MODE: a host on this terminal.
run_interactive() {
	local kernel=$1 mode=$2 release ko run args status=0
	repo_make tests-vm userland
	release=$(kernel_fetch "$kernel")
	suite_ensure "$LAB_HYPERVISOR"
	ko=$(module_build "$kernel")
	run_dir "$kernel-$mode"
	qemu_prepare "$run" "$kernel" "$release" host "$mode" "$ko"
	run_payload "$run" host "$release"
	qemu_initrd "$run" host "$release"
	mapfile -t args < <(LAB_APPEND="loglevel=4 ${LAB_APPEND:-}" \
		qemu_args "$run" "$kernel" "$release" host "$mode")
	suite_run "$LAB_HYPERVISOR" "${args[@]}" 2>"$run/qemu.log" || status=$?
	rm -rf "$run"/{files,guest,initramfs,initrd}
	return "$status"
}
