// Machinery that moves: axes between their limits, valves, and who has them.

import { html } from "./vendor/preact-htm.js";
import { plain } from "./format.js";
import { Panel, useTopic } from "./parts.js";
import { share } from "./pad.js";

export function Machines() {
  const scene = useTopic("scene"), movers = useTopic("movers") ?? [], house = useTopic("house");
  const held = useTopic("moment")?.held;
  const machines = scene?.movers ?? [];
  if (machines.length === 0) return null;
  return html`<${Panel} title="Machinery" class="machines" aside=${held ? html`<b class="problem">■ held</b>` : null}>
    <div class="machine-grid">${machines.map((machine, i) => html`<div class="machine" key=${machine.name} data-test="machine">
      <div class="machine-head"><b>${machine.name}</b> <span class="soft">${machine.kind} · ${machine.protocol}</span></div>
      ${machine.kind === "valve" ? html`<${Valve} name=${machine.name} open=${movers[i]?.open ?? 0} />`
        : (machine.axes ?? []).map((axis, k) => html`<${AxisGauge} key=${axis.name} axis=${axis} at=${movers[i]?.positions?.[k]} />`)}
      <div class="machine-says">${movers[i]?.says ?? ""}</div>
      ${leasesOf(house, machine).map((lease) => html`<div class="lease" key=${lease}>lease: ${lease}</div>`)}
    </div>`)}</div><//>`;
}

const leasesOf = (house, machine) => house?.devices?.find((d) => d.name === machine.name)?.leases ?? [];

function AxisGauge({ axis, at }) {
  const known = at !== undefined && at !== null;
  const text = known ? `${plain(Math.round(at * 100) / 100)} ${axis.unit ?? ""}` : "not told yet";
  return html`<div class="gauge" role="meter" aria-label=${axis.name} aria-valuemin=${axis.min} aria-valuemax=${axis.max} aria-valuenow=${known ? at : undefined} aria-valuetext=${text}>
    <span class="gauge-name">${axis.name}</span><b class="gauge-value">${text}</b>
    <div class="gauge-line">${known && html`<i style=${{ left: `${share(axis, at) * 100}%` }}></i>`}</div>
    <span class="gauge-end">${plain(axis.min)}</span><span class="gauge-end last">${plain(axis.max)} ${axis.unit ?? ""}</span></div>`;
}

function Valve({ name, open }) {
  const says = open <= 0 ? "shut" : `open ${Math.round(open * 100)} %`;
  return html`<div class="gauge" role="meter" aria-label=${name} aria-valuemin="0" aria-valuemax="1" aria-valuenow=${open} aria-valuetext=${says}>
    <span class="gauge-name">valve</span><b class="gauge-value">${says}</b><div class="gauge-line valve"><i style=${{ width: `${open * 100}%` }}></i></div></div>`;
}
