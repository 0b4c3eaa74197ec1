// Keypoints of a flower: placed and scored, or laid onto those of another flower (Procrustes alignment).

import { choice, presets, row, slider, toggle } from "./kit/controls.js";
import { attributes, element, format, svg } from "./kit/dom.js";
import { clamp, draggable } from "./kit/drag.js";
import { about, product, rotation, scaling, transformPoint } from "./kit/geometry.js";
import { say } from "./kit/text.js";

const SIDE = 200;
const NAMES = ["centre", "top petal", "right petal", "left petal", "leaf", "foot"];
const EDGES = [[0, 1], [0, 2], [0, 3], [0, 5], [5, 4]];
const WATCHED = ["task", "points", "visible", "threshold", "show", "turn", "size", "mirrored", "reflection", "amount"];

/** Return what is known of the flower: {points, sigmas, area, reference}, pixels. */
export function flower() {
  return {
    points: [[100, 66], [100, 20], [144, 52], [56, 52], [152, 126], [96, 186]],
    sigmas: [0.03, 0.04, 0.04, 0.04, 0.05, 0.06],
    area: 5500,
    reference: 166,
  };
}

/**
 * Return {errors, similarities, mean, pck, oks} of points against the truth; the last three, over the points that
 * count, are null if none does. As in imagebook.keypoints.
 */
export function measure(points, truth, visible, { reference, threshold, area, sigmas }) {
  const errors = points.map(([x, y], i) => Math.hypot(x - truth[i][0], y - truth[i][1]));
  const similarities = errors.map((error, i) => Math.exp(-0.5 * (error / (Math.sqrt(area) * 2 * sigmas[i])) ** 2));
  const mean = (values) => {
    const counted = values.filter((_, i) => visible[i]);
    return counted.length ? counted.reduce((a, b) => a + b, 0) / counted.length : null;
  };
  return { errors, similarities, mean: mean(errors), pck: mean(errors.map((error) => Number(error <= threshold * reference))), oks: mean(similarities) };
}

/**
 * Return {matrix, residual, turnedOver} of the similarity transform that lays `source` onto `target` best, or null if
 * none is better than the others. In the plane points are complex numbers: with means taken off, the best factor
 * is the sum of conj(z) w over that of |z|², and that of w against conj(z) where the shape is turned over.
 */
export function align(source, target, reflection) {
  if (isOnePlace(source) || isOnePlace(target)) return null;
  const [from, to] = [meanOf(source), meanOf(target)];
  let [re, im, overRe, overIm, size, wanted] = [0, 0, 0, 0, 0, 0];
  for (const [i, [sx, sy]] of source.entries()) {
    const [x, y, u, v] = [sx - from[0], sy - from[1], target[i][0] - to[0], target[i][1] - to[1]];
    re += x * u + y * v;
    im += x * v - y * u;
    overRe += x * u - y * v;
    overIm += x * v + y * u;
    size += x * x + y * y;
    wanted += u * u + v * v;
  }
  const turnedOver = reflection && Math.hypot(overRe, overIm) > Math.hypot(re, im);
  const [p, q] = turnedOver ? [overRe / size, overIm / size] : [re / size, im / size];
  if ((p * p + q * q) * size <= 1e-12 * wanted) return null;
  const [a, b, c, d] = turnedOver ? [p, q, q, -p] : [p, -q, q, p];
  const matrix = [[a, b, to[0] - a * from[0] - b * from[1]], [c, d, to[1] - c * from[0] - d * from[1]], [0, 0, 1]];
  const squares = source.map((point, i) => {
    const [x, y] = transformPoint(point, matrix);
    return (x - target[i][0]) ** 2 + (y - target[i][1]) ** 2;
  });
  return { matrix, residual: Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / squares.length), turnedOver };
}

