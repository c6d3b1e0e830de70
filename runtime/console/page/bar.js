// The bar on top of every page: which show, where its beat is, how it fares, and the stop.

import { html, useRef } from "./vendor/preact-htm.js";
import { emergencyStop, showTime } from "./show.js";
import { beatAt, placeOf, tempoOf } from "./beat.js";
import { Button, useDrive, useFrames, useTopic } from "./parts.js";

const titles = { now: "Now", stage: "Stage", network: "Network", log: "Log" };

// letGo gives up the focus that a press by hand has left, so that the space bar is GO.
const letGo = (event) => { if (event.detail > 0) event.currentTarget.blur(); };

export function Tabs({ page }) {
  return html`<nav class="tabs" aria-label="Pages">
    ${Object.entries(titles).map(([id, title]) => html`
      <a key=${id} href=${"#" + id} class="tab" onClick=${letGo} aria-current=${page === id ? "page" : undefined}><${Sign} of=${id} />${title}<${Count} of=${id} /></a>`)}
  </nav>`;
}

const paths = {
  now: "M6 4l12 8-12 8z",
  stage: "M12 3v5M8 8h8l4 12H4z",
  network: "M12 4v6M5 20v-4h14v4M12 10v6M9 4h6M3 20h4M17 20h4",
  log: "M5 5h14M5 10h14M5 15h9M5 20h6",
};

const Sign = ({ of }) => html`<svg class="sign" viewBox="0 0 24 24" aria-hidden="true"><path d=${paths[of]} /></svg>`;

// Count is how many things of a page want to be looked at.
function Count({ of }) {
  const missing = useTopic("moment")?.missing?.length ?? 0, alarm = useTopic("alarm");
  if (of === "network" && missing > 0) return html`<span class="badge warn" title="missing">${missing}<span class="unseen"> missing</span></span>`;
  if (of === "log" && alarm) return html`<span class="badge bad" title="error">!<span class="unseen"> error</span></span>`;
  return null;
}

export function Bar({ page, theme, onTheme, onHelp }) {
  const hello = useTopic("hello"), link = useTopic("link");
  return html`<header class="bar">
    <div class="who">
      <strong class="show-name">${hello?.show ?? "showrun"}</strong>
      ${hello?.role === "watch" && html`<span class="chip watch" data-test="watch">watch only</span>`}
      ${link.state !== "open" && html`<span class="chip bad">no connection</span>`}
    </div>
    <${Tabs} page=${page} />
    <${Pulse} />
    <div class="tools">
      <${Button} class="tool theme" onPress=${onTheme} aria-label=${"Switch to the " + (theme === "dark" ? "light" : "dark") + " theme"}>◐<//>
      <${Button} class="tool" onPress=${onHelp} aria-label="Help and keys">?<//>
    </div>
    <${Stop} />
  </header>`;
}

// Pulse is the beat in small, on every page.
function Pulse() {
  const beat = useTopic("moment")?.beat;
  const where = useRef(null), dots = useRef(null);
  const bar = Math.min(beat?.bar || 4, 12);
  useFrames(() => {
    if (!beat || !where.current) return;
    const at = placeOf(beatAt(beat, showTime()), beat.bar);
    const text = `${at.bar}.${at.beat}`;
    if (where.current.textContent !== text) {
      where.current.textContent = text;
      [...dots.current.children].forEach((dot, i) => dot.classList.toggle("on", i === at.beat - 1));
    }
  });
  if (!beat) return html`<div class="pulse"></div>`;
  return html`<div class="pulse">
    <span class="pulse-tempo">${tempoOf(beat)?.toFixed(1) ?? "–"}<small> BPM</small></span>
    <span class="dots" ref=${dots} aria-hidden="true">${Array.from({ length: bar }, (_, i) => html`<i key=${i}></i>`)}</span>
    <span class="pulse-place" ref=${where} aria-hidden="true"></span>
  </div>`;
}

// Stop is never disabled for want of a connection: it says itself if it did not get through.
function Stop() {
  const role = useTopic("hello")?.role, held = useTopic("moment")?.held;
  const drive = role !== "watch";
  return html`<${Button} class=${"stop" + (held ? " pressed" : "")} data-test="stop" disabled=${!drive} onPress=${emergencyStop}
    aria-label=${drive ? "Emergency stop" : "Emergency stop: not from here, this page may only watch"}>
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z" /></svg>
    <span class="stop-text">${drive ? html`<b>STOP</b><small>${held ? "held" : "emergency"}</small>` : html`<b>no stop</b><small>watch only</small>`}</span>
  <//>`;
}
