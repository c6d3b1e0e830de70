// Hold and copy: what hands do to fixtures, above the script until they let go, and the look
// that came of it as Lua.

import { html, useEffect, useRef, useState } from "./vendor/preact-htm.js";
import { ask, drive, live, say, slide } from "./show.js";
import { toHex } from "./color.js";
import { percent } from "./format.js";
import { Button, Choose, Fader, Panel, useDrive, useTopic } from "./parts.js";
import { Pad } from "./pad.js";
import { Picker } from "./picker.js";
import { select, selection, wordsOf } from "./selection.js";

const share = (part) => (part * 100).toFixed(2) + "%";

// useLive draws a part again a few times a second while levels change.
export function useLive() {
  const [seen, setSeen] = useState(live.changed);
  useEffect(() => {
    const timer = setInterval(() => setSeen(live.changed), 150);
    return () => clearInterval(timer);
  }, []);
  return seen;
}

export function Hold() {
  const scene = useTopic("scene"), may = useDrive();
  useTopic("selection");
  if (!scene) return null;
  const selected = [...selection()];
  return html`<${Panel} title="Select and hold" class="hold" aside=${html`<span class="soft">${selected.length > 0 ? `${selected.length} selected` : ""}</span>`}>
    <${Groups} scene=${scene} selected=${selected} />
    ${selected.length > 0 ? html`<${Grip} scene=${scene} selected=${selected} may=${may} />`
      : html`<p class="soft">Tap a fixture, draw a frame around several, or take a group. What you then move is held above the script until you let go.</p>`}
  <//>`;
}

