// What is computed to be seen: beats, colours, places, lines, keys, words.

import { test } from "node:test";
import assert from "node:assert/strict";
import { beatAt, deckAt, fadeAt, leftOf, placeOf, tempoOf } from "../beat.js";
import { colorName, fromHex, hsvToRgb, rgbToHsv, toHex } from "../color.js";
import { bySome, clock, count, megabytes, percent, plain, seconds, short, zerosOf } from "../format.js";
import { beamOf, fromScreen, makeLayout, pick, toScreen, wholeView, within, zoomAt } from "../layout.js";
import { filterLines, reloadOf } from "../lines.js";
import { makeGo, meaningOf } from "../keys.js";

test("the beat is on its line, and people count it from 1", () => {
  const line = { time: 10, beat: 4, tempo: 120, bar: 4 };
  assert.equal(beatAt(line, 11.25), 6.5);
  assert.deepEqual(placeOf(6.5, 4), { bar: 2, beat: 3, phase: 0.5, through: 0.625 });
  assert.deepEqual(placeOf(-0.5, 4), { bar: 0, beat: 4, phase: 0.5, through: 0.875 });
  assert.equal(placeOf(7, 3).beat, 2);
  assert.equal(beatAt({ time: 10, beat: 4, tempo: 0 }, 99), 4, "it stands");
  assert.equal(tempoOf({ tempo: 0, nominal: 120 }), null);
  assert.equal(tempoOf({ tempo: 121.5, nominal: 120 }), 120, "while it catches up");
});

test("decks, fades and waits go on between two messages", () => {
  assert.equal(deckAt({ playing: true, beat: 8, bpm: 120 }, 3, 4), 10);
  assert.equal(deckAt({ playing: false, beat: 8, bpm: 120 }, 3, 4), 8);
  assert.equal(fadeAt({ from: 2, to: 6 }, 3), 0.25);
  assert.equal(fadeAt({ from: 2, to: 6 }, 1), 0);
  assert.equal(fadeAt({ from: 0, to: 0 }, 3), 1);
  assert.equal(leftOf({ due: 5 }, 3.5), 1.5);
  assert.equal(leftOf({ due: 5 }, 9), 0);
});

test("colours go to hue and back", () => {
  for (const rgb of [[255, 0, 0], [255, 128, 0], [12, 200, 77], [0, 0, 255], [255, 255, 255], [0, 0, 0], [130, 20, 255]]) {
    assert.deepEqual(hsvToRgb(...rgbToHsv(...rgb)), rgb);
  }
  assert.equal(toHex(255, 8, 0), "#ff0800");
  assert.deepEqual(fromHex(" #F80 "), [255, 136, 0]);
  assert.deepEqual(fromHex("ff8800"), [255, 136, 0]);
  assert.equal(fromHex("#ff880"), null);
  assert.equal(colorName(255, 0, 0), "red");
  assert.equal(colorName(255, 250, 250), "white");
  assert.equal(colorName(255, 160, 160), "pale red");
});

test("numbers are written for people", () => {
  assert.equal(percent(128), "50%");
  assert.equal(seconds(3.14), "3.1 s");
  assert.equal(seconds(83), "1:23");
  assert.equal(clock(3725.9), "1:02:05");
  assert.deepEqual([0, 0.00025, 0.0041, 0.161, 2].map(short), ["0", "250 µs", "4.1 ms", "161 ms", "2.0 s"]);
  assert.equal(count(48211), "48\u202f211");
  assert.equal(plain(0.1 + 0.2), "0.3");
});

const scene = {
  fixtures: [{ name: "a", x: 0, y: 0, of: -1 }, { name: "b", x: 1, y: 0, of: -1 }, { name: "c", x: 0, y: 1, of: -1 }, { name: "c 1", x: 0.5, y: 1, of: 2 }],
  groups: [{ name: "front", fixtures: [0, 1] }],
};

