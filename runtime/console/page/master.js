// The grand master and the blackout.

import { html } from "./vendor/preact-htm.js";
import { drive, slide } from "./show.js";
import { percent } from "./format.js";
import { Button, Fader, Panel, useDrive } from "./parts.js";

export function Master({ master, blackout }) {
  const may = useDrive();
  return html`<${Panel} title="Master" class=${"master" + (blackout ? " dark" : "")} aside=${html`<output class="master-value" data-test="master">${blackout ? "blackout" : percent(master)}</output>`}>
    <div class="master-row">
      <${Fader} class="big" label="Grand master" value=${master} min=${0} max=${255} step=${1} text=${percent} disabled=${!may}
        onSlide=${(v) => slide("master", ["master", String(v)])} />
      <${Button} class=${"blackout" + (blackout ? " on" : "")} aria-pressed=${blackout} disabled=${!may} data-test="blackout"
        onPress=${() => drive("blackout", blackout ? "off" : "on")}>${blackout ? "■ Blackout is on" : "□ Blackout"}<//>
    </div>
  <//>`;
}
