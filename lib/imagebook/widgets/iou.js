// Intersection over union: two boxes, the area that they share, the area that they cover together.

import { area, intersectionArea, iou } from "./kit/boxes.js";
import { movableBox } from "./kit/box.js";
import { presets, row } from "./kit/controls.js";
import { element, format, svg } from "./kit/dom.js";
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
    surface.append(sheet, lines, shared, ...boxes.map((box) => box.element));
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
      shared.setAttribute("x", Math.max(a[0], b[0]));
      shared.setAttribute("y", Math.max(a[1], b[1]));
      shared.setAttribute("width", common && Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
      shared.setAttribute("height", common && Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
      result.textContent = say("intersection {common} ÷ union {union} = {iou}", {
        common: format(common),
        union: format(area(a) + area(b) - common),
        iou: format(iou(a, b), 3),
      });
    });
  },
};

function gridLines() {
  const upright = Array.from({ length: SIZE[0] + 1 }, (_, x) => `M${x} 0V${SIZE[1]}`);
  const level = Array.from({ length: SIZE[1] + 1 }, (_, y) => `M0 ${y}H${SIZE[0]}`);
  return [...upright, ...level].join("");
}
