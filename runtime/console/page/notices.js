// What nobody may miss, on every page: no connection, held machinery, an error, a new
// version that waits. And the line that answers what one did.

import { html, useEffect, useRef, useState } from "./vendor/preact-htm.js";
import { drive, showTime, store } from "./show.js";
import { clock } from "./format.js";
import { Button, recall, remember, useDrive, useFrames, useTopic } from "./parts.js";

export function Notices({ page }) {
  const moment = useTopic("moment");
  return html`<div class="notices">
    <${Lost} />
    <${Another} />
    ${moment?.held && html`<${Held} />`}
    <${AlarmBanner} page=${page} />
    ${moment?.pending && html`<${Pending} />`}
    ${moment?.stuck && html`<div class="notice bad" role="alert"><b>The script is stuck</b><span>${moment.stuck}. Light and beat go on.</span></div>`}
    ${moment?.noScript && html`<div class="notice warn" role="status"><b>No script runs</b><span>The last one did not load. Outputs hold what they had.</span></div>`}
    ${page === "now" && moment?.missing?.length > 0 && html`<${Missing} missing=${moment.missing} />`}
    ${moment?.disabled?.length > 0 && html`<div class="notice warn" role="status"><b>Not called any more until a reload</b><span>${moment.disabled.join(", ")}</span></div>`}
  </div>`;
}

const Missing = ({ missing }) => html`<div class="notice warn absent" role="status" data-test="absent">
  <b>✕ ${missing.length} missing</b><span>${missing.slice(0, 2).join("; ")}${missing.length > 2 ? " …" : ""}</span><a class="plain-button" href="#network">Look</a></div>`;

// Lost says that what is seen is old, and when the next try is.
function Lost() {
  const link = useTopic("link"), stale = useTopic("stale"), hello = useTopic("hello");
  const [, tick] = useState(0);
  const lost = link.state !== "open" && (hello || link.tries > 0);
  useEffect(() => {
    if (!lost) return;
    const timer = setInterval(() => tick((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, [lost]);
  if (lost) {
    const left = Math.max(0, Math.ceil((link.next ?? 0) - performance.now() / 1000));
    return html`<div class="notice lost" role="alert" data-test="lost">
      <b>✕ No connection to the show</b>
      <span>What you see is old. ${link.state === "opening" || left === 0 ? "Connecting …" : `Next try in ${left} s`}${link.tries > 1 ? ` (try ${link.tries + 1})` : ""}</span>
    </div>`;
  }
  if (stale) {
    return html`<div class="notice lost" role="alert" data-test="stale"><b>✕ The show is silent</b><span>Nothing was heard for more than two seconds: what you see is old.</span></div>`;
  }
  return null;
}

// Another says that this page is not any more with the show that it was opened for.
function Another() {
  const gone = useTopic("gone"), hello = useTopic("hello");
  if (!gone) return null;
  return html`<div class="notice warn" role="alert" data-test="another">
    <b>✕ This is another show: ${hello.show}</b><span>It answers where ${gone} was. What you press is for ${hello.show}.</span>
    <${Button} class="plain-button" onPress=${() => store.set("gone", "")}>Seen<//></div>`;
}

const holdFor = 1200; // ms that the button is kept down to release

// Held is the state after an emergency stop. The stop is easy and the release is not: the
// button is kept down, or, by keyboard and screen reader, pressed twice.
function Held() {
  const may = useDrive();
  const [asked, setAsked] = useState(false);
  const [down, setDown] = useState(false);
  const timer = useRef(0);
  const release = () => {
    setDown(false);
    setAsked(false);
    drive("release");
  };
  const press = () => {
    setDown(true);
    timer.current = setTimeout(release, holdFor);
  };
  const leave = () => {
    clearTimeout(timer.current);
    setDown(false);
  };
  const twice = (event) => {
    if (event.detail > 0) return; // by hand: it is kept down instead
    if (asked) return release();
    setAsked(true);
    setTimeout(() => setAsked(false), 5000);
  };
  useEffect(() => leave, []);
  return html`<div class="notice held" role="alert" data-test="held">
    <b>■ EMERGENCY STOP · machinery is held</b>
    <span>Nothing moves until somebody who sees the stage releases it.</span>
    <button type="button" class=${"release" + (down ? " down" : "")} data-test="release" disabled=${!may}
      onPointerDown=${press} onPointerUp=${leave} onPointerLeave=${leave} onPointerCancel=${leave}
      onContextMenu=${(event) => event.preventDefault()} onClick=${twice}
      aria-label=${asked ? "Press again to release" : "Release: keep pressed, or press twice"}>
      ${asked ? "Press again to release" : "Keep pressed to release"}</button>
  </div>`;
}

// keyOf tells an error from that of another run of the show.
const keyOf = (alarm) => `${store.get("hello")?.started} ${alarm.number}`;

// seen marks an error as seen in this browser.
export function seen(alarm) {
  remember("alarm", keyOf(alarm));
  store.set("alarm", alarm);
}

function AlarmBanner({ page }) {
  const alarm = useTopic("alarm"), runs = !useTopic("moment")?.noScript;
  if (!alarm || recall("alarm") === keyOf(alarm)) return null;
  return html`<div class="notice bad" role="alert" data-test="alarm">
    <b>✕ Error${runs && ", the show goes on"}</b><span class="mono">${alarm.text}</span>
    ${page !== "log" && html`<a class="plain-button" href="#log">Look</a>`}
    <${Button} class="plain-button" onPress=${() => seen(alarm)}>Seen<//>
  </div>`;
}

function Pending() {
  const may = useDrive();
  return html`<div class="notice wait" role="status" data-test="pending">
    <b>◐ A new version waits</b><span>The running one goes on until it is taken over.</span>
    <${Button} class="plain-button" disabled=${!may} onPress=${() => drive("reload")}>Take it over<//>
  </div>`;
}

const visible = 6000; // ms

// Running is for how long the show has been running.
function Running() {
  const time = useRef(null);
  useFrames(() => {
    const text = "running " + clock(showTime());
    if (time.current.textContent !== text) time.current.textContent = text;
  });
  return html`<span class="running" ref=${time}></span>`;
}

// Said is what came of the last thing that was done here.
export function Said() {
  const said = useTopic("said");
  const [old, setOld] = useState(false);
  useEffect(() => {
    setOld(false);
    if (!said?.ok) return;
    const timer = setTimeout(() => setOld(true), visible);
    return () => clearTimeout(timer);
  }, [said]);
  const shown = said && !old, failed = shown && said.ok === false;
  return html`<footer class=${"said" + (failed ? " failed" : "")}>
    <span role="status" aria-live=${failed ? "assertive" : "polite"} data-test="said">${shown ? `${failed ? "✕" : said.ok ? "✓" : "◐"} ${said.words}` : ""}</span>
    ${failed ? html`<${Button} class="plain-button" onPress=${() => setOld(true)}>Seen<//>` : html`<${Running} />`}
  </footer>`;
}
