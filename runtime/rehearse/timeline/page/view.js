// View is the picture: what of the show is seen, and how hands move it.
class View {
  constructor(runs, differs) {
    Object.assign(this, { runs, scroll: 0, shut: new Set(), find: "", pin: null, point: null });
    this.differs = new Map(differs.map((d) => [d.n, d.s]));
    this.end = Math.max(...runs.map((r) => r.end), 1);
    this.begin = Math.min(...runs.map((r) => r.begin));
    this.from = this.begin;
    this.to = this.end;
    this.stage = element("stage");
    this.picture = element("picture").getContext("2d", { willReadFrequently: true });
    this.over = element("over").getContext("2d");
    this.card = new Card(this);
    this.arrange();
  }

  get gutter() { return Math.round(Math.min(Math.max(this.width * 0.16, 96), 210)); }
  get step() { return (this.to - this.from) / Math.max(this.width - this.gutter, 1); }
  time(x) { return this.from + (x - this.gutter) * this.step; }
  x(time) { return this.gutter + (time - this.from) / this.step; }

  // arrange makes the lanes anew, for a size, a text that is sought, or a fold. A canvas that
  // gets a size is empty, and may be shown so before the next frame: it is drawn at once.
  arrange() {
    this.width = this.stage.clientWidth;
    this.height = this.stage.clientHeight;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const ctx of [this.picture, this.over]) {
      ctx.canvas.width = Math.round(this.width * this.ratio);
      ctx.canvas.height = Math.round(this.height * this.ratio);
    }
    this.lanes = lanesOf(this.runs, this.shut, this.find);
    place(this.lanes, this.height, this.width < 700);
    this.drawNow();
  }

  // show moves to a stretch of time.
  show(from, to) {
    const least = 40e3, last = this.end + (this.end - this.begin) * 0.02, most = last - this.begin;
    let span = Math.min(Math.max(to - from, least), most);
    const mid = (from + to) / 2;
    from = Math.min(Math.max(mid - span / 2, this.begin), Math.max(last - span, this.begin));
    this.from = from;
    this.to = from + span;
    this.draw();
  }

  zoom(by, at = (this.from + this.to) / 2) { this.show(at - (at - this.from) * by, at + (this.to - at) * by); }
  move(by) { this.show(this.from + by, this.to + by); }
  roll(by) { this.scroll += by; this.draw(); }

  // draw draws at the next occasion.
  draw() {
    if (this.asked) return;
    this.asked = requestAnimationFrame(() => {
      this.asked = 0;
      this.drawNow();
    });
  }

  drawNow() {
    this.scroll = Math.min(Math.max(this.scroll, 0), Math.max(this.lanes.restHeight - (this.height - this.lanes.topHeight), 0));
    drawPicture(this.picture, this, this.lanes, { height: this.height, scroll: this.scroll, ratio: this.ratio, colours: coloursOf(), differs: this.differs, loaded: () => this.draw() });
    this.map();
    this.cross();
  }

  // map draws the whole night at the top, and what of it is seen.
  map() {
    const ctx = this.picture, c = coloursOf();
    const { y, h } = this.lanes.top[0], width = this.width - this.gutter, all = this.end - this.begin;
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ctx.fillStyle = c.panel;
    ctx.fillRect(0, y, this.width, h);
    const run = this.runs[0];
    ctx.globalAlpha = 0.9;
    const pen = new Pen(ctx, { gutter: 0, width: this.gutter, from: 0, to: 1, step: 1 }, c);
    pen.text(clock(all, false), 8, y + h / 2, c.soft, 12);
    const points = Math.max(Math.round(width), 1);
    if (this.mapped?.points !== points) this.mapped = { points, glow: glow(run, this.begin, all, points) };
    for (let x = 0; x < points; x++) {
      const [r, g, b, bright] = this.mapped.glow[x];
      if (!bright) continue;
      const tall = Math.max(bright * (h - 8), 1);
      ctx.fillStyle = `rgb(${r} ${g} ${b})`;
      ctx.fillRect(this.gutter + x, y + h - 3 - tall, 1, tall);
    }
    ctx.globalAlpha = 1;
    const point = (time) => this.gutter + (Math.min(time - this.begin, all) / all) * width;
    const left = point(this.from), right = point(this.to);
    ctx.fillStyle = c.shade;
    ctx.fillRect(left, y, Math.max(right - left, 3), h);
    ctx.strokeStyle = c.on;
    ctx.lineWidth = 1.5;
    ctx.strokeRect(left + 0.75, y + 0.75, Math.max(right - left - 1.5, 2), h - 1.5);
  }

  // cross draws where the pointer is.
  cross() {
    const ctx = this.over, at = this.pin || this.point;
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ctx.clearRect(0, 0, this.width, this.height);
    if (!at) return this.card.hide();
    const x = this.x(at.time);
    if (x < this.gutter || x > this.width) return this.card.hide();
    const c = coloursOf();
    ctx.fillStyle = this.pin ? c.on : c.soft;
    ctx.fillRect(Math.round(x), this.lanes.top[0].h, 1, this.height);
    const found = this.laneAt(at.y);
    if (found && found.lane.kind === "row") {
      ctx.strokeStyle = c.on;
      ctx.globalAlpha = 0.5;
      ctx.strokeRect(0.5, found.y + 0.5, this.width - 1, found.lane.h - 1);
      ctx.globalAlpha = 1;
    }
    return this.card.show(found && found.lane, at.time, x, at.y, !!this.pin);
  }

  // laneAt is the lane at a height of the picture, and where it begins there.
  laneAt(y) {
    const { top, rest, topHeight } = this.lanes;
    if (y < topHeight) {
      const lane = top.find((l) => y < l.y + l.h);
      return lane && { lane, y: lane.y };
    }
    const lane = rest.find((l) => y - topHeight + this.scroll < l.y + l.h);
    return lane && { lane, y: lane.y + topHeight - this.scroll };
  }

  // seek finds what has a text in its name.
  seek(text) {
    this.find = text.trim().toLowerCase();
    this.scroll = 0;
    this.arrange();
  }

  // cue goes to the cue after or before the one it went to last, or to the first or the last
  // that is seen; or to one that has a text.
  cue(way, text = "") {
    const mid = this.goal ?? (way > 0 ? this.from - 2 : this.to);
    const cues = this.runs.flatMap((r) => r.cues).filter((c) => !text || c[3] === text || holds(c[4], text)).sort((a, b) => a[0] - b[0]);
    const next = way > 0 ? cues.find((c) => c[0] > mid + 1) || (text && cues[0]) : cues.findLast((c) => c[0] < mid - 1);
    if (next) this.goTo(next[0]);
  }

  differ() {
    const mid = this.goal ?? this.from - 1;
    const starts = [...this.differs.values()].flat().map((s) => s[0]).sort((a, b) => a - b);
    const next = starts.find((t) => t > mid + 1) ?? starts[0];
    if (next !== undefined) this.goTo(next);
  }

  goTo(time) {
    const span = Math.min(this.to - this.from, 60e6);
    this.show(time - span / 2, time + span / 2);
    this.goal = time;
    this.pin = { time, y: this.lanes.top.find((l) => l.kind === "cues")?.y + 4 || 40 };
    this.draw();
  }
}

