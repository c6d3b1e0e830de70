// Card tells what the pointer is on.
class Card {
  constructor(view) {
    this.view = view;
    this.box = element("card");
    this.turn = 0;
  }

  hide() {
    this.turn++;
    this.box.hidden = true;
  }

  // show fills the card for a lane and a time, beside a place of the picture.
  async show(lane, time, x, y, pinned) {
    const turn = ++this.turn;
    const parts = lane ? await this.parts(lane, time) : [];
    if (turn !== this.turn) return; // the pointer is elsewhere by now
    if (!parts.length) {
      this.box.hidden = true;
      return;
    }
    this.box.replaceChildren(...parts);
    this.box.classList.toggle("pinned", pinned);
    this.box.hidden = false;
    const { offsetWidth: w, offsetHeight: h } = this.box;
    const left = x + 18 + w < this.view.width ? x + 18 : Math.max(x - w - 18, 4);
    this.box.style.left = `${left}px`;
    this.box.style.top = `${Math.max(Math.min(y + 14, this.view.height - h - 8), 4)}px`;
  }

  async parts(lane, time) {
    const run = lane.run || this.view.runs[0];
    switch (lane.kind) {
      case "row": return this.row(lane, run, time);
      case "cues": return this.cue(lane, run, time);
      case "deck": return this.deck(lane, run, time);
      case "note": return this.note(lane, run, time);
      case "axis": return this.axis(lane, run, time);
      case "head": return [];
    }
    const place = run.place(time);
    return [title("Time"), when(run, time), ...(place?.tempo ? [line(`${place.tempo.toFixed(1)} BPM`)] : [])];
  }

  // row tells the levels of a fixture, and who set them.
  async row(lane, run, time) {
    const [is, causes] = await Promise.all([run.values(lane.row, time), run.causes(lane.row, time)]);
    const name = lane.name || lane.of;
    if (!is) return [title(name), when(run, time), line("nothing yet")];
    const head = title(name);
    const swatch = make("span", "swatch");
    swatch.style.background = `rgb(${is.colour.join(" ")})`;
    head.prepend(swatch);
    const list = make("dl");
    const shown = is.channels.length > 24 ? is.channels.filter((c) => c.value) : is.channels;
    const makers = new Set();
    for (const [n, c] of is.channels.entries()) {
      // The last that was done to it, or, as far as it follows them, to the intensity or the colour.
      const of = c.mixed ? [Math.min(n, 29), 30, 31] : [Math.min(n, 29)];
      const [made] = of.map((bit) => causes.get(bit)).filter(Boolean).sort((a, b) => Math.min(b.until, time) - Math.min(a.until, time));
      if (made) makers.add(made);
      if (shown.includes(c)) list.append(make("dt", "", c.name), make("dd", "n", levelText(c.value)), make("dd", "soft", made ? did(run, made) : ""));
    }
    const lines = [...makers].sort((a, b) => b.at - a.at).slice(0, 4).map((m) => this.cause(run, m));
    const more = shown.length < is.channels.length ? [line(`${is.channels.length - shown.length} more channels are at 0`, "soft")] : [];
    const frame = line(`frame of ${clock(is.at)}`, "when");
    const runName = this.view.runs.length > 1 ? [line(run.name, "when")] : [];
    return [head, ...runName, when(run, time), frame, list, ...more, ...lines];
  }

  // cause is who did something: line, cue, task and event.
  cause(run, made) {
    const [file, task, cue, event] = run.sources[made.source];
    const p = make("p");
    p.append(make("code", "", file || "no line"));
    const about = [cue && `cue ${cue}`, task && task !== file && !(cue && task.startsWith("cue ")) && `in ${task}`, event && `after ${event}`].filter(Boolean).join(", ");
    const since = made.until > made.at ? `again and again from ${clock(made.at)} to ${clock(made.until)}` : `at ${clock(made.at)}`;
    p.append(` ${doings[made.did] || ""} ${since}${about ? `, ${about}` : ""}`);
    return p;
  }

  cue(lane, run, time) {
    const c = lane.cues[upTo(lane.cues, time, (x) => x[0])];
    if (!c) return [title(lane.name), when(run, time), line("no cue yet")];
    const fades = c[1] > c[0] ? [line(`fades for ${((c[1] - c[0]) / 1e6).toFixed(2)} s`)] : [];
    return [title(`${c[2]} ${c[3]} ${c[4]}`), line(`fired at ${clock(c[0])}${placeText(run, c[0])}`), ...fades, when(run, time)];
  }

  deck(lane, run, time) {
    const d = lane.decks.findLast((x) => x[0] <= time && time <= x[1] + 1e5);
    if (!d) return [title(lane.name), when(run, time), line("nothing on it")];
    return [title(d[3] || "no title"), ...(d[4] ? [line(d[4])] : []), line(`${lane.name}: ${d[5] ? `plays at ${d[7].toFixed(2)} BPM` : "stands"}${d[6] ? ", leads" : ""}`), when(run, time)];
  }

  note(lane, run, time) {
    const near = this.view.step * 6;
    const i = upTo(lane.notes, time + near, (n) => n.at);
    if (i < 0) return [title(lane.name), when(run, time)];
    const list = [];
    for (let j = i; j >= 0 && list.length < 12 && (j === i || lane.notes[j].at > time - near); j--) list.unshift(lane.notes[j]);
    return [title(lane.name), ...list.map((n) => line(`${clock(n.at)}  ${n.from ? `${n.from}: ` : ""}${n.text}`)), when(run, time)];
  }

  axis(lane, run, time) {
    const i = upTo(lane.at, time);
    const [, low, high, unit] = lane.axis;
    const is = i < 0 ? "nothing yet" : lane.valve ? `${Math.round(lane.is[i] * 100)}% open` : `${lane.is[i].toFixed(2)} ${unit}`;
    const limits = lane.valve || low === null || high === null ? [] : [line(`from ${low} to ${high} ${unit}`, "soft")];
    return [title(lane.name), line(is), ...limits, when(run, time)];
  }
}

const doings = ["set", "faded", "waves", "follows a path", "stopped", "held by an operator", "released by an operator"];

// did is what was done, for a list.
function did(run, made) { return `${doings[made.did]} by ${run.sources[made.source][0] || "an operator"}`; }

function levelText(v) { return Number.isInteger(v) ? String(v) : v.toFixed(2); }

function make(name, of = "", text = "") {
  const e = document.createElement(name);
  if (of) e.className = of;
  if (text) e.textContent = text;
  return e;
}

function title(text) { return make("h3", "", text); }
function line(text, of = "") { return make("p", of, text); }
function when(run, time) { return line(clock(time) + placeText(run, time), "when"); }

// placeText is the bar and the beat at a time.
function placeText(run, time) {
  const p = run.place(time);
  return p ? `, bar ${p.bar}.${p.beat}` : "";
}
