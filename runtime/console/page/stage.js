// The page Stage: light and machinery as they are, what hands hold, and why.

import { html, useEffect, useState } from "./vendor/preact-htm.js";
import { see } from "./show.js";
import { Button, useTopic } from "./parts.js";
import { Held, Hold } from "./hold.js";
import { Machines } from "./machines.js";
import { StageCanvas } from "./stagecanvas.js";
import { Universe } from "./universe.js";
import { Why } from "./why.js";

export function Stage() {
  const [view, setView] = useState("stage"), [output, setOutput] = useState(0), [over, setOver] = useState(-1);
  const machines = useTopic("scene")?.movers?.length > 0;
  // Leases are told with the network; it is looked at only where there is machinery.
  useEffect(() => {
    see(["stage", ...(view === "slots" ? [`output:${output}`] : []), ...(machines ? ["network"] : [])]);
  }, [view, output, machines]);
  return html`<div class="stage">
    <div class="stage-main">
      <div class="views" role="tablist" aria-label="View">
        <${Button} role="tab" class="choice" aria-selected=${view === "stage"} onPress=${() => setView("stage")}>Stage<//>
        <${Button} role="tab" class="choice" aria-selected=${view === "slots"} onPress=${() => setView("slots")}>Outputs<//>
      </div>
      ${view === "stage" ? html`<${StageCanvas} onOver=${setOver} />` : html`<${Universe} output=${output} onOutput=${setOutput} onOver=${setOver} />`}
      <div class="under"><${Why} over=${over} />${view === "stage" && html`<${Machines} />`}</div>
    </div>
    <div class="stage-side"><${Held} /><${Hold} /></div>
  </div>`;
}
