# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What came of a run.

# Lines in a kernel log that fail a run, whatever its tests say.
LAB_BAD_LOG='BUG:|WARNING: (CPU|possible|suspicious|inconsistent|nested|lock held|bad unlock|chain)|Oops|KASAN: [a-z]|KCSAN: |UBSAN: |possible (circular|recursive) locking|inconsistent lock state|suspicious RCU usage|scheduling while atomic|sleeping function called from invalid context|hung task|blocked for more than|rcu.*(detected (expedited )?stalls|self-detected stall)|soft lockup|hard LOCKUP|kmemleak: .* new suspected|[Uu]nable to handle|general protection|Kernel panic|stack-protector|refcount_t: |list_(add|del) corruption|ODEBUG: |Bad page state|usercopy: Kernel memory'

# without_foreign_races LOG: all but the reports of data races that our modules have no
# part in. A line of = begins and ends a report; what an interrupt came upon, further
# down in a stack, is no part of the race.
without_foreign_races() {
	awk '
	/==============================/ {
		report = report $0 "\n"
		if (inside) {
			if (ours || report !~ /BUG: KCSAN/)
				printf "%s", report
			report = ""
		}
		inside = !inside
		ours = interrupted = 0
		next
	}
	inside {
		report = report $0 "\n"
		if (/ bytes by /)
			interrupted = 0
		if (/ asm_(sysvec|common_interrupt|exc)/)
			interrupted = 1
		if (/\[(kvmstats|statsfs(_[a-z]+)?|kvm_hypercalls|pmu_test)\]/ && !interrupted)
			ours = 1
		next
	}
	{ print }
	END { printf "%s", report }' "$1"
}

# report_tests RUN KERNEL ENV TEST...: print a line per test and what went wrong;
# append every check to the file of results. Ends with "PASSED FAILED SKIPPED" as
# the last line.
report_tests() {
	local run=$1 kernel=$2 env=$3
	shift 3
	tr -d '\r' <"$run/results" | awk -v kernel="$kernel" -v env="$env" \
		-v requested="$*" -v out="${LAB_RESULTS:-/dev/null}" '
	function count(number, verdict) {
		counted[++held] = number " " verdict
	}
	# What a test said counts once it has ended, unless it was run again.
	function settle(   i, part) {
		for (i = 1; i <= held; i++) {
			split(counted[i], part)
			print kernel, env, name, counted[i] >> out
			total[part[2]]++
		}
		held = 0
	}
	function forget() {
		results = bad = kept = quiet = held = summed = 0
		plan = skip = ""
	}
	function finish(rc, seconds) {
		judge(rc, seconds)
		settle()
	}
	function judge(rc, seconds,   why, i) {
		if (!bad && (rc == 77 && !results || plan == 0 && skip != "")) {
			count("all", "skip")
			printf "skip %s/%s %s (%s)\n", kernel, env, name, skip
			done[name] = 1
			return
		}
		if (rc == "")
			why = "did not end"
		else if (rc != 0 && rc != 77)
			why = "exit status " rc
		else if (plan == "")
			why = "no plan"
		else if (plan != results)
			why = results + 0 " results, " plan " planned"
		if (why != "" && !bad)
			count("end", "fail")
		if (why != "" || bad) {
			printf "FAIL %s/%s %s (%d checks%s%s)\n", kernel, env, name, results,
				seconds, why == "" ? "" : ": " why
			for (i = 1; i <= kept; i++)
				print "     " keep[i]
		} else
			printf "ok   %s/%s %s (%d checks%s)\n", kernel, env, name, results, seconds
		for (i = 1; i <= summed; i++)
			print "     " summary[i]
		done[name] = 1
	}
	/^== begin / {
		if (open)
			finish("", "")
		name = $3; open = 1; again = ""
		forget()
		next
	}
	/^== again / && open {
		again = again "; run again: " substr($0, 10)
		forget()
		next
	}
	/^== end / && open {
		sub(/^rc=/, "", $4); sub(/^t=/, "", $5)
		finish($4, ", " $5 " s" again)
		open = 0
		next
	}
	/^== done / { ended = $3; next }
	!open { next }
	/^1\.\.[0-9]+/ {
		plan = substr($1, 4) + 0
		if (match($0, /# *[Ss][Kk][Ii][Pp] */))
			skip = substr($0, RSTART + RLENGTH)
		next
	}
	/^ok/ { results++; count(results, /# *[Ss][Kk][Ii][Pp]/ ? "skip" : "pass"); quiet = 1; next }
	/^not ok/ { results++; bad++; count(results, "fail"); quiet = 0 }
	/^# summary: / { summary[++summed] = substr($0, 12); next }
	{ if (kept < 60 && (!quiet || !/^#/)) keep[++kept] = $0 }
	END {
		if (open)
			finish("", "")
		n = split(requested, names, " ")
		for (i = 1; i <= n; i++)
			if (!(names[i] in done)) {
				name = names[i]
				count("begin", "fail")
				settle()
				printf "FAIL %s/%s %s (did not run)\n", kernel, env, name
			}
		if (ended != n) {
			name = "boot"
			count("done", "fail")
			settle()
			printf "FAIL %s/%s boot (the run did not come to its end)\n", kernel, env
		}
		printf "%d %d %d\n", total["pass"], total["fail"], total["skip"]
	}'
}

# report_log RUN KERNEL ENV STATUS: judge the kernel log and how QEMU ended; the
# same last line.
report_log() {
	local run=$1 kernel=$2 env=$3 status=$4 why='' verdict=pass
	without_foreign_races "$run/console" >"$run/judged"
	if ((status == 124)); then
		why="stuck, ended by force"
	elif grep -qE "$LAB_BAD_LOG" "$run/judged"; then
		why="the kernel complained"
	elif ((status != 0)); then
		why="QEMU ended with status $status"
	elif ! grep -q 'reboot: Power down' "$run/console"; then
		why="no clean power-off"
	fi
	if [[ -n $why ]]; then
		verdict=fail
		echo "FAIL $kernel/$env kernel-log ($why)"
		tr -d '\r' <"$run/judged" | awk -v bad="$LAB_BAD_LOG" '
			$0 ~ bad && n++ < 10 { print "     " NR ": " $0 }'
		sed "/TCG doesn't support/d; s/^/     qemu: /" "$run/qemu.log"
		[[ ! -e $run/state ]] || grep -aE '^(CPU#|dumping|RIP|LVTT[[:space:]]|Timer|ISR|IRR)' "$run/state" |
			tr -d '\r' | tail -n 14 | sed 's/^/     machine: /'
		echo "     the end of the console, all of it is in $run:"
		tail -n 60 "$run/console" | tr -d '\r' | sed 's/^/     | /'
	fi
	[[ -z ${LAB_RESULTS:-} ]] || echo "$kernel $env kernel-log 1 $verdict" >>"$LAB_RESULTS"
	if [[ $verdict == pass ]]; then
		echo "1 0 0"
	else
		echo "0 1 0"
	fi
}
