// What the page knows of the show: the wire, the clock, the link and the store.

import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { makeStore } from "../store.js";
import { makeClock } from "../clock.js";
import { firstOk, makeLink, nextWait, otherShow } from "../link.js";
import { makeLooks, readFrame } from "../wire.js";
import { makeSender } from "../sender.js";

const bytes = (text) => Uint8Array.from(text.replace(/\s/g, "").match(/../g), (b) => parseInt(b, 16)).buffer;

test("a frame of looks changes the fixtures it names and no other", () => {
  const looks = makeLooks(3);
  const frame = bytes("01 000000000000f83f" + "0200 80 ff8000 b0ff 6801 01" + "0900 ff ffffff 0000 0000 01");
  assert.deepEqual(readFrame(frame, looks, new Map()), { kind: "looks", time: 1.5 });
  assert.deepEqual([...looks.intensity], [0, 0, 128]);
  assert.deepEqual([looks.r[2], looks.g[2], looks.b[2]], [255, 128, 0]);
  assert.equal(looks.pan[2], -2.5);
  assert.equal(looks.tilt[2], 11.25);
  assert.deepEqual([...looks.held], [0, 0, 1]);
});

test("a page tells when another show answers, and not when its own came again", () => {
  assert.equal(otherShow(null, { show: "play" }), "");
  assert.equal(otherShow({ show: "play", started: 1 }, { show: "play", started: 2 }), "");
  assert.equal(otherShow({ show: "play" }, { show: "gala" }), "play");
});

test("a stop is told as done by the way that is, and a way that hangs keeps nobody waiting", async () => {
  const yes = Promise.resolve({ ok: true, text: "stopped" }), no = Promise.resolve({ ok: false, text: "refused" }), never = new Promise(() => {});
  assert.equal((await firstOk([never, yes], 1e6)).text, "stopped");
  assert.equal((await firstOk([no, yes], 1e6)).text, "stopped");
  assert.equal((await firstOk([no, no], 1e6)).text, "refused");
  assert.equal((await firstOk([no, never], 1)).text, "refused");
  assert.deepEqual(await firstOk([never, never], 1), { ok: false, text: "the show does not answer" });
});

test("a frame of levels is runs from slot 1", () => {
  const slots = new Uint8Array(6);
  const frame = bytes("02 0000000000000040 0300" + "0100 0200 0a0b" + "0500 0300 0c0d0e");
  assert.deepEqual(readFrame(frame, makeLooks(0), new Map([[3, slots]])), { kind: "levels", time: 2, output: 3 });
  assert.deepEqual([...slots], [10, 11, 0, 0, 12, 13]);
});

test("what is cut off or unknown does no harm", () => {
  const whole = new Uint8Array(bytes("02 0000000000000040 0000 0100 0200 0a0b"));
  for (let n = 0; n < whole.length; n++) {
    const slots = new Uint8Array(2);
    readFrame(whole.slice(0, n).buffer, makeLooks(1), new Map([[0, slots]]));
    assert.deepEqual([...slots], [0, 0], `${n} bytes`);
  }
  assert.equal(readFrame(bytes("07 0000000000000040"), makeLooks(0), new Map()), null);
});

test("the clock goes by the messages that came soonest", () => {
  const clock = makeClock();
  assert.equal(clock.at(5), null);
  clock.hear(100, 10.2);
  clock.hear(101, 11.02);
  clock.hear(102, 12.4);
  assert.ok(Math.abs(clock.at(20) - 109.98) < 0.01, clock.at(20));
  assert.ok(Math.abs(clock.silence(15) - 2.6) < 1e-9);
  assert.ok(Math.abs(clock.at(20, 2) - 104.38) < 0.01, "it stands when nothing is heard");
  clock.hear(3, 13);
  assert.equal(clock.at(13), 3, "another show starts anew");
});

test("a store tells those who watch, and no more when they have gone", () => {
  const store = makeStore({ board: 1 }), heard = [];
  const leave = store.watch("board", (v) => heard.push(v));
  store.set("board", 2);
  leave();
  store.set("board", 3);
  assert.deepEqual(heard, [2]);
  assert.equal(store.get("board"), 3);
});

