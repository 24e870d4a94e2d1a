#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The exporter's page in a real browser, of real VMs: a host of the lab is looked at from
# this machine. Prints TAP; the last sight is build/check/page.png.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
port=$((21000 + $$ % 8000))
url=http://127.0.0.1:$port
driver=http://127.0.0.1:$((port + 10000))
shots=${BUILD:-build}/check
dir=$(mktemp -d)
number=0 failed=0

# ok TEXT STATUS [NOTE]
ok() {
	number=$((number + 1))
	if (($2 == 0)); then
		echo "ok $number - $1"
	else
		failed=1
		echo "not ok $number - $1"
		sed 's/^/# /' <<<"${3:-}"
	fi
}

# is SEEN EXPECTED TEXT
is() {
	[[ $1 == "$2" ]]
	ok "$3" $? "seen '$1', expected '$2'"
}

# await SECONDS COMMAND...
await() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return
		sleep 0.3
	done
}

clean_up() {
	[[ -z ${session:-} ]] || curl -s -X DELETE "$driver/session/$session" >/dev/null
	[[ -z ${driver_pid:-} ]] || kill "$driver_pid"
	[[ -z ${lab_pid:-} ]] || wait "$lab_pid"
	rm -rf "$dir"
}
trap clean_up EXIT

# call PATH JSON: what WebDriver answers
call() {
	curl -s --max-time 60 -H 'Content-Type: application/json' -d "$2" \
		"$driver/session${session:+/$session}$1" | jq -r '.value | if type == "string" then . else tojson end'
}

# js EXPRESSION: its value in the page
js() {
	call /execute/sync "$(jq -n --arg e "return $1" '{ script: $e, args: [] }')"
}

js_is() {
	[[ $(js "$1") == "$2" ]]
}

is_ready() {
	curl -s "$driver/status" | jq -e .value.ready >/dev/null
}

is_serving() {
	curl -sf --max-time 2 "$url/healthz" >/dev/null
}

# shoot NAME
shoot() {
	mkdir -p "$shots"
	curl -s "$driver/session/$session/screenshot" | jq -r .value | base64 -d >"$shots/$1.png"
}

LAB_FORWARD=$port scripts/lab test 6.12 exporter_page >"$dir/lab" 2>&1 &
lab_pid=$!
chromedriver --port="${driver##*:}" >"$dir/driver" 2>&1 &
driver_pid=$!
await 20 is_ready
ok "chromedriver is there" $? "$(tail "$dir/driver")"
await 150 is_serving
ok "the host in the lab serves" $? "$(cat "$dir/lab")"
((!failed)) || { echo "1..$number"; exit 1; }

session=$(call '' '{ "capabilities": { "alwaysMatch": {
	"goog:loggingPrefs": { "browser": "ALL" },
	"goog:chromeOptions": { "args": [ "--headless=new", "--no-sandbox",
		"--disable-dev-shm-usage", "--window-size=1600,900" ] } } } }' | jq -r .sessionId)
call /url "{ \"url\": \"$url/\" }" >/dev/null
await 30 js_is 'document.querySelectorAll("#vms tbody tr").length' 2
ok "both VMs are in the table" $? "$(js 'document.body.innerText')"
is "$(js '[...document.querySelectorAll("#vms td.name")].map(n => n.textContent).filter(n => n.includes("onerror"))[0]')" \
	'<img src=x onerror=alert(1)>' "a name with markup in it is text"
is "$(js 'document.images.length')" 0 "and makes no image"
await 20 js_is 'document.querySelectorAll("#vms tbody polyline").length' 2
ok "each has a chart" $?

exits='[...document.querySelectorAll("#vms tbody tr")].map(r => [...r.cells].slice(4).map(c => c.textContent).join(" ")).join("; ")'
first=$(js "$exits")
changed() {
	[[ $(js "$exits") != "$first" ]]
}
await 15 changed
ok "values change" $? "$first"
js_is 'parseFloat(document.querySelector("#vms tbody tr").cells[4].textContent) > 1' true
ok "the busiest is first, with exits" $? "$(js "$exits")"
js 'document.querySelectorAll("#vms tbody tr")[1].click()' >/dev/null
is "$(js 'document.getElementById("detail-title").textContent.includes("onerror")')" true \
	"a click shows a VM's statistics"
at=$(js 'document.querySelectorAll("#stats tbody tr").length')
((at > 40))
ok "all of them" $? "$at"
js 'document.querySelectorAll("#vms tbody tr")[0].click()' >/dev/null
js '(() => { const f = document.getElementById("filter"); f.value = "onerror"; f.dispatchEvent(new Event("input")); })()' >/dev/null
is "$(js 'document.querySelectorAll("#vms tbody tr").length')" 1 "the filter"
js '(() => { const f = document.getElementById("filter"); f.value = ""; f.dispatchEvent(new Event("input")); })()' >/dev/null
js 'document.querySelectorAll("#vms th button")[2].click()' >/dev/null
is "$(js 'document.querySelector("#vms th[aria-sort]").textContent')" PID "a click on a head sorts"
js 'document.querySelectorAll("#vms th button")[3].click()' >/dev/null
sleep 20
js 'document.getElementById("pause").click()' >/dev/null
shoot page
[[ $(stat -c %s "$shots/page.png") -gt 20000 ]]
ok "a picture of it" $?
is "$(js 'performance.getEntriesByType("resource").filter(e => !e.name.startsWith(location.origin)).length')" \
	0 "nothing comes from elsewhere"
is "$(call /se/log '{ "type": "browser" }')" '[]' "no word in the console"
curl -s -X DELETE "$driver/session/$session" >/dev/null
session=
wait "$lab_pid"
ok "the host ends well" $? "$(cat "$dir/lab")"
lab_pid=
echo "1..$number"
exit $failed
