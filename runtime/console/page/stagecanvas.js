// The picture of the stage and the fingers on it: tap selects one, a drag draws a frame
// around several, two fingers or the wheel enlarge, and the middle button or space moves.

import { html, useEffect, useRef } from "./vendor/preact-htm.js";
import { live, store } from "./show.js";
import { makeLayout, pick, wholeView, within, zoomAt } from "./layout.js";
import { paintStage } from "./paint.js";
import { Button, useFrames, useTopic } from "./parts.js";
import { select, selection } from "./selection.js";

const still = 6; // px that a tap may stray

// inkOf reads the colours of the theme.
export function inkOf(element) {
  const style = getComputedStyle(element), of = (name) => style.getPropertyValue("--" + name).trim();
  const dark = of("dark") === "1";
  return { bg: of("bg"), text: of("text"), soft: of("soft"), edge: of("edge"), hold: of("hold"), on: of("on"), dark, body: dark ? [26, 30, 36] : [190, 184, 174] };
}

// usePicture keeps the stage painted on a canvas. What it returns is where it looks: its view
// may be changed, with painted set to -1.
function usePicture(canvas, scene, selected) {
  const state = useRef(null);
  state.current ??= { view: wholeView(), layout: null, of: null, width: 0, height: 0, drag: null, over: -1, painted: -1 };
  const s = state.current;
  useFrames(() => {
    const box = canvas.current, width = box.clientWidth, height = box.clientHeight, sharp = devicePixelRatio || 1;
    if (!scene || width === 0) return;
    if (s.of !== scene || s.width !== width || s.height !== height) {
      Object.assign(s, { of: scene, width, height, layout: makeLayout(scene, width, height), painted: -1 });
      box.width = Math.round(width * sharp);
      box.height = Math.round(height * sharp);
    }
    if (s.painted === live.changed && s.selected === selected()) return;
    Object.assign(s, { painted: live.changed, selected: selected() });
    const paint = box.getContext("2d", { alpha: false });
    paint.setTransform(sharp, 0, 0, sharp, 0, 0);
    paintStage(paint, { ...s, scene, looks: live.looks, selected: s.selected, ink: inkOf(box) });
    if (s.drag?.frame) paintFrame(paint, s.drag, inkOf(box));
  });
  return s;
}

const nothing = new Set();

// StagePicture is the stage in small, to be seen and not touched; it leads to the large one.
export function StagePicture() {
  const scene = useTopic("scene"), canvas = useRef(null);
  usePicture(canvas, scene, () => nothing);
  return html`<a class="stage-box booth preview" href="#stage" aria-label="The stage as it is now: open it"><canvas class="stage-canvas" ref=${canvas} aria-hidden="true"></canvas></a>`;
}

export function StageCanvas({ onOver }) {
  const scene = useTopic("scene"), canvas = useRef(null), held = useRef(new Map());
  const s = usePicture(canvas, scene, selection), fingers = held.current;
  const again = () => { s.painted = -1; };

  const place = (event) => {
    const box = canvas.current.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const down = (event) => {
    const [x, y] = place(event);
    canvas.current.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [x, y]);
    const move = event.button === 1 || (s.view.k > 1 && event.pointerType === "touch");
    s.drag = fingers.size === 1 ? { x, y, tox: x, toy: y, move, frame: false, add: event.shiftKey || event.ctrlKey || event.metaKey } : null;
  };
  const moved = (event) => {
    const [x, y] = place(event);
    if (fingers.size === 2 && fingers.has(event.pointerId)) pinch(s, fingers, event.pointerId, x, y);
    else if (s.drag && fingers.has(event.pointerId)) drag(s, x, y);
    else hover(pick(s.layout, s.view, x, y));
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, [x, y]);
    again();
  };
  const hover = (i) => {
    if (i === s.over) return;
    s.over = i;
    onOver(i);
  };
  const up = (event) => {
    fingers.delete(event.pointerId);
    const d = s.drag;
    s.drag = null;
    again();
    if (!d || !s.layout) return;
    if (d.frame) return select(within(s.layout, s.view, d.x, d.y, d.tox, d.toy), d.add);
    if (d.moved) return;
    const i = pick(s.layout, s.view, d.x, d.y);
    hover(i);
    select(i < 0 ? [] : [i], d.add || event.pointerType === "touch", true);
  };
  useEffect(() => {
    const box = canvas.current;
    const wheel = (event) => {
      event.preventDefault();
      const [x, y] = place(event);
      s.view = zoomAt(s.view, Math.exp(-event.deltaY / 400), x, y);
      again();
    };
    box.addEventListener("wheel", wheel, { passive: false });
    return () => box.removeEventListener("wheel", wheel);
  }, []);
  const zoom = (factor) => () => {
    s.view = factor ? zoomAt(s.view, factor, s.width / 2, s.height / 2) : wholeView();
    again();
  };

  return html`<div class="stage-box booth">
    <canvas class="stage-canvas" ref=${canvas} data-test="stage" role="img"
      aria-label=${`Stage with ${scene?.fixtures.length ?? 0} fixtures. They can be selected by name in the list beside it.`}
      onPointerDown=${down} onPointerMove=${moved} onPointerUp=${up} onPointerCancel=${up} onPointerLeave=${() => fingers.size === 0 && hover(-1)}></canvas>
    <div class="zoom" role="group" aria-label="Enlarge">
      <${Button} onPress=${zoom(1.5)} aria-label="Larger">+<//><${Button} onPress=${zoom(1 / 1.5)} aria-label="Smaller">−<//><${Button} onPress=${zoom(0)} aria-label="Whole stage">fit<//>
    </div>
    ${scene?.fixtures.length === 0 && html`<p class="loading">The show has patched no fixtures.</p>`}
  </div>`;
}

function drag(s, x, y) {
  const d = s.drag;
  if (d.move) {
    s.view = { k: s.view.k, x: s.view.x + x - d.tox, y: s.view.y + y - d.toy };
    d.moved ||= Math.hypot(x - d.x, y - d.y) > still;
  }
  d.tox = x;
  d.toy = y;
  if (!d.move && Math.hypot(x - d.x, y - d.y) > still) d.frame = true;
}

function pinch(s, fingers, id, x, y) {
  const [other] = [...fingers].filter(([finger]) => finger !== id).map(([, place]) => place);
  const [ox, oy] = fingers.get(id);
  const before = Math.hypot(ox - other[0], oy - other[1]), now = Math.hypot(x - other[0], y - other[1]);
  const view = { ...s.view, x: s.view.x + (x - ox) / 2, y: s.view.y + (y - oy) / 2 };
  s.view = zoomAt(view, now / Math.max(1, before), (x + other[0]) / 2, (y + other[1]) / 2);
}

function paintFrame(paint, d, ink) {
  paint.strokeStyle = ink.text;
  paint.setLineDash([6, 4]);
  paint.lineWidth = 1.5;
  paint.strokeRect(d.x, d.y, d.tox - d.x, d.toy - d.y);
  paint.setLineDash([]);
}