/** Return {degrees, scale} of an alignment: counter-clockwise as seen, after turning left and right over if it does so. */
export function parts({ matrix: [[a], [c]], turnedOver }) {
  const [x, y] = turnedOver ? [-a, -c] : [a, c];
  return { degrees: (Math.atan2(-y, x) * 180) / Math.PI, scale: Math.hypot(x, y) };
}

/** Return the matrix that takes the flower to the other one. */
export function otherFlower(turn, size, mirrored) {
  return about(product(rotation(turn), scaling(size, mirrored ? -size : size)), [SIDE / 2, SIDE / 2]);
}

/** Return the matrix at a part of the way, from 0 to 1: about the shapes' means it turns and grows, or flattens to turn over. */
export function partly(aligned, mean, amount) {
  const { degrees, scale } = parts(aligned);
  const [x, y] = transformPoint(mean, aligned.matrix);
  const blend = (from, to) => from + amount * (to - from);
  const turned = product(rotation(amount * degrees), scaling(scale ** amount), scaling(1, aligned.turnedOver ? blend(1, -1) : 1));
  const [dx, dy] = transformPoint(mean, turned);
  return [[turned[0][0], turned[0][1], blend(mean[0], x) - dx], [turned[1][0], turned[1][1], blend(mean[1], y) - dy], [0, 0, 1]];
}

