# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Booting a virtual machine.

# In the directory of a run: files/ initrd console results qemu.log, and state where the
# machine stood still.

# qemu_prepare RUN KERNEL RELEASE ENV MODE KO: files and initramfs, all but the tests.
qemu_prepare() {
	local run=$1 kernel=$2 release=$3 env=$4 mode=$5 ko=$6 leaks=0 files=$1/files
	[[ $env != host ]] || suite_ensure "$(kernel_userland "$kernel")"
	run_files "$files" "$env" "$release" "$ko"
	! kernel_has "$release" DEBUG_KMEMLEAK || leaks=1
	[[ $mode == test ]] || leaks=0
	cat >"$files/lab/conf" <<-END
		LAB_KERNEL=$kernel
		LAB_ENV=$env
		LAB_MODE=$mode
		LAB_TIMEOUT=$(test_timeout "$kernel")
		LAB_LEAKS=$leaks
		LAB_KVM_MODULE=$LAB_KVM_MODULE
		LAB_TERMINAL='$(stty size 2>/dev/null | sed 's/^/rows /; s/ \([0-9]*\)$/ cols \1/')'
	END
}

# Seconds that a test may take, with another lab run beside it.
test_timeout() {
	if [[ -n ${LAB_TEST_TIMEOUT:-} ]]; then
		echo "$LAB_TEST_TIMEOUT"
	elif kernel_is_custom "$1"; then
		echo 480
	else
		echo 360
	fi
}

# qemu_initrd RUN ENV RELEASE
qemu_initrd() {
	local run=$1
	if [[ $2 == fast ]]; then
		initramfs_tree "$run/files" init-fast.sh
		initramfs_pack "$run/files" "$run/initrd"
	else
		initramfs_host "$run/initramfs" "$3"
		initramfs_pack "$run/initramfs" "$run/initrd"
	fi
}

# qemu_args RUN KERNEL RELEASE ENV MODE: print QEMU's arguments, one a line.
qemu_args() {
	local run=/lab/${1#"$LAB_CACHE"/} kernel=$2 release=$3 env=$4 mode=$5
	local memory=1024 cpus=2 threads=${LAB_THREADS:-multi} count=${LAB_COUNT:-} userland
	local panic='oops=panic panic_on_warn=1 hung_task_panic=1 unknown_nmi_panic'
	if [[ $env != fast ]] || kernel_is_custom "$kernel"; then
		memory=2048
	fi
	if [[ $mode == bench ]]; then
		count=1
	fi
	if [[ -n $count ]]; then
		cpus=1 threads=single
	fi
	# it warns of the kernel's own data races too
	! kernel_has "$release" KCSAN || panic='oops=panic hung_task_panic=1 unknown_nmi_panic'
	printf '%s\n' "${LAB_QEMU[@]}" -accel "tcg,thread=$threads" -smp "$cpus" \
		-m "$memory" -display none -net none -no-reboot \
		-kernel "/lab/kernels/$release/boot/vmlinuz" -initrd "$run/initrd" \
		-append "console=ttyS0 loglevel=7 panic=-1 $panic ${LAB_APPEND:-}"
	# the last one counts; a Linux guest beside others does not live without them
	[[ $mode != demo && $mode != shell ]] || printf '%s\n' -cpu EPYC
	[[ -z $count ]] || printf '%s\n' -icount shift=0,sleep=off
	# LAB_FORWARD: a port of this machine that is port 9774 of the host
	[[ -z ${LAB_FORWARD:-} ]] || printf '%s\n' -device virtio-net-pci,netdev=net -netdev \
		"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:$LAB_FORWARD-10.0.2.15:9774"
	if [[ $env != fast ]]; then
		userland=/lab/suites/$(kernel_userland "$kernel")
		# where the packages are installed, see enter.sh
		[[ $env != packages ]] || userland=/mnt
		printf '%s\n' -virtfs \
			"local,path=$userland,mount_tag=base,security_model=none,readonly=on,multidevs=remap" \
			-virtfs \
			"local,path=$run/files,mount_tag=run,security_model=none,readonly=on,multidevs=remap"
	fi
	case $mode in
	test | bench)
		printf '%s\n' -serial "file:$run/console" -serial "file:$run/results" \
			-chardev "pipe,id=monitor,path=$run/monitor" -mon monitor
		;;
	shell) printf '%s\n' -monitor none -serial mon:stdio -serial null ;;
	demo) printf '%s\n' -monitor none -serial "file:$run/console" -serial stdio ;;
	esac
}

# qemu_ask RUN: what a machine that stands still is at, three times, into state; then an
# NMI, on which the kernel says on the console where it was.
qemu_ask() {
	local run=$1
	for _ in 1 2 3; do
		printf '%s\n' 'info registers -a' 'info lapic 0' 'info lapic 1' >"$run/monitor.in"
		timeout 5 cat "$run/monitor.out" >>"$run/state" || true
	done
	echo nmi >"$run/monitor.in"
	sleep 5
}

# qemu_watch RUN TIMEOUT ARG...: run QEMU until it ends or until neither console
# nor results have moved for TIMEOUT seconds; status 124 then.
qemu_watch() {
	local run=$1 patience=$2 pid before='' state still=0 rc=0 suite_argv
	shift 2
	suite_command "$LAB_HYPERVISOR" "$@"
	: >"$run/console"
	: >"$run/results"
	rm -f "$run"/{state,monitor.in,monitor.out}
	mkfifo "$run"/monitor.{in,out}
	"${suite_argv[@]}" </dev/null >"$run/qemu.log" 2>&1 9>&- &
	pid=$!
	# shellcheck disable=SC2064 # pid as it is now
	trap "kill -KILL $pid 2>/dev/null" EXIT
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		state=$(stat -c %s "$run/console" "$run/results")
		if [[ $state == "$before" ]]; then
			still=$((still + 1))
		else
			before=$state still=0
		fi
		if ((still > patience * 5)); then
			qemu_ask "$run"
			kill -KILL "$pid" 2>/dev/null || true
			wait "$pid" || true
			trap - EXIT
			return 124
		fi
	done
	wait "$pid" || rc=$?
	trap - EXIT
	return "$rc"
}
