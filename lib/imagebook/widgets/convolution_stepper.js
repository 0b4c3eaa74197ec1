// Convolution, one position of the filter after the other.

import { presets, row, slider, toggle } from "./kit/controls.js";
import { crossCorrelate2d, flipped, padded, products, sliceAt, spanOf, total, unseen } from "./kit/convolution.js";
import { element, format } from "./kit/dom.js";
import { matrixGrid } from "./kit/grid.js";
import { leftOver, repeating, scrolling, sizeMenus, writer } from "./kit/matrices.js";
import { stepper } from "./kit/steps.js";
import { say } from "./kit/text.js";

const NAME = "convolution-stepper";
const IMAGE = [
  [128, 97, 53, 201, 198],
  [35, 22, 25, 200, 195],
  [37, 24, 28, 197, 182],
  [33, 28, 92, 195, 179],
  [31, 40, 100, 192, 177],
];
const CROSS = [[0, 1, 0], [1, 0, 1], [0, 1, 0]];
const PLAIN = { image: IMAGE, stride: 1, padding: 0, dilation: 1, flip: false, step: 0 };
// Beyond so many products a line of text is harder to read than the grid.
const MOST_IN_WORDS = 9;

export const figure = {
  render(context, body) {
    const input = paddedGrid(writer(context, "image"));
    const filter = matrixGrid({ label: say("Filter"), change: writer(context, "kernel") });
    const turned = matrixGrid({ label: say("Filter, turned") });
    const multiplied = matrixGrid({ label: say("Products") });
    let result = [];
    let columns = 1; // of the result
    const output = matrixGrid({ label: say("Output"), pick: (r, c) => context.set({ step: r * columns + c }) });
    const steps = stepper(context, "step", say("Position of the filter"), () => Math.max(0, result.length * columns - 1));
    const now = element("p", { class: `${NAME}-now`, role: "status" });
    const sum = element("p", { class: `${NAME}-sum` });
    const warning = element("p", { class: `${NAME}-warning`, role: "status" });
    const grids = element(
      "div",
      { class: `ib-row ${NAME}` },
      scrolling(say("Input"), input.element),
      element("div", { class: `${NAME}-filters` }, filter.element, turned.element),
      multiplied.element,
      scrolling(say("Output"), output.element),
    );

    const draw = () => {
      const [image, kernel, stride, padding, dilation] = ["image", "kernel", "stride", "padding", "dilation"].map((name) => context.get(name));
      const flip = context.get("flip");
      const geometry = { stride, padding, dilation };
      const applied = flip ? flipped(kernel) : kernel;
      const [rows, width] = [kernel.length, kernel[0].length];
      result = crossCorrelate2d(image, applied, geometry);
      const fits = result.length > 0;
      columns = fits ? result[0].length : 1;
      const step = Math.min(context.get("step"), result.length * columns - 1);
      const [r, c] = [Math.floor(step / columns), step % columns];
      const matrix = padded(image, padding);
      const missed = [unseen(image.length, rows, geometry), unseen(image[0].length, width, geometry)];
      const lost = missed.map(({ between, end }) => new Set([...between, ...end]));

      input.update(matrix, image, padding, (i, j) => {
        const inSlice = fits && isIn(i - r * stride, rows, dilation) && isIn(j - c * stride, width, dilation);
        if (inSlice) return "ib-here";
        if (fits && (lost[0].has(i) || lost[1].has(j))) return `${NAME}-missed`;
        return isOutside(i, j, image, padding) ? "ib-off" : "";
      });
      filter.update(kernel);
      turned.element.hidden = !flip;
      if (flip) turned.update(applied);
      for (const part of [multiplied.element, output.element, steps.element, now, sum]) part.hidden = !fits;
      warning.textContent = fits ? leftOver(missed, image, padding) : tooLarge(matrix, rows, width, dilation);
      if (!fits) return;
      const slice = sliceAt(matrix, r, c, rows, width, geometry);
      const parts = products(slice, applied);
      multiplied.update(parts);
      const whole = context.get("whole");
      const shown = result.map((line, i) => line.map((value, j) => (whole || i * columns + j <= step ? value : null)));
      output.update(shown, { mark: (i, j) => (i === r && j === c ? "ib-here" : i * columns + j > step ? "ib-off" : "") });
      steps.update();
      now.textContent = say("Row {row}, column {column} of the output: {value}", { row: r + 1, column: c + 1, value: format(result[r][c]) });
      sum.textContent = inWords(slice, applied, total(parts));
    };
    body.append(
      grids,
      element("div", { class: `${NAME}-steps ib-row` }, steps.element),
      now,
      sum,
      warning,
      element(
        "div",
        { class: `${NAME}-sliders` },
        slider(context, "stride", say("Stride")),
        slider(context, "padding", say("Padding")),
        slider(context, "dilation", say("Dilation")),
      ),
      row(
        toggle(context, "flip", say("Turn the filter (convolution in mathematics)")),
        toggle(context, "whole", say("Show the whole output")),
      ),
      row(
        sizeMenus(context, "image", say("Input"), repeating),
        sizeMenus(context, "kernel", say("Filter"), () => 0),
        presets(context, say("Example"), {
          [say("3 × 3 filter")]: { ...PLAIN, kernel: CROSS },
          [say("2 × 2 filter")]: { ...PLAIN, kernel: [[1, 0], [0, 1]] },
          [say("stride 2")]: { ...PLAIN, kernel: CROSS, stride: 2 },
          [say("a stride that does not fit")]: { ...PLAIN, kernel: CROSS, stride: 2, image: IMAGE.slice(0, 4) },
          [say("edges: where turning the filter matters")]: { ...PLAIN, kernel: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], flip: true },
        }),
      ),
    );
    context.watch(["image", "kernel", "stride", "padding", "dilation", "flip", "step", "whole"], draw);
  },
};