export const figure = {
  render(context, body) {
    const { points: truth, ...known } = flower();
    const sheet = svg("rect", { width: SIDE, height: SIDE, class: "keypoint_editor-sheet" });
    const drawn = svg("g", {}, ...flowerShapes());
    const rings = truth.map(() => svg("circle", { class: "keypoint_editor-ring" }));
    const gaps = truth.map(() => svg("line", { class: "keypoint_editor-gap" }));
    const crosses = svg("path", { class: "keypoint_editor-truth" });
    const bones = svg("path", { class: "keypoint_editor-bones" });
    const moved = svg("path", { class: "keypoint_editor-moved" });
    const spots = truth.map((_, index) => spotOf(context, sheet, index));
    const surface = svg(
      "svg",
      { class: "keypoint_editor-surface", viewBox: `-2 -2 ${SIDE + 4} ${SIDE + 4}`, role: "group", "aria-label": say("A flower with six points") },
      sheet, drawn, ...rings, ...gaps, crosses, bones, moved, ...spots.map((spot) => spot.element),
    );
    const result = element("p", { class: "keypoint_editor-result" });
    const table = scoreTable(context);
    const scores = element(
      "div",
      { class: "keypoint_editor-side" },
      row(toggle(context, "show", say("Show the annotation")), slider(context, "threshold", say("Correct within"), { step: 0.01, show: (value) => say("{share} × {height} = {pixels} px", { share: format(value), height: known.reference, pixels: format(value * known.reference, 1) }) })),
      table.element,
    );
    const laying = element(
      "div",
      { class: "keypoint_editor-side" },
      slider(context, "amount", say("Lay your points on"), { step: 0.01, show: (value) => `${Math.round(100 * value)}%` }),
      toggle(context, "reflection", say("May turn the shape over")),
      slider(context, "turn", say("Other flower: turned"), { step: 1, show: (value) => `${format(value)}°` }),
      slider(context, "size", say("Other flower: size"), { step: 0.01 }),
      toggle(context, "mirrored", say("Other flower: mirrored")),
    );
    const side = element("div", { class: "keypoint_editor-right" }, scores, laying, result);
    body.append(
      row(
        choice(context, "task", say("Task"), { measure: say("measure"), align: say("align") }),
        presets(context, say("Your points"), examples(truth)),
      ),
      element("div", { class: "keypoint_editor-both" }, surface, side),
    );

    context.watch(WATCHED, () => {
      const points = context.get("points");
      const isMeasured = context.get("task") === "measure";
      scores.hidden = !isMeasured;
      laying.hidden = isMeasured;
      for (const spot of spots) spot.update();
      if (isMeasured) showScores(points);
      else showAlignment(points);
    });

    function showScores(points) {
      const show = context.get("show");
      const visible = context.get("visible");
      const found = measure(points, truth, visible, { ...known, threshold: context.get("threshold") });
      const reach = context.get("threshold") * known.reference;
      drawn.removeAttribute("transform");
      drawTruth(show ? truth : [], points, reach, visible);
      attributes(bones, { d: "" });
      attributes(moved, { d: "" });
      table.update(found, reach, show);
      result.textContent = !show
        ? say("Place the points as well as you can, then show the annotation.")
        : found.mean === null
          ? say("No point counts, so there is nothing to score.")
          : say("Mean error {mean} px; correct keypoints (PCK) {pck}%; object keypoint similarity (OKS) {oks}", { mean: format(found.mean), pck: format(100 * found.pck, 1), oks: format(found.oks, 3) });
    }

    function showAlignment(points) {
      const matrix = otherFlower(context.get("turn"), context.get("size"), context.get("mirrored"));
      const target = truth.map((point) => transformPoint(point, matrix));
      const aligned = align(points, target, context.get("reflection"));
      const [[a, b, x], [c, d, y]] = matrix;
      drawn.setAttribute("transform", `matrix(${a} ${c} ${b} ${d} ${x} ${y})`);
      const way = aligned && partly(aligned, meanOf(points), context.get("amount"));
      const onTheWay = way ? points.map((point) => transformPoint(point, way)) : points;
      drawTruth(target, onTheWay, 0, [1, 1, 1, 1, 1, 1]);
      attributes(bones, { d: skeleton(points) });
      attributes(moved, { d: skeleton(onTheWay) });
      if (!aligned) {
        result.textContent = say("No rotation lays these points on better than the others. Move a point, or allow turning over.");
        return;
      }
      const { degrees, scale } = parts(aligned);
      const values = { degrees: format(Math.abs(degrees), 1), sense: say(degrees < 0 ? "clockwise" : "counter-clockwise"), scale: format(scale, 3), dx: format(aligned.matrix[0][2], 1), dy: format(aligned.matrix[1][2], 1), residual: format(aligned.residual) };
      result.textContent = aligned.turnedOver
        ? say("Best fit: turn over left and right, rotate by {degrees}° {sense}, scale by {scale}, move by ({dx}, {dy}). What is left (residual): {residual} px", values)
        : say("Best fit: rotate by {degrees}° {sense}, scale by {scale}, move by ({dx}, {dy}). What is left (residual): {residual} px", values);
    }

    /** Draw crosses at the true points, with the gaps to the others and rings of a radius. */
    function drawTruth(wanted, points, radius, visible) {
      crosses.setAttribute("d", wanted.map(([x, y]) => `M${x - 3} ${y - 3}l6 6m0 -6l-6 6`).join(""));
      for (const [i, gap] of gaps.entries()) {
        const isShown = wanted.length > 0 && visible[i];
        gap.style.display = rings[i].style.display = isShown ? "" : "none";
        if (!isShown) continue;
        attributes(gap, { x1: wanted[i][0], y1: wanted[i][1], x2: points[i][0], y2: points[i][1] });
        attributes(rings[i], { cx: wanted[i][0], cy: wanted[i][1], r: radius });
      }
    }
  },
};

/** Return {element, update} of a point that the reader moves. */
function spotOf(context, sheet, index) {
  const get = () => context.get("points")[index];
  const set = (x, y) => {
    const place = [x, y].map((value) => Math.round(10 * clamp(value, 0, SIDE)) / 10);
    context.set({ points: context.get("points").map((point, i) => (i === index ? place : point)) });
  };
  const dot = svg("circle", { class: "keypoint_editor-dot", r: 4, tabindex: 0, role: "button" });
  const number = svg("text", { class: "keypoint_editor-number", "aria-hidden": "true", text: index + 1 });
  draggable(dot, sheet, {
    size: () => [SIDE, SIDE],
    start: get,
    move: (dx, dy, [x, y]) => set(x + dx, y + dy),
    nudge: (dx, dy) => set(get()[0] + dx, get()[1] + dy),
  });
  const update = () => {
    const [x, y] = get();
    attributes(dot, { cx: x, cy: y, "aria-label": say("{number}, {name}: x {x}, y {y}. Arrow keys move it.", { number: index + 1, name: say(NAMES[index]), x: format(x, 1), y: format(y, 1) }) });
    // At the right and top edges the number goes to the other side.
    attributes(number, { x: x > SIDE - 14 ? x - 12 : x + 6, y: y < 12 ? y + 11 : y - 5 });
  };
  return { element: svg("g", {}, dot, number), update };
}

