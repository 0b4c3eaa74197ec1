// Menus that give a matrix of the state more or fewer rows and columns.

import { element, freshId } from "./dom.js";
import { say } from "./text.js";

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
