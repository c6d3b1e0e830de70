// The beat, large: drawn with every picture of the browser from the line on which it runs.

import { html, useRef } from "./vendor/preact-htm.js";
import { showTime } from "./show.js";
import { beatAt, placeOf, tempoOf } from "./beat.js";
import { calm, Panel, useFrames, useTopic } from "./parts.js";

const rings = 2 * Math.PI * 54;

export function BeatPanel() {
  const beat = useTopic("moment")?.beat;
  const place = useRef(null), cells = useRef(null), ring = useRef(null), heart = useRef(null);
  useFrames(() => {
    if (!beat || !place.current) return;
    const at = placeOf(beatAt(beat, showTime()), beat.bar);
    const text = `${at.bar}.${at.beat}`;
    if (place.current.textContent !== text) place.current.textContent = text;
    const stands = beat.tempo === 0;
    ring.current.style.strokeDashoffset = String(rings * (1 - at.through));
    heart.current.style.opacity = stands || calm() ? "0.25" : String(0.12 + 0.78 * (1 - at.phase) ** 2);
    [...cells.current.children].forEach((cell, i) => {
      cell.classList.toggle("on", i === at.beat - 1);
      cell.firstChild.style.transform = `scaleX(${i < at.beat - 1 ? 1 : i > at.beat - 1 ? 0 : calm() ? 1 : at.phase})`;
    });
  });
  if (!beat) return null;
  const bar = Math.min(beat.bar || 4, 16);
  return html`<${Panel} title="Beat" class="beat" aside=${html`<${Source} beat=${beat} />`}>
    <div class="beat-row">
      <svg class="beat-ring" viewBox="0 0 120 120" aria-hidden="true">
        <circle cx="60" cy="60" r="54" class="ring-back" />
        <circle cx="60" cy="60" r="54" class="ring-on" ref=${ring} stroke-dasharray=${rings} transform="rotate(-90 60 60)" />
        <circle cx="60" cy="60" r="32" class="heart" ref=${heart} />
      </svg>
      <div class="beat-numbers">
        <div class="tempo"><b data-test="tempo">${tempoOf(beat)?.toFixed(2) ?? "stands"}</b><small>${beat.tempo > 0 ? "BPM" : ""}</small></div>
        <div class="place"><b ref=${place} aria-hidden="true"></b><small>bar.beat</small></div>
      </div>
    </div>
    <div class="cells" ref=${cells} aria-hidden="true">${Array.from({ length: bar }, (_, i) => html`<div class="cell" key=${i}><i></i></div>`)}</div>
  <//>`;
}

// Source says who gives the tempo and how sure that is, in words beside the bars.
function Source({ beat }) {
  const sure = beat.confidence ?? 0, own = !beat.source;
  const word = sure > 0.8 ? "sure" : sure > 0.4 ? "fair" : "doubtful";
  return html`<div class="source" data-test="source"><span>${own ? "the show's own tempo" : "from " + beat.source}</span>
    ${!own && html`<span class=${"sure" + (sure > 0.8 ? "" : sure > 0.4 ? " fair" : " doubtful")}>
      ${[0.2, 0.4, 0.6, 0.8, 0.95].map((bound) => html`<i key=${bound} class=${sure >= bound ? "on" : ""}></i>`)} ${word}</span>`}</div>`;
}
