// What is selected on the stage: a Set of fixtures by number, a new one with each change.

import { store } from "./show.js";

let of = null;

// selection is what is selected; nothing of another scene is.
export function selection() {
  const scene = store.get("scene");
  if (of !== scene || !store.get("selection")) {
    const named = new Set(names(of));
    of = scene;
    store.set("selection", new Set((scene?.fixtures ?? []).flatMap((f, i) => (named.has(f.name) ? [i] : []))));
  }
  return store.get("selection");
}

const names = (scene) => [...(store.get("selection") ?? [])].map((i) => scene?.fixtures[i]?.name);

// select selects a list instead of what was, or adds to that; with toggle, what was already
// selected is let off.
export function select(list, add, toggle) {
  const next = add ? new Set(selection()) : new Set();
  for (const i of list) {
    if (toggle && add && next.has(i)) next.delete(i);
    else next.add(i);
  }
  store.set("selection", next);
}

// wordsOf says a selection by as few names as there are: those of whole groups, then those
// of fixtures. A group does in one command what fixtures do in one each.
export function wordsOf(scene, selected) {
  const left = new Set(selected), words = [];
  const groups = [...scene.groups].sort((a, b) => b.fixtures.length - a.fixtures.length);
  for (const group of groups) {
    if (group.fixtures.length > 1 && group.fixtures.every((i) => left.has(i))) {
      words.push(group.name);
      for (const i of group.fixtures) left.delete(i);
    }
  }
  return [...words, ...[...left].map((i) => scene.fixtures[i].name)];
}