/** Return {element, update} of the input in its padding, of which only the input can be written into. */
function paddedGrid(change) {
  let margin = 0;
  let arranged = "";
  const grid = matrixGrid({ label: say("Input"), change: (r, c, value) => change(r - margin, c - margin, value) });
  const arrange = (image, padding) => {
    const width = image[0].length + 2 * padding;
    for (const [index, cell] of grid.element.querySelectorAll("input").entries()) {
      const [r, c] = [Math.floor(index / width), index % width];
      cell.disabled = isOutside(r, c, image, padding);
      cell.tabIndex = r === padding && c === padding ? 0 : -1;
      const place = { label: say("Input"), row: r - padding + 1, column: c - padding + 1 };
      cell.setAttribute("aria-label", cell.disabled ? say("Padding") : say("{label}, row {row}, column {column}", place));
    }
  };
  const update = (matrix, image, padding, mark) => {
    margin = padding;
    grid.update(matrix, { mark });
    grid.element.style.setProperty("--columns", matrix[0].length);
    const shape = `${image.length} ${image[0].length} ${padding}`;
    if (shape !== arranged) arrange(image, padding);
    arranged = shape;
  };
  return { element: grid.element, update };
}

function isOutside(r, c, image, padding) {
  return r < padding || c < padding || r >= padding + image.length || c >= padding + image[0].length;
}

/** Return whether a place, counted from a window's start, is one of its cells. */
function isIn(offset, size, dilation) {
  return offset >= 0 && offset <= dilation * (size - 1) && offset % dilation === 0;
}

function inWords(slice, kernel, value) {
  const end = { value: format(value) };
  const cells = slice.flatMap((line, r) => line.map((cell, c) => `${format(cell)}×${inBrackets(kernel[r][c])}`));
  if (cells.length > MOST_IN_WORDS) return say("The {count} products sum to {value}.", { ...end, count: cells.length });
  return say("{products} = {value}", { ...end, products: cells.join(" + ") });
}

function inBrackets(value) {
  return value < 0 ? `(${format(value)})` : format(value);
}

function tooLarge(matrix, rows, columns, dilation) {
  return say("The filter does not fit: it reaches over {span} cells, and the input with its padding has {size}.", {
    span: `${spanOf(rows, dilation)} × ${spanOf(columns, dilation)}`,
    size: `${matrix.length} × ${matrix[0].length}`,
  });
}
