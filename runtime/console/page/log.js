// The page Log: what the show says as it says it, its last error, and how reloads went.

import { html, useLayoutEffect, useRef, useState } from "./vendor/preact-htm.js";
import { drive } from "./show.js";
import { filterLines, reloadOf } from "./lines.js";
import { Button, Panel, recall, remember, useDrive, useTopic } from "./parts.js";
import { seen } from "./notices.js";

const levels = ["debug", "info", "warn", "error"];
const shown = 500; // lines that are drawn; the filter searches all that are kept
const signs = { debug: "·", info: "i", warn: "!", error: "✕" };

export function Log() {
  const lines = useTopic("lines"), may = useDrive(), moment = useTopic("moment"), alarm = useTopic("alarm"), scene = useTopic("scene");
  const [level, setLevel] = useState(recall("level") ?? "info"), [text, setText] = useState("");
  const found = filterLines(lines, levels.slice(levels.indexOf(level)), text);
  const reload = reloadOf(lines);
  const choose = (l) => {
    setLevel(l);
    remember("level", l);
  };
  return html`<div class="log">
    <div class="log-top">
      <${Panel} title="Script" class="script" data-test="script">
        <p><b class="mono">${scene?.file ?? "–"}</b> <span class="soft">generation ${scene?.generation ?? "–"}</span></p>
        <p class=${"report" + (reload?.ok === false ? " problem" : "")}>${reload ? `${reload.ok ? "✓" : "✕"} ${timeOf(reload.line.time)} ${reload.line.text}` : html`<span class="soft">not reloaded since this page came</span>`}</p>
        <div class="buttons"><${Button} class=${"plain-button" + (moment?.pending ? " strong" : "")} disabled=${!may} onPress=${() => drive("reload")}>${moment?.pending ? "Take over the new version" : "Load again"}<//></div>
      <//>
      ${alarm && html`<${Panel} title="Last error" class="last-error" aside=${html`<${Button} class="plain-button" onPress=${() => seen(alarm)}>Seen<//>`}>
        <p class="mono problem">✕ ${alarm.text}</p>${alarm.trace && html`<pre class="mono trace" tabindex="0">${alarm.trace}</pre>`}<span class="soft">${timeOf(alarm.time)}</span><//>`}
    </div>
    <section class="panel log-lines" aria-label="Lines">
      <div class="log-filter">
        <div class="choices" role="radiogroup" aria-label="From which level on">${levels.map((l) => html`<${Button} key=${l} role="radio" class="choice" aria-checked=${l === level} onPress=${() => choose(l)}>${l}<//>`)}</div>
        <input type="text" aria-label="Only lines with this text" placeholder="only lines with …" value=${text} onInput=${(e) => setText(e.currentTarget.value)} />
        <span class="soft">${found.length} of ${lines.length}</span>
      </div>
      <${Lines} lines=${found.slice(-shown)} />
    </section>
  </div>`;
}

const timeOf = (time) => new Date(time).toLocaleTimeString("en-GB");

// Lines follow the newest until somebody scrolls up to read.
function Lines({ lines }) {
  const box = useRef(null), follow = useRef(true);
  const [follows, setFollows] = useState(true);
  useLayoutEffect(() => {
    if (follow.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.at(-1)?.number, lines.length]);
  const scrolled = () => {
    const b = box.current;
    follow.current = b.scrollHeight - b.scrollTop - b.clientHeight < 40;
    setFollows(follow.current);
  };
  const newest = () => { box.current.scrollTop = box.current.scrollHeight; };
  return html`<div class="lines-box"><ol class="lines mono" ref=${box} onScroll=${scrolled} tabindex="0" role="log" aria-label="Log" aria-live="off" data-test="lines">
    ${lines.map((line) => html`<li key=${line.number} class=${"line " + line.level}>
      <time>${timeOf(line.time)}</time><span class="line-level" aria-label=${line.level}>${signs[line.level] ?? ""} ${line.level}</span>
      <span class="line-text">${line.text}${line.trace && html`<details open=${line.level === "error"}><summary>traceback</summary><pre class="trace">${line.trace}</pre></details>`}</span></li>`)}
  </ol>
  ${!follows && html`<${Button} class="newest" onPress=${newest}>↓ newest<//>`}</div>`;
}
