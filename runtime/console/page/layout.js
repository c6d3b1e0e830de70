// Where fixtures lie in a picture of the stage: pure geometry, in pixels of the canvas. A
// view is {k, x, y}: how much the fitted picture is enlarged, and where its corner lies.

// edges are px around the fitted picture: for the buttons above, names below, and at the
// sides for half a name and the frame of a group.
const edges = (width, height) => ({ side: Math.min(60, Math.max(42, width * 0.07)), top: height < 320 ? 40 : 106, bottom: height < 320 ? 40 : 78 });

export const wholeView = () => ({ k: 1, x: 0, y: 0 });

// makeLayout fits the fixtures of a scene into a canvas. Wholes that have parts are frames
// around them, and their parts are what shines.
export function makeLayout(scene, width, height) {
  const n = scene.fixtures.length;
  const edge = edges(width, height);
  const w = Math.max(40, width - 2 * edge.side), h = Math.max(40, height - edge.top - edge.bottom);
  const xs = new Float32Array(n), ys = new Float32Array(n), whole = new Uint8Array(n);
  const across = spanOf(scene.fixtures.map((f) => f.x)), down = spanOf(scene.fixtures.map((f) => f.y));
  scene.fixtures.forEach((fixture, i) => {
    xs[i] = edge.side + across(fixture.x) * w;
    ys[i] = edge.top + down(fixture.y) * h;
    if (fixture.of >= 0) whole[fixture.of] = 1;
  });
  const lit = [...xs.keys()].filter((i) => !whole[i]);
  const spacing = nearest(xs, ys, lit);
  const radius = Math.min(22, Math.max(1.5, spacing * 0.34));
  return { n, xs, ys, whole, lit, spacing, radius, groups: scene.groups.map((group) => boxOf(group, xs, ys, radius)) };
}

// spanOf maps what is used of an axis to all of it; what is narrow stays in the middle.
function spanOf(places) {
  const least = Math.min(...places), most = Math.max(...places);
  return (v) => (most - least < 0.1 ? 0.5 + v - (least + most) / 2 : (v - least) / (most - least));
}

// nearest is how far it is from a fixture to the next one, for all but the closest quarter.
function nearest(xs, ys, lit) {
  const some = lit.filter((_, i) => i % Math.ceil(lit.length / 200) === 0);
  const found = some.map((i) => {
    let least = Infinity;
    for (const j of lit) {
      const d = (xs[i] - xs[j]) ** 2 + (ys[i] - ys[j]) ** 2;
      if (d > 0.01 && d < least) least = d;
    }
    return Math.sqrt(least);
  }).filter(Number.isFinite).sort((a, b) => a - b);
  return found.length > 0 ? found[found.length >> 2] : 60;
}

function boxOf(group, xs, ys, radius) {
  const edge = radius + 8;
  const box = { name: group.name, several: group.fixtures.length > 1, left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const i of group.fixtures) {
    box.left = Math.min(box.left, xs[i] - edge);
    box.right = Math.max(box.right, xs[i] + edge);
    box.top = Math.min(box.top, ys[i] - edge);
    box.bottom = Math.max(box.bottom, ys[i] + edge);
  }
  return box;
}

export const toScreen = (view, x, y) => [x * view.k + view.x, y * view.k + view.y];
export const fromScreen = (view, x, y) => [(x - view.x) / view.k, (y - view.y) / view.k];

// zoomAt enlarges a view by a factor so that the point under the finger stays there.
export function zoomAt(view, factor, x, y) {
  const k = Math.min(20, Math.max(1, view.k * factor));
  if (k === 1) return wholeView();
  const f = k / view.k;
  return { k, x: x - (x - view.x) * f, y: y - (y - view.y) * f };
}

const finger = 24; // px around a point that a finger means

// pick is the fixture at a point of the screen, or -1.
export function pick(layout, view, x, y) {
  const [wx, wy] = fromScreen(view, x, y);
  let found = -1, least = (Math.max(finger, layout.radius * view.k) / view.k) ** 2;
  for (const i of layout.lit) {
    const d = (layout.xs[i] - wx) ** 2 + (layout.ys[i] - wy) ** 2;
    if (d < least) [found, least] = [i, d];
  }
  return found;
}

// within lists the fixtures in a rectangle of the screen.
export function within(layout, view, x0, y0, x1, y1) {
  const [left, top] = fromScreen(view, Math.min(x0, x1), Math.min(y0, y1));
  const [right, bottom] = fromScreen(view, Math.max(x0, x1), Math.max(y0, y1));
  return layout.lit.filter((i) => layout.xs[i] >= left && layout.xs[i] <= right && layout.ys[i] >= top && layout.ys[i] <= bottom);
}

// beamOf is the way a beam goes in the picture, as seen from above: at no tilt straight
// down, with tilt away from the audience, and pan turns that to the right. Its length is 0-1.
export function beamOf(pan, tilt) {
  const p = (pan * Math.PI) / 180, out = Math.sin((tilt * Math.PI) / 180);
  return [Math.sin(p) * out, -Math.cos(p) * out];
}
