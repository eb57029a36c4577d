// The charts of a usage page, drawn by uPlot from the answer at [data-usage]. Each measurement that the live stream puts into
// #usage-now is added at the right, as long as the page shows a range up to now. A step that was not measured is a gap.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const HEIGHT = 180;
const box = document.querySelector("[data-usage]");

/** The same words as usage::figures. */
function bytes(amount) {
  let unit = 0;
  for (; amount >= 1024 && unit + 1 < UNITS.length; unit++) amount /= 1024;
  return `${amount.toFixed(unit > 0 && amount < 10 ? 1 : 0)} ${UNITS[unit]}`;
}

const words = {
  percent: (value) => `${value.toFixed(value > 0 && value < 10 ? 1 : 0)} %`,
  bytes,
  rate: (value) => `${bytes(value)}/s`,
};

/** What each chart shows: series as [label, key, colour], and the limit that is drawn as a line. */
const charts = {
  cpu: { word: words.percent, series: [["Average", "cpu", "--accent"], ["Most", "cpu_max", "--text-faint"]], limit: () => 100, scale: (usage) => 100 / usage.cpu_limit },
  memory: { word: words.bytes, series: [["Average", "memory", "--accent"], ["Most", "memory_max", "--text-faint"]], limit: (usage) => usage.memory_limit },
  network: { word: words.rate, series: [["Received", "rx", "--accent"], ["Sent", "tx", "--warn"]] },
  storage: { word: words.bytes, series: [["Used", "bytes", "--accent"]], limit: (usage) => usage.allowed },
  disk: { word: words.rate, series: [["Read", "read", "--accent"], ["Written", "write", "--warn"]] },
};

/** A colour token as the canvas understands it, in the present theme. */
function colour(token) {
  box.style.color = `var(${token})`;
  const value = getComputedStyle(box).color;
  box.style.color = "";
  return value;
}

/** Every step of the span, whether it was measured or not. */
function grid(usage) {
  const step = usage.step_seconds;
  const seconds = (text) => Date.parse(text) / 1000;
  const found = new Map(usage.points.map((point) => [seconds(point.at), point]));
  const times = [];
  for (let at = seconds(usage.from); at < seconds(usage.to); at += step) times.push(at);
  return { times, points: times.map((at) => found.get(at) ?? {}) };
}

/** Marks at 1, 2, 4 … of a unit of 1024. */
const increments = Array.from({ length: 44 }, (_, power) => 2 ** power);

function options(element, chart, usage) {
  const [text, line] = [colour("--text-muted"), colour("--line")];
  const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui" };
  const limit = chart.limit?.(usage);
  const shown = (_, value) => (value == null ? "–" : chart.word(value));
  const series = chart.series.map(([label, , token], index) => ({
    label, stroke: colour(token), width: 1.5, value: shown, spanGaps: false, points: { show: usage.points.length < 3, size: 4 }, dash: chart.limit && index === 1 ? [3, 3] : undefined,
  }));
  if (limit) series.push({ label: "Limit", stroke: colour("--bad"), width: 1, dash: [6, 4], value: shown, points: { show: false } });
  return {
    width: element.clientWidth, height: HEIGHT, series: [{ value: (_, at) => (at == null ? "–" : new Date(at * 1000).toLocaleString("en-GB")) }, ...series],
    scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, limit ?? 1) * 1.05] } },
    axes: [axis, { ...axis, size: 76, incrs: chart.word === words.percent ? undefined : increments, values: (_, values) => values.map(chart.word) }],
    cursor: { sync: { key: "usage" }, drag: { x: false, y: false } },
  };
}

function columns(chart, usage) {
  const { times, points } = grid(usage);
  const scale = chart.scale?.(usage) ?? 1;
  const all = chart.series.map(([, key]) => points.map((point) => (point[key] == null ? null : point[key] * scale)));
  const limit = chart.limit?.(usage);
  return [times, ...all, ...(limit ? [times.map(() => limit)] : [])];
}

/** Adds a measurement at the right and lets as much go at the left. */
function add(usage, figures) {
  const { at, ...values } = figures.dataset;
  const length = Date.parse(usage.to) - Date.parse(usage.from);
  const number = (key) => (values[key] ? Number(values[key]) : null);
  const point = { at: new Date(at * 1000).toISOString() };
  for (const key of ["cpu", "memory", "rx", "tx", "read", "write"]) point[key] = number(key);
  point.cpu_max = point.cpu;
  point.memory_max = point.memory;
  if (usage.points.some((known) => Date.parse(known.at) === at * 1000)) return;
  usage.points.push(point);
  usage.to = new Date(at * 1000 + usage.step_seconds * 1000).toISOString();
  usage.from = new Date(Date.parse(usage.to) - length).toISOString();
}

async function start() {
  const answer = await fetch(box.dataset.usage, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const usage = await answer.json();
  let plots = [];
  const draw = () => {
    for (const { plot } of plots) plot.destroy();
    plots = [...box.querySelectorAll("[data-chart]")].map((element) => {
      const chart = charts[element.dataset.chart];
      return { element, chart, plot: new uPlot(options(element, chart, usage), columns(chart, usage), element) };
    });
  };
  draw();
  new ResizeObserver(() => plots.forEach(({ element, plot }) => plot.setSize({ width: element.clientWidth, height: HEIGHT }))).observe(box);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  // What is not measured by the second is asked for anew when the named part of the page has changed.
  const part = box.dataset.refetch;
  if (part) {
    let seen = document.getElementById(part).textContent;
    document.addEventListener("htmx:after:swap", async () => {
      const drawn = document.getElementById(part).textContent;
      if (drawn === seen) return;
      seen = drawn;
      const again = await fetch(box.dataset.usage, { headers: { accept: "application/json" } });
      if (!again.ok) return;
      Object.assign(usage, await again.json());
      for (const { chart, plot } of plots) plot.setData(columns(chart, usage));
    });
  }
  document.addEventListener("htmx:after:swap", () => {
    const figures = document.querySelector("#usage-now[data-at]");
    // Coarser steps are not made of one measurement.
    if (!figures || usage.step_seconds !== 10 || !box.dataset.usage.includes("range=")) return;
    add(usage, figures);
    for (const { chart, plot } of plots) plot.setData(columns(chart, usage));
  });
}

if (box) start().catch(() => { box.querySelector("[data-chart-error]").hidden = false; });
