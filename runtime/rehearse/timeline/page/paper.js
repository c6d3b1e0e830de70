// Paper: the whole show in strips, in light colours, as pictures that print.
const inks = {
  bg: "#ffffff", panel: "#f0eee9", raised: "#ffffff", line: "#d8d4cb", edge: "#8a857b", text: "#111111", soft: "#444444",
  on: "#855000", next: "#145f9c", good: "#136647", bad: "#9c1f12", warn: "#705000", hold: "#7434a3", lane: "#f7f5f1", shade: "#e3a13c30",
};

// strips is how many there are: one for each half hour, and not too many.
function strips(length) { return Math.min(Math.max(Math.ceil((length - 60e6) / 1800e6), 1), 16); }

// printed fills the paper.
function printed(view) {
  const paper = element("paper");
  const all = view.end - view.begin, n = strips(all), span = all / n, width = 1500;
  const lanes = lanesOf(view.runs, new Set(), "");
  lanes.top = lanes.top.filter((l) => l.kind !== "map");
  place(lanes, 0, false);
  for (const l of lanes.rest) l.h = l.kind === "row" ? 13 : l.h;
  let y = 0;
  for (const l of lanes.rest) {
    l.y = y;
    y += l.h;
  }
  // What does not fit on one sheet goes on with the next.
  const sheet = 900 - lanes.topHeight;
  const figures = [];
  for (let i = 0; i < n; i++) {
    for (let scroll = 0; scroll === 0 || scroll < y; scroll += sheet) {
      figures.push(strip(view, lanes, view.begin + i * span, span, width, lanes.topHeight + Math.min(y - scroll, sheet), scroll));
    }
  }
  paper.replaceChildren(...figures);
}

function strip(view, lanes, from, span, width, height, scroll) {
  const canvas = document.createElement("canvas");
  const ratio = 2, gutter = 170;
  canvas.width = width * ratio;
  canvas.height = Math.max(height, 1) * ratio;
  const at = { width, gutter, from, to: from + span, step: span / (width - gutter) };
  drawPicture(canvas.getContext("2d", { willReadFrequently: true }), at, lanes, { height, scroll, ratio, colours: inks, differs: view.differs, loaded: () => {}, paper: true });
  const figure = make("figure"), image = make("img");
  image.alt = "";
  image.src = canvas.toDataURL("image/png");
  figure.append(image, make("figcaption", "", `${clock(from, false)} to ${clock(from + span, false)}`));
  return figure;
}
