// Cue lists: where each stands, what comes next, and GO.

import { html, useEffect, useRef } from "./vendor/preact-htm.js";
import { drive, showTime, store } from "./show.js";
import { fadeAt, leftOf } from "./beat.js";
import { seconds } from "./format.js";
import { makeGo } from "./keys.js";
import { Button, useDrive, useFrames, useTopic } from "./parts.js";

// choose keeps what is chosen here: the list that GO is for, and a cue of it that is armed.
const choose = (list, armed) => store.set("chosen", { list, armed });

const goOnce = makeGo((list, cue) => {
  drive("go", list, ...(cue ? [cue] : []));
  choose(list, "");
});

const go = (list) => goOnce(performance.now(), list.name, store.get("chosen").armed);

const shown = (lists) => lists.find((l) => l.name === store.get("chosen").list) ?? lists[0];

// goFromKey is GO by the space bar, for the list that is in sight.
export function goFromKey() {
  const lists = store.get("board")?.lists ?? [];
  if (lists.length > 0) go(shown(lists));
}

export function CueLists({ lists }) {
  const scene = useTopic("scene"), { armed } = useTopic("chosen");
  const list = shown(lists);
  const cues = scene?.lists?.find((l) => l.list === list.name)?.cues ?? [];
  return html`<section class="panel cues" aria-label="Cues">
    ${lists.length > 1 && html`<div class="list-tabs" role="tablist" aria-label="Cue lists">
      ${lists.map((l) => html`<${Button} key=${l.name} role="tab" class="list-tab" aria-selected=${l.name === list.name} onPress=${() => choose(l.name, "")}>
        ${l.name}${l.current && html`<small> ${l.current}</small>`}<//>`)}
    </div>`}
    <${Standing} list=${list} cues=${cues} />
    <${CueTable} list=${list} cues=${cues} armed=${armed} />
    <${Transport} list=${list} cues=${cues} armed=${armed} />
  </section>`;
}

const labelOf = (cues, number) => cues.find((c) => c.number === number)?.label ?? "";

// Standing is the cue that is on, big, with how far its fades are and what fires by itself.
function Standing({ list, cues }) {
  const fill = useRef(null), fade = useRef(null), wait = useRef(null);
  useFrames(() => {
    const time = showTime(), at = fadeAt(list, time);
    fill.current.style.transform = `scaleX(${at})`;
    fill.current.parentElement.classList.toggle("running", at < 1);
    write(fade.current, at < 1 ? `fading ${Math.floor(at * 100)}% · ${seconds(list.to - time)} left` : "");
    if (wait.current) write(wait.current, seconds(leftOf(list, time)));
  });
  const i = cues.findIndex((c) => c.number === list.current);
  const before = i > 0 ? cues[i - 1] : null;
  return html`<div class="standing" data-test="standing">
    <div class="cue-before"><span class="mark" aria-hidden="true">◁</span> ${before ? html`<b>${before.number}</b> ${before.label}` : html`<span class="soft">${i < 0 ? "before the first cue" : "the first cue"}</span>`}</div>
    <div class="cue-now" aria-live="polite">
      <span class="cue-number" data-test="current">${list.current || "–"}</span>
      <span class="cue-label">${list.current ? labelOf(cues, list.current) : "no cue yet"}</span>
      <span class="cue-fade" ref=${fade} aria-hidden="true"></span>
    </div>
    <div class="fade-bar" aria-hidden="true"><i ref=${fill}></i></div>
    <div class="cue-next">
      <span class="mark" aria-hidden="true">▷</span> <span class="soft">next</span>
      ${list.next ? html`<b data-test="next">${list.next}</b><span class="next-label">${labelOf(cues, list.next)}</span>` : html`<span class="soft">nothing, this is the end</span>`}
      ${list.pending && html`<span class="pending">⋯ ${list.pending}${list.cue && list.cue !== list.next ? " → " + list.cue : ""} in <b ref=${wait}></b></span>`}
    </div>
  </div>`;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function CueTable({ list, cues, armed }) {
  const table = useRef(null);
  const may = useDrive();
  useEffect(() => {
    const row = table.current.querySelector("[aria-current]"), box = table.current;
    if (row) box.scrollTo({ top: row.offsetTop - box.clientHeight / 3, behavior: "auto" });
  }, [list.name, list.current]);
  return html`<ol class="cue-table" ref=${table} aria-label=${"Cues of " + list.name}>
    ${cues.map((cue) => {
      const on = cue.number === list.current, next = cue.number === list.next, aimed = cue.number === armed;
      return html`<li key=${cue.number} aria-current=${on ? "step" : undefined} class=${[on && "on", next && "next", aimed && "armed"].filter(Boolean).join(" ")}>
        <${Button} class="cue-row" disabled=${!may} aria-pressed=${aimed} onPress=${() => choose(list.name, aimed ? "" : cue.number)}>
          <span class="mark" aria-hidden="true">${aimed ? "◎" : on ? "▶" : next ? "▷" : ""}</span>
          <span class="cue-no">${cue.number}</span><span class="cue-name">${cue.label}</span>
          <span class="cue-state">${aimed ? "armed" : on ? "on" : next ? "next" : ""}</span>
        <//></li>`;
    })}
  </ol>`;
}

function Transport({ list, cues, armed }) {
  const may = useDrive();
  const target = armed || list.next;
  const jump = () => {
    drive("jump", list.name, armed);
    choose(list.name, "");
  };
  return html`<div class="transport" role="group" aria-label=${"Transport of " + list.name}>
    <${Button} class="step" disabled=${!may || !list.current} onPress=${() => drive("back", list.name)}><span aria-hidden="true">◀</span> Back<//>
    <${Button} class="step" disabled=${!may} onPress=${() => drive("stop-list", list.name)} title="Stop the list: nothing follows, and its fades stand still"><span aria-hidden="true">❚❚</span> Stop list<//>
    <${Button} class="step" disabled=${!may || !armed} onPress=${jump} title=${armed ? "Go to the look at cue " + armed : "Tap a cue first"}><span aria-hidden="true">↷</span> Jump${armed ? " " + armed : ""}<//>
    <${Button} class="go" data-test="go" disabled=${!may || !target} onPress=${() => go(list)} aria-label=${"GO" + (target ? ", cue " + target : "")}>
      <b>GO</b><span>${target ? html`${armed ? "armed " : ""}${target} <em>${labelOf(cues, target)}</em>` : "the end"}</span>
    <//>
  </div>`;
}
