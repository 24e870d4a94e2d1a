# SPDX-License-Identifier: GPL-2.0-or-later
# kvmstats-exporter on a machine without the module. EXPORTER names the binary.

load ../refusal

setup() {
	port=$((20000 + BATS_TEST_NUMBER * 7 + $$ % 10000))
	url=http://127.0.0.1:$port
	dir=$BATS_TEST_TMPDIR
	pid=
}

teardown() {
	[ -z "$pid" ] || { kill -KILL "$pid" 2>/dev/null || true; wait "$pid" || true; }
}

# expect STATUS TEXT ARGUMENT...
expect() {
	refusal kvmstats-exporter "$1" "$2" timeout 10 "$EXPORTER" "${@:3}"
}

# start ARGUMENT...: serves on $port when nothing is said, and is up
start() {
	[ $# -gt 0 ] || set -- --listen "127.0.0.1:$port"
	"$EXPORTER" --device "$dir/none" "$@" 2> "$dir/err" 3>&- &
	pid=$!
	for _ in {1..100}; do
		! curl -sf "$url/healthz" > /dev/null || return 0
		kill -0 "$pid" || break
		sleep 0.05
	done
	cat "$dir/err"
	return 1
}

# stop: it ends by itself and well
stop() {
	local status=0
	kill -TERM "$pid"
	wait "$pid" || status=$?
	pid=
	cat "$dir/err"
	[ "$status" -eq 0 ]
}

# code PATH [CURL ARGUMENT...]: the status of the answer, whose text is in $dir/body
code() {
	local path=$1
	shift
	curl -s -g -o "$dir/body" -w '%{http_code}' "$@" "$url$path"
}

fds() {
	ls "/proc/$pid/fd" | wc -l
}

resident_kb() {
	awk '/VmRSS/ { print $2 }' "/proc/$pid/status"
}

@test "help fits a screen, version is that of the package" {
	run "$EXPORTER" --help
	[ "$status" -eq 0 ]
	[ "$(wc -l <<< "$output")" -le 24 ]
	[ "$(wc -L <<< "$output")" -le 80 ]
	[ "$("$EXPORTER" -h)" = "$output" ]
	[ "$("$EXPORTER" -V)" = "kvmstats-exporter $(cat "$BATS_TEST_DIRNAME/../../VERSION")" ]
	run sh -c '"$EXPORTER" --help > /dev/full'
	[ "$status" -eq 1 ]
}

@test "wrong usage is one line and exit status 2" {
	expect 2 'wrong option `--nonsense`' --nonsense
	expect 2 'wrong option `-x`' -x
	expect 2 'option `--listen` needs a value' --listen
	expect 2 'one word too many, `word`' word
	expect 2 '--interval is for --textfile only' --interval 5
	expect 2 '--textfile serves nobody' --textfile "$dir" --listen 127.0.0.1:1
	expect 2 '--textfile serves nobody' --textfile "$dir" --unix "$dir/s"
	for bad in 0 -1 abc 5s 86401 99999999999999999999 ''; do
		expect 2 'seconds from 1 to 86400' --textfile "$dir" --interval "$bad"
	done
	for option in --include --exclude; do
		expect 2 "$option: no regular expression, \`(\`" $option '('
	done
}

@test "an address that is none is named" {
	for bad in '' localhost:80 127.0.0.1 127.0.0.1: :80 ::1:80 '[::1]80' '[::1' 1.2.3:x \
		127.0.0.1:65536 127.0.0.1:-1 '[127.0.0.1:80' 256.0.0.1:80; do
		expect 2 "--listen \`$bad\`: ADDR:PORT in numbers" --listen "$bad"
	done
	expect 1 'Cannot assign' --listen 192.0.2.1:80
	many=()
	for _ in {1..16}; do many+=(--listen 127.0.0.1:1); done
	expect 2 'more than 15 times' "${many[@]}"
}

@test "an address in use is named" {
	start
	expect 1 'another program listens there' --listen "127.0.0.1:$port"
	stop
}

@test "a unix socket: served, removed, a stale one replaced, others left alone" {
	start --unix "$dir/socket" --listen "127.0.0.1:$port"
	[ "$(curl -s --unix-socket "$dir/socket" http://x/healthz)" = ok ]
	[ "$(stat -c %a "$dir/socket")" = 660 ]
	expect 1 'another program listens there' --unix "$dir/socket"
	kill -KILL "$pid"
	wait "$pid" || true
	[ -S "$dir/socket" ]
	start --unix "$dir/socket" --listen "127.0.0.1:$port"
	stop
	[ ! -e "$dir/socket" ]
	echo precious > "$dir/file"
	expect 1 'no socket' --unix "$dir/file"
	[ "$(cat "$dir/file")" = precious ]
	expect 1 'No such file' --unix "$dir/none/socket"
	expect 2 'a path of 1 to 107 bytes' --unix ''
	expect 2 'a path of 1 to 107 bytes' --unix "$(printf '%0108d' 0)"
}

@test "a socket that systemd did not open as one is refused" {
	run bash -c 'exec 3< /dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$EXPORTER"'
	[ "$status" -eq 1 ]
	[[ $output == *'fd 3 is no listening stream socket'* ]]
}

@test "without the module: kvmstats_up is 0, said once, and there is no other series" {
	start
	code /metrics
	[ "$(code /metrics)" = 200 ]
	grep -qx 'kvmstats_up 0' "$dir/body"
	! grep -E '^kvmstats_(vm|vcpu)' "$dir/body"
	promtool check metrics < "$dir/body"
	[ "$(code /metrics -H 'Accept: application/openmetrics-text')" = 200 ]
	[ "$(tail -n 1 "$dir/body")" = '# EOF' ]
	[ "$(code /api/vms)" = 200 ]
	jq -e '.up == false and (.why | length) > 10 and .vms == []' "$dir/body"
	stop
	[ "$(wc -l < "$dir/err")" -eq 1 ]
	grep -qF "$dir/none" "$dir/err"
}

@test "a device that is none is told of" {
	"$EXPORTER" --device /dev/null --listen "127.0.0.1:$port" 2> "$dir/err" 3>&- &
	pid=$!
	sleep 0.5
	[ "$(code /metrics)" = 200 ]
	grep -qx 'kvmstats_up 0' "$dir/body"
	grep -q '/dev/null' "$dir/err"
}

@test "every path, method and query has its answer" {
	start
	[ "$(code /)" = 200 ]
	[ "$(code /healthz)" = 200 ]
	[ "$(cat "$dir/body")" = ok ]
	for path in /app.js /style.css /icon.svg; do
		[ "$(code $path)" = 200 ]
		cmp "$dir/body" "$BATS_TEST_DIRNAME/../../src/exporter/page$path"
	done
	for path in /metric /metrics/ //metrics /../metrics /.git /metrics%00 /%6detrics; do
		[ "$(code "$path" --path-as-is)" = 404 ]
		[ "$(wc -l < "$dir/body")" -eq 1 ]
	done
	for method in POST PUT DELETE OPTIONS PATCH TRACE NONSENSE; do
		[ "$(code /metrics -X $method)" = 405 ]
	done
	[ "$(code /metrics -d body)" = 405 ]
	curl -si -X DELETE "$url/metrics" | grep -qi '^Allow: GET, HEAD'
	curl -sI "$url/metrics" | grep -q '^HTTP/1.1 200'
	for query in stat 'stat=(' 'stat=a{9}' 'stat=%' vcpu=2 other=1 'stat=((((((((((a' \
		"stat=$(printf '%0200d' 0)"; do
		[ "$(code "/metrics?$query")" = 400 ]
		[ "$(wc -l < "$dir/body")" -eq 1 ]
	done
	for query in '' 'stat=exits' 'stat=.*ns&exclude=a|b&vcpu=1' 'stat=a%2b'; do
		[ "$(code "/metrics?$query")" = 200 ]
	done
	for path in / /healthz /api/vms; do
		[ "$(code "$path?x=1")" = 400 ]
	done
	stop
}

@test "the page takes nothing from elsewhere" {
	start
	curl -si "$url/" > "$dir/page"
	grep -qi "^Content-Security-Policy: default-src 'none'; script-src 'self'" "$dir/page"
	! grep -E '(src|href)="?(https?:)?//' "$dir/page"
	! grep -iE '<script>|<style|style=|onclick|javascript:' "$dir/page"
	! grep -E 'innerHTML|insertAdjacentHTML|document.write|eval\(' \
		"$BATS_TEST_DIRNAME/../../src/exporter/page/app.js"
	stop
}

@test "a connection is kept for the next scrape" {
	start
	curl -sv "$url/metrics" "$url/metrics" 2>&1 > /dev/null | grep -qiE 're-using existing'
	stop
}

@test "a text file: written whole, and nothing beside it" {
	mkdir "$dir/text"
	echo old > "$dir/text/.kvmstats.prom.new"
	"$EXPORTER" --device "$dir/none" --textfile "$dir/text" 2> "$dir/err"
	[ "$(ls -A "$dir/text")" = kvmstats.prom ]
	[ "$(stat -c %a "$dir/text/kvmstats.prom")" = 644 ]
	promtool check metrics < "$dir/text/kvmstats.prom"
	grep -qx 'kvmstats_up 0' "$dir/text/kvmstats.prom"
}

@test "a text file: written again and again, by rename" {
	"$EXPORTER" --device "$dir/none" --textfile "$dir" --interval 1 2> "$dir/err" 3>&- &
	pid=$!
	sleep 0.6
	first=$(stat -c %i "$dir/kvmstats.prom")
	exec 4< "$dir/kvmstats.prom"
	sleep 1.2
	[ "$(stat -c %i "$dir/kvmstats.prom")" != "$first" ]
	grep -qx 'kvmstats_exporter_scrapes_total 1' <&4
	exec 4<&-
	stop
}

@test "a text file: a directory that is missing or not to be written is named" {
	expect 1 'No such file or directory: name a directory' --textfile "$dir/none"
	touch "$dir/file"
	expect 1 'Not a directory' --textfile "$dir/file"
	run "$EXPORTER" --device "$dir/none" --textfile /proc
	[ "$status" -eq 1 ]
	[[ $output == *'/proc/kvmstats.prom: '* ]]
}

# --- clients that mean no good ---

# open_one TEXT: leaves a connection open that has sent TEXT; its number is in $fd
open_one() {
	exec {fd}<> "/dev/tcp/127.0.0.1/$port"
	(printf %b "$1" >&"$fd") 2> /dev/null || true	# closed already: SIGPIPE
}

@test "half-open requests, more than there is room for, keep nobody out" {
	start
	for _ in {1..150}; do
		open_one 'GET /metrics HTTP/1.1\r\nHost: x\r\nX-'
	done
	before=$(resident_kb)
	for _ in {1..20}; do
		[ "$(code /metrics --max-time 5)" = 200 ]
	done
	grep -E '^kvmstats_exporter_connections_dropped_total [1-9]' "$dir/body"
	[ "$(fds)" -le 100 ]
	[ "$(resident_kb)" -le $((before + 8192)) ]
}

@test "clients that never read their answer keep nobody out" {
	start
	for _ in {1..100}; do
		open_one "$(for _ in {1..20}; do printf 'GET /app.js HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'; done)"
	done
	[ "$(code /metrics --max-time 5)" = 200 ]
	[ "$(fds)" -le 100 ]
}

@test "a client that sends byte by byte is cut off in time" {
	start
	open_one ''
	for _ in {1..24}; do
		(printf G >&"$fd") 2> /dev/null || break
		[ "$(code /healthz --max-time 2)" = 200 ]
		sleep 0.5
	done
	! timeout 1 cat <&"$fd" | grep -q 200
	code /metrics
	grep -x 'kvmstats_exporter_connections_dropped_total 1' "$dir/body"
}

@test "huge headers and garbage get an error or a closed door" {
	start
	header=$(printf '%040000d' 0)
	[[ $(code /metrics -H "X: $header") =~ ^(431|413|400|000)$ ]]
	[[ $(code "/metrics?stat=$header") =~ ^(414|413|431|400|000)$ ]]
	for text in '\0\0\0\0\r\n\r\n' 'GET\r\n\r\n' 'GET / HTTP/9.9\r\n\r\n' '\r\n\r\n\r\n' \
		'GET /metrics HTTP/1.1\r\nContent-Length: -1\r\n\r\n' \
		'GET / HTTP/1.1\r\nHost: x\r\n\r\nGARBAGE\r\n\r\nGET / HTTP/1.1\r\n\r\n' \
		'POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n' \
		'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nabc' \
		'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'; do
		open_one "$text"
		timeout 0.2 cat <&"$fd" > /dev/null || true
		eval "exec $fd<&-"
		[ "$(code /metrics --max-time 5)" = 200 ]
	done
	head -c 300000 /dev/urandom > "$dir/noise"
	timeout 2 bash -c 'exec 5<> "/dev/tcp/127.0.0.1/'"$port"'"; cat "'"$dir/noise"'" >&5' 2> /dev/null || true
	[ "$(code /metrics --max-time 5)" = 200 ]
	stop
}

@test "many scrapes at a time are all answered" {
	start
	for _ in {1..40}; do
		curl -s --max-time 10 -o /dev/null -w '%{http_code}\n' "$url/metrics" >> "$dir/codes" &
		jobs="$jobs $!"
	done
	for job in $jobs; do wait "$job"; done
	[ "$(sort "$dir/codes" | uniq -c | tr -s ' ')" = ' 40 200' ]
	[ "$(fds)" -le 100 ]
	stop
}
