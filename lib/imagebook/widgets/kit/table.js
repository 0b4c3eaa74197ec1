// The numbers behind a picture, as a table that unfolds: for those who cannot see it, and those who want to know exactly.

import { element, format } from "./dom.js";
import { say } from "./text.js";

const MOST = 28; // rows and columns of a table: a whole digit

/**
 * Return {element, update} of a folded part with tables. `read()` returns what they show now, a list of {label, heads, lines,
 * digits}: `heads` are the columns' names, `lines` are [row's name, number, …]; a text stands as it is, NaN is an empty cell.
 * Call `update` whenever the picture has changed: the tables are written only while they are open.
 */
export function numbersBehind(read) {
  const box = element("div");
  let frame = 0;
  const fill = () => {
    frame = 0;
    box.replaceChildren(...(details.open ? read().map(scrollingTable) : []));
  };
  const update = () => {
    if (details.open) frame ||= requestAnimationFrame(fill);
  };
  const details = element("details", { class: "ib-numbers", on: { toggle: fill } }, element("summary", { text: say("Show the numbers") }), box);
  return { element: details, update };
}

/**
 * Return the table of a picture {height, width, channels, data}: of a large one every n-th pixel, of a coloured one the mean
 * of red, green and blue. The label says so.
 */
export function pixelTable(label, { height, width, channels = 1, data }, digits = 2) {
  const step = Math.ceil(Math.max(height, width) / MOST);
  const places = (length) => Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
  const pixel = (r, c) => {
    const at = (r * width + c) * channels;
    return data.slice(at, at + channels).reduce((sum, value) => sum + value, 0) / channels;
  };
  const parts = [label, say("{height} rows and {width} columns", { height, width })];
  if (step > 1) parts.push(say("of each {step} × {step} pixels the one at the top left", { step }));
  if (channels > 1) parts.push(say("the mean of red, green and blue"));
  return {
    label: parts.join("; "),
    heads: places(width).map((c) => c + 1),
    lines: places(height).map((r) => [r + 1, ...places(width).map((c) => pixel(r, c))]),
    digits,
  };
}

function scrollingTable({ label, heads, lines, digits = 2 }) {
  const text = (value) => (typeof value === "number" ? (Number.isNaN(value) ? "" : format(value, digits)) : value);
  const head = element("tr", {}, element("td"), ...heads.map((name) => element("th", { scope: "col", text: name })));
  const rows = lines.map(([name, ...cells]) => element("tr", {}, element("th", { scope: "row", text: name }), ...cells.map((value) => element("td", { text: text(value) }))));
  const table = element("table", {}, element("caption", { text: label }), element("thead", {}, head), element("tbody", {}, ...rows));
  return element("div", { class: "ib-scroll", role: "group", tabindex: 0, "aria-label": label }, table);
}
