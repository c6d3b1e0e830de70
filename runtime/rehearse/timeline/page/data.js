// What is packed on the page: base64 of deflate, in elements that no browser looks into.
const element = (id) => document.getElementById(id);

// parsed is when all of the page is there.
const parsed = new Promise((done) => {
  if (document.readyState !== "loading") done();
  else document.addEventListener("DOMContentLoaded", () => done());
});

// unpack returns the bytes of an element.
async function unpack(id) {
  if (!element(id)) await parsed;
  const from = element(id);
  if (!from) return new Uint8Array(0);
  const text = atob(from.textContent);
  const raw = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) raw[i] = text.charCodeAt(i);
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Reader reads numbers of variable length.
class Reader {
  constructor(bytes, at = 0) { this.bytes = bytes; this.at = at; }
  get done() { return this.at >= this.bytes.length; }
  number() {
    let value = 0, scale = 1;
    for (;;) {
      const b = this.bytes[this.at++];
      value += (b & 127) * scale;
      if (b < 128) return value;
      scale *= 128;
    }
  }
  signed() {
    const n = this.number();
    return n % 2 ? -(n + 1) / 2 : n / 2;
  }
}

// upTo is the index of the last of ascending values that is not beyond x, -1 for none.
function upTo(values, x, of = (v) => v) {
  let low = 0, high = values.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (of(values[mid]) <= x) low = mid + 1;
    else high = mid;
  }
  return low - 1;
}
