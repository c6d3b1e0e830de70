// What this page knows of the show, and how it has the show do something. There is one show
// to a page, so this module is the one place where it is kept.

import { makeStore } from "./store.js";
import { makeClock } from "./clock.js";
import { firstOk, makeLink, otherShow, patience } from "./link.js";
import { makeLooks, readFrame } from "./wire.js";
import { makeSender } from "./sender.js";

const maxLines = 2000; // of the log that are kept
const maxHouses = 180; // s of the network's history

const local = () => performance.now() / 1000;

export const store = makeStore({
  link: { state: "opening", tries: 0 },
  hello: null, scene: null, board: null, moment: null, movers: [], house: null, houses: [],
  lines: [], alarm: null, stale: false, said: null, gone: "", chosen: { list: "", armed: "" },
});

// Levels and looks change too often to be drawn by parts: canvases read them.
export const live = { looks: makeLooks(0), levels: new Map(), changed: 0 };

const clock = makeClock();

// A show that lives says something every second. What is older than this is not how it is.
const silent = 2.5, dead = 8; // s

// showTime is the time of the show now, in seconds. It stands when the show is silent, and
// with it the beat, fades and all else that is drawn by it.
export const showTime = () => clock.at(local(), silent) ?? 0;

const take = {
  hello(hello) {
    const before = store.get("hello");
    if (before && before.version !== hello.version) return location.reload(); // to the page of that version
    const gone = otherShow(before, hello);
    if (gone) {
      store.set("gone", gone);
      store.set("chosen", { list: "", armed: "" });
    }
    clock.forget();
    store.set("lines", []);
    store.set("houses", []);
    store.set("hello", hello);
  },
  scene(scene) {
    live.looks = makeLooks(scene.fixtures.length);
    live.levels = new Map(scene.outputs.map((output, i) => [i, new Uint8Array(output.slots)]));
    store.set("scene", scene);
  },
  moment(moment, time) { store.set("moment", { ...moment, said: time }); },
  house(house, time) {
    store.set("houses", [...store.get("houses"), { ...house, said: time }].slice(-maxHouses));
    store.set("house", house);
  },
  lines(lines) {
    const last = store.get("lines").at(-1)?.number ?? 0;
    store.set("lines", [...store.get("lines"), ...lines.filter((l) => l.number > last)].slice(-maxLines));
  },
};

function text(message) {
  for (const [topic, value] of Object.entries(message)) {
    if (topic === "t") continue;
    if (take[topic]) take[topic](value, message.t);
    else if (topic !== "reply") store.set(topic, value);
  }
  if (typeof message.t === "number") hear(message.t);
}

function hear(time) {
  clock.hear(time, local());
  if (store.get("stale")) store.set("stale", false);
}

function binary(buffer) {
  const frame = readFrame(buffer, live.looks, live.levels);
  if (!frame) return;
  hear(frame.time);
  live.changed++;
}

const link = makeLink({
  open: () => new WebSocket(new URL("live", location.href.replace(/^http/, "ws"))),
  refused: async () => {
    try {
      return [401, 403].includes((await fetch("api/status", { signal: AbortSignal.timeout(patience) })).status);
    } catch {
      return false;
    }
  },
  on: { state: (state) => store.set("link", state), text, binary },
  now: local,
  chance: Math.random,
});

export const see = link.see;
export const ask = link.ask;

// say puts a line where everybody looks after they did something; ok is null as long as
// nobody knows.
export const say = (ok, words) => store.set("said", { ok, words, at: local() });

// drive does a command of showrun ctl and says what came of it. A show that is silent would do
// it whenever it comes to itself, all at once, so it is not asked; but for the stop.
export async function drive(...words) {
  if (store.get("stale")) return say(false, `the show is silent, so it was not asked: ${words.join(" ")}`);
  const reply = await ask({ do: words });
  say(reply.ok, reply.text || (reply.ok ? words.join(" ") : "not done"));
  return reply;
}

// Faders and pads do more often than a network should carry: the last value counts.
const sender = makeSender((words) => ask({ do: words }), (reply) => say(false, reply.text));
export const slide = (key, words) => sender.put(key, words);

const stopPatience = 1500; // ms

// emergencyStop asks by every way there is, at once: a stop that is asked twice is done.
// What is not answered soon is told as not done, until it is.
export async function emergencyStop() {
  say(null, "emergency stop: asking …");
  const ways = [ask({ do: ["stop"] }), postStop()];
  const done = (reply) => {
    if (reply.ok) say(true, reply.text || "emergency stop: machinery is held");
    return reply.ok;
  };
  const reply = await firstOk(ways, stopPatience);
  if (done(reply)) return;
  say(false, "THE STOP DID NOT GET THROUGH: " + reply.text + ". Use the machine's own stop, or showrun ctl stop.");
  for (const way of ways) way.then(done);
}

async function postStop() {
  try {
    const answer = await fetch("api/stop", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ words: [] }),
      signal: AbortSignal.timeout(patience),
    });
    return { ok: answer.ok, text: answer.ok ? "" : "the show refused it" };
  } catch {
    return { ok: false, text: "the show cannot be reached" };
  }
}

// listen notices when nothing comes any more.
function listen() {
  const silence = clock.silence(local());
  const open = store.get("link").state === "open";
  if (open && silence > silent && !store.get("stale")) store.set("stale", true);
  if (open && silence > dead) link.drop();
}

// enter gives a token to the server, which remembers it in a cookie that scripts cannot read.
export async function enter(token) {
  try {
    const answer = await fetch("session", { method: "POST", headers: { Authorization: "Bearer " + token }, signal: AbortSignal.timeout(patience) });
    return answer.ok;
  } catch {
    return false;
  }
}

export const start = () => link.start();

setInterval(listen, 500);
