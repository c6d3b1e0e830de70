// The page Network: what the show names and whether it is there, what else is there, and
// every counter there is.

import { html } from "./vendor/preact-htm.js";
import { bySome, count, megabytes, short, zerosOf } from "./format.js";
import { Panel, useTopic } from "./parts.js";
import { LateChart, RateChart } from "./charts.js";

export function Network() {
  const house = useTopic("house"), missing = useTopic("moment")?.missing ?? [];
  if (!house) return html`<p class="loading">asking the network …</p>`;
  return html`<div class="house">
    <div class="house-left">
      <${Panel} title="The show names" aside=${html`<span class="soft">${house.interface ? "on " + house.interface : "no network"}</span>`}>
        ${missing.length > 0 && html`<ul class="missing" role="status" data-test="missing">${missing.map((what) => html`<li key=${what}>✕ ${what}</li>`)}</ul>`}
        <ul class="devices">${(house.devices ?? []).map((device) => html`<${Device} key=${device.protocol + device.name} device=${device} />`)}</ul>
        ${!house.devices?.length && html`<p class="soft">Nothing.</p>`}
      <//>
      <${Panel} title="Also there, and not named by the show">
        <ul class="others">${(house.others ?? []).map((other) => html`<li key=${other.protocol + other.name + other.address}>
          <span class="other-mark" aria-hidden="true">○</span><span class="other-name"><b>${other.name || "?"}</b> <span class="soft">${other.protocol}</span><br />${other.what}</span><code>${other.address}</code></li>`)}</ul>
        ${!house.others?.length && html`<p class="soft">Nothing else was seen.</p>`}
      <//>
    </div>
    <div class="house-right">
      <${Frames} house=${house} />
      <${Drops} drops=${house.drops ?? []} />
      <${Handlers} handlers=${house.handlers ?? []} />
    </div>
  </div>`;
}

const signs = { there: "●", waiting: "◐", missing: "✕" };

const Device = ({ device }) => html`<li class=${"device " + device.state} data-test="device">
  <div class="device-head"><span class="device-state">${signs[device.state] ?? "?"} ${device.state}</span><b>${device.name}</b><span class="soft">${device.protocol}</span></div>
  ${device.why && html`<div class="device-why">${device.why}</div>`}
  ${device.leases?.length > 0 && html`<ul class="leases">${device.leases.map((lease) => html`<li key=${lease}>lease: ${lease}</li>`)}</ul>`}
  <${Counts} counts=${device.counts ?? []} />
</li>`;

// Counts shows what a device has counted. Zeros, which are most, fold into one line.
function Counts({ counts }) {
  const [some, none] = bySome(counts);
  const list = (of) => of.length > 0 && html`<div class="counts">${of.map((c) => html`<span key=${c.name + c.what} title=${c.name}>${c.what} <b>${count(c.n)}</b></span>`)}</div>`;
  return html`${list(some)}${none.length > 0 && html`<details class="zeros"><summary>${zerosOf(some, none)}</summary>${list(none)}</details>`}`;
}

function Frames({ house }) {
  const memory = house.memory ?? {};
  const part = memory.limit > 0 ? memory.live / memory.limit : 0;
  return html`<${Panel} title="Frames and machine">
    <div class="figures">
      <div><b data-test="rate">${(house.rate ?? 0).toFixed(1)}</b><span>frames a second</span></div>
      <div><b>${count(house.frames ?? 0)}</b><span>frames</span></div>
      <div><b>${megabytes(memory.live ?? 0)}</b><span>${memory.limit > 0 ? `of ${megabytes(memory.limit)} for the script` : "for the script"}</span></div>
      <div><b>${memory.tasks ?? 0}</b><span>tasks</span></div>
    </div>
    <div class="meter" role="meter" aria-label="Memory of the script" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(part * 100)}><i class=${part > 0.8 ? "full" : ""} style=${{ width: `${Math.min(100, part * 100)}%` }}></i></div>
    <h3>Frames a second, the last minutes</h3><${RateChart} />
    <h3>How late frames were, since the start</h3><${LateChart} late=${house.late} />
  <//>`;
}

// Drops lists every counter: those that counted, and, folded, the zeros, for a zero is an answer.
function Drops({ drops }) {
  const [some, none] = bySome(drops);
  const row = (d) => html`<tr key=${d.name + d.what + (d.of ?? "")} class=${d.n > 0 ? "some" : ""} title=${d.name}><td>${d.n > 0 ? "! " : ""}${d.what}${d.of && html` <span class="soft">${d.of}</span>`}</td><td class="n">${count(d.n)}</td></tr>`;
  const table = (of) => html`<table class="list"><thead class="unseen"><tr><th>what</th><th>how many</th></tr></thead><tbody>${of.map(row)}</tbody></table>`;
  return html`<${Panel} title="Late, or not at all" aside=${html`<span class="soft">${some.length === 0 ? "nothing was dropped" : `${some.length} of ${drops.length} counted`}</span>`}>
    ${some.length > 0 && table(some)}
    ${none.length > 0 && html`<details class="zeros"><summary>${zerosOf(some, none)}</summary>${table(none)}</details>`}<//>`;
}

function Handlers({ handlers }) {
  const list = [...handlers].sort((a, b) => b.total - a.total), most = list[0]?.total || 1;
  return html`<${Panel} title="Script time">
    <table class="list handlers"><thead><tr><th>handler</th><th class="n">calls</th><th class="n">mean</th><th class="n">worst</th><th class="n">total</th></tr></thead>
      <tbody>${list.map((h) => html`<tr key=${h.name}><td class="handler"><i style=${{ width: `${(100 * h.total) / most}%` }}></i><span>${h.name}</span></td><td class="n">${count(h.calls)}</td><td class="n">${short(h.calls > 0 ? h.total / h.calls : 0)}</td><td class="n">${short(h.worst)}</td><td class="n">${short(h.total)}</td></tr>`)}</tbody></table>
    ${list.length === 0 && html`<p class="soft">No handler was called yet.</p>`}<//>`;
}
