// A lane is a line of the picture. Lanes at the top stay, the others scroll.
const laneHeights = { map: 26, ruler: 22, beats: 20, cues: 22, deck: 20, note: 16, axis: 26, head: 22 };

// lanesOf lists the lanes of runs. Shut names groups that are folded, and only what a text
// is part of is shown.
function lanesOf(runs, shut, find) {
  const top = [{ kind: "map", name: "" }, { kind: "ruler", name: "" }];
  const rest = [];
  const two = runs.length > 1;
  const named = (run, name) => (two ? `${name} · ${run.name}` : name);
  for (const run of runs) {
    if (run.beats.length) top.push({ kind: "beats", run, name: named(run, "Beats") });
    for (const list of run.lists) {
      top.push({ kind: "cues", run, name: named(run, list), cues: run.cues.filter((c) => c[2] === list) });
    }
  }
  for (const run of runs) {
    for (const name of new Set(run.decks.map((d) => d[2]))) {
      const decks = run.decks.filter((d) => d[2] === name && (d[5] || d[3]));
      if (decks.length) rest.push({ kind: "deck", run, name: named(run, name), decks });
    }
    for (const [way, name] of [["in", "Messages in"], ["out", "Messages out"], ["hand", "Hands"]]) {
      const notes = run.messages.filter((m) => m[1] === way).map((m) => ({ at: m[0], text: m[3], from: m[2], colour: way === "hand" ? "hold" : "next" }));
      if (notes.length) rest.push({ kind: "note", run, name: named(run, name), notes });
    }
    if (run.late.length) rest.push({ kind: "note", run, name: named(run, "Late"), notes: run.late.map(([at, text]) => ({ at, text, from: "", colour: "bad" })) });
    if (run.log.length) {
      const colours = { ERROR: "bad", WARN: "warn" };
      rest.push({ kind: "note", run, name: named(run, "Log"), notes: run.log.map(([at, level, text]) => ({ at, text, from: level.toLowerCase(), colour: colours[level] || "soft" })) });
    }
    for (const m of run.machines) {
      for (const [n, axis] of m[2].entries()) {
        const is = m.moves.is[n];
        if (is.every((v) => v === is[0]) && m[2].length > 1) continue; // it never moved
        rest.push({ kind: "axis", run, name: named(run, m[2].length > 1 ? `${axis[0]}, ${m[0]}` : m[0]), axis, at: m.moves.at, is, valve: m[1] === "valve" });
      }
    }
  }
  if (two) [top, rest].forEach(paired);
  const shown = rest.filter((l) => holds(l.name, find));
  for (const { name, rows } of groupsOf(runs[0])) {
    const lanes = [];
    for (const row of rows) {
      const fixture = runs[0].rows[row].n;
      if (!holds(fixture, find) && !holds(name, find)) continue;
      lanes.push({ kind: "row", run: runs[0], row, name: fixture, first: true });
      const other = two ? runs[1].rows.findIndex((r) => r.n === fixture) : -1;
      if (other >= 0) lanes.push({ kind: "row", run: runs[1], row: other, name: "", of: fixture });
    }
    if (!lanes.length) continue;
    shown.push({ kind: "head", name, count: rows.length, shut: shut.has(name) });
    if (!shut.has(name)) shown.push(...lanes);
  }
  return { top, rest: shown };
}

// paired puts lanes of the same thing in two runs beside each other.
function paired(lanes) {
  const of = (l) => (l.run ? l.name.slice(0, -l.run.name.length) : l.name);
  const order = [...new Set(lanes.map(of))];
  lanes.sort((a, b) => order.indexOf(of(a)) - order.indexOf(of(b)));
}

function holds(name, find) { return !find || name.toLowerCase().includes(find); }

// groupsOf lists each row of a run once, by the first group that has it.
function groupsOf(run) {
  const left = new Set(run.rows.keys());
  const list = [];
  for (const g of run.groups) {
    const rows = g.r.filter((r) => left.has(r));
    rows.forEach((r) => left.delete(r));
    if (rows.length) list.push({ name: g.n, rows });
  }
  const stray = [...left].filter((r) => isStray(run, r));
  const single = [...left].filter((r) => !isStray(run, r));
  if (single.length) list.push({ name: list.length ? "Other fixtures" : "Fixtures", rows: single });
  if (stray.length) list.push({ name: "Slots without a fixture", rows: stray });
  return list;
}

function isStray(run, row) { return / slot \d+$/.test(run.rows[row].n) && run.rows[row].c.length === 1 && run.rows[row].c[0][0] === "level"; }

// place gives lanes their heights and where they begin, rows as high as there is room for,
// and tells how high all that scrolls is.
function place(lanes, height, narrow) {
  let y = 0;
  for (const l of lanes.top) {
    l.h = laneHeights[l.kind];
    l.y = y;
    y += l.h;
  }
  lanes.topHeight = y;
  const rows = lanes.rest.filter((l) => l.kind === "row").length;
  const others = lanes.rest.reduce((sum, l) => sum + (laneHeights[l.kind] || 0), 0);
  const room = Math.floor((height - y - others) / Math.max(rows, 1));
  const row = Math.min(Math.max(room, narrow ? 14 : 12), 34);
  y = 0;
  for (const l of lanes.rest) {
    l.h = laneHeights[l.kind] || row;
    l.y = y;
    y += l.h;
  }
  lanes.restHeight = y;
}