test("fixtures are picked where they are seen, also enlarged", () => {
  const layout = makeLayout(scene, 800, 600);
  assert.deepEqual([...layout.lit], [0, 1, 3], "a whole one is its parts");
  const view = zoomAt(wholeView(), 3, 100, 100);
  const [x, y] = toScreen(view, layout.xs[1], layout.ys[1]);
  assert.equal(pick(layout, view, x + 4, y - 4), 1);
  assert.equal(pick(layout, view, x + 400, y + 400), -1);
  const [wx, wy] = fromScreen(view, 100, 100);
  assert.deepEqual([Math.round(wx), Math.round(wy)], [100, 100], "the point under the finger stays");
  assert.deepEqual(within(layout, wholeView(), 800, 200, 0, 0), [0, 1], "a frame is drawn in any direction");
  assert.deepEqual(zoomAt(view, 0.01, 5, 5), wholeView());
});

test("fixtures, their names and the frames of groups stay off the border of the picture", () => {
  for (const [width, height] of [[374, 388], [430, 520], [1024, 506], [374, 230]]) {
    const layout = makeLayout({ ...scene, groups: [{ name: "all", fixtures: [0, 1, 3] }] }, width, height), [box] = layout.groups;
    assert.ok(box.left >= 10 && box.right <= width - 10, `${width}: ${box.left} to ${box.right}`);
    const below = height < 320 ? box.bottom : box.bottom + 36;
    assert.ok(box.top >= 10 && below <= height - 10, `${height}: ${box.top} to ${below}`);
  }
});

test("counters that are zero fold into one line", () => {
  const flood = { what: "flood", n: 0 }, late = { what: "late", n: 3 };
  assert.deepEqual(bySome([flood, late]), [[late], [flood]]);
  assert.equal(zerosOf([], [flood, flood]), "nothing counted, of 2 counters");
  assert.equal(zerosOf([late], [flood]), "1 more: 0");
  assert.equal(megabytes(0), "–", "not measured yet");
  assert.equal(megabytes(4044000), "3.9 MB");
});

test("a beam goes straight down, away from the audience, and to the right", () => {
  const near = (found, wanted) => found.forEach((v, i) => assert.ok(Math.abs(v - wanted[i]) < 1e-9, `${found}`));
  near(beamOf(45, 0), [0, 0]);
  near(beamOf(0, 90), [0, -1]);
  near(beamOf(90, 90), [1, 0]);
  near(beamOf(90, -90), [-1, 0]);
});

test("lines are filtered by level and by all words, and tell of reloads", () => {
  const lines = [
    { level: "info", text: "show reloaded generation=2" },
    { level: "error", text: "not reloaded, the running show goes on", trace: "show.lua:41: nil" },
    { level: "debug", text: "look" },
  ];
  assert.equal(filterLines(lines, ["info", "error"], "").length, 2);
  assert.deepEqual(filterLines(lines, ["info", "error"], "NIL show.lua"), [lines[1]]);
  assert.equal(reloadOf(lines).ok, false);
  assert.equal(reloadOf(lines.slice(0, 1)).ok, true);
  assert.equal(reloadOf([]), null);
});

const field = { closest: () => ({}) };

test("space is GO only where nothing else takes it, and only once a press", () => {
  assert.equal(meaningOf({ key: " " }, null), "go");
  assert.equal(meaningOf({ key: " " }, field), null);
  assert.equal(meaningOf({ key: " ", repeat: true }, null), null);
  for (const modifier of ["ctrlKey", "altKey", "metaKey", "shiftKey"]) assert.equal(meaningOf({ key: " ", [modifier]: true }, null), null);
});

test("escape stops at once, whatever has the focus", () => {
  assert.equal(meaningOf({ key: "Escape" }, null), "stop");
  assert.equal(meaningOf({ key: "Escape" }, field), "stop");
  assert.equal(meaningOf({ key: "Escape", shiftKey: true }, field), "stop");
});

test("no key that does something lies beside escape or the space bar", () => {
  const rows = ["`123456", "qwert", "asdf", "zxcvbnm,./", "yuiop"].join("");
  for (const key of [...rows, "F1", "F2", "F3", "Tab", "Enter", "Alt"]) assert.equal(meaningOf({ key }, null), null, key);
  assert.deepEqual([..."7890?"].map((key) => meaningOf({ key }, null)), ["now", "stage", "network", "log", "help"]);
});

test("a second GO within half a second is a bounce", () => {
  const fired = [], go = makeGo((list) => fired.push(list));
  assert.equal(go(1000, "main"), true);
  assert.equal(go(1400, "main"), false);
  assert.equal(go(1500, "main"), true);
  assert.deepEqual(fired, ["main", "main"]);
});
