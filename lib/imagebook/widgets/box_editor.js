// A box on a photograph: drawn, moved, resized or typed; three ways of writing it down.

import { area, clip, convert } from "./kit/boxes.js";
import { movableBox } from "./kit/box.js";
import { choice, row } from "./kit/controls.js";
import { draggable, position } from "./kit/drag.js";
import { attributes, element, format, svg } from "./kit/dom.js";
import { grouped } from "./kit/numbers.js";
import { decode, fileButton, pixelCanvas } from "./kit/pixels.js";
import { say } from "./kit/text.js";

const SIDE = 320;
// [height, width] of the library's photographs: their pixels are what counts, however small the copy on the page is.
const SHAPES = { coffee: [200, 300], cat: [148, 224], rocket: [212, 320] };
const FIELDS = {
  xyxy: ["x min", "y min", "x max", "y max"],
  xywh: ["x min", "y min", "width", "height"],
  cxcywh: ["x centre", "y centre", "width", "height"],
};

/** Return [height, width] of a photograph, pixels. */
export function shapeOf(photograph) {
  return SHAPES[photograph];
}

/**
 * Return {box} as it is when one number of a layout is replaced, cut off at the border of [height, width], and
 * whether that was needed, {cut}; null if no box has these numbers.
 */
export function edited(box, layout, index, value, shape) {
  const numbers = convert(box, "xyxy", layout);
  numbers[index] = value;
  const next = convert(numbers, layout, "xyxy").map((number) => Math.round(number * 1e6) / 1e6);
  if (!next.every(Number.isFinite) || next[2] < next[0] || next[3] < next[1]) return null;
  const inside = clip(next, shape);
  return { box: inside, cut: inside.some((number, i) => number !== next[i]) };
}

export const figure = {
  render(context, body) {
    let own = null; // a picture that the reader opened: it is no part of the state
    const shape = () => (own ? [own.height, own.width] : SHAPES[context.get("photograph")]);
    const size = () => [...shape()].reverse();
    const box = () => clip(context.get("box"), shape());
    const set = (next) => {
      context.notice("");
      context.set({ box: clip(next, shape()) });
    };

    const photograph = pixelCanvas({ height: 1, width: 1, label: "" });
    attributes(photograph.element, { role: null, "aria-label": null, "aria-hidden": "true" });
    const ground = svg("rect", { class: "box_editor-ground" });
    const middle = svg("path", { class: "box_editor-middle" });
    const axes = svg("path", { class: "box_editor-axes" });
    const movable = movableBox({ surface: ground, size, get: box, set, unit: 1, handle: 10, name: say("Box"), class: "box_editor-box" });
    const surface = svg("svg", { class: "box_editor-surface", role: "group" }, ground, axes, movable.element, middle, movable.handles);
    const labels = [0, 1].map(() => element("span", { class: "box_editor-label" }));
    const origin = element("span", { class: "box_editor-label box_editor-origin", text: say("(0, 0) x →") });
    const down = element("span", { class: "box_editor-label box_editor-down", text: say("y ↓") });
    const marks = element("div", { "aria-hidden": "true" }, origin, down, ...labels);
    const stage = element("div", { class: "box_editor-stage" }, photograph.element, surface, marks);
    letDraw(ground, { size, box, set });

    const groups = Object.entries(FIELDS).map(([layout, names]) => fieldGroup(context, layout, names, { box, shape }));
    const result = element("p", { class: "box_editor-result" });
    body.append(
      row(
        choice(context, "photograph", say("Picture"), { coffee: say("coffee"), cat: say("cat"), rocket: say("rocket") }),
        fileButton(context, (picture) => {
          own = picture;
          show();
        }, { side: SIDE }),
      ),
      stage,
      result,
      element("div", { class: "box_editor-groups" }, ...groups.map((group) => group.element)),
      element("p", { class: "ib-help", text: say("x counts from the left edge to the right, y from the top edge down. On a large photograph the numbers are large: from (275, 1271) to (2954, 2761) it is 2679 × 1490 = 3,991,710 square pixels.") }),
    );

    const update = () => {
      const [left, top, right, bottom] = box();
      const [width, height] = size();
      movable.update();
      const [x, y] = [(left + right) / 2, (top + bottom) / 2];
      middle.setAttribute("d", `M${x - 4} ${y}H${x + 4}M${x} ${y - 4}V${y + 4}`);
      for (const [label, px, py] of [[labels[0], left, top], [labels[1], right, bottom]]) {
        label.textContent = `(${format(px, 1)}, ${format(py, 1)})`;
        label.style.left = `${(100 * px) / width}%`;
        label.style.top = `${(100 * py) / height}%`;
      }
      // Where the outside has no room, a label moves to the inside.
      labels[0].style.transform = `translate(${left > width * 0.75 ? "-100%" : "0"}, ${top > 0.12 * height ? "-130%" : "40%"})`;
      labels[1].style.transform = `translate(${right < width * 0.25 ? "0" : "-100%"}, ${bottom < 0.88 * height ? "30%" : "-140%"})`;
      for (const group of groups) group.update();
      const values = { width: format(right - left), height: format(bottom - top), area: grouped(format(area(box()))) };
      result.textContent = area(box())
        ? say("{width} wide × {height} high = {area} square pixels: {share}% of the picture", { ...values, share: format((100 * area(box())) / (width * height), 1) })
        : say("{width} wide × {height} high: a box without area. Draw a new one.", values);
    };
    const show = async () => {
      const [height, width] = shape();
      surface.setAttribute("viewBox", `0 0 ${width} ${height}`);
      attributes(ground, { width, height });
      axes.setAttribute("d", `M${width} 0H0V${height}`);
      stage.style.aspectRatio = `${width} / ${height}`;
      surface.setAttribute("aria-label", own
        ? say("Your picture, {width} × {height} pixels, with a box", { width, height })
        : say("Photograph ({name}), {width} × {height} pixels, with a box", { name: say(context.get("photograph")), width, height }));
      update();
      const name = context.get("photograph");
      const picture = own ?? (await decode(context.tensors[name].jpeg.data, SIDE));
      if (own ? own !== picture : name !== context.get("photograph")) return; // another one was chosen meanwhile
      photograph.resize(picture.height, picture.width);
      photograph.draw(picture.data, { channels: 3 });
    };
    context.watch(["photograph"], () => {
      own = null;
      show();
    });
    context.watch(["box"], update);
  },
};

