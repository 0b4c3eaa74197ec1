// A picture on the table of a photograph, laid there by its four corners, with a cup in front of it.

import { choice, presets, row, slider, toggle } from "./kit/controls.js";
import { clamp, draggable } from "./kit/drag.js";
import { element, format, svg } from "./kit/dom.js";
import { inverse } from "./kit/geometry.js";
import { matrixGrid } from "./kit/grid.js";
import { cross, homography } from "./kit/homography.js";
import { percent } from "./kit/numbers.js";
import { resize } from "./kit/resampling.js";
import { photographs, pictureSource } from "./kit/source.js";
import { say } from "./kit/text.js";

const SIZE = [256, 171];

export const figure = {
  render(context, body) {
    const canvas = element("canvas", { class: "augmented_reality-canvas", width: SIZE[0], height: SIZE[1], role: "img" });
    const surface = canvas.getContext("2d");
    const image = surface.createImageData(...SIZE);
    const { front, ...computed } = context.tensors.table;
    const seen = new Float32Array(3 * SIZE[0] * SIZE[1]);
    const result = element("p", { class: "augmented_reality-result" });
    const grid = matrixGrid({ label: say("Homography: from the picture's pixels to the photograph's"), digits: 4 });
    const handles = cornerHandles(context);
    let scene = null;
    let picture = null;
    let shrunk = null; // the picture as small as it is seen

    const draw = () => {
      const corners = context.get("corners");
      const matrix = picture && isConvex(corners) ? homography(rectangle(picture), corners) : null;
      result.textContent = picture ? describe(corners, matrix) : "";
      grid.element.hidden = !matrix;
      if (matrix) grid.update(matrix);
      if (!scene) return;
      if (matrix) {
        const size = seenSize(picture, corners);
        if (shrunk?.of !== picture || shrunk.height !== size[0] || shrunk.width !== size[1]) shrunk = { ...fitted(picture, size), of: picture };
        overlay(scene, shrunk, corners, context.get("occlusion") ? front.data : null, context.get("alpha"), seen);
      }
      const shown = matrix ? seen : scene.data;
      for (let from = 0, to = 0; to < image.data.length; from += 3, to += 4) {
        image.data[to] = 255 * shown[from];
        image.data[to + 1] = 255 * shown[from + 1];
        image.data[to + 2] = 255 * shown[from + 2];
        image.data[to + 3] = 255;
      }
      surface.putImageData(image, 0, 0);
      canvas.setAttribute("aria-label", say("A cup on a table. {result}", { result: result.textContent }));
    };

    const photograph = photographs(context);
    const table = (name) => computed[name] && { height: computed[name].shape[0], width: computed[name].shape[1], data: computed[name].data };
    const source = pictureSource(context, "picture_name", {
      make: (name) => table(name) ?? photograph(name),
      use: (found) => {
        picture = found;
        draw();
      },
    });
    photograph("coffee").then(
      (found) => {
        scene = found.width === SIZE[0] && found.height === SIZE[1] ? found : resize(found, [SIZE[1], SIZE[0]], { channels: 3 });
        draw();
      },
      (error) => context.notice(error.message),
    );
    body.append(
      element("div", { class: "augmented_reality-stage" }, canvas, handles.element),
      result,
      row(
        toggle(context, "occlusion", say("The cup stands in front")),
        slider(context, "alpha", say("Opacity"), { step: 0.05, show: (alpha) => percent(alpha, 0) }),
        presets(context, say("Corners"), {
          [say("a cloth on the table")]: { corners: [[30, 22], [222, 4], [252, 150], [6, 166]] },
          [say("a card under the saucer")]: { corners: [[150, 10], [244, 28], [232, 150], [120, 118]] },
          [say("a rectangle: no perspective")]: { corners: [[20, 15], [236, 15], [236, 159], [20, 159]] },
          [say("seen from behind: mirrored")]: { corners: [[222, 4], [30, 22], [6, 166], [252, 150]] },
          [say("sides that cross: no picture")]: { corners: [[30, 22], [252, 150], [222, 4], [6, 166]] },
        }),
      ),
      row(choice(context, "picture_name", say("Picture:"), { checkerboard: say("checkerboard"), letters: say("letters"), cat: say("cat") }), source),
      element("div", {}, grid.element),
    );
    context.watch(["corners"], handles.update);
    context.watch(["corners", "occlusion", "alpha"], draw);
  },
};

