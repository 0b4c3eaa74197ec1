// A filter over a photograph: before left of the divider, after right of it.

import { button, choice, presets, row, slider, toggle } from "./kit/controls.js";
import { clamp, position } from "./kit/drag.js";
import { element, format } from "./kit/dom.js";
import { asMean, filter, sumOf } from "./kit/filter.js";
import { matrixGrid } from "./kit/grid.js";
import { percent } from "./kit/numbers.js";
import { toGrey } from "./kit/pixels.js";
import { photographs, pictureSource } from "./kit/source.js";
import { numbersBehind, pixelTable } from "./kit/table.js";
import { say } from "./kit/text.js";

const KERNELS = {
  identity: [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
  blur: [[1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]],
  gaussian: [[1, 4, 6, 4, 1], [4, 16, 24, 16, 4], [6, 24, 36, 24, 6], [4, 16, 24, 16, 4], [1, 4, 6, 4, 1]],
  sharpen: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
  upright: [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
  level: [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
  emboss: [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
  laplacian: [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
};

export const figure = {
  render(context, body) {
    const canvas = element("canvas", { class: "filter_bench-canvas", width: 3, height: 2, role: "img" });
    const line = element("span", { class: "filter_bench-line" });
    const stage = element("div", { class: "filter_bench-stage" }, canvas, line);
    const surface = canvas.getContext("2d");
    const buffers = {};
    const result = element("p", { class: "filter_bench-result" });
    let filtered = null;
    const numbers = numbersBehind(() => (filtered ? [pixelTable(say("The picture"), { ...picture, channels: filtered.channels }), pixelTable(say("Filtered"), filtered)] : []));
    let coloured = null; // the picture as it came, and as it is filtered
    let picture = null;
    let [before, after] = [null, null];

    const divide = () => {
      const part = context.get("divider");
      line.style.insetInlineStart = `${100 * part}%`;
      if (!before) return;
      const at = Math.round(part * picture.width);
      if (at > 0) surface.putImageData(before, 0, 0, 0, 0, at, picture.height);
      if (at < picture.width) surface.putImageData(after, 0, 0, at, 0, picture.width - at, picture.height);
    };
    const work = () => {
      if (!picture) return;
      const channels = context.get("colour") ? 3 : 1;
      const kernel = context.get("mean") ? asMean(context.get("kernel")) : context.get("kernel");
      const { data, low, high } = filter(picture, kernel, channels, buffers);
      paint(after, data, channels, context.get("zero"));
      filtered = { height: picture.height, width: picture.width, channels, data };
      numbers.update();
      divide();
      result.textContent = describe(context, low, high);
      canvas.setAttribute("aria-label", say("The picture left of the divider, filtered right of it. {result}", { result: result.textContent }));
    };
    const take = () => {
      if (!coloured) return;
      picture = context.get("colour") ? coloured : toGrey(coloured);
      if (canvas.width !== picture.width || canvas.height !== picture.height || !before) {
        [canvas.width, canvas.height] = [picture.width, picture.height];
        [before, after] = [0, 1].map(() => surface.createImageData(picture.width, picture.height));
      }
      paint(before, picture.data, context.get("colour") ? 3 : 1, "black");
      work();
    };

    // Anywhere on the picture: the divider comes to the pointer. Keys have the slider.
    stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      stage.setPointerCapture(event.pointerId);
      event.preventDefault();
      move(event);
    });
    stage.addEventListener("pointermove", (event) => stage.hasPointerCapture(event.pointerId) && move(event));
    const move = (event) => {
      const part = clamp(position(event, canvas, [1, 1])[0], 0, 1);
      context.set({ divider: Math.round(part * 1000) / 1000 });
    };

    const grid = matrixGrid({
      label: say("Filter"),
      digits: 3,
      change: (r, c, value) => {
        const { low, high } = context.schema.kernel;
        const written = clamp(value, low, high);
        // The filter may have become smaller since it was drawn: then the cell is none of its cells.
        context.set({ kernel: context.get("kernel").map((row, i) => row.map((old, j) => (i === r && j === c ? written : old))) });
      },
    });
    const sizes = [3, 5].map((size) => button(say("{size} × {size}", { size }), () => context.set({ kernel: resized(context.get("kernel"), size) })));
    const sizeGroup = element("div", { class: "ib-tools", role: "group", "aria-label": say("Size of the filter") }, ...sizes);
    context.watch(["kernel"], () => {
      const kernel = context.get("kernel");
      grid.update(kernel, { shade: (weight) => weight / Math.max(...kernel.flat().map(Math.abs), 1e-9) });
      for (const [index, size] of [3, 5].entries()) sizes[index].setAttribute("aria-pressed", String(kernel.length === size && kernel[0].length === size));
    });

    const names = {
      identity: say("leave as it is"),
      blur: say("blur: mean of 25"),
      gaussian: say("Gaussian blur"),
      sharpen: say("sharpen"),
      upright: say("upright edges"),
      level: say("level edges"),
      emboss: say("emboss"),
      laplacian: say("Laplacian: all edges"),
    };
    const entries = Object.fromEntries(Object.entries(names).map(([key, text]) => [text, { kernel: KERNELS[key], mean: true, zero: tone(KERNELS[key]) }]));
    const source = pictureSource(context, "photograph", {
      make: photographs(context),
      use: (found) => {
        coloured = found;
        take();
      },
    });
    body.append(
      element(
        "div",
        { class: "filter_bench-desk" },
        element("div", { class: "filter_bench-view" }, stage, slider(context, "divider", say("Divider"), { step: 0.01, show: (part) => percent(part, 0) }), result),
        element(
          "div",
          { class: "filter_bench-side" },
          presets(context, say("Example"), entries),
          sizeGroup,
          grid.element,
          toggle(context, "mean", say("Divide by the sum, if above 0")),
          toggle(context, "colour", say("In colour")),
        ),
      ),
      numbers.element,
      choice(context, "zero", say("Results below 0:"), { black: say("black"), "middle grey": say("0 is middle grey"), absolute: say("without their sign") }),
      row(choice(context, "photograph", say("Picture:"), { cat: say("cat"), coffee: say("coffee"), rocket: say("rocket") }), source),
    );
    context.watch(["divider"], divide);
    context.watch(["kernel", "mean", "zero"], work);
    context.watch(["colour"], take);
  },
};

function describe(context, low, high) {
  const total = sumOf(context.get("kernel"));
  const range = say("Results go from {low} to {high}.", { low: format(low), high: format(high) });
  const values = { total: format(total), range };
  if (Math.abs(total) <= 1e-6) return say("The weights sum to 0: where the picture is even, the result is 0. {range}", values);
  if (context.get("mean") && total > 0) return say("The weights are divided by their sum, {total}: even areas stay as bright as they are. {range}", values);
  return say("The weights sum to {total}: even areas become {total} times as bright. {range}", values);
}

// A filter that finds edges has results on both sides of 0.
function tone(kernel) {
  return sumOf(kernel) > 0 ? "black" : "middle grey";
}

/** Return a kernel with its middle kept and zeros added, or its border taken away, so that it is size x size. */
export function resized(kernel, size) {
  const [down, right] = [kernel.length, kernel[0].length].map((length) => Math.floor(length / 2) - Math.floor(size / 2));
  return Array.from({ length: size }, (_, r) => Array.from({ length: size }, (_, c) => kernel[r + down]?.[c + right] ?? 0));
}

/** Write numbers into an image, as the state says that they are shown. */
export function paint(image, data, channels, zero) {
  const bytes = image.data; // clamps to 0…255 and rounds by itself
  const [scale, shift] = zero === "middle grey" ? [127.5, 127.5] : [255, 0];
  const absolute = zero === "absolute";
  for (let pixel = 0, place = 0; place < bytes.length; pixel += channels, place += 4) {
    for (let channel = 0; channel < 3; channel++) {
      const value = data[channels === 3 ? pixel + channel : pixel];
      bytes[place + channel] = scale * (absolute ? Math.abs(value) : value) + shift;
    }
    bytes[place + 3] = 255;
  }
}
