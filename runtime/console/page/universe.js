// An output slot by slot, as it goes out: bright where the level is high, with its number.

import { html, useMemo, useRef, useState } from "./vendor/preact-htm.js";
import { live } from "./show.js";
import { percent } from "./format.js";
import { Choose, Panel, useFrames, useTopic } from "./parts.js";
import { inkOf } from "./stagecanvas.js";
import { select } from "./selection.js";

// patchOf maps the slots of an output to what lies there, as {i, name, channel, fine}.
export function patchOf(scene, output) {
  const slots = new Map();
  scene.fixtures.forEach((fixture, i) => {
    for (const c of fixture.channels) {
      if (c.output !== output) continue;
      slots.set(c.slot, { i, name: fixture.name, channel: c.name, fine: false });
      if (c.fine > 0) slots.set(c.fine, { i, name: fixture.name, channel: c.name, fine: true });
    }
  });
  return slots;
}

export function Universe({ output, onOutput, onOver }) {
  const scene = useTopic("scene");
  const canvas = useRef(null), painted = useRef({});
  const [slot, setSlot] = useState(0);
  const patch = useMemo(() => (scene ? patchOf(scene, output) : new Map()), [scene, output]);
  const count = scene?.outputs[output]?.slots ?? 0;

  useFrames(() => {
    const box = canvas.current, levels = live.levels.get(output);
    if (!box || !levels) return;
    const width = box.clientWidth, columns = width > 700 ? 32 : 16, rows = Math.ceil(count / columns);
    const cell = width / columns, height = Math.max(1, Math.round(rows * Math.min(cell, 40)));
    const state = { changed: live.changed, width, output, slot, theme: document.documentElement.dataset.theme, patch };
    if (Object.keys(state).every((key) => painted.current[key] === state[key])) return;
    painted.current = { ...state, columns, high: height / rows, cell };
    const sharp = devicePixelRatio || 1;
    box.width = Math.round(width * sharp);
    box.height = Math.round(height * sharp);
    box.style.height = height + "px";
    const paint = box.getContext("2d");
    paint.scale(sharp, sharp);
    paintSlots(paint, { levels, count, columns, cell, high: height / rows, patch, slot, ink: inkOf(box) });
  });
  const point = (event) => {
    const box = canvas.current.getBoundingClientRect(), p = painted.current;
    const at = Math.floor((event.clientY - box.top) / p.high) * p.columns + Math.floor((event.clientX - box.left) / p.cell) + 1;
    const next = at >= 1 && at <= count ? at : 0;
    if (next === slot) return;
    setSlot(next);
    onOver(patch.get(next)?.i ?? -1);
  };
  const what = patch.get(slot), level = live.levels.get(output)?.[slot - 1] ?? 0;
  return html`<${Panel} title="Outputs" class="universe" aside=${html`<${Choose} class="output-choice" label="Output" value=${String(output)}
    options=${(scene?.outputs ?? []).map((o, i) => [String(i), o.name])} onChoose=${(i) => onOutput(Number(i))} />`}>
    <canvas class="slots" ref=${canvas} data-test="slots" role="img" aria-label=${`Levels of ${scene?.outputs[output]?.name ?? "no output"}`}
      onPointerMove=${point} onPointerDown=${point} onPointerLeave=${(e) => { if (e.pointerType === "mouse") { setSlot(0); onOver(-1); } }} onClick=${() => what && select([what.i])}></canvas>
    <p class="slot-line" aria-live="polite">${slot === 0 ? html`<span class="soft">Point at a slot: what lies there. A tap selects its fixture. Dotted slots are not patched.</span>`
      : html`<b>slot ${slot}</b> ${what ? html`${what.name} · ${what.channel}${what.fine ? " (fine)" : ""}` : html`<span class="soft">not patched</span>`} <b class="slot-value">${level} · ${percent(level)}</b>`}</p>
  <//>`;
}

function paintSlots(paint, { levels, count, columns, cell, high, patch, slot, ink }) {
  paint.font = `${Math.min(13, cell * 0.36)}px system-ui, sans-serif`;
  paint.textAlign = "center";
  paint.textBaseline = "middle";
  for (let n = 1; n <= count; n++) {
    const x = ((n - 1) % columns) * cell, y = Math.floor((n - 1) / columns) * high, level = levels[n - 1];
    const part = level / 255, known = patch.get(n);
    paint.globalAlpha = known ? 1 : 0.45;
    paint.fillStyle = `rgb(${ink.body.join()})`;
    paint.fillRect(x + 1, y + 1, cell - 2, high - 2);
    paint.globalAlpha = part;
    paint.fillStyle = ink.on;
    paint.fillRect(x + 1, y + 1, cell - 2, high - 2);
    paint.globalAlpha = 1;
    paint.fillStyle = part > 0.5 === ink.dark ? "#17130c" : ink.dark ? ink.text : "#f4efe6";
    if (!ink.dark && part <= 0.5) paint.fillStyle = ink.text;
    if (level > 0) paint.fillText(String(level), x + cell / 2, y + high / 2);
    else if (!known) paint.fillRect(x + cell / 2 - 1, y + high / 2 - 1, 2, 2);
    if (n === slot) {
      paint.strokeStyle = ink.text;
      paint.lineWidth = 2;
      paint.strokeRect(x + 1, y + 1, cell - 2, high - 2);
    }
  }
}
