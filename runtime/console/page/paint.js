// Painting the stage on a canvas: glow, beams, bodies, names. A thousand fixtures are
// painted at the rate at which they come, also without a graphics card: glows are made once
// for a colour, stamped on a small canvas, and that is laid over the picture in one piece.

import { beamOf } from "./layout.js";

const glowSize = 32; // px of a stamp
const coarse = 4; // px of the picture to one of the canvas of glows
const glows = new Map();
const haze = { canvas: null };

// glowOf is the stamp of a glow; colours are told apart by 16 steps, which no eye does here.
function glowOf(r, g, b) {
  const key = ((r >> 4) << 8) | ((g >> 4) << 4) | (b >> 4);
  let stamp = glows.get(key);
  if (!stamp) {
    stamp = document.createElement("canvas");
    stamp.width = stamp.height = glowSize;
    const paint = stamp.getContext("2d"), half = glowSize / 2;
    const fade = paint.createRadialGradient(half, half, 0, half, half, half);
    fade.addColorStop(0, `rgba(${r},${g},${b},0.75)`);
    fade.addColorStop(0.35, `rgba(${r},${g},${b},0.22)`);
    fade.addColorStop(1, `rgba(${r},${g},${b},0)`);
    paint.fillStyle = fade;
    paint.fillRect(0, 0, glowSize, glowSize);
    glows.set(key, stamp);
  }
  return stamp;
}

const crowd = 300; // fixtures of which each is only a pixel
const beamLength = 130; // px at 90 degrees of tilt

// paintStage paints a scene. ink are the colours of the theme; marks are the fixtures that
// are selected (a Set) and the one under the pointer.
export function paintStage(paint, { width, height, scene, layout, view, looks, selected, over, ink }) {
  paint.fillStyle = ink.bg;
  paint.fillRect(0, 0, width, height);
  const r = Math.max(1.5, layout.radius * view.k), names = layout.spacing * view.k > 52;
  const seen = layout.lit.filter((i) => {
    const x = layout.xs[i] * view.k + view.x, y = layout.ys[i] * view.k + view.y;
    return x > -beamLength && y > -beamLength && x < width + beamLength && y < height + beamLength;
  });
  const at = (i) => [layout.xs[i] * view.k + view.x, layout.ys[i] * view.k + view.y];
  paintGroups(paint, layout, view, names ? 36 : 0, ink);
  paintLight(paint, width, height, seen, at, r, scene, looks, ink);
  const plain = r < 5 || seen.length > crowd;
  for (const i of seen) paintBody(paint, i, ...at(i), r, plain ? null : scene.fixtures[i], looks, ink, selected.has(i), i === over);
  if (names) paintNames(paint, seen, at, r, scene, looks, layout.spacing * view.k, ink);
}

// paintGroups outlines groups of several, with room for the names of the fixtures below them.
function paintGroups(paint, layout, view, room, ink) {
  paint.font = "13px system-ui, sans-serif";
  paint.textAlign = "left";
  const written = [];
  for (const box of layout.groups) {
    if (box.several === false) continue;
    const x = box.left * view.k + view.x, y = box.top * view.k + view.y;
    paint.lineWidth = 1;
    paint.setLineDash([2, 5]);
    paint.strokeStyle = ink.edge;
    paint.beginPath();
    paint.roundRect(x, y, (box.right - box.left) * view.k, (box.bottom - box.top) * view.k + room, 8);
    paint.stroke();
    let left = x + 6;
    for (const w of written) if (Math.abs(w.y - y) < 14 && left < w.right && left > w.left - 40) left = w.right;
    write(paint, box.name, left, y - 4, ink.soft, ink);
    written.push({ y, left, right: left + paint.measureText(box.name).width + 12 });
  }
  paint.setLineDash([]);
}

function paintLight(paint, width, height, seen, at, r, scene, looks, ink) {
  const glow = hazeOf(Math.ceil(width / coarse), Math.ceil(height / coarse));
  glow.globalCompositeOperation = ink.dark ? "lighter" : "source-over";
  paint.globalCompositeOperation = glow.globalCompositeOperation;
  for (const i of seen) {
    const level = looks.intensity[i];
    if (level === 0) continue;
    const [x, y] = at(i), fixture = scene.fixtures[i], strength = (level / 255) ** 0.7;
    if (fixture.pan || fixture.tilt) paintBeam(paint, x, y, r, i, looks, strength);
    const size = (Math.max(r, 4) * (4 + 2.5 * strength)) / coarse;
    glow.globalAlpha = strength;
    glow.drawImage(glowOf(looks.r[i], looks.g[i], looks.b[i]), x / coarse - size / 2, y / coarse - size / 2, size, size);
  }
  paint.drawImage(haze.canvas, 0, 0, haze.canvas.width * coarse, haze.canvas.height * coarse);
  paint.globalCompositeOperation = "source-over";
}

