# SPDX-License-Identifier: GPL-2.0-or-later
# What comes with the exporter: rules, dashboard, units.

setup() {
	packaging=$BATS_TEST_DIRNAME/../../packaging
}

@test "alert rules are well-formed, and come when they should" {
	promtool check rules "$packaging/prometheus/kvmstats.rules.yml"
	promtool test rules "$BATS_TEST_DIRNAME/rules.test.yml"
}

# Grafana's variables are none of PromQL's.
@test "every expression of the dashboard is PromQL" {
	{
		echo 'groups: [ { name: dashboard, rules: ['
		jq '.panels[].targets[].expr | gsub("\\$__rate_interval"; "5m")
			| { record: "x", expr: ., labels: { n: @sh } } ' -c "$packaging/grafana/kvmstats.json" |
			sed 's/$/,/'
		echo '] } ]'
	} > "$BATS_TEST_TMPDIR/rules.yml"
	[ "$(grep -c '"expr"' "$BATS_TEST_TMPDIR/rules.yml")" -ge 15 ]
	promtool check rules "$BATS_TEST_TMPDIR/rules.yml"
}

@test "panels of the dashboard do not overlap and have ids of their own" {
	jq -e '[.panels[].id] | length == (unique | length)' "$packaging/grafana/kvmstats.json"
	jq -e '[.panels[].gridPos | "\(.x) \(.y)"] | length == (unique | length)' \
		"$packaging/grafana/kvmstats.json"
}

@test "units are well-formed, and nothing in them is more exposed than it must be" {
	command -v systemd-analyze > /dev/null || skip "no systemd-analyze on this machine"
	cp "$packaging"/systemd/kvmstats-exporter.{service,socket} "$BATS_TEST_TMPDIR"
	# it looks for the program
	sed -i 's#/usr/bin/kvmstats-exporter#/bin/true#' "$BATS_TEST_TMPDIR/kvmstats-exporter.service"
	systemd-analyze verify --man=no "$BATS_TEST_TMPDIR"/kvmstats-exporter.{service,socket}
	systemd-analyze security --offline=yes --threshold=20 \
		"$BATS_TEST_TMPDIR/kvmstats-exporter.service"
}
