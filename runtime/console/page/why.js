// Why a fixture looks as it does: the chain from what goes out back to who asked for it.

import { html, useEffect, useState } from "./vendor/preact-htm.js";
import { ask, live, showTime } from "./show.js";
import { percent, plain, seconds } from "./format.js";
import { colorName, toHex } from "./color.js";
import { Button, Panel, useTopic } from "./parts.js";
import { selection } from "./selection.js";
import { useLive } from "./hold.js";

const again = 1000; // ms after which it is asked again: the answer changes with the show

// Why tells of the fixture under the pointer, else of the one that is selected.
export function Why({ over }) {
  const scene = useTopic("scene"), open = useTopic("link").state === "open";
  useTopic("selection");
  const [channel, setChannel] = useState("");
  const [answer, setAnswer] = useState(null);
  const i = over >= 0 ? over : [...(scene ? selection() : [])].at(-1) ?? -1;
  const fixture = scene?.fixtures[i];
  const known = fixture?.channels.some((c) => c.name === channel) ? channel : "";
  useEffect(() => {
    setAnswer(null);
    if (!fixture || !open) return;
    let gone = false;
    const look = async () => {
      const reply = await ask({ why: known ? [fixture.name, known] : [fixture.name] });
      if (!gone) setAnswer(reply);
    };
    const first = setTimeout(look, 120), timer = setInterval(look, again);
    return () => {
      gone = true;
      clearTimeout(first);
      clearInterval(timer);
    };
  }, [fixture, known, open]);
  if (!fixture) return html`<${Panel} title="Why" class="why"><p class="soft">Point at a fixture or tap it: what it does, and why.</p><//>`;
  return html`<${Panel} title=${"Why · " + fixture.name} class="why" data-test="why">
    <${Values} fixture=${fixture} i=${i} />
    <div class="group-chips" role="group" aria-label="Channel">
      ${[{ name: "" }, ...fixture.channels].map((c) => html`<${Button} key=${c.name} class="group-chip" aria-pressed=${known === c.name} onPress=${() => setChannel(c.name)}>${c.name || "all"}<//>`)}</div>
    ${answer && !answer.ok && html`<p class="problem">${answer.text}</p>`}
    <ol class="chain">${(answer?.value ?? []).map((cause, k) => html`<${Cause} key=${k} cause=${cause} generation=${scene.generation} />`)}</ol>
  <//>`;
}

function Values({ fixture, i }) {
  useLive();
  const l = live.looks;
  const shine = Math.sqrt((l.intensity[i] ?? 0) / 255), lit = [l.r, l.g, l.b].map((part) => Math.round((part[i] ?? 0) * shine));
  return html`<p class="values"><i class="value-light" style=${{ background: toHex(...lit) }}></i>
    <b>${percent(l.intensity[i] ?? 0)}</b> ${fixture.colors && html`<span>${colorName(l.r[i], l.g[i], l.b[i])} <code>${toHex(l.r[i], l.g[i], l.b[i])}</code></span>`}
    ${fixture.pan && html`<span>pan ${plain(Math.round(l.pan[i]))}°</span>`} ${fixture.tilt && html`<span>tilt ${plain(Math.round(l.tilt[i]))}°</span>`}
    ${l.held[i] ? html`<span class="chip hold-chip">◆ held</span>` : ""} <span class="soft">${fixture.kind}</span></p>`;
}

function Cause({ cause, generation }) {
  const byHand = cause.layer === "operator" || cause.task === "operation";
  const from = [
    cause.line, cause.task && !byHand && "task " + cause.task, cause.cue && "cue " + cause.cue, cause.event && !byHand && "event " + cause.event,
    cause.generation > 0 && cause.generation !== generation && "of generation " + cause.generation,
  ].filter(Boolean).join(" · ");
  const age = showTime() - cause.since;
  return html`<li class=${"cause layer-" + cause.layer}>
    <span class="layer">${cause.layer}</span>
    <span class="cause-what"><b>${cause.channel}</b> ${cause.what.startsWith(cause.channel + " ") ? cause.what.slice(cause.channel.length) : cause.what}${from && html`<br /><code>${from}</code>`}</span>
    <span class="cause-value">${cause.color || percent(cause.value)}<small>${cause.since > 0 && age > 0 ? `for ${seconds(age)}` : ""}</small></span></li>`;
}