function Groups({ scene, selected }) {
  const chosen = new Set(selected);
  const lit = () => scene.fixtures.flatMap((f, i) => (scene.fixtures.some((p) => p.of === i) ? [] : [i]));
  return html`<div class="choose">
    <div class="group-chips">
      ${scene.groups.map((group) => {
        const on = group.fixtures.length > 0 && group.fixtures.every((i) => chosen.has(i));
        return html`<${Button} key=${group.name} class="group-chip" aria-pressed=${on} onPress=${() => (on ? select(selected.filter((i) => !group.fixtures.includes(i))) : select(group.fixtures, true))}>${on ? "✓ " : ""}${group.name}<//>`;
      })}
      <${Button} class="group-chip" onPress=${() => select(lit())}>all<//>
      <${Button} class="group-chip" disabled=${selected.length === 0} onPress=${() => select([])}>none<//>
    </div>
    <${Choose} label="Select a fixture by its name" value="" options=${[["", "a fixture by its name …"], ...scene.fixtures.map((f, i) => [String(i), f.name])]}
      onChoose=${(i) => select([Number(i)], true)} />
  </div>`;
}

// Grip is what can be done to the selected fixtures.
function Grip({ scene, selected, may }) {
  useLive();
  const fixtures = selected.map((i) => scene.fixtures[i]);
  const dims = selected.filter((i) => scene.fixtures[i].dims), colors = selected.filter((i) => scene.fixtures[i].colors);
  const moves = selected.filter((i) => scene.fixtures[i].pan || scene.fixtures[i].tilt);
  const hold = (list, channel, value) => {
    for (const word of wordsOf(scene, list)) slide(`hold ${word}.${channel}`, ["hold", `${word}.${channel}`, value]);
  };
  const names = wordsOf(scene, selected);
  const first = scene.fixtures[moves[0]];
  return html`<div class="grip">
    <p class="grip-names">${names.slice(0, 6).join(", ")}${names.length > 6 ? ` and ${names.length - 6} more` : ""}</p>
    ${dims.length > 0 && html`<label class="labelled"><span>Intensity <b>${percent(meanOf(dims, live.looks.intensity))}</b></span>
      <${Fader} class="big" label="Intensity" min=${0} max=${255} step=${1} value=${Math.round(meanOf(dims, live.looks.intensity))} text=${percent} disabled=${!may} onSlide=${(v) => hold(dims, "intensity", share(v / 255))} /></label>`}
    ${colors.length > 0 && html`<${Color} i=${colors[0]} may=${may} onPick=${(rgb) => hold(colors, "color", toHex(...rgb))} />`}
    ${moves.length > 0 && html`<${Pad} pan=${first.pan} tilt=${first.tilt} at=${{ pan: live.looks.pan[moves[0]], tilt: live.looks.tilt[moves[0]] }} disabled=${!may} onMove=${(x, y) => {
      hold(moves.filter((i) => scene.fixtures[i].pan), "pan", share(x));
      hold(moves.filter((i) => scene.fixtures[i].tilt), "tilt", share(y));
    }} />`}
    <${Channels} fixtures=${fixtures} selected=${selected} may=${may} hold=${hold} />
    <div class="buttons">
      <${Button} class="plain-button" disabled=${!may} onPress=${() => names.forEach((name) => slide("unhold " + name, ["unhold", name]))}>Let go of these<//>
      <${CopyButton} fixtures=${fixtures.map((f) => f.name)}>Copy these as Lua<//>
    </div></div>`;
}

const meanOf = (list, column) => list.reduce((sum, i) => sum + column[i], 0) / list.length;

// Color keeps the colour that was picked while it is on its way, so that the mark stays
// under the finger.
function Color({ i, may, onPick }) {
  const [mine, setMine] = useState(null), timer = useRef(0);
  const pick = (rgb) => {
    setMine(rgb);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setMine(null), 800);
    onPick(rgb);
  };
  return html`<${Picker} rgb=${mine ?? [live.looks.r[i], live.looks.g[i], live.looks.b[i]]} disabled=${!may} onPick=${pick} />`;
}

// Channels are the other channels of the selected fixtures, one fader a name.
function Channels({ fixtures, selected, may, hold }) {
  const names = new Map();
  fixtures.forEach((fixture, k) => {
    for (const channel of fixture.channels.filter((c) => c.class === "beam")) {
      if (!names.has(channel.name)) names.set(channel.name, []);
      names.get(channel.name).push(selected[k]);
    }
  });
  if (names.size === 0) return null;
  return html`<details class="channels"><summary>More channels (${names.size})</summary>
    ${[...names].map(([name, list]) => html`<label class="labelled" key=${name}><span>${name}</span>
      <${Fader} label=${name} min=${0} max=${100} step=${0.5} value=${0} text=${(v) => v + " %"} disabled=${!may} onSlide=${(v) => hold(list, name, share(v / 100))} /></label>`)}</details>`;
}

// valueOf is what something is held at, in degrees where the way is known.
function valueOf(scene, hold) {
  const fixture = scene?.fixtures.find((f) => f.name === hold.fixture);
  const range = { pan: fixture?.pan, tilt: fixture?.tilt }[hold.channel];
  if (!range) return hold.color ?? percent(hold.value);
  return Math.round(range.min + (hold.value / 255) * (range.max - range.min)) + "°";
}

// Held lists what is held, by what it is held at.
export function Held() {
  const holds = useTopic("board")?.holds ?? [], scene = useTopic("scene"), may = useDrive();
  const rows = new Map();
  for (const hold of holds) {
    const key = `${hold.channel} ${hold.color ?? Math.round(hold.value)}`;
    if (!rows.has(key)) rows.set(key, []);
    rows.get(key).push(hold);
  }
  const drop = (row) => row.forEach((h) => slide(`unhold ${h.fixture}.${h.channel}`, ["unhold", `${h.fixture}.${h.channel}`]));
  return html`<${Panel} title="Held by hand" class=${"held-list" + (holds.length > 0 ? " some" : "")} data-test="holds" aside=${html`<b class="held-count">${holds.length > 0 ? "◆ " + holds.length : "nothing"}</b>`}>
    <ul>${[...rows].map(([key, row]) => html`<li key=${key}>
      <span class="held-value">${row[0].color && html`<i class="held-color" style=${{ background: row[0].color }}></i>`}${row[0].channel} ${valueOf(scene, row[0])}</span>
      <span class="held-names">${row.slice(0, 4).map((h) => h.fixture + (h.gone ? " (gone)" : "")).join(", ")}${row.length > 4 ? ` +${row.length - 4}` : ""}</span>
      <${Button} class="plain-button" disabled=${!may} onPress=${() => drop(row)}>Let go<//></li>`)}</ul>
    ${holds.length > 0 && html`<div class="buttons">
      <${Button} class="plain-button strong" disabled=${!may} onPress=${() => drive("unhold")}>Let go of all<//>
      <${CopyButton} fixtures=${[]} strong>Copy as Lua<//></div>`}
  <//>`;
}

function CopyButton({ fixtures, strong, children }) {
  const [lua, setLua] = useState(null);
  const copy = async () => {
    const reply = await ask({ copy: fixtures });
    if (!reply.ok) return say(false, reply.text);
    setLua(reply.value);
  };
  return html`<${Button} class=${"plain-button" + (strong ? " strong" : "")} onPress=${copy} data-test=${strong ? "copy" : undefined}>${children}<//>
    ${lua !== null && html`<${Lua} key=${lua} text=${lua} onClose=${() => setLua(null)} />`}`;
}

// Lua shows what was copied. A browser gives its clipboard only to pages it trusts, so the
// text is in sight and selected, ready to be taken by hand.
function Lua({ text, onClose }) {
  const box = useRef(null);
  const [taken, setTaken] = useState(null);
  const take = async () => {
    box.current.focus();
    box.current.select();
    try {
      await navigator.clipboard.writeText(text);
      setTaken(true);
    } catch {
      setTaken(document.execCommand("copy"));
    }
  };
  useEffect(() => { take(); }, []);
  return html`<div class="lua">
    <div class="lua-head" role="status">${taken === null ? "" : taken ? "✓ in the clipboard: paste it into a cue" : "✕ the browser keeps its clipboard shut: copy the text below"}
      <${Button} class="plain-button" onPress=${onClose}>Close<//></div>
    <textarea class="mono" ref=${box} readonly rows=${Math.min(14, text.split("\n").length + 1)} aria-label="The look as Lua" data-test="lua">${text}</textarea></div>`;
}
