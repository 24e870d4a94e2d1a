// SPDX-License-Identifier: GPL-2.0-or-later
// The table of VMs: rates of counters between two answers of /api/vms.
// Names are the choice of whoever runs a VM: they become text, never markup.
"use strict";

const INTERVAL_MS = 2000;
const POINTS = 60;
// Shown for each VM, where the kernel has them.
const COLUMNS = ["exits", "io_exits", "mmio_exits", "irq_exits", "halt_exits"];
const SVG = "http://www.w3.org/2000/svg";

const vms = new Map();		// by id and pid
let stats = [];
let selected = null;
let paused = false;
let order = { key: "exits", down: true };
let history = new Map();	// of all VMs together, by statistic

const $ = (id) => document.getElementById(id);

function element(name, text, className) {
	const node = document.createElement(name);
	if (text !== undefined)
		node.textContent = text;
	if (className)
		node.className = className;
	return node;
}

function shape(name, attributes) {
	const node = document.createElementNS(SVG, name);
	for (const key of Object.keys(attributes))
		node.setAttribute(key, attributes[key]);
	return node;
}

function number(value) {
	if (value === null || value === undefined)
		return "-";
	for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]])
		if (value >= size)
			return (value / (unit === "k" ? 1e3 : size)).toFixed(1) + unit;
	if (value === 0)
		return "0";
	return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toPrecision(2);
}

function sparkline(points) {
	const svg = shape("svg", { viewBox: "0 0 100 20", preserveAspectRatio: "none",
		"aria-hidden": "true" });
	const most = Math.max(...points, 1e-9);
	const line = points.map((value, i) => {
		const x = 100 * (POINTS - points.length + i) / (POINTS - 1);
		return x.toFixed(1) + "," + (19 - 18 * value / most).toFixed(1);
	});
	if (line.length > 1) {
		const first = line[0].split(",")[0];
		svg.append(shape("polygon", { points: `${first},20 ${line.join(" ")} 100,20` }),
			shape("polyline", { points: line.join(" ") }));
	}
	return svg;
}

function push(points, value) {
	points.push(value);
	if (points.length > POINTS)
		points.shift();
}

// A counter that fell belongs to something else than before: no rate.
function rate(stat, now, before, seconds) {
	if (!stat.counter)
		return now;
	return before === undefined || now < before || seconds <= 0 ? null : (now - before) / seconds;
}

function take(answer) {
	const seen = new Set();
	const sums = new Map();

	if (stats.map((s) => s.metric).join() !== answer.stats.map((s) => s.metric).join()) {
		stats = answer.stats;
		vms.clear();
		history = new Map();
	}
	for (const vm of answer.vms) {
		const key = `${vm.id}/${vm.pid}`;
		const old = vms.get(key);
		const seconds = old ? (answer.time_ms - old.time) / 1000 : 0;
		const entry = { ...vm, key, time: answer.time_ms,
			points: old ? old.points : stats.map(() => []) };

		entry.rates = stats.map((stat, i) =>
			rate(stat, vm.values[i], old ? old.vm_values[i] : undefined, seconds));
		entry.vm_values = vm.values;
		entry.rates.forEach((value, i) => {
			if (value === null)
				return;
			push(entry.points[i], value);
			if (stats[i].counter)
				sums.set(stats[i].name, (sums.get(stats[i].name) || 0) + value);
		});
		vms.set(key, entry);
		seen.add(key);
	}
	for (const key of vms.keys())
		if (!seen.has(key))
			vms.delete(key);
	for (const [name, value] of sums) {
		if (!history.has(name))
			history.set(name, []);
		push(history.get(name), value);
	}
	if (!vms.has(selected))
		selected = vms.size ? [...vms.keys()][0] : null;
}

const indexOf = (name) => stats.findIndex((stat) => stat.name === name);
const columns = () => COLUMNS.filter((name) => indexOf(name) >= 0);

function tile(label, value, points) {
	const node = element("div", undefined, "tile");

	node.append(element("b", value), element("span", label));
	if (points)
		node.append(sparkline(points));
	return node;
}

function drawTiles() {
	const tiles = [tile("VMs", String(vms.size))];

	for (const name of columns().slice(0, 4)) {
		const points = history.get(name) || [];
		tiles.push(tile(`${name} a second`, number(points[points.length - 1]), points));
	}
	$("tiles").replaceChildren(...tiles);
}