/** Return {element, update} of the table of the points' errors; a check box says whether a point counts. */
function scoreTable(context) {
  const heads = [say("Point"), say("Error"), say("Correct"), say("OKS"), say("Counts")].map((text) => element("th", { scope: "col", text }));
  const lines = NAMES.map((name, index) => {
    const change = () => context.set({ visible: context.get("visible").map((value, i) => (i === index ? Number(box.checked) : value)) });
    const box = element("input", { type: "checkbox", "aria-label": say("{name} counts", { name: say(name) }), on: { change } });
    const cells = [element("td"), element("td"), element("td")];
    return { box, cells, row: element("tr", {}, element("th", { scope: "row", text: `${index + 1} ${say(name)}` }), ...cells, element("td", { class: "ib-control" }, box)) };
  });
  const table = element("table", { class: "keypoint_editor-table" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines.map((line) => line.row)));
  const update = ({ errors, similarities }, reach, show) => {
    for (const [i, { box, cells }] of lines.entries()) {
      const counts = Boolean(context.get("visible")[i]);
      box.checked = counts;
      const texts = show && counts ? [say("{error} px", { error: format(errors[i], 1) }), errors[i] <= reach ? say("✓ yes") : say("✗ no"), format(similarities[i], 2)] : ["–", "–", "–"];
      for (const [column, text] of texts.entries()) if (cells[column].textContent !== text) cells[column].textContent = text;
    }
  };
  return { element: element("div", { class: "ib-scroll", tabindex: 0, role: "group", "aria-label": say("Errors of the points") }, table), update };
}

function examples(truth) {
  return {
    [say("in a row, to be placed")]: { points: truth.map((_, i) => [25 + 30 * i, 194]), show: false, task: "measure" },
    [say("all on the spot")]: { points: truth },
    [say("left and right mixed up")]: { points: [0, 1, 3, 2, 4, 5].map((i) => truth[i]) },
    [say("all 10 pixels too far right")]: { points: truth.map(([x, y]) => [x + 10, y]) },
    [say("mirrored")]: { points: truth.map(([x, y]) => [SIDE - x, y]) },
  };
}

function flowerShapes() {
  const petals = [0, 72, 144, 216, 288].map((angle) => svg("ellipse", { class: "keypoint_editor-petal", cx: 100, cy: 42, rx: 14, ry: 22, transform: `rotate(${angle} 100 66)` }));
  return [
    svg("path", { class: "keypoint_editor-stem", d: "M100 76Q110 130 96 186" }),
    svg("path", { class: "keypoint_editor-leaf", d: "M104 154Q114 120 152 126Q142 156 104 154" }),
    ...petals,
    svg("circle", { class: "keypoint_editor-centre", cx: 100, cy: 66, r: 11 }),
  ];
}

const skeleton = (points) => EDGES.map(([i, j]) => `M${points[i][0]} ${points[i][1]}L${points[j][0]} ${points[j][1]}`).join("");

const meanOf = (points) => [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);

// As the library: points in one place have no shape.
function isOnePlace(points) {
  const flat = points.flat().map(Math.abs);
  const extents = [0, 1].map((axis) => Math.max(...points.map((point) => point[axis])) - Math.min(...points.map((point) => point[axis])));
  return Math.max(...extents) <= 1e-12 * Math.max(1, ...flat);
}