// hazeOf is the canvas of glows, empty, of a size.
function hazeOf(width, height) {
  haze.canvas ??= document.createElement("canvas");
  haze.canvas.width = width;
  haze.canvas.height = height;
  return haze.canvas.getContext("2d");
}

function paintBeam(paint, x, y, r, i, looks, strength) {
  const [dx, dy] = beamOf(looks.pan[i], looks.tilt[i]);
  const length = beamLength * Math.max(1, r / 18), ex = x + dx * length, ey = y + dy * length;
  const wide = r * 1.1, out = Math.hypot(dx, dy) || 1, nx = -dy / out, ny = dx / out;
  const color = `${looks.r[i]},${looks.g[i]},${looks.b[i]}`;
  const fade = paint.createLinearGradient(x, y, ex + 0.01, ey);
  fade.addColorStop(0, `rgba(${color},${0.55 * strength})`);
  fade.addColorStop(1, `rgba(${color},${0.1 * strength})`);
  paint.globalAlpha = 1;
  paint.fillStyle = fade;
  paint.beginPath();
  paint.moveTo(x + nx * 3, y + ny * 3);
  paint.lineTo(ex + nx * wide, ey + ny * wide);
  paint.arc(ex, ey, wide, Math.atan2(ny, nx), Math.atan2(-ny, -nx), true);
  paint.lineTo(x - nx * 3, y - ny * 3);
  paint.fill();
}

// paintBody paints a fixture: lamps that move are diamonds, those without colour squares,
// all others round; without a fixture it is a pixel of many.
function paintBody(paint, i, x, y, r, fixture, looks, ink, selected, over) {
  const level = looks.intensity[i] / 255, mix = (c, base) => Math.round(base + (c - base) * level);
  const [br, bg, bb] = ink.body;
  paint.fillStyle = `rgb(${mix(looks.r[i], br)},${mix(looks.g[i], bg)},${mix(looks.b[i], bb)})`;
  if (!fixture) {
    paint.fillRect(x - r, y - r, 2 * r, 2 * r);
  } else {
    shape(paint, fixture, x, y, r);
    paint.fill();
    paint.lineWidth = 1.5;
    paint.strokeStyle = ink.edge;
    paint.stroke();
  }
  const far = r + Math.min(8, 2 + r / 3);
  if (looks.held[i]) ring(paint, x, y, (r + far) / 2, ink.hold, 3, []);
  if (selected) ring(paint, x, y, far, ink.text, 2, [5, 4]);
  else if (over) ring(paint, x, y, far, ink.soft, 1.5, []);
}

function shape(paint, fixture, x, y, r) {
  paint.beginPath();
  if (fixture.pan || fixture.tilt) {
    paint.moveTo(x, y - r * 1.15);
    paint.lineTo(x + r * 1.15, y);
    paint.lineTo(x, y + r * 1.15);
    paint.lineTo(x - r * 1.15, y);
    paint.closePath();
  } else if (!fixture.colors) {
    paint.roundRect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8, r * 0.2);
  } else {
    paint.arc(x, y, r, 0, 2 * Math.PI);
  }
}

function ring(paint, x, y, r, color, width, dash) {
  paint.strokeStyle = color;
  paint.lineWidth = width;
  paint.setLineDash(dash);
  paint.beginPath();
  paint.arc(x, y, r, 0, 2 * Math.PI);
  paint.stroke();
  paint.setLineDash([]);
}

// paintNames writes what a fixture is called and how bright it is, where there is room. What
// is held has a mark that is seen without colour.
function paintNames(paint, seen, at, r, scene, looks, room, ink) {
  paint.textAlign = "center";
  paint.font = "12px system-ui, sans-serif";
  for (const i of seen) {
    const [x, y] = at(i);
    write(paint, (looks.held[i] ? "◆ " : "") + scene.fixtures[i].name, x, y + r + 20, looks.held[i] ? ink.hold : ink.soft, ink, room - 4);
    write(paint, `${Math.round(looks.intensity[i] / 2.55)}%`, x, y + r + 34, ink.text, ink, room - 4);
  }
}

// write writes a text that is read on any light, with a dark edge around it.
function write(paint, text, x, y, color, ink, room) {
  paint.lineWidth = 3;
  paint.setLineDash([]);
  paint.strokeStyle = ink.bg;
  paint.strokeText(text, x, y, room);
  paint.fillStyle = color;
  paint.fillText(text, x, y, room);
}
