// The page Now: what runs, what comes, and the hands on it.

import { html, useEffect, useState } from "./vendor/preact-htm.js";
import { see } from "./show.js";
import { useTopic } from "./parts.js";
import { CueLists, goFromKey } from "./cues.js";
import { BeatPanel } from "./beatpanel.js";
import { Decks } from "./decks.js";
import { Params, Triggers } from "./params.js";
import { Master } from "./master.js";
import { StagePicture } from "./stagecanvas.js";

export { goFromKey };

// useRoom tells whether there is room for the stage beside all else.
function useRoom() {
  const [room, setRoom] = useState(false);
  useEffect(() => {
    const wide = matchMedia("(min-width: 1181px) and (min-height: 700px)"), look = () => setRoom(wide.matches);
    look();
    wide.addEventListener("change", look);
    return () => wide.removeEventListener("change", look);
  }, []);
  return room;
}

export function Now() {
  const board = useTopic("board"), lit = useTopic("scene")?.fixtures.length > 0;
  const stage = useRoom() && lit;
  useEffect(() => see(stage ? ["stage"] : []), [stage]);
  if (!board) return html`<p class="loading">waiting for the show …</p>`;
  const cues = board.lists?.length > 0;
  return html`<div class=${"now" + (cues ? "" : " no-cues")}>
    ${cues && html`<${CueLists} lists=${board.lists} />`}
    <div class="now-beat">
      <${BeatPanel} />
      <${Decks} />
      <${Triggers} triggers=${board.triggers ?? []} />
      ${stage && html`<${StagePicture} />`}
    </div>
    <div class="now-hands">
      <${Master} master=${board.master} blackout=${board.blackout} />
      <${Params} params=${board.params ?? []} />
    </div>
  </div>`;
}
