// The frame around the pages: where one is, what nobody may miss, and the emergency stop.

import { html, render, useEffect, useState } from "./vendor/preact-htm.js";
import { emergencyStop, enter, see, start, store } from "./show.js";
import { meaningOf, pages } from "./keys.js";
import { recall, remember, useDrive, useTopic } from "./parts.js";
import { Bar, Tabs } from "./bar.js";
import { Notices, Said } from "./notices.js";
import { Now, goFromKey } from "./now.js";
import { Stage } from "./stage.js";
import { Network } from "./network.js";
import { Log } from "./log.js";
import { Help } from "./help.js";
import { Token } from "./token.js";

const views = { now: Now, stage: Stage, network: Network, log: Log };

const pageOf = (hash) => (pages.includes(hash.slice(1)) ? hash.slice(1) : "now");

function App() {
  const [page, setPage] = useState(pageOf(location.hash));
  const [help, setHelp] = useState(false);
  const [theme, setTheme] = useState(recall("theme") ?? "dark");
  const link = useTopic("link"), stale = useTopic("stale"), hello = useTopic("hello");
  const held = useTopic("moment")?.held;
  const drive = useDrive();
  const turnTheme = () => setTheme(theme === "dark" ? "light" : "dark");

  useEffect(() => {
    const turn = () => {
      setPage(pageOf(location.hash));
      setHelp(false);
    };
    addEventListener("hashchange", turn);
    return () => removeEventListener("hashchange", turn);
  }, []);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    remember("theme", theme);
  }, [theme]);
  useEffect(() => {
    if (page === "network" || page === "log") see([page]);
    document.title = `${hello?.show ?? "showrun"} · ${page}`;
  }, [page, hello?.show]);
  useEffect(() => {
    const press = (event) => {
      const meaning = meaningOf(event, document.activeElement === document.body ? null : document.activeElement);
      if (!meaning) return;
      event.preventDefault();
      if (meaning === "stop") emergencyStop();
      else if (meaning === "help") setHelp((open) => !open);
      else if (meaning !== "go") location.hash = meaning;
      else if (page === "now" && drive && !help) goFromKey();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [page, drive, help]);

  if (link.state === "refused") return html`<${Token} />`;
  const View = views[page];
  return html`
    <div class=${"frame" + (held ? " is-held" : "") + (stale || link.state !== "open" ? " is-stale" : "")} data-test="frame">
      <${Bar} page=${page} theme=${theme} onTheme=${turnTheme} onHelp=${() => setHelp(true)} />
      <${Notices} page=${page} />
      <div class="page-box">
        <main class=${"page page-" + page} aria-label=${page} inert=${help}>
          ${hello ? html`<${View} />` : html`<p class="loading">waiting for the show …</p>`}
        </main>
        ${help && html`<${Help} onTheme=${turnTheme} onClose=${() => setHelp(false)} />`}
      </div>
      <${Said} />
      <${Tabs} page=${page} />
      ${held && html`<div class="held-frame" aria-hidden="true"></div>`}
    </div>`;
}

// A link with a token is taken apart at once: a token does not stay in the address.
async function begin() {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (token) {
    history.replaceState(null, "", location.pathname + "#now");
    if (!(await enter(decodeURIComponent(token)))) return store.set("link", { state: "refused", wrong: true });
  }
  start();
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
begin();
