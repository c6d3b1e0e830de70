// The page Now: what runs, what comes, and the hands on it.

import { html } from "./vendor/preact-htm.js";
import { useTopic } from "./parts.js";
import { CueLists, goFromKey } from "./cues.js";
import { BeatPanel } from "./beatpanel.js";
import { Decks } from "./decks.js";
import { Params, Triggers } from "./params.js";
import { Master } from "./master.js";

export { goFromKey };

export function Now() {
  const board = useTopic("board");
  if (!board) return html`<p class="loading">waiting for the show …</p>`;
  const cues = board.lists?.length > 0;
  return html`<div class=${"now" + (cues ? "" : " no-cues")}>
    ${cues && html`<${CueLists} lists=${board.lists} />`}
    <div class="now-beat">
      <${BeatPanel} />
      <${Decks} />
      <${Triggers} triggers=${board.triggers ?? []} />
    </div>
    <div class="now-hands">
      <${Master} master=${board.master} blackout=${board.blackout} />
      <${Params} params=${board.params ?? []} />
    </div>
  </div>`;
}
