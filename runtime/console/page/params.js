// Params and triggers of the show: what the script gives into people's hands.

import { html, useState } from "./vendor/preact-htm.js";
import { drive, slide } from "./show.js";
import { plain } from "./format.js";
import { Button, Choose, Fader, Panel, useDrive } from "./parts.js";

const fewChoices = 5; // that are all in sight; more go into a list to unfold

export function Params({ params }) {
  const may = useDrive();
  if (params.length === 0) return null;
  return html`<${Panel} title="Params" class="params">
    ${params.map((param) => html`<div class=${"param " + param.type} key=${param.name} data-test=${"param-" + param.name}>
      <div class="param-head"><span class="param-name">${param.name}</span>
        <span class="param-value">${valueOf(param)}</span>
        <${Button} class="default" disabled=${!may || param.value === param.default} title=${"Back to " + param.default}
          aria-label=${`${param.name}: back to ${param.default}`} onPress=${() => drive("param", param.name, String(param.default))}>↺<//></div>
      <${Control} param=${param} may=${may} /></div>`)}
  <//>`;
}

const valueOf = (param) =>
  param.type === "number" ? plain(param.value) + (param.unit ? " " + param.unit : "") : "";

function Control({ param, may }) {
  const set = (value) => drive("param", param.name, String(value));
  if (param.type === "boolean") {
    return html`<${Button} class="switch" role="switch" aria-checked=${param.value} aria-label=${param.name} disabled=${!may} onPress=${() => set(!param.value)}>
      <i></i><span>${param.value ? "on" : "off"}</span><//>`;
  }
  if (param.choices?.length > fewChoices) {
    return html`<${Choose} label=${param.name} disabled=${!may} value=${param.value} options=${param.choices.map((choice) => [choice, choice])} onChoose=${set} />`;
  }
  if (param.choices?.length > 0) {
    return html`<div class="choices" role="radiogroup" aria-label=${param.name}>
      ${param.choices.map((choice) => html`<${Button} key=${choice} role="radio" class="choice" aria-checked=${choice === param.value} disabled=${!may} onPress=${() => set(choice)}>${choice}<//>`)}
    </div>`;
  }
  if (param.type === "number" && param.min !== undefined && param.max !== undefined) {
    return html`<${Fader} label=${param.name} value=${param.value} min=${param.min} max=${param.max} step=${param.step || (param.max - param.min) / 1000}
      text=${(v) => plain(v) + " " + (param.unit ?? "")} disabled=${!may} onSlide=${(v) => slide("param " + param.name, ["param", param.name, plain(v)])} />`;
  }
  return html`<${Entry} param=${param} may=${may} onSet=${set} />`;
}

// Entry is a field that is sent with Enter or its button.
function Entry({ param, may, onSet }) {
  const [text, setText] = useState(null);
  const submit = (event) => {
    event.preventDefault();
    if (text !== null) onSet(text);
    setText(null);
    document.activeElement.blur();
  };
  return html`<form class="entry" onSubmit=${submit}>
    <input type="text" inputmode=${param.type === "number" ? "decimal" : "text"} aria-label=${param.name} disabled=${!may}
      value=${text ?? String(param.value)} onInput=${(e) => setText(e.currentTarget.value)} />
    <button type="submit" class="plain-button" disabled=${!may || text === null}>Set</button></form>`;
}

export function Triggers({ triggers }) {
  const may = useDrive();
  const [open, setOpen] = useState("");
  if (triggers.length === 0) return null;
  return html`<${Panel} title="Triggers" class="triggers">
    <div class="trigger-grid">
      ${triggers.map((name) => html`<div class="trigger" key=${name}>
        <${Button} class="trigger-button" disabled=${!may} onPress=${() => drive("trigger", name)}>${name}<//>
        <${Button} class="trigger-more" disabled=${!may} aria-expanded=${open === name} aria-label=${name + " with values"} title="with values" onPress=${() => setOpen(open === name ? "" : name)}>…<//></div>`)}
    </div>
    ${open && html`<${With} key=${open} name=${open} may=${may} />`}
  <//>`;
}

// With fires a trigger with values: words between blanks.
function With({ name, may }) {
  const [text, setText] = useState("");
  const submit = (event) => {
    event.preventDefault();
    drive("trigger", name, ...text.split(/\s+/).filter(Boolean));
  };
  return html`<form class="entry with" onSubmit=${submit}><span>${name}</span>
    <input type="text" aria-label=${"Values for " + name} placeholder="values" value=${text} onInput=${(e) => setText(e.currentTarget.value)} />
    <button type="submit" class="plain-button" disabled=${!may}>Fire</button></form>`;
}
