// A pad for pan and tilt: where it is touched is where the lamp points.

import { html, useRef } from "./vendor/preact-htm.js";
import { plain } from "./format.js";

// share is where a value lies in a range, 0-1.
export const share = (range, value) => Math.max(0, Math.min(1, (value - range.min) / (range.max - range.min || 1)));

export function Pad({ pan, tilt, at, disabled, onMove }) {
  const pad = useRef(null), held = useRef(false);
  const x = pan ? share(pan, at.pan) : 0.5, y = tilt ? share(tilt, at.tilt) : 0.5;
  const from = (event) => {
    const box = pad.current.getBoundingClientRect(), inside = (v) => Math.max(0, Math.min(1, v));
    onMove(inside((event.clientX - box.left) / box.width), 1 - inside((event.clientY - box.top) / box.height));
  };
  const down = (event) => {
    if (disabled) return;
    held.current = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    from(event);
  };
  const keys = (event) => {
    const step = { ArrowLeft: [-0.01, 0], ArrowRight: [0.01, 0], ArrowUp: [0, 0.01], ArrowDown: [0, -0.01] }[event.key];
    if (!step || disabled) return;
    event.preventDefault();
    const far = event.shiftKey ? 5 : 1;
    onMove(Math.max(0, Math.min(1, x + far * step[0])), Math.max(0, Math.min(1, y + far * step[1])));
  };
  const says = [pan && `pan ${plain(at.pan)}°`, tilt && `tilt ${plain(at.tilt)}°`].filter(Boolean).join(", ");
  return html`<div>
    <div class=${"pad" + (disabled ? " off" : "")} ref=${pad} role="application" tabindex=${disabled ? -1 : 0} aria-label=${`Pan and tilt, arrow keys move: ${says}`}
      onPointerDown=${down} onPointerMove=${(e) => held.current && from(e)} onPointerUp=${() => { held.current = false; }} onPointerCancel=${() => { held.current = false; }} onKeyDown=${keys}>
      <i class="pad-x" style=${{ left: `${x * 100}%` }}></i><i class="pad-y" style=${{ top: `${(1 - y) * 100}%` }}></i>
      <i class="pad-mark" style=${{ left: `${x * 100}%`, top: `${(1 - y) * 100}%` }}></i>
    </div>
    <span class="soft">${says}</span></div>`;
}