test("tries come later and later, and never all at once", () => {
  assert.ok(nextWait(0, 0) < nextWait(1, 0) && nextWait(1, 0) < nextWait(3, 0));
  assert.equal(nextWait(50, 0.5), 5);
  assert.notEqual(nextWait(50, 0), nextWait(50, 1));
});

// A line is a socket that the test holds the other end of.
function makeLine(refused) {
  const line = { sockets: [], states: [] };
  line.link = makeLink({
    open() {
      const socket = { sent: [], readyState: 1, send: (text) => socket.sent.push(JSON.parse(text)), close: () => socket.onclose?.() };
      line.sockets.push(socket);
      return socket;
    },
    refused: async () => refused,
    on: { state: (s) => line.states.push(s.state), text() {}, binary() {} },
    now: () => 0, chance: () => 0,
  });
  return line;
}

test("the link opens again by itself, and tells again what is seen", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const line = makeLine(false);
  line.link.start();
  line.link.see(["stage"]);
  line.sockets[0].onopen();
  line.sockets[0].onmessage({ data: '{"hello":{"show":"gala"},"t":1}' });
  const asked = line.link.ask({ do: ["go"] });
  line.sockets[0].onclose();
  assert.equal((await asked).ok, false, "what was on its way is answered");
  await null;
  t.mock.timers.tick(1000);
  line.sockets[1].onopen();
  assert.deepEqual(line.sockets[1].sent, [{ see: ["stage"] }]);
  assert.deepEqual(line.states, ["opening", "open", "lost", "opening"]);
});

test("a socket on which nothing comes is given up at once, whatever the browser waits for", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const line = makeLine(false);
  line.link.start();
  line.sockets[0].onmessage({ data: '{"hello":{"show":"gala"},"t":1}' });
  line.sockets[0].close = () => {}; // its goodbye is never answered
  line.link.drop();
  assert.equal(line.states.at(-1), "lost");
  t.mock.timers.tick(1000);
  assert.equal(line.sockets.length, 2, "and the next is tried");
  line.sockets[1].close = () => {}; // nor does this one ever open
  t.mock.timers.tick(10000);
  await null;
  await null;
  assert.equal(line.states.at(-1), "lost");
  t.mock.timers.tick(1000);
  assert.equal(line.sockets.length, 3);
});

test("whatever is asked by fetch has an end", async () => {
  const text = await readFile(new URL("../show.js", import.meta.url), "utf8");
  const asked = text.split("fetch(").slice(1), ended = text.split("AbortSignal.timeout(").slice(1);
  assert.equal(ended.length, asked.length);
});

test("who is refused is asked for a token and not tried again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const line = makeLine(true);
  line.link.start();
  line.sockets[0].onclose();
  await null;
  await null;
  t.mock.timers.tick(60000);
  assert.deepEqual(line.states, ["opening", "refused"]);
});

test("a question gets its own reply, or one that says there was none", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const line = makeLine(false);
  assert.equal((await line.link.ask({ do: ["go"] })).ok, false, "nothing is open yet");
  line.link.start();
  const first = line.link.ask({ do: ["go"] }), second = line.link.ask({ why: ["wash 1"] });
  const [a, b] = line.sockets[0].sent;
  line.sockets[0].onmessage({ data: JSON.stringify({ reply: { id: b.id, ok: true, text: "second" } }) });
  assert.equal((await second).text, "second");
  t.mock.timers.tick(5000);
  assert.equal((await first).ok, false);
  assert.notEqual(a.id, b.id);
});

test("a sender does the last of each key, and few at a time", async () => {
  const asked = [], answers = [], failed = [];
  const sender = makeSender((words) => new Promise((done) => { asked.push(words); answers.push(done); }), (r) => failed.push(r.text));
  for (const fixture of ["a", "b", "c", "d", "e"]) for (const v of [1, 2, 3]) sender.put(fixture, [fixture, v]);
  assert.deepEqual(asked, [["a", 1], ["a", 2], ["a", 3], ["b", 1]]);
  assert.equal(sender.waits(), 4);
  answers[0]({ ok: true });
  answers[1]({ ok: false, text: "no such fixture" });
  await null;
  await null;
  assert.deepEqual(asked.slice(4), [["b", 3], ["c", 3]]);
  assert.deepEqual(failed, ["no such fixture"]);
});
