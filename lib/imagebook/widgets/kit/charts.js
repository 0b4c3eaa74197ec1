// Bars and curves, drawn as SVG that scales with the page; the numbers are there as text too.

import { element, format, svg } from "./dom.js";
import { numbersBehind } from "./table.js";

/**
 * Return {element, update} of horizontal bars. `update(values, {mark})` shows one bar for each label; `mark` is the
 * index of a bar to stress. `high` is the value of a full bar; `show` turns a value into text.
 */
export function barChart({ label, labels, high = 1, show = (value) => format(value, 3) }) {
  const rows = labels.map((text) => {
    const bar = element("span", { class: "ib-bar" });
    const value = element("td");
    const row = element("tr", {}, element("th", { scope: "row", text }), element("td", { class: "ib-track" }, bar), value);
    return { row, bar, value };
  });
  const table = element("table", { class: "ib-bars" }, element("caption", { text: label }), element("tbody", {}, ...rows.map(({ row }) => row)));
  const update = (values, { mark = -1 } = {}) => {
    for (const [index, { row, bar, value }] of rows.entries()) {
      bar.style.transform = `scaleX(${Math.max(0, Math.min(1, values[index] / high || 0))})`;
      value.textContent = show(values[index]);
      row.className = index === mark ? "ib-marked" : "";
    }
  };
  return { element: table, update };
}

const BOX = { width: 360, height: 200, left: 44, right: 10, top: 10, bottom: 34 };

/**
 * Return {element, update} of curves over a shared axis. `x` and `y`: {label, low, high, ticks}.
 * `update(curves, point)`: curves is a list of {name, points: [[x, y], …]}, at most three; point is {x, y, text} or null.
 */
export function lineChart({ label, x, y, show = (value) => format(value, 2) }) {
  const across = (value) => BOX.left + ((value - x.low) / (x.high - x.low)) * (BOX.width - BOX.left - BOX.right);
  const up = (value) => BOX.height - BOX.bottom - ((value - y.low) / (y.high - y.low)) * (BOX.height - BOX.top - BOX.bottom);
  const axes = svg("g", { class: "ib-axes" });
  for (const tick of y.ticks) {
    axes.append(svg("line", { x1: BOX.left, x2: BOX.width - BOX.right, y1: up(tick), y2: up(tick) }));
    axes.append(svg("text", { x: BOX.left - 6, y: up(tick) + 4, "text-anchor": "end", text: show(tick) }));
  }
  for (const tick of x.ticks) axes.append(svg("text", { x: across(tick), y: BOX.height - BOX.bottom + 15, "text-anchor": "middle", text: format(tick) }));
  axes.append(svg("text", { x: (BOX.left + BOX.width) / 2, y: BOX.height - 4, "text-anchor": "middle", text: x.label }));
  const lines = svg("g", { class: "ib-lines" });
  const spot = svg("circle", { r: 5, class: "ib-spot" });
  const picture = svg("svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img", "aria-label": label, class: "ib-chart" }, axes, lines, spot);
  const legend = element("p", { class: "ib-legend" });
  let shown = [];
  const numbers = numbersBehind(() => (shown.length ? [tableOf(label, x, shown, show)] : []));
  const update = (curves, point = null) => {
    shown = curves;
    numbers.update();
    lines.replaceChildren(...curves.map(({ points }) => svg("polyline", { points: points.map(([a, b]) => `${across(a)},${up(b)}`).join(" ") })));
    legend.replaceChildren(...curves.map(({ name }) => element("span", { text: name })));
    spot.style.display = point ? "" : "none";
    if (!point) return;
    spot.setAttribute("cx", across(point.x));
    spot.setAttribute("cy", up(point.y));
    picture.setAttribute("aria-label", `${label}. ${point.text}`);
  };
  return { element: element("div", { class: "ib-plot" }, element("p", { class: "ib-caption", text: y.label }), picture, legend, numbers.element), update };
}

const MOST_ROWS = 40;

/** Return the table of curves that share their places: at most 40 rows, evenly spread. */
function tableOf(label, x, curves, show) {
  const step = Math.ceil(curves[0].points.length / MOST_ROWS);
  const lines = curves[0].points.flatMap(([place], i) => (i % step ? [] : [[format(place), ...curves.map(({ points }) => show(points[i][1]))]]));
  return { label: `${label}; ${x.label}`, heads: curves.map(({ name }) => name), lines };
}
