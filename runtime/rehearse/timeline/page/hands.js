// Hands: pointers, wheel and keys.
function take(view) {
  const { stage } = view;
  const down = new Map();
  let moved = 0, from = null, pinch = null;
  const place = (e) => {
    const box = stage.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };

  stage.addEventListener("wheel", (e) => {
    e.preventDefault();
    const { x } = place(e);
    const scale = e.deltaMode === 1 ? 24 : e.deltaMode === 2 ? 240 : 1;
    const [dx, dy] = [e.deltaX * scale, e.deltaY * scale];
    const aside = Math.abs(dx) > Math.abs(dy);
    if (aside || e.shiftKey) return view.move((aside ? dx : dy) * view.step);
    if (x < view.gutter && !e.ctrlKey) return view.roll(dy);
    return view.zoom(Math.exp(Math.min(Math.max(dy, -300), 300) * (e.ctrlKey ? 0.01 : 0.002)), view.time(x));
  }, { passive: false });

  stage.addEventListener("pointerdown", (e) => {
    if (e.target.closest(".card")) return;
    const at = place(e);
    stage.setPointerCapture(e.pointerId);
    down.set(e.pointerId, at);
    moved = 0;
    from = { ...at, map: at.y < view.lanes.top[0].h && at.x > view.gutter };
    if (from.map) map(at);
    pinch = down.size === 2 ? grip(down) : null;
    view.goal = undefined;
  });

  stage.addEventListener("pointermove", (e) => {
    const at = place(e);
    if (!down.has(e.pointerId)) {
      view.point = at.x > view.gutter ? { time: view.time(at.x), y: at.y } : null;
      return view.cross();
    }
    const before = down.get(e.pointerId);
    down.set(e.pointerId, at);
    moved += Math.abs(at.x - before.x) + Math.abs(at.y - before.y);
    if (down.size === 2 && pinch) {
      const now = grip(down);
      const anchor = view.time(pinch.mid);
      view.zoom(Math.min(Math.max(pinch.apart / now.apart, 0.5), 2), anchor);
      view.move((pinch.mid - now.mid) * view.step);
      pinch = now;
      return undefined;
    }
    if (from.map) return map(at);
    if (moved < 5) return undefined;
    stage.style.cursor = "grabbing";
    view.scroll -= at.y - before.y;
    return view.move((before.x - at.x) * view.step);
  });

  const up = (e) => {
    if (!down.delete(e.pointerId)) return;
    stage.style.cursor = "";
    const at = place(e);
    if (moved < 5 && e.type === "pointerup" && !from.map) tap(at);
    pinch = null;
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("pointerleave", () => {
    view.point = null;
    view.cross();
  });

  // map moves what is seen to a place of the map.
  function map(at) {
    const all = view.end - view.begin, time = view.begin + ((at.x - view.gutter) / (view.width - view.gutter)) * all;
    const half = Math.min(view.to - view.from, all / 4) / 2;
    view.show(time - half, time + half);
  }

  // tap folds a group, or pins what the pointer is on.
  function tap(at) {
    const found = view.laneAt(at.y);
    if (found?.lane.kind === "head") {
      const { name } = found.lane;
      if (!view.shut.delete(name)) view.shut.add(name);
      return view.arrange();
    }
    view.pin = view.pin || at.x <= view.gutter ? null : { time: view.time(at.x), y: at.y };
    return view.cross();
  }

  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const typing = e.target.matches("input");
    if (typing && e.key !== "Escape") return;
    if (keys(view, e)) e.preventDefault();
  });
}

// grip is how two fingers lie: how far apart, and where between them.
function grip(down) {
  const [a, b] = [...down.values()];
  return { apart: Math.max(Math.hypot(a.x - b.x, a.y - b.y), 20), mid: (a.x + b.x) / 2 };
}

// keys does what a key says, and tells whether there was anything.
function keys(view, e) {
  const span = view.to - view.from, part = e.shiftKey ? 0.1 : 0.5;
  const act = {
    ArrowLeft: () => view.move(-span * part), ArrowRight: () => view.move(span * part),
    ArrowUp: () => view.roll(-60), ArrowDown: () => view.roll(60),
    "+": () => view.zoom(0.5, view.goal), "=": () => view.zoom(0.5, view.goal), "-": () => view.zoom(2, view.goal),
    0: () => view.show(view.begin, view.end), Home: () => view.show(view.begin, view.end),
    n: () => view.cue(1), p: () => view.cue(-1), d: () => view.differ(),
    "/": () => element("find").focus(), t: theme, "?": help,
    Escape: () => {
      view.pin = view.point = null;
      element("find").value = "";
      view.seek("");
      view.stage.focus();
    },
  }[e.key];
  if (!act) return false;
  act();
  view.cross();
  return true;
}

function theme() {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "light" ? "" : "light";
  window.dispatchEvent(new Event("resize"));
}

function help() {
  const list = element("keys");
  list.hidden = !list.hidden;
  element("help").setAttribute("aria-expanded", String(!list.hidden));
}
