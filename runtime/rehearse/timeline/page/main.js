// The page.
async function main() {
  const head = JSON.parse(new TextDecoder().decode(await unpack("head")));
  const runs = head.runs.map((r, i) => new Run(r, i));
  await Promise.all(runs.map((r) => r.open()));
  element("wait").hidden = true;
  element("figures").textContent = runs.map((r) => figures(r, runs.length > 1)).join("; ");
  const view = new View(runs, head.differs);
  take(view);
  bind(view);
  return view;
}

function figures(run, named) {
  const count = (n, what) => (n === 1 ? `1 ${what}` : `${n.toLocaleString("en")} ${what}s`);
  const errors = run.log.filter((l) => l[1] === "ERROR").length;
  const parts = [clock(run.end - run.begin, false), count(run.frames, "frame"), count(run.rows.length, "fixture"), count(run.cues.length, "cue"), count(run.beats.length, "beat")];
  if (errors) parts.push(count(errors, "error"));
  if (run.more) parts.push(`${run.more} more messages are not listed`);
  if (run.unlisted) parts.push(`${run.unlisted} more lines of the log are not listed`);
  return (named ? `${run.name}: ` : "") + parts.join(" · ");
}

function bind(view) {
  const mid = () => view.goal ?? (view.from + view.to) / 2;
  const on = (id, what) => element(id).addEventListener("click", what);
  on("in", () => view.zoom(0.5, mid()));
  on("out", () => view.zoom(2, mid()));
  on("all", () => view.show(view.begin, view.end));
  on("theme", theme);
  on("help", help);
  on("differ", () => view.differ());
  element("differ").hidden = !view.differs.size;
  const find = element("find");
  find.addEventListener("input", () => view.seek(find.value));
  find.addEventListener("keydown", (e) => { if (e.key === "Enter") view.cue(1, find.value.trim().toLowerCase()); });
  new ResizeObserver(() => view.arrange()).observe(view.stage);
  window.addEventListener("resize", () => view.arrange());
  window.addEventListener("beforeprint", () => printed(view));
}

// What the page shows is there for programs as well: the tests, and whoever is curious.
window.showrun = { clock, ready: main() };
window.showrun.ready.catch((e) => {
  element("wait").hidden = false;
  element("wait").textContent = `The picture cannot be drawn: ${e.message}`;
});
