// A box on an SVG surface that the reader moves and resizes by mouse, touch and keys.

import { format, svg } from "./dom.js";
import { clamp, draggable } from "./drag.js";
import { say } from "./text.js";

const CORNERS = [
  ["left", "top"],
  ["right", "top"],
  ["right", "bottom"],
  ["left", "bottom"],
];

/**
 * Return {element, handles, update} of a box on an SVG surface whose own coordinates go from 0 to `size()`. `element`
 * is the box's face, `handles` its corners: append all faces first, so that no face covers another box's corner.
 *   get(), set(box)   [x_min, y_min, x_max, y_max]
 *   unit              what an arrow key moves, and to what places are rounded
 *   handle            how large the corners' handles are, in the surface's coordinates
 *   name              what the box is called
 */
export function movableBox({ surface, size, get, set, unit, handle, name, class: className }) {
  const tidy = (value) => Math.round(Math.round(value / unit) * unit * 1e6) / 1e6;
  const face = svg("rect", { class: "ib-box-face", tabindex: 0, role: "button" });
  const whole = ([left, top, right, bottom], dx, dy) => {
    const [width, height] = size();
    const x = clamp(dx, -left, width - right);
    const y = clamp(dy, -top, height - bottom);
    set([left + x, top + y, right + x, bottom + y].map(tidy));
  };
  draggable(face, surface, {
    size,
    start: get,
    move: (dx, dy, box) => whole(box, dx, dy),
    nudge: (dx, dy) => whole(get(), dx * unit, dy * unit),
  });
  const corners = CORNERS.map(([side, end], index) => {
    const spot = svg("rect", { class: "ib-box-corner", tabindex: 0, role: "button", width: handle, height: handle });
    const resize = (box, dx, dy) => {
      const [width, height] = size();
      const next = [...box];
      const [i, j] = [side === "left" ? 0 : 2, end === "top" ? 1 : 3];
      // A box without width at the border cannot get narrower: the border wins.
      next[i] = tidy(i === 0 ? clamp(box[0] + dx, 0, Math.max(0, box[2] - unit)) : clamp(box[2] + dx, box[0] + unit, width));
      next[j] = tidy(j === 1 ? clamp(box[1] + dy, 0, Math.max(0, box[3] - unit)) : clamp(box[3] + dy, box[1] + unit, height));
      set(next);
    };
    draggable(spot, surface, {
      size,
      start: get,
      move: (dx, dy, box) => resize(box, dx, dy),
      nudge: (dx, dy) => resize(get(), dx * unit, dy * unit),
    });
    return spot;
  });
  const update = () => {
    const [left, top, right, bottom] = get();
    const place = { x: left, y: top, width: right - left, height: bottom - top };
    for (const [key, value] of Object.entries(place)) face.setAttribute(key, value);
    const text = say("{name}: left {left}, top {top}, right {right}, bottom {bottom}", {
      name, left: format(left), top: format(top), right: format(right), bottom: format(bottom),
    });
    face.setAttribute("aria-label", say("{text}. Arrow keys move it.", { text }));
    for (const [index, [side, end]] of CORNERS.entries()) {
      corners[index].setAttribute("x", (side === "left" ? left : right) - handle / 2);
      corners[index].setAttribute("y", (end === "top" ? top : bottom) - handle / 2);
      corners[index].setAttribute("aria-label", say("{name}: {side} {end} corner. Arrow keys move it.", { name, side: say(side), end: say(end) }));
    }
  };
  return { element: svg("g", { class: className }, face), handles: svg("g", { class: className }, ...corners), update };
}