function describe(corners, matrix) {
  if (!matrix) return say("No camera sees a flat picture with such corners: sides cross, a corner points inwards, or three corners lie on a line.");
  const [top, right, bottom, left] = corners.map((corner, index) => Math.hypot(corners[(index + 1) % 4][0] - corner[0], corners[(index + 1) % 4][1] - corner[1]));
  const values = { top: format(top, 0), right: format(right, 0), bottom: format(bottom, 0), left: format(left, 0) };
  const sides = say("Sides, in pixels: top {top}, right {right}, bottom {bottom}, left {left}.", values);
  const isAffine = Math.abs(matrix[2][0]) < 1e-9 && Math.abs(matrix[2][1]) < 1e-9;
  const view = isAffine
    ? say("Opposite sides are parallel: no perspective, and the last row of the matrix is 0, 0, 1.")
    : say("What is farther away looks smaller.");
  return cross(corners[0], corners[1], corners[2]) > 0 ? `${sides} ${view}` : `${sides} ${view} ${say("The picture is seen from behind, mirrored.")}`;
}

/** Return {element, update} of the outline and its corners, which the reader moves. */
function cornerHandles(context) {
  const names = [say("top left corner"), say("top right corner"), say("bottom right corner"), say("bottom left corner")];
  const surface = svg("svg", { class: "augmented_reality-handles", viewBox: `0 0 ${SIZE[0]} ${SIZE[1]}`, role: "group", "aria-label": say("The picture's corners") });
  const whole = svg("polygon", { class: "augmented_reality-face", tabindex: 0, role: "button", "aria-label": say("The whole picture. Arrow keys move it.") });
  const tidy = (value) => Math.round(10 * value) / 10;
  const shift = (corners, dx, dy) => {
    const room = [0, 1].map((axis) => [-Math.min(...corners.map((c) => c[axis])), SIZE[axis] - Math.max(...corners.map((c) => c[axis]))]);
    // Corners that a link put outside of the photograph come back first.
    const step = [dx, dy].map((way, axis) => clamp(way, Math.min(...room[axis]), Math.max(...room[axis])));
    context.set({ corners: corners.map((corner) => corner.map((value, axis) => tidy(clamp(value + step[axis], 0, SIZE[axis])))) });
  };
  const size = () => SIZE;
  draggable(whole, surface, {
    size,
    start: () => context.get("corners"),
    move: (dx, dy, corners) => shift(corners, dx, dy),
    nudge: (dx, dy) => shift(context.get("corners"), dx, dy),
  });
  const spots = names.map((name, index) => {
    const spot = svg("circle", { class: "augmented_reality-corner", r: 4, tabindex: 0, role: "button" });
    const put = ([x, y]) => {
      const corners = context.get("corners").map((corner) => [...corner]);
      corners[index] = [tidy(clamp(x, 0, SIZE[0])), tidy(clamp(y, 0, SIZE[1]))];
      context.set({ corners });
    };
    draggable(spot, surface, {
      size,
      start: () => context.get("corners")[index],
      move: (dx, dy, [x, y]) => put([x + dx, y + dy]),
      nudge: (dx, dy) => put([context.get("corners")[index][0] + dx, context.get("corners")[index][1] + dy]),
    });
    return spot;
  });
  surface.append(whole, ...spots);
  const update = () => {
    const corners = context.get("corners");
    whole.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
    for (const [index, [x, y]] of corners.entries()) {
      spots[index].setAttribute("cx", Math.min(x, SIZE[0]));
      spots[index].setAttribute("cy", Math.min(y, SIZE[1]));
      spots[index].setAttribute("aria-label", say("{name}: {x} across, {y} down. Arrow keys move it.", { name: names[index], x: format(x), y: format(y) }));
    }
  };
  return { element: surface, update };
}

/** Return whether four corners go round once, all turning the same way, as imagebook.augmented_reality asks. */
export function isConvex(corners) {
  const sides = corners.map(([x, y], index) => [corners[(index + 1) % 4][0] - x, corners[(index + 1) % 4][1] - y]);
  const longest = Math.max(...sides.map(([x, y]) => Math.hypot(x, y)));
  if (!(longest > 1e-9)) return false;
  const turns = sides.map(([x, y], index) => {
    const [fromX, fromY] = sides[(index + 3) % 4];
    return (fromX * y - fromY * x) / longest ** 2;
  });
  return turns.every((turn) => turn > 1e-6) || turns.every((turn) => turn < -1e-6);
}

