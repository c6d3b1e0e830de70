// Ribbons show how fixtures look: in colour, as high as they are bright.

// closely is over how many blocks frames are drawn; over more it is the overview.
const closely = 16;

// Strip is how a row looks on each of so many points: red, green and blue on average at
// full brightness, and how bright it is at the least and at the most, 0-255.
class Strip {
  constructor(width) {
    this.rgb = new Uint8ClampedArray(width * 3);
    this.low = new Uint8Array(width);
    this.high = new Uint8Array(width);
  }
  put(x, r, g, b, low, high) {
    const top = Math.max(r, g, b);
    const full = top ? 255 / top : 0;
    this.rgb[x * 3] = r * full;
    this.rgb[x * 3 + 1] = g * full;
    this.rgb[x * 3 + 2] = b * full;
    this.low[x] = low;
    this.high[x] = high;
  }
}

// stripOf makes the strip of a row from a time on, with so much of it on each point.
// loaded is called when a block is there that was missing.
function stripOf(run, row, from, step, width, loaded) {
  const strip = new Strip(width);
  const first = upTo(run.blocks, from, (b) => b[0]);
  const last = upTo(run.blocks, from + step * width, (b) => b[0]);
  if (step < run.bucket * 1.2 && last - first < closely && last >= 0) {
    const blocks = [];
    for (let n = Math.max(first, 0); n <= last; n++) blocks.push(run.block(n, loaded));
    if (blocks.every(Boolean)) {
      frames(strip, run, blocks, row, from, step, width);
      return strip;
    }
  }
  buckets(strip, run, row, from, step, width);
  return strip;
}

// buckets fills a strip from the overview.
function buckets(strip, run, row, from, step, width) {
  const n = run.buckets;
  const part = (p) => run.tier.subarray((row * 5 + p) * n, (row * 5 + p + 1) * n);
  const [r, g, b, low, high] = [0, 1, 2, 3, 4].map(part);
  for (let x = 0; x < width; x++) {
    const t = from + x * step;
    if (t + step <= 0 || t >= run.end) continue;
    const start = Math.min(Math.max(Math.floor(t / run.bucket), 0), n - 1);
    const end = Math.min(Math.max(Math.ceil((t + step) / run.bucket), start + 1), n);
    let sr = 0, sg = 0, sb = 0, least = 255, most = 0;
    for (let i = start; i < end; i++) {
      sr += r[i];
      sg += g[i];
      sb += b[i];
      if (low[i] < least) least = low[i];
      if (high[i] > most) most = high[i];
    }
    strip.put(x, sr, sg, sb, least, most);
  }
}

// frames fills a strip from frames.
function frames(strip, run, blocks, row, from, step, width) {
  const of = blocks.map((b) => (row < b.rows ? [0, 1, 2].map((i) => b.column(b.slots + row * 3 + i)) : [[0], [0], [0]]));
  const value = (c, i) => (c.length === 1 ? c[0] : c[i]);
  let n = Math.max(upTo(blocks, from, (b) => b.times[0]), 0);
  let i = Math.max(upTo(blocks[n].times, from), 0);
  for (let x = 0; x < width; x++) {
    const end = from + (x + 1) * step;
    if (from + x * step >= run.end || end <= blocks[0].times[0]) continue;
    let sr = 0, sg = 0, sb = 0, least = 255, most = 0;
    for (;;) {
      const [r, g, b] = of[n].map((c) => value(c, i));
      const top = Math.max(r, g, b);
      sr += r;
      sg += g;
      sb += b;
      if (top < least) least = top;
      if (top > most) most = top;
      let [m, j] = [n, i + 1];
      if (j === blocks[m].frames) [m, j] = [m + 1, 0];
      if (m === blocks.length || blocks[m].times[j] >= end) break;
      [n, i] = [m, j];
    }
    strip.put(x, sr, sg, sb, least, most);
  }
}

// paint paints a strip into a picture as wide, in a row of so many points' height.
function paint(image, strip, top, height, paper) {
  const { data: pixels, width, height: all } = image;
  for (let x = 0; x < width; x++) {
    if (!strip.high[x]) continue;
    const low = Math.round((strip.low[x] / 255) * height), high = Math.max(Math.round((strip.high[x] / 255) * height), 1);
    const [r, g, b] = strip.rgb.subarray(x * 3, x * 3 + 3);
    for (let y = 0; y < high; y++) {
      const line = top + height - 1 - y;
      if (line < 0 || line >= all) continue;
      const at = (line * width + x) * 4;
      const part = y < low ? 1 : 0.45;
      const [br, bg, bb] = [pixels[at], pixels[at + 1], pixels[at + 2]];
      // White light would not be seen on paper.
      const ink = paper && r > 225 && g > 215 && b > 180 ? 0.75 : 1;
      pixels[at] = br + (r * ink - br) * part;
      pixels[at + 1] = bg + (g * ink - bg) * part;
      pixels[at + 2] = bb + (b * ink - bb) * part;
    }
  }
}