function sortKey(vm) {
	switch (order.key) {
	case "id": return vm.id;
	case "name": return vm.name;
	case "pid": return vm.pid;
	default: return vm.rates[indexOf(order.key)] || 0;
	}
}

function compare(a, b) {
	const x = sortKey(a), y = sortKey(b);
	const result = x < y ? -1 : x > y ? 1 : a.id - b.id;

	return order.down ? -result : result;
}

function isShown(vm) {
	const words = $("filter").value.toLowerCase();

	return !words || [vm.name, vm.uuid, String(vm.pid), vm.comm]
		.some((text) => text.toLowerCase().includes(words));
}

function headerCell(key, label, left) {
	const cell = element("th", undefined, left ? "left" : "");
	const button = element("button", label);

	cell.scope = "col";
	button.addEventListener("click", () => {
		order = { key, down: order.key === key ? !order.down : !left };
		draw();
	});
	if (order.key === key)
		cell.setAttribute("aria-sort", order.down ? "descending" : "ascending");
	cell.append(button);
	return cell;
}

function drawVms() {
	const names = columns();
	const head = element("tr");
	const rows = [];

	head.append(headerCell("id", "ID"), headerCell("name", "Name", true),
		headerCell("pid", "PID"), element("th", names[0] || "", "left"));
	for (const name of names)
		head.append(headerCell(name, `${name}/s`));
	$("vms").tHead.replaceChildren(head);

	for (const vm of [...vms.values()].filter(isShown).sort(compare)) {
		const row = element("tr");
		const name = element("td", vm.name, "left name");
		const chart = element("td", undefined, "chart");
		const select = () => { selected = vm.key; draw(); };

		name.title = [vm.name, vm.uuid, `by ${vm.source}`].filter(Boolean).join("\n");
		row.append(element("td", vm.id), name, element("td", vm.pid || "-"), chart);
		for (const column of names) {
			const value = vm.rates[indexOf(column)];
			row.append(element("td", number(value), value ? "" : "zero"));
		}
		if (names.length)
			chart.append(sparkline(vm.points[indexOf(names[0])]));
		row.tabIndex = 0;
		row.setAttribute("aria-selected", String(vm.key === selected));
		row.addEventListener("click", select);
		row.addEventListener("keydown", (event) => {
			if (event.key === "Enter")
				select();
		});
		rows.push(row);
	}
	$("vms").tBodies[0].replaceChildren(...rows);
}

// What moves comes first.
function drawStats() {
	const vm = vms.get(selected);
	const head = element("tr");
	const rows = [];

	head.append(element("th", "Statistic", "left"), element("th", "Value"),
		element("th", "A second"), element("th", ""));
	$("stats").tHead.replaceChildren(head);
	$("detail-title").textContent = vm ? `Statistics of ${vm.name}` : "Statistics";
	if (vm) {
		const all = stats.map((stat, i) => ({ stat, i, rate: vm.rates[i] || 0 }));
		all.sort((a, b) => b.stat.counter - a.stat.counter || b.rate - a.rate || a.i - b.i);
		for (const { stat, i } of all) {
			const row = element("tr");
			const name = element("td", stat.name, "left name");
			const chart = element("td", undefined, "chart");

			name.title = stat.metric;
			chart.append(sparkline(vm.points[i]));
			row.append(name, element("td", number(vm.vm_values[i])),
				element("td", stat.counter ? number(vm.rates[i]) : ""), chart);
			rows.push(row);
		}
	}
	$("stats").tBodies[0].replaceChildren(...rows);
}

function draw() {
	drawTiles();
	drawVms();
	drawStats();
}

function say(text, bad) {
	$("state").textContent = text;
	$("state").className = bad ? "bad" : "";
}

async function update() {
	if (!paused && !document.hidden) {
		try {
			const answer = await (await fetch("/api/vms")).json();
			take(answer);
			if (!answer.up)
				say(answer.why, true);
			else
				say(`version ${answer.version}, ${new Date().toLocaleTimeString()}`);
			draw();
		} catch (error) {
			say("the exporter does not answer", true);
		}
	}
	setTimeout(update, INTERVAL_MS);
}

$("filter").addEventListener("input", draw);
$("pause").addEventListener("click", () => {
	paused = !paused;
	$("pause").setAttribute("aria-pressed", String(paused));
	$("pause").textContent = paused ? "Go on" : "Pause";
});
update();
