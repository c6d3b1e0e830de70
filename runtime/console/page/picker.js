// A picker of colours: a disc of hue and saturation, a palette, and the numbers.

import { html, useEffect, useRef, useState } from "./vendor/preact-htm.js";
import { colorName, fromHex, hsvToRgb, rgbToHsv, toHex } from "./color.js";
import { Button, Fader } from "./parts.js";

const size = 184; // px of the disc

// The palette: what is reached for on a desk, from warm to cold.
const palette = [
  ["warm white", "#ffd6aa"], ["cold white", "#dde8ff"], ["red", "#ff0000"], ["orange", "#ff6a00"], ["amber", "#ffb000"], ["yellow", "#ffe600"],
  ["lime", "#9dff00"], ["green", "#00ff3c"], ["cyan", "#00e1ff"], ["blue", "#0033ff"], ["violet", "#7a00ff"], ["magenta", "#ff00b4"],
];

export function Picker({ rgb, disabled, onPick }) {
  const disc = useRef(null), held = useRef(false);
  const [text, setText] = useState(null);
  const [h, s, v] = rgbToHsv(...rgb);
  useEffect(() => paintDisc(disc.current), []);
  const from = (event) => {
    const box = disc.current.getBoundingClientRect();
    const x = (2 * (event.clientX - box.left)) / box.width - 1, y = (2 * (event.clientY - box.top)) / box.height - 1;
    onPick(hsvToRgb(hueAt(x, y), Math.min(1, Math.hypot(x, y)), v || 1));
  };
  const down = (event) => {
    if (disabled) return;
    held.current = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    from(event);
  };
  const keys = (event) => {
    const step = { ArrowLeft: [-5, 0], ArrowRight: [5, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] }[event.key];
    if (!step || disabled) return;
    event.preventDefault();
    onPick(hsvToRgb((h + step[0] + 360) % 360, Math.max(0, Math.min(1, s + step[1])), v || 1));
  };
  const angle = (h * Math.PI) / 180;
  const submit = (event) => {
    event.preventDefault();
    const typed = fromHex(text ?? "");
    if (typed) onPick(typed);
    setText(null);
    document.activeElement.blur();
  };
  return html`<div class=${"picker" + (disabled ? " off" : "")}>
    <div class="disc-box">
      <canvas class="disc" ref=${disc} width=${size} height=${size} role="slider" tabindex=${disabled ? -1 : 0} aria-label="Hue and saturation"
        aria-valuemin="0" aria-valuemax="360" aria-valuenow=${Math.round(h)} aria-valuetext=${`${colorName(...rgb)}, hue ${Math.round(h)} degrees, saturation ${Math.round(s * 100)} %`}
        onPointerDown=${down} onPointerMove=${(e) => held.current && from(e)} onPointerUp=${() => { held.current = false; }} onPointerCancel=${() => { held.current = false; }} onKeyDown=${keys}></canvas>
      <i class="disc-mark" style=${{ left: `${50 + 50 * s * Math.sin(angle)}%`, top: `${50 - 50 * s * Math.cos(angle)}%`, background: toHex(...rgb) }}></i>
    </div>
    <div class="picker-side">
      <div class="swatches">${palette.map(([name, hex]) => html`<button type="button" key=${hex} class="swatch" title=${name} aria-label=${name} disabled=${disabled}
        style=${{ background: hex }} onClick=${(e) => { if (e.detail > 0) e.currentTarget.blur(); onPick(fromHex(hex)); }}></button>`)}</div>
      <form class="entry" onSubmit=${submit}><input type="text" class="mono" maxlength="7" aria-label="Colour as #rrggbb" disabled=${disabled} value=${text ?? toHex(...rgb)}
        onInput=${(e) => setText(e.currentTarget.value)} /></form>
      <span class="soft">${colorName(...rgb)}</span>
    </div>
    <label class="labelled"><span>Brightness of the colour</span><${Fader} label="Brightness of the colour" min=${0} max=${100} step=${1} value=${Math.round(v * 100)} text=${(n) => n + " %"} disabled=${disabled}
      onSlide=${(n) => onPick(hsvToRgb(h, s, n / 100))} /></label>
  </div>`;
}

const hueAt = (x, y) => ((Math.atan2(x, -y) * 180) / Math.PI + 360) % 360;

function paintDisc(canvas) {
  const paint = canvas.getContext("2d"), picture = paint.createImageData(size, size), half = size / 2;
  for (let py = 0; py < size; py++) {
    for (let px = 0; px < size; px++) {
      const x = (px + 0.5) / half - 1, y = (py + 0.5) / half - 1, out = Math.hypot(x, y), at = 4 * (py * size + px);
      if (out > 1) continue;
      const [r, g, b] = hsvToRgb(hueAt(x, y), out, 0.92);
      picture.data.set([r, g, b, Math.min(255, (1 - out) * half * 255)], at);
    }
  }
  paint.putImageData(picture, 0, 0);
}
