// Intersection over union: two boxes, the area that they share, the area that they cover together.

import { area, intersectionArea, iou } from "./kit/boxes.js";
import { movableBox } from "./kit/box.js";
import { presets, row } from "./kit/controls.js";
import { attributes, element, format, svg } from "./kit/dom.js";
import { say } from "./kit/text.js";

const SIZE = [12, 8];

export const figure = {
  render(context, body) {
    const lines = svg("path", { class: "iou-lines", d: gridLines() });
    const shared = svg("rect", { class: "iou-shared" });
    const surface = svg("svg", { class: "iou-surface", viewBox: `-0.4 -0.4 ${SIZE[0] + 0.8} ${SIZE[1] + 0.8}`, role: "group", "aria-label": say("Two boxes") });
    // Pointer positions count in the sheet's units, whatever the margin of the view is.
    const sheet = svg("rect", { width: SIZE[0], height: SIZE[1], class: "iou-sheet" });
    const boxes = ["first", "second"].map((name) =>
      movableBox({
        surface: sheet,
        size: () => SIZE,
        get: () => context.get(name),
        set: (box) => context.set({ [name]: box }),
        unit: 0.1,
        handle: 0.55,
        name: say(name === "first" ? "First box" : "Second box"),
        class: `iou-${name}`,
      }),
    );
    const sharedText = svg("text", { class: "iou-number", "aria-hidden": "true" });
    surface.append(sheet, lines, shared, ...boxes.map((box) => box.element), sharedText, ...boxes.map((box) => box.handles));
    const result = element("p", { class: "iou-result", role: "status" });
    body.append(
      surface,
      result,
      row(
        presets(context, say("Example"), {
          [say("half a side off: one seventh")]: { first: [2, 1, 6, 5], second: [4, 3, 8, 7] },
          [say("the same box twice")]: { first: [3, 2, 7, 6], second: [3, 2, 7, 6] },
          [say("one inside the other")]: { first: [1, 1, 9, 7], second: [4, 3, 6, 5] },
          [say("side by side")]: { first: [1, 2, 5, 6], second: [5, 2, 9, 6] },
        }),
      ),
    );
    context.watch(["first", "second"], () => {
      for (const box of boxes) box.update();
      const [a, b] = [context.get("first"), context.get("second")];
      const common = intersectionArea(a, b);
      const union = area(a) + area(b) - common;
      const [left, top] = [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
      const [width, height] = common ? [Math.min(a[2], b[2]) - left, Math.min(a[3], b[3]) - top] : [0, 0];
      attributes(shared, { x: left, y: top, width, height });
      attributes(sharedText, { x: left + width / 2, y: top + height / 2 });
      sharedText.textContent = Math.min(width, 2 * height) < 1.2 ? "" : format(common);
      const values = { common: format(common), union: format(union), iou: format(iou(a, b), 3), fraction: fraction(common, union) };
      result.textContent = values.fraction
        ? say("intersection {common} ÷ union {union} = {fraction} = {iou}", values)
        : say("intersection {common} ÷ union {union} = {iou}", values);
    });
  },
};

function gridLines() {
  const upright = Array.from({ length: SIZE[0] + 1 }, (_, x) => `M${x} 0V${SIZE[1]}`);
  const level = Array.from({ length: SIZE[1] + 1 }, (_, y) => `M0 ${y}H${SIZE[0]}`);
  return [...upright, ...level].join("");
}

/** Return the fraction of two whole numbers in lowest terms, "1/7", or "" where there is none to tell. */
export function fraction(part, whole) {
  const [a, b] = [Math.round(part), Math.round(whole)];
  if (Math.abs(part - a) > 1e-6 || Math.abs(whole - b) > 1e-6 || a < 1 || a >= b) return "";
  let [divisor, rest] = [b, a];
  while (rest) [divisor, rest] = [rest, divisor % rest];
  return `${a / divisor}/${b / divisor}`;
}