/** Return the [height, width] in which a picture is seen, at most its own: larger it would skip pixels. */
export function seenSize({ height, width }, corners) {
  const [top, right, bottom, left] = corners.map(([x, y], index) => Math.hypot(corners[(index + 1) % 4][0] - x, corners[(index + 1) % 4][1] - y));
  return [Math.min(height, Math.ceil(Math.max(left, right))), Math.min(width, Math.ceil(Math.max(top, bottom)))];
}

function fitted(picture, [height, width]) {
  return picture.height === height && picture.width === width ? picture : resize(picture, [height, width], { channels: 3 });
}

function rectangle({ height, width }) {
  return [[0, 0], [width, 0], [width, height], [0, height]];
}

/**
 * Write into `output` an image with a picture over it, both RGB, as imagebook.augmented_reality.overlay: (1 − w) image +
 * w picture, where w = alpha × coverage × (1 − mask). The corners must be convex; `mask` may be null.
 */
export function overlay({ height, width, data }, picture, corners, mask, alpha, output) {
  output.set(data);
  const back = inverse(homography(rectangle(picture), corners) ?? [[0, 0, 0], [0, 0, 0], [0, 0, 0]]);
  if (!back) return output;
  const [[a, b, c], [d, e, f], [g, h, i]] = back;
  const inwards = Math.sign(cross(corners[0], corners[1], corners[2]));
  // Distances from the four sides, inwards: n x + m y + k.
  const lines = corners.map(([x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % 4];
    const length = inwards * Math.hypot(nextX - x, nextY - y);
    const [n, m] = [-(nextY - y) / length, (nextX - x) / length];
    return [n, m, -n * x - m * y];
  });
  const [[tn, tm, tk], [rn, rm, rk], [bn, bm, bk], [ln, lm, lk]] = lines;
  const { height: rows, width: columns, data: pixels } = picture;
  for (let row = 0; row < height; row++) {
    const y = row + 0.5;
    for (let column = 0; column < width; column++) {
      const x = column + 0.5;
      const level = share(tn * x + tm * y + tk) + share(bn * x + bm * y + bk) - 1;
      if (level <= 0) continue;
      const upright = share(ln * x + lm * y + lk) + share(rn * x + rm * y + rk) - 1;
      if (upright <= 0) continue;
      const place = row * width + column;
      const depth = g * x + h * y + i;
      if (depth <= 0) continue;
      const u = (a * x + b * y + c) / depth - 0.5;
      const v = (d * x + e * y + f) / depth - 0.5;
      // The colours of the border go on for four pixels and fade within the fifth.
      const known = within(u, columns) * within(v, rows);
      const weight = alpha * level * upright * known * (mask ? 1 - mask[place] : 1);
      if (weight <= 0) continue;
      const inside = u < 0 ? 0 : u > columns - 1 ? columns - 1 : u;
      const down = v < 0 ? 0 : v > rows - 1 ? rows - 1 : v;
      const [left, top] = [Math.floor(inside), Math.floor(down)];
      const right = left + 1 < columns ? 3 : 0;
      const below = top + 1 < rows ? 3 * columns : 0;
      const [across, deep] = [inside - left, down - top];
      const at = 3 * (top * columns + left);
      for (let channel = 0; channel < 3; channel++) {
        const corner = at + channel;
        const upper = pixels[corner] + across * (pixels[corner + right] - pixels[corner]);
        const lower = pixels[corner + below] + across * (pixels[corner + below + right] - pixels[corner + below]);
        const to = 3 * place + channel;
        output[to] = (1 - weight) * data[to] + weight * (upper + deep * (lower - upper));
      }
    }
  }
  return output;
}

function share(distance) {
  return distance >= 0.5 ? 1 : distance <= -0.5 ? 0 : 0.5 + distance;
}

function within(place, length) {
  const room = Math.min(place + 5, length + 4 - place);
  return room >= 1 ? 1 : room <= 0 ? 0 : room;
}