// coloursOf are the colours of the page.
function coloursOf() {
  const style = getComputedStyle(document.documentElement);
  const c = {};
  for (const name of ["bg", "panel", "raised", "line", "edge", "text", "soft", "on", "next", "good", "bad", "warn", "hold", "lane", "shade"]) c[name] = style.getPropertyValue(`--${name}`).trim();
  return c;
}

// glow is how the whole rig looks on each point of a map: its colour, and how bright, 0-1.
function glow(run, begin, span, points) {
  const sum = Array.from({ length: points }, () => [0, 0, 0, 0]);
  for (let row = 0; row < run.rows.length; row++) {
    const s = new Strip(points);
    if (run.buckets) buckets(s, run, row, begin, span / points, points);
    for (let x = 0; x < points; x++) {
      const bright = (s.low[x] + s.high[x]) / 510;
      for (let i = 0; i < 3; i++) sum[x][i] += s.rgb[x * 3 + i] * bright;
      sum[x][3] += bright;
    }
  }
  return sum.map(([r, g, b, bright]) => {
    const top = Math.max(r, g, b) || 1;
    return [Math.round((r / top) * 255), Math.round((g / top) * 255), Math.round((b / top) * 255), Math.min((bright / Math.max(run.rows.length, 1)) * 1.6, 1)];
  });
}

// drawPicture draws lanes onto a canvas, from a time on.
function drawPicture(ctx, at, lanes, { height, scroll, ratio, colours, differs, loaded, paper }) {
  const { width: all, gutter, from, to, step } = at;
  const width = all - gutter;
  const view = { gutter, width, from, to, step };
  const pen = new Pen(ctx, view, colours);
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.fillStyle = colours.bg;
  ctx.fillRect(0, 0, all, height);
  const seen = lanes.rest.map((lane) => ({ lane, y: lane.y + lanes.topHeight - scroll })).filter(({ lane, y }) => y + lane.h > lanes.topHeight && y < height);
  for (const { lane, y } of seen) {
    if (lane.kind !== "row") continue;
    ctx.fillStyle = colours.lane;
    ctx.fillRect(gutter, y + 1, width, lane.h - 1);
  }
  ribbons(ctx, seen, view, ratio, height, loaded, paper);
  for (const { lane, y } of seen) {
    if (lane.kind === "row") pen.name(lane, y);
    else pen.lane(lane, y);
    const spans = lane.kind === "row" && differs.get(lane.name || lane.of);
    if (spans) pen.differs(spans, y, lane.h);
  }
  ctx.fillStyle = colours.bg;
  ctx.fillRect(0, 0, all, lanes.topHeight);
  for (const lane of lanes.top) if (lane.kind !== "map") pen.lane(lane, lane.y);
}

// ribbons paints the rows that are seen.
function ribbons(ctx, seen, view, ratio, height, loaded, paper) {
  const rows = seen.filter(({ lane }) => lane.kind === "row");
  if (!rows.length) return;
  const left = Math.round(view.gutter * ratio), width = Math.round(view.width * ratio), h = Math.round(height * ratio);
  if (width < 1 || h < 1) return;
  const image = ctx.getImageData(left, 0, width, h);
  for (const { lane, y } of rows) {
    const from = Math.round((y + 1) * ratio), to = Math.round((y + lane.h - 1) * ratio);
    paint(image, stripOf(lane.run, lane.row, view.from, view.step / ratio, width, loaded), from, to - from, paper);
  }
  ctx.putImageData(image, left, 0);
}
