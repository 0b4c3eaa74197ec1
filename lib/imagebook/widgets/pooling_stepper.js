// Pooling, one window after the other, and what a small shift of the input does to it.

import { choice, presets, row, slider, toggle } from "./kit/controls.js";
import { sliceAt, unseen } from "./kit/convolution.js";
import { element, format } from "./kit/dom.js";
import { matrixGrid } from "./kit/grid.js";
import { leftOver, repeating, scrolling, sizeMenus, writer } from "./kit/matrices.js";
import { averagePool2d, maxPool2d, shifted, unchanged } from "./kit/pooling.js";
import { stepper } from "./kit/steps.js";
import { say } from "./kit/text.js";

const NAME = "pooling-stepper";
const START = { size: 2, stride: 1, right: 0, down: 0, step: 0, image: [[5, 3, 1], [8, 2, 5], [9, 4, 3]] };
// A bright bar on a dark ground.
const BAR = [
  [0, 1, 0, 0, 2, 0],
  [1, 9, 9, 1, 0, 0],
  [0, 9, 9, 0, 0, 1],
  [0, 9, 9, 0, 1, 0],
  [2, 9, 9, 0, 0, 0],
  [0, 0, 1, 0, 0, 2],
];
const STATE = ["image", "kind", "size", "stride", "right", "down", "step", "whole"];

export const figure = {
  render(context, body) {
    let result = [];
    let columns = 1; // of the result
    const input = matrixGrid({ label: say("Input"), change: writer(context, "image") });
    const moved = matrixGrid({ label: say("Input, shifted") });
    const output = matrixGrid({ label: say("Output"), pick: (r, c) => context.set({ step: r * columns + c }) });
    const after = matrixGrid({ label: say("Output after the shift") });
    const steps = stepper(context, "step", say("Place of the window"), () => Math.max(0, result.length * columns - 1));
    const stepRow = element("div", { class: `${NAME}-steps ib-row` }, steps.element);
    const now = element("p", { class: `${NAME}-now`, role: "status" });
    const count = element("p", { class: `${NAME}-count`, role: "status" });
    const warning = element("p", { class: `${NAME}-warning`, role: "status" });
    const outputs = [scrolling(say("Output"), output.element), scrolling(say("Output after the shift"), after.element)];
    const second = element("div", { class: `${NAME}-pair` }, scrolling(say("Input, shifted"), moved.element), outputs[1]);
    const grids = element(
      "div",
      { class: NAME },
      element("div", { class: `${NAME}-pair` }, scrolling(say("Input"), input.element), outputs[0]),
      second,
    );

    const draw = () => {
      const [image, kind, size, stride, right, down, wanted, whole] = STATE.map((name) => context.get(name));
      const pool = kind === "maximum" ? maxPool2d : averagePool2d;
      const isShifted = right > 0 || down > 0;
      result = pool(image, size, stride);
      const fits = result.length > 0;
      columns = fits ? result[0].length : 1;
      const step = Math.min(wanted, result.length * columns - 1);
      const [r, c] = [Math.floor(step / columns), step % columns];
      const missed = [image.length, image[0].length].map((length) => unseen(length, size, { stride }));
      const lost = missed.map(({ between, end }) => new Set([...between, ...end]));
      const markWindow = (matrix, incoming) => {
        const best = fits && kind === "maximum" ? pool(matrix, size, stride)[r][c] : NaN;
        return (i, j) => {
          const [y, x] = [i - r * stride, j - c * stride];
          if (fits && y >= 0 && y < size && x >= 0 && x < size) return matrix[i][j] === best ? `ib-here ${NAME}-best` : "ib-here";
          if (fits && (lost[0].has(i) || lost[1].has(j))) return `${NAME}-missed`;
          return incoming(i, j) ? "ib-off" : "";
        };
      };
      grids.style.setProperty("--columns", image[0].length * (isShifted ? 2 : 1));
      grids.classList.toggle(`${NAME}-compared`, isShifted);
      input.update(image, { mark: markWindow(image, () => false) });
      second.hidden = !isShifted;
      for (const part of [...outputs, stepRow, now]) part.hidden = !fits;
      warning.textContent = fits
        ? leftOver(missed, image)
        : say("The window does not fit: it has {window} cells, the input {input}.", { window: `${size} × ${size}`, input: `${image.length} × ${image[0].length}` });
      const moving = isShifted ? shifted(image, right, down) : image;
      if (isShifted) moved.update(moving, { mark: markWindow(moving, (i, j) => i < down || j < right) });
      count.hidden = !fits || !isShifted;
      if (!fits) return;
      const isAhead = (i, j) => i * columns + j > step;
      const here = (i, j) => (i === r && j === c ? "ib-here" : "");
      const shown = result.map((line, i) => line.map((value, j) => (whole || isShifted || !isAhead(i, j) ? value : null)));
      output.update(shown, { mark: (i, j) => here(i, j) || (isAhead(i, j) && !isShifted ? "ib-off" : "") });
      steps.update();
      now.textContent = say("Row {row}, column {column} of the output: {words}", {
        row: r + 1, column: c + 1, words: inWords(sliceAt(image, r, c, size, size, { stride }).flat(), kind, result[r][c]),
      });
      if (!isShifted) return;
      const next = pool(moving, size, stride);
      const same = unchanged(result, next);
      after.update(next, { mark: (i, j) => [here(i, j), same[i][j] ? `${NAME}-same` : ""].join(" ").trim() });
      count.textContent = say("{survived} of {all} survived the shift unchanged (marked ✓).", {
        survived: same.flat().filter(Boolean).length, all: same.flat().length,
      });
    };
    body.append(
      grids,
      stepRow,
      now,
      count,
      warning,
      choice(context, "kind", say("Keep"), { maximum: say("the maximum"), average: say("the average") }),
      element(
        "div",
        { class: `${NAME}-sliders` },
        slider(context, "size", say("Window")),
        slider(context, "stride", say("Stride")),
        slider(context, "right", say("Shift right")),
        slider(context, "down", say("Shift down")),
      ),
      row(
        toggle(context, "whole", say("Show the whole output")),
        sizeMenus(context, "image", say("Input"), repeating),
        presets(context, say("Example"), {
          [say("3 × 3, maximum")]: { ...START, kind: "maximum" },
          [say("3 × 3, average")]: { ...START, kind: "average" },
          [say("a bar moves, maximum")]: { ...START, image: BAR, kind: "maximum", right: 1, size: 3 },
          [say("a bar moves, average")]: { ...START, image: BAR, kind: "average", right: 1, size: 3 },
          [say("a bar moves, windows side by side")]: { ...START, image: BAR, kind: "maximum", right: 1, stride: 2 },
        }),
      ),
    );
    context.watch(STATE, draw);
  },
};

function inWords(cells, kind, value) {
  if (kind === "maximum") return say("the maximum of {cells} is {value}", { cells: cells.map((cell) => format(cell)).join(", "), value: format(value) });
  const sum = cells.map((cell) => (cell < 0 ? `(${format(cell)})` : format(cell))).join(" + ");
  return say("({sum}) ÷ {count} = {value}", { sum, count: cells.length, value: format(value) });
}
