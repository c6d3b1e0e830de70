// Charts of the page Network. The library comes with the first of them.

import { html, useEffect, useRef } from "./vendor/preact-htm.js";
import { store } from "./show.js";
import { short } from "./format.js";
import { inkOf } from "./stagecanvas.js";
import { useTopic } from "./parts.js";

const height = 150; // px

// The library is a script of its own that leaves one name behind.
let library = null;
function load() {
  library ??= new Promise((resolve, reject) => {
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "vendor/uPlot.css" });
    const script = Object.assign(document.createElement("script"), { src: "vendor/uPlot.js", onload: () => resolve(window.uPlot), onerror: reject });
    document.head.append(style, script);
  });
  return library;
}

// useChart keeps a chart in a box, as wide as that; options are made anew with the theme.
function useChart(options, points) {
  const box = useRef(null), chart = useRef(null), latest = useRef(points);
  latest.current = points;
  useEffect(() => {
    let gone = false, watch = null;
    const theme = new MutationObserver(build);
    async function build() {
      const Plot = await load();
      if (gone || !box.current) return;
      chart.current?.destroy();
      chart.current = new Plot({ width: box.current.clientWidth, height, legend: { show: false }, cursor: { show: false }, ...options(inkOf(box.current), Plot) }, latest.current, box.current);
    }
    build();
    theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    watch = new ResizeObserver(() => chart.current?.setSize({ width: box.current.clientWidth, height }));
    watch.observe(box.current);
    return () => {
      gone = true;
      theme.disconnect();
      watch.disconnect();
      chart.current?.destroy();
    };
  }, []);
  useEffect(() => { chart.current?.setData(points); }, [points]);
  return box;
}

const axis = (ink, more) => ({ stroke: ink.soft, grid: { stroke: ink.edge, width: 0.3 }, ticks: { show: false }, font: "12px system-ui, sans-serif", ...more });

export function RateChart() {
  const houses = useTopic("houses"), rate = store.get("hello")?.rate ?? 44;
  const last = houses.at(-1)?.said ?? 0;
  const points = [houses.map((h) => h.said - last), houses.map((h) => h.rate)];
  const box = useChart((ink, Plot) => ({
    scales: { x: { time: false, range: [-180, 0] }, y: { range: (_, least, most) => [0, Math.max(rate * 1.15, most ?? 0)] } },
    axes: [axis(ink, { size: 26, values: (_, list) => list.map((v) => (v === 0 ? "now" : v + " s")) }), axis(ink, { size: 40 })],
    series: [{}, { stroke: ink.on, width: 2, points: { show: false }, paths: Plot.paths.stepped({ align: 1 }) }],
  }), points);
  return html`<div class="chart" ref=${box} role="img" aria-label="Frames a second over the last three minutes" data-test="rate-chart"></div>`;
}

// LateChart has a bar for each bound, in a scale in which one is seen beside a million.
export function LateChart({ late }) {
  const bounds = late?.bounds ?? [], counts = late?.counts ?? [];
  const points = [counts.map((_, i) => i), counts.map((n) => Math.log10(1 + n))];
  const text = (i) => (i < bounds.length ? "≤" + short(bounds[i]) : ">" + short(bounds.at(-1) ?? 0));
  const box = useChart((ink, Plot) => ({
    scales: { x: { time: false, range: [-0.6, counts.length - 0.4] }, y: { range: (_, least, most) => [0, Math.max(1, Math.ceil(most ?? 1))] } },
    axes: [axis(ink, { size: 26, splits: () => counts.map((_, i) => i).filter((i) => counts.length < 9 || i % 2 === 0), values: (_, list) => list.map(text) }),
      axis(ink, { size: 56, splits: (u) => Array.from({ length: Math.ceil(u.scales.y.max) + 1 }, (_, i) => i), values: (_, list) => list.map((v) => (v === 0 ? "0" : "10" + [..."⁰¹²³⁴⁵⁶⁷⁸⁹"][v])) })],
    series: [{}, { stroke: ink.on, fill: ink.on, points: { show: false }, paths: Plot.paths.bars({ size: [0.7, 60] }) }],
  }), points);
  const total = counts.reduce((a, b) => a + b, 0);
  const says = counts.map((n, i) => `${text(i)}: ${n}`).join(", ");
  return html`<div class="chart" ref=${box} role="img" aria-label=${"Lateness of frames: " + says} data-test="late-chart"></div>
    <p class="soft">mean ${short(total > 0 ? late.sum / total : 0)} · ${bounds.length > 0 ? `${counts.at(-1)} later than ${short(bounds.at(-1))}` : ""}</p>`;
}
