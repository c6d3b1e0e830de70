// Binary frames of the wire, little endian. The first byte tells what it is, and a double
// with the time of the show in seconds follows.

const looksFrame = 1, levelsFrame = 2, head = 9, record = 11;

// makeLooks is room for the looks of n fixtures, a column each. pan and tilt are degrees.
export function makeLooks(n) {
  return {
    n,
    intensity: new Uint8Array(n), r: new Uint8Array(n), g: new Uint8Array(n), b: new Uint8Array(n),
    pan: new Float32Array(n), tilt: new Float32Array(n), held: new Uint8Array(n),
  };
}

// readFrame takes a frame into looks and levels, a map of arrays by number of output. It
// returns {kind, time}, or null for what it does not know. What does not fit is left out:
// it belongs to another scene.
export function readFrame(buffer, looks, levels) {
  if (buffer.byteLength < head) return null;
  const view = new DataView(buffer);
  const time = view.getFloat64(1, true);
  switch (view.getUint8(0)) {
    case looksFrame:
      for (let at = head; at + record <= view.byteLength; at += record) readLook(view, at, looks);
      return { kind: "looks", time };
    case levelsFrame:
      return { kind: "levels", time, output: readLevels(view, levels) };
    default:
      return null;
  }
}

function readLook(view, at, looks) {
  const i = view.getUint16(at, true);
  if (i >= looks.n) return;
  looks.intensity[i] = view.getUint8(at + 2);
  looks.r[i] = view.getUint8(at + 3);
  looks.g[i] = view.getUint8(at + 4);
  looks.b[i] = view.getUint8(at + 5);
  looks.pan[i] = view.getInt16(at + 6, true) / 32;
  looks.tilt[i] = view.getInt16(at + 8, true) / 32;
  looks.held[i] = view.getUint8(at + 10) & 1;
}

function readLevels(view, levels) {
  if (view.byteLength < head + 2) return -1;
  const output = view.getUint16(head, true);
  const slots = levels.get(output);
  for (let at = head + 2; at + 4 <= view.byteLength;) {
    const first = view.getUint16(at, true), count = view.getUint16(at + 2, true);
    at += 4;
    if (at + count > view.byteLength) break;
    for (let k = 0; slots && k < count && first + k <= slots.length; k++) {
      if (first + k > 0) slots[first - 1 + k] = view.getUint8(at + k);
    }
    at += count;
  }
  return output;
}