/** Let the reader drag a new box open where there is none. */
function letDraw(ground, { size, set }) {
  let from = null;
  ground.addEventListener("pointerdown", (event) => (from = position(event, ground, size())));
  draggable(ground, ground, {
    size,
    start: () => null,
    move: (dx, dy) => {
      if (Math.hypot(dx, dy) < 2) return; // a tap is no box
      const [x, y] = [from[0] + dx, from[1] + dy];
      set([Math.min(from[0], x), Math.min(from[1], y), Math.max(from[0], x), Math.max(from[1], y)].map(Math.round));
    },
    nudge: () => {},
  });
}

/** Return {element, update} of the four numbers of a layout, each a field. */
function fieldGroup(context, layout, names, { box, shape }) {
  const inputs = names.map((name, index) => {
    const change = () => {
      const next = input.value === "" ? null : edited(box(), layout, index, Number(input.value), shape());
      attributes(input, { "aria-invalid": next ? null : "true" });
      if (!next) return context.notice(say("This is no box: width and height must be numbers that are not negative."));
      context.notice(next.cut ? say("The part outside of the picture was cut off.") : "");
      context.set({ box: next.box });
      update(); // also where the box stays as it was
    };
    const input = element("input", { type: "number", step: "any", "aria-label": say("{layout}: {name}", { layout, name: say(name) }), on: { change } });
    return input;
  });
  const update = () => {
    for (const [index, number] of convert(box(), "xyxy", layout).entries()) {
      const text = String(Math.round(number * 100) / 100);
      if (inputs[index].value !== text) inputs[index].value = text;
      inputs[index].removeAttribute("aria-invalid");
    }
  };
  const cells = inputs.map((input, index) => element("label", { class: "box_editor-field" }, element("span", { text: say(names[index]) }), input));
  return { element: element("div", { class: "box_editor-group", role: "group", "aria-label": layout }, element("code", { text: layout }), ...cells), update };
}
