// A block of frames, whose columns are unpacked when somebody looks at them.
class Block {
  constructor(bytes, spec) {
    const [from, , frames, slots, rows] = spec;
    Object.assign(this, { frames, slots, rows, kinds: [], columns: [] });
    const r = new Reader(bytes);
    const ends = r.number() + r.at;
    this.times = new Float64Array(frames);
    for (let i = 0, at = from; r.at < ends && i < frames; i++) this.times[i] = at += r.number();
    const kinds = r.number() + r.at;
    while (r.at < kinds) this.kinds.push(bytes[r.at++] === 0 ? [bytes[r.at++]] : r.number());
    this.values = bytes.subarray(r.at);
  }

  // column has the values of a column, one of them if it stands.
  column(n) {
    const kind = this.kinds[n];
    if (kind === undefined) return [0];
    if (typeof kind !== "number") return kind;
    if (!this.columns[kind]) {
      const from = this.values.subarray(kind * this.frames, (kind + 1) * this.frames);
      const to = new Uint8Array(this.frames);
      for (let i = 0, v = 0; i < from.length; i++) to[i] = v = (v + from[i]) & 255;
      this.columns[kind] = to;
    }
    return this.columns[kind];
  }

  // at is the value of a column in a frame.
  at(n, frame) {
    const c = this.column(n);
    return c.length === 1 ? c[0] : c[frame];
  }
}

// mostBlocks is how many blocks are kept unpacked.
const mostBlocks = 40;

// Run is one run: what the page knows of it, and what it unpacks.
class Run {
  constructor(head, index) {
    Object.assign(this, head, { index, unpacked: new Map(), doings: new Map(), tier: null, beats: [] });
  }

  async open() {
    const [tier, beats] = await Promise.all([unpack(`r${this.index}t`), unpack(`r${this.index}p`)]);
    for (let i = 0; i < tier.length; i += this.buckets) {
      for (let j = i, v = 0; j < i + this.buckets; j++) tier[j] = v = (v + tier[j]) & 255;
    }
    this.tier = tier;
    const r = new Reader(beats);
    for (let at = 0, number = 0; !r.done;) {
      at += r.number();
      number += r.signed();
      this.beats.push({ at, number, bar: r.number() / 1000 });
    }
    for (const [n, m] of this.machines.entries()) m.moves = this.moves(await unpack(`r${this.index}m${n}`), m[2].length);
  }

  // moves are the times at which a machine stood otherwise, and its positions by axis.
  moves(bytes, axes) {
    const r = new Reader(bytes);
    const n = r.done ? 0 : r.number();
    const at = new Float64Array(n);
    for (let i = 0, t = 0; i < n; i++) at[i] = t += r.number();
    const view = new DataView(bytes.buffer, r.at);
    const is = [];
    for (let a = 0; a < axes; a++) is.push(Float32Array.from({ length: n }, (_, i) => view.getFloat32((a * n + i) * 4, true)));
    return { at, is };
  }

  // block is an unpacked block; undefined while it is not, and then() is called when it is.
  block(n, then) {
    const have = this.unpacked.get(n);
    if (have instanceof Block) {
      this.unpacked.delete(n);
      this.unpacked.set(n, have);
      return have;
    }
    if (!have) {
      this.unpacked.set(n, this.load(n));
      while (this.unpacked.size > mostBlocks) this.unpacked.delete(this.unpacked.keys().next().value);
    }
    this.unpacked.get(n)?.then?.(() => then?.());
    return undefined;
  }

  async load(n) {
    const block = new Block(await unpack(`r${this.index}b${n}`), this.blocks[n]);
    this.unpacked.set(n, block);
    return block;
  }

  // frame is the block and the frame that shows at a time; null before the first.
  async frame(time) {
    const n = upTo(this.blocks, time, (b) => b[0]);
    if (n < 0) return null;
    const have = this.unpacked.get(n);
    const block = await (have || this.load(n));
    return { block, frame: upTo(block.times, time) };
  }

  // values are the levels of the channels of a row at a time.
  async values(row, time) {
    const found = await this.frame(time);
    if (!found) return null;
    const { block, frame } = found;
    const level = (column) => (column < block.slots ? block.at(column, frame) : 0);
    const channels = this.rows[row].c.map(([name, coarse, fine, mixed]) => ({ name, mixed, value: fine < 0 ? level(coarse) : (level(coarse) * 256 + level(fine)) / 257 }));
    const colour = row < block.rows ? [0, 1, 2].map((i) => block.at(block.slots + row * 3 + i, frame)) : [0, 0, 0];
    return { at: block.times[frame], channels, colour };
  }

  // causes are the last that was done to each channel of a row up to a time.
  async causes(row, time) {
    if (!this.doings.has(row)) {
      const r = new Reader(await unpack(`r${this.index}c${row}`));
      const list = [];
      let used = 0;
      for (let at = 0; !r.done;) {
        at += r.number();
        list.push({ at, until: at + r.number(), source: r.number(), did: r.bytes[r.at++], channels: r.number() });
        used |= list[list.length - 1].channels;
      }
      this.doings.set(row, { list, used });
    }
    const { list, used } = this.doings.get(row);
    const found = new Map();
    const last = upTo(list, time, (x) => x.at);
    for (let i = last, seen = 0; i >= 0 && (seen !== used || last - i < 16); i--) {
      seen |= list[i].channels;
      for (let bit = 0; bit < 32; bit++) {
        if (!((list[i].channels >>> bit) & 1)) continue;
        const best = found.get(bit);
        if (!best || Math.min(best.until, time) < Math.min(list[i].until, time)) found.set(bit, list[i]);
      }
    }
    return found;
  }

  // place is the bar and the beat in it at a time, counted from 1.
  place(time) {
    const b = this.beats[upTo(this.beats, time, (x) => x.at)];
    return b && b.bar > 0 ? { ...bar(b), tempo: this.tempo(time) } : null;
  }

  // tempo is how many beats a minute there are at a time.
  tempo(time) {
    const i = upTo(this.beats, time, (x) => x.at);
    const [a, b] = [this.beats[i], this.beats[i + 1]];
    return a && b && b.number > a.number ? ((b.number - a.number) / (b.at - a.at)) * 60e6 : 0;
  }
}

// bar tells where a beat is in its bar.
function bar(b) {
  const n = Math.floor(b.number / b.bar + 1e-9);
  return { bar: n + 1, beat: Math.floor(b.number - n * b.bar + 1e-6) + 1 };
}
