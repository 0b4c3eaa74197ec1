// A matrix as a table of numbers: to read, to edit, to point at.

import { element, format } from "./dom.js";
import { say } from "./text.js";

/**
 * Return {element, update, caption} of a table of numbers.
 *   label             what the matrix is; the table's caption
 *   change(r, c, value)   if given, every cell is a field that the reader can write into
 *   pick(r, c)        if given, every cell is a button
 *   digits            decimals shown
 * `update(matrix, {mark, shade})` shows numbers. `mark(r, c)` returns a class name, or "": "ib-here" is where the
 * window is, "ib-other" a second place, "ib-off" what does not count. `shade(value)` returns a number from -1 (second
 * colour) to 1 (first colour) for the background. Rows and columns may change between updates; null is an empty cell.
 */
export function matrixGrid({ label, change, pick, digits = 2 }) {
  const caption = element("caption", { text: label });
  const body = element("tbody");
  const table = element("table", { class: "ib-grid" }, caption, body);
  let cells = [];

  const write = (cell, value) => {
    const text = value === null ? "" : format(value, digits);
    if (cell.shown === text) return;
    cell.shown = text;
    if (pick) cell.inner.setAttribute("aria-label", `${cell.name}: ${text || say("empty")}`); // a label hides what is inside
    if (!change) cell.inner.textContent = text;
    else if (document.activeElement !== cell.inner) cell.inner.value = text;
  };

  const build = (rows, columns) => {
    cells = Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => makeCell(r, c)));
    body.replaceChildren(...cells.map((row) => element("tr", {}, ...row.map((cell) => cell.outer))));
  };

  const makeCell = (r, c) => {
    const name = say("{label}, row {row}, column {column}", { label, row: r + 1, column: c + 1 });
    if (!change && !pick) {
      const outer = element("td");
      return { outer, inner: outer };
    }
    const first = r === 0 && c === 0 ? "0" : "-1"; // the tab key enters a grid once; arrow keys move within
    const on = { keydown: (event) => travel(event, r, c), focus: () => enter(r, c) };
    const inner = change
      ? element("input", { type: "text", inputmode: "decimal", "aria-label": name, tabindex: first, on })
      : element("button", { type: "button", "aria-label": name, tabindex: first, on });
    if (change) {
      const read = () => {
        const value = Number(inner.value.trim().replace("−", "-").replace(",", "."));
        if (inner.value.trim() === "" || !Number.isFinite(value)) inner.setAttribute("aria-invalid", "true");
        else {
          inner.removeAttribute("aria-invalid");
          change(r, c, value);
        }
      };
      inner.addEventListener("input", read);
      inner.addEventListener("blur", () => {
        inner.removeAttribute("aria-invalid");
        inner.value = cells[r]?.[c]?.shown ?? "";
      });
    } else inner.addEventListener("click", () => pick(r, c));
    return { outer: element("td", {}, inner), inner, name };
  };

  const enter = (r, c) => {
    for (const row of cells) for (const cell of row) cell.inner.tabIndex = -1;
    cells[r][c].inner.tabIndex = 0;
    if (change) cells[r][c].inner.select();
  };

  const travel = (event, r, c) => {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    const next = cells[r + down]?.[c + right];
    if (!next || (!down && !right)) return;
    event.preventDefault();
    next.inner.focus();
  };

  const update = (matrix, { mark = () => "", shade } = {}) => {
    if (matrix.length !== cells.length || matrix[0].length !== cells[0]?.length) build(matrix.length, matrix[0].length);
    for (const [r, row] of matrix.entries()) {
      for (const [c, value] of row.entries()) {
        const cell = cells[r][c];
        write(cell, value);
        const name = mark(r, c);
        if (cell.outer.className !== name) cell.outer.className = name;
        if (shade) {
          const strength = Math.max(-1, Math.min(1, shade(value)));
          cell.outer.style.setProperty("--ib-shade", `${Math.abs(strength) * 60}%`);
          cell.outer.style.setProperty("--ib-hue", strength < 0 ? "var(--ib-second)" : "var(--ib-accent)");
        }
      }
    }
  };
  return { element: table, update, caption };
}
