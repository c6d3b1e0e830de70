// Marks are what happens at instants, and the lines around.
const font = (size, weight = 400) => `${weight} ${size}px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif`;

// clock writes a time in microseconds; exact to the millisecond.
function clock(us, exact = true) {
  const ms = Math.max(Math.round(us / 1000), 0);
  const two = (n) => String(n).padStart(2, "0");
  const text = `${Math.floor(ms / 3600000)}:${two(Math.floor(ms / 60000) % 60)}:${two(Math.floor(ms / 1000) % 60)}`;
  return exact ? `${text}.${String(ms % 1000).padStart(3, "0")}` : text;
}

const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

// Pen draws lanes onto a canvas: view says what is seen, from a time on, with so many
// microseconds on each point, beside names that are so wide.
class Pen {
  constructor(ctx, view, colours) { Object.assign(this, { ctx, view, colours }); }

  x(time) { return this.view.gutter + (time - this.view.from) / this.view.step; }

  // clip cuts a text to a width.
  clip(text, width) {
    const { ctx } = this;
    if (ctx.measureText(text).width <= width) return text;
    let low = 0, high = text.length;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (ctx.measureText(text.slice(0, mid) + "…").width <= width) low = mid;
      else high = mid - 1;
    }
    return low ? text.slice(0, low) + "…" : "";
  }

  text(text, x, y, colour, size, weight, width) {
    const { ctx } = this;
    ctx.font = font(size, weight);
    ctx.fillStyle = colour;
    ctx.textBaseline = "middle";
    ctx.fillText(width === undefined ? text : this.clip(text, width), x, y);
  }

  name(lane, y) {
    const { colours: c, view } = this;
    const size = lane.kind === "row" ? Math.min(13, lane.h - 1) : 12;
    this.text(lane.name, lane.kind === "row" ? 12 : 8, y + lane.h / 2 + 0.5, lane.kind === "row" ? c.text : c.soft, Math.max(size, 9), 400, view.gutter - 16);
  }

  // ruler draws times.
  ruler(y, h) {
    const { ctx, view, colours: c } = this;
    const least = (86 * view.step) / 1e6;
    const step = (steps.find((s) => s >= least) || 28800) * 1e6;
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
      const x = this.x(t);
      ctx.fillStyle = c.edge;
      ctx.fillRect(x, y + h - 6, 1, 6);
      const text = step < 1e6 ? clock(t).replace(/^0:/, "") : clock(t, false);
      this.text(text, x + 4, y + h / 2, c.soft, 11);
    }
  }

  // beats draws bars and beats as far as there is room, and the tempo where it changes.
  beats(lane, y, h) {
    const { ctx, view, colours: c } = this;
    const { beats } = lane.run;
    const begin = Math.max(upTo(beats, view.from, (b) => b.at), 0), end = upTo(beats, view.to, (b) => b.at);
    const each = (view.to - view.from) / view.step / Math.max(end - begin, 1);
    let free = -1;
    for (let i = begin; i <= end; i++) {
      const b = beats[i], x = this.x(b.at);
      const { bar: n, beat } = bar(b);
      if (b.bar > 0 && beat === 1 && each * b.bar > 5) {
        ctx.fillStyle = c.edge;
        ctx.fillRect(x, y + 2, 1, h - 4);
        if (x > free && each * b.bar > 10) {
          this.text(String(n), x + 3, y + h / 2, c.soft, 11);
          free = x + Math.max(34, 8 + String(n).length * 8);
        }
      } else if (each > 6) {
        ctx.fillStyle = c.line;
        ctx.fillRect(x, y + h / 2, 1, h / 2 - 2);
        if (each > 46) this.text(`${n}.${beat}`, x + 3, y + h / 2, c.soft, 10);
      }
    }
    if (!beats.length || each * (beats[begin].bar || 4) > 5) return;
    // From afar it is the tempo that is seen.
    free = -1;
    let last = 0;
    for (let x = 0; x < view.width; x += 2) {
      const bpm = lane.run.tempo(view.from + x * view.step);
      if (!bpm || x < free) continue;
      if (Math.abs(bpm - last) > 0.6) {
        this.text(`${bpm.toFixed(1)} BPM`, view.gutter + x + 4, y + h / 2, c.soft, 10);
        free = x + 70;
        last = bpm;
        continue;
      }
      ctx.fillStyle = c.edge;
      ctx.fillRect(view.gutter + x, y + h - 2 - Math.min(Math.max((bpm - 60) / 120, 0.05), 1) * (h - 4), 2, 1.5);
    }
  }

  // cues draws the cues of a list: the number and the label, and how long it fades.
  cues(lane, y, h) {
    const { ctx, view, colours: c } = this;
    const list = lane.cues;
    const begin = Math.max(upTo(list, view.from, (x) => x[0]), 0);
    let drawn = -9;
    for (let i = begin; i < list.length && list[i][0] <= view.to; i++) {
      const [at, to, , number, label] = list[i];
      const x = this.x(at);
      if (x - drawn < 1.5 && i !== begin) continue;
      drawn = x;
      const next = list[i + 1] ? this.x(list[i + 1][0]) : this.x(lane.run.end);
      const left = Math.max(x, view.gutter);
      const width = Math.max(Math.min(next, view.gutter + view.width) - left, 1);
      ctx.fillStyle = c.shade;
      ctx.fillRect(left, y + 2, Math.max(width - 1, 1), h - 4);
      const fade = Math.min(this.x(to), next) - x;
      if (fade > 2) {
        ctx.beginPath();
        ctx.moveTo(x, y + h - 2);
        ctx.lineTo(x + fade, y + 2);
        ctx.lineTo(x + fade, y + h - 2);
        ctx.fill();
      }
      ctx.fillStyle = c.on;
      ctx.fillRect(x, y + 2, 1.5, h - 4);
      if (width > 9) {
        ctx.font = font(12, 650);
        const size = ctx.measureText(number).width > width - 6 ? 9 : 12;
        ctx.font = font(size, 650);
        const n = this.clip(number, width - 4);
        this.text(n, left + (size === 12 ? 5 : 3), y + h / 2, c.text, size, 650);
        const used = ctx.measureText(n).width + 11;
        if (width - used > 24) this.text(label, left + used, y + h / 2, c.soft, 12, 400, width - used - 4);
      }
    }
  }

  // deck draws what plays on a deck.
  deck(lane, y, h) {
    const { ctx, view, colours: c } = this;
    let text = "", free = -1;
    for (const [from, to, , title, artist, plays, leads, bpm] of lane.decks) {
      if (to < view.from || from > view.to) continue;
      const left = Math.max(this.x(from), view.gutter), right = Math.min(this.x(to), view.gutter + view.width);
      ctx.fillStyle = plays ? c.good : c.edge;
      ctx.globalAlpha = leads ? 0.34 : 0.16;
      ctx.fillRect(left, y + 2, Math.max(right - left, 1), h - 4);
      ctx.globalAlpha = 1;
      if (leads) ctx.fillRect(left, y + h - 4, Math.max(right - left, 1), 2);
      const says = `${title || "no title"}${artist ? ` – ${artist}` : ""}${plays ? `, ${bpm.toFixed(1)} BPM` : ", stands"}`;
      if (says !== text && left >= free && right - left > 30) {
        this.text(says, left + 5, y + h / 2, c.text, 12, 400, Math.max(right - left - 8, 30));
        ctx.font = font(12);
        free = left + Math.min(ctx.measureText(says).width, right - left);
        text = says;
      }
    }
  }

  // notes draws messages or lines of the log: marks, denser where there are more.
  notes(lane, y, h) {
    const { ctx, view, colours: c } = this;
    const { notes } = lane;
    let drawn = -9, free = -1;
    for (let i = Math.max(upTo(notes, view.from, (n) => n.at), 0); i < notes.length && notes[i].at <= view.to; i++) {
      const x = this.x(notes[i].at);
      if (x < view.gutter || (x - drawn < 1 && notes[i].colour === "soft")) continue;
      drawn = x;
      ctx.fillStyle = c[notes[i].colour];
      ctx.fillRect(x, y + 3, 1.5, h - 6);
      const next = notes[i + 1] ? this.x(notes[i + 1].at) : view.gutter + view.width;
      if (next - x > 40 && x > free) {
        this.text(notes[i].text, x + 5, y + h / 2, c.soft, 11, 400, Math.min(next, view.gutter + view.width) - x - 8);
        free = next - 1;
      }
    }
  }

  // axis draws where an axis stood, or how far a valve was open.
  axis(lane, y, h) {
    const { ctx, view, colours: c } = this;
    const { at, is } = lane;
    if (!at.length) return;
    let [, low, high] = lane.axis;
    if (low === null || high === null) [low, high] = lane.ends ||= ends(is);
    const up = (v) => y + h - 3 - ((v - low) / (high - low || 1)) * (h - 6);
    ctx.strokeStyle = lane.valve ? c.next : c.on;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    let first = -1;
    for (let x = 0; x <= view.width; x++) {
      const i = upTo(at, view.from + x * view.step);
      if (i < 0) continue;
      if (first < 0) ctx.moveTo(view.gutter + x, up(is[i]));
      else ctx.lineTo(view.gutter + x, up(is[i]));
      if (first < 0) first = x;
    }
    ctx.stroke();
    if (lane.valve && first >= 0) {
      ctx.lineTo(view.gutter + view.width, y + h - 3);
      ctx.lineTo(view.gutter + first, y + h - 3);
      ctx.globalAlpha = 0.2;
      ctx.fillStyle = c.next;
      ctx.fill();
      ctx.globalAlpha = 1;
    }
  }

  // head draws the heading of a group.
  head(lane, y) {
    const { colours: c, ctx, view } = this;
    ctx.fillStyle = c.panel;
    ctx.fillRect(0, y, view.gutter + view.width, lane.h);
    this.text(`${lane.shut ? "▸" : "▾"} ${lane.name}`, 8, y + lane.h / 2 + 1, c.text, 12, 650);
    ctx.font = font(12, 650);
    const used = ctx.measureText(`▾ ${lane.name}`).width + 18;
    this.text(String(lane.count), used, y + lane.h / 2 + 1, c.soft, 11);
  }

  lane(lane, y) {
    if (lane.kind === "head") return this.head(lane, y);
    const { ctx, view, colours: c } = this;
    ctx.fillStyle = c.line;
    ctx.globalAlpha = 0.6;
    ctx.fillRect(0, y + lane.h - 1, view.gutter + view.width, 1);
    ctx.globalAlpha = 1;
    ctx.save();
    ctx.beginPath();
    ctx.rect(view.gutter, y, view.width, lane.h);
    ctx.clip();
    ({ ruler: () => this.ruler(y, lane.h), beats: () => this.beats(lane, y, lane.h), cues: () => this.cues(lane, y, lane.h), deck: () => this.deck(lane, y, lane.h), note: () => this.notes(lane, y, lane.h), axis: () => this.axis(lane, y, lane.h) })[lane.kind]?.();
    ctx.restore();
    return this.name(lane, y);
  }

  // differs underlines where a fixture is not the same in both runs.
  differs(spans, y, h) {
    const { ctx, view, colours: c } = this;
    ctx.fillStyle = c.bad;
    for (const [from, to] of spans) {
      if (to < view.from || from > view.to) continue;
      const left = Math.max(this.x(from), view.gutter);
      ctx.fillRect(left, y + h - 2, Math.max(this.x(to) - left, 2), 2);
    }
  }
}

// ends are the least and the greatest of many numbers.
function ends(list) {
  let low = Infinity, high = -Infinity;
  for (const v of list) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}
