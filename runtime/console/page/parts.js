// Small parts that all pages use.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact-htm.js";
import { store } from "./show.js";

// useTopic is the value of a topic of the store; the part is drawn again when it changes.
export function useTopic(topic) {
  const [, redraw] = useState(0);
  const drawn = store.get(topic);
  useLayoutEffect(() => {
    const again = () => redraw((n) => n + 1);
    if (store.get(topic) !== drawn) again();
    return store.watch(topic, again);
  }, [topic]);
  return drawn;
}

// useFrames calls draw before each picture of the browser while the part is there.
export function useFrames(draw) {
  const latest = useRef(draw);
  latest.current = draw;
  useEffect(() => {
    let asked = requestAnimationFrame(function frame() {
      latest.current();
      asked = requestAnimationFrame(frame);
    });
    return () => cancelAnimationFrame(asked);
  }, []);
}

// useDrive tells whether this page may drive the show now.
export function useDrive() {
  const hello = useTopic("hello"), link = useTopic("link");
  return hello?.role === "drive" && link.state === "open";
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// remember keeps a value of this browser.
export const remember = (key, value) => {
  try {
    localStorage.setItem("showrun." + key, value);
  } catch {} // a browser that keeps nothing still shows everything
};

export const recall = (key) => {
  try {
    return localStorage.getItem("showrun." + key);
  } catch {
    return null;
  }
};

// Button lets go of the focus when it was pressed by hand, so that the next press of the
// space bar is GO and not this button once more.
export function Button({ onPress, children, ...more }) {
  const press = (event) => {
    if (event.detail > 0) event.currentTarget.blur();
    onPress(event);
  };
  return html`<button type="button" ...${more} onClick=${press}>${children}</button>`;
}

export const Panel = ({ title, aside, children, ...more }) =>
  html`<section ...${more} class=${"panel " + (more.class ?? "")} aria-label=${title}>
    <header class="panel-head"><h2>${title}</h2>${aside}</header>
    ${children}
  </section>`;

// Choose is a list to unfold. It shows what the show says, and lets go of the focus.
export function Choose({ value, options, label, disabled, onChoose, ...more }) {
  const list = useRef(null);
  useLayoutEffect(() => { list.current.value = value; });
  const change = (event) => {
    onChoose(event.currentTarget.value);
    event.currentTarget.blur();
    event.currentTarget.value = value;
  };
  return html`<select ...${more} ref=${list} aria-label=${label} disabled=${disabled} onChange=${change}>
    ${options.map(([id, text]) => html`<option key=${id} value=${id}>${text}</option>`)}</select>`;
}

// Fader is a slider that sends while it is dragged and follows the show when it is not.
export function Fader({ value, min, max, step, label, text, onSlide, disabled, ...more }) {
  const [mine, setMine] = useState(null);
  const timer = useRef(0);
  const slide = (event) => {
    const at = Number(event.currentTarget.value);
    setMine(at);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setMine(null), 800);
    onSlide(at);
  };
  const letGo = (event) => { if (event.type === "pointerup") event.currentTarget.blur(); };
  const at = mine ?? value;
  const input = useRef(null);
  useLayoutEffect(() => {
    input.current.style.setProperty("--fill", `${max > min ? (100 * (at - min)) / (max - min) : 0}%`);
  });
  return html`<input ...${more} ref=${input} type="range" class=${"fader " + (more.class ?? "")}
    min=${min} max=${max} step=${step} value=${at} disabled=${disabled}
    aria-label=${label} aria-valuetext=${text ? text(at) : undefined} onInput=${slide} onPointerUp=${letGo} />`;
}
