// A matrix of the state that the reader edits and that a window steps over.

import { element, format, freshId } from "./dom.js";
import { say } from "./text.js";

const NAMES = { row: "row {number}", column: "column {number}", below: "padding below", right: "padding on the right" };

/** Return a matrix of `rows` x `columns`; `fill(matrix, r, c)` says what comes into new cells. */
export function resized(matrix, rows, columns, fill) {
  return Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => matrix[r]?.[c] ?? fill(matrix, r, c)));
}

/** Return the number with which a matrix repeats itself beyond its ends. */
export function repeating(matrix, r, c) {
  return matrix[r % matrix.length][c % matrix[0].length];
}

/** Return two menus, rows and columns, of a matrix; their ends come from the state's rule. */
export function sizeMenus(context, name, label, fill) {
  const { rows, columns } = context.schema[name];
  const down = menu(rows, say("{label}: rows", { label }));
  const across = menu(columns, say("{label}: columns", { label }));
  const change = () => context.set({ [name]: resized(context.get(name), Number(down.value), Number(across.value), fill) });
  for (const select of [down, across]) select.addEventListener("change", change);
  context.watch([name], () => {
    down.value = context.get(name).length;
    across.value = context.get(name)[0].length;
  });
  const id = freshId();
  return element("div", { class: "ib-control", role: "group", "aria-labelledby": id }, element("span", { id, text: label }), down, "×", across);
}

function menu([low, high], label) {
  const options = Array.from({ length: high - low + 1 }, (_, i) => element("option", { value: low + i, text: low + i }));
  return element("select", { "aria-label": label }, ...options);
}

/** Return what a grid calls when the reader writes a number into a matrix of the state: change(r, c, value). */
export function writer(context, name) {
  const { low, high } = context.schema[name];
  return (r, c, value) => {
    if (value < low || value > high) return context.notice(say("Numbers here go from {low} to {high}.", { low: format(low), high: format(high) }));
    context.notice("");
    context.set({ [name]: context.get(name).map((row, i) => (i === r ? row.map((old, j) => (j === c ? value : old)) : row)) });
  };
}

/** Return a box in which something too wide moves sideways. */
export function scrolling(label, child) {
  return element("div", { class: "ib-scroll", role: "group", tabindex: 0, "aria-label": label }, child);
}

/**
 * Return a sentence about the cells that no position of a window sees, "" if there are none. The first argument is
 * what `unseen` of kit/convolution.js returns for the rows and for the columns.
 */
export function leftOver([rows, columns], image, padding = 0) {
  const named = (places, size, name, beyond) => {
    const cells = places.map((place) => place - padding + 1);
    const inside = cells.filter((cell) => cell >= 1 && cell <= size).map((number) => say(name, { number }));
    return cells.some((cell) => cell > size) ? [...inside, say(beyond)] : inside;
  };
  const list = (part) =>
    [
      ...named(rows[part], image.length, NAMES.row, NAMES.below),
      ...named(columns[part], image[0].length, NAMES.column, NAMES.right),
    ].join(", ");
  const [end, between] = [list("end"), list("between")];
  const texts = [];
  if (end) texts.push(say("The stride does not fit. Never visited at the far end: {cells}.", { cells: end }));
  if (between) texts.push(say("Jumped over: {cells}.", { cells: between }));
  return texts.join(" ");
}
