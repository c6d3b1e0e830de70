// The keys. Two of them do what cannot be taken back, so what is bound near them is nothing:
// the keys of the pages (7 8 9 0) lie six keys from Escape and three rows from the space bar.

export const pages = ["now", "stage", "network", "log"];
const pageKeys = "7890";

// meaningOf is what a key that went down means: "stop", "go", "help", a page, or null.
// focus is the element that has the focus. The stop is heard whatever else goes on; GO only
// when nothing else would take the space bar, and not from a key that is held down.
export function meaningOf(event, focus) {
  if (event.isComposing || event.repeat) return null;
  if (event.key === "Escape") return "stop";
  if (event.ctrlKey || event.altKey || event.metaKey || takesKeys(focus)) return null;
  if (event.key === " ") return event.shiftKey ? null : "go";
  if (event.key === "?") return "help";
  return pages[pageKeys.indexOf(event.key)] ?? null;
}

// takesKeys tells whether an element does something of its own with keys.
export const takesKeys = (element) =>
  Boolean(element?.closest?.("input, textarea, select, button, a, [contenteditable], [tabindex]"));

const lockOut = 500; // ms after a GO in which there is no other

// makeGo fires once a press: what comes within the lock-out is a bounce, and is dropped.
export function makeGo(fire) {
  let last = -Infinity;
  return (now, ...more) => {
    if (now - last < lockOut) return false;
    last = now;
    fire(...more);
    return true;
  };
}
