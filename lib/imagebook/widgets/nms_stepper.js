// Non-maximum suppression: take the best box, strike out what overlaps it too much, repeat.

import { suppressionRounds } from "./kit/boxes.js";
import { movableBox } from "./kit/box.js";
import { presets, row, slider } from "./kit/controls.js";
import { attributes, element, format, svg } from "./kit/dom.js";
import { stepper } from "./kit/steps.js";
import { say } from "./kit/text.js";

const SIZE = [120, 80];
const MOST = 12;
const letter = (index) => "ABCDEFGHIJKL"[index];

/** Return the number of the first row that is no box on the sheet with a score from 0 to 1, from 1 on; 0 if there is none. */
export function firstWrong(rows) {
  const isRight = ([left, top, right, bottom, score]) => left <= right && right <= SIZE[0] && top <= bottom && bottom <= SIZE[1] && score <= 1;
  return rows.findIndex((row) => !isRight(row)) + 1;
}

/**
 * Return what each of `count` boxes is after a number of steps, {kind, by, iou}: "waiting", "kept", "best" (the one
 * just taken) or "struck" by another one. Every round takes two steps: take the best, strike out. `iou` is that with
 * the box taken last, or with the one that struck it out; null if they were never compared.
 */
export function statusAt(rounds, count, step) {
  const all = Array.from({ length: count }, () => ({ kind: "waiting", by: null, iou: null }));
  for (const [index, { best, overlaps, struck }] of rounds.entries()) {
    if (step < 2 * index + 1) break;
    for (const other of all) if (other.kind !== "struck") other.iou = null;
    const isNow = step <= 2 * index + 2;
    all[best] = { kind: isNow ? "best" : "kept", by: null, iou: null };
    for (const { index: other, iou } of overlaps) all[other].iou = iou;
    if (step >= 2 * index + 2) for (const other of struck) Object.assign(all[other], { kind: "struck", by: best });
  }
  return all;
}

export const figure = {
  render(context, body) {
    const count = () => context.get("detections").length;
    const boxes = () => context.get("detections").map((row) => row.slice(0, 4));
    const rounds = () => suppressionRounds(boxes(), context.get("detections").map((row) => row[4]), context.get("threshold"));
    let now = firstWrong(context.get("detections")) ? [] : rounds();
    const last = () => 2 * now.length;

    const sheet = svg("rect", { class: "nms_stepper-sheet", width: SIZE[0], height: SIZE[1] });
    const marks = Array.from({ length: MOST }, (_, index) => markOf(context, sheet, index));
    const shapes = [
      svg("circle", { cx: 27, cy: 38, r: 16 }),
      svg("path", { d: "M70 60H102L86 18Z" }),
      svg("rect", { x: 58, y: 28, width: 28, height: 34 }),
    ];
    const surface = svg(
      "svg",
      { class: "nms_stepper-surface", viewBox: `-1 -1 ${SIZE[0] + 2} ${SIZE[1] + 2}`, role: "group", "aria-label": say("Boxes with scores round three shapes") },
      sheet,
      svg("g", { class: "nms_stepper-shapes" }, ...shapes),
      ...marks.map((mark) => mark.element),
      svg("g", { class: "nms_stepper-names", "aria-hidden": "true" }, ...marks.map((mark) => mark.name)),
    );
    const told = element("p", { class: "nms_stepper-told", role: "status" });
    const steps = stepper(context, "step", say("Step"), last, { pause: 1200 });
    const table = scoreTable();
    body.append(
      row(slider(context, "threshold", say("Threshold for IoU"), { step: 0.01 }), presets(context, say("Example"), examples())),
      row(steps.element),
      element("div", { class: "nms_stepper-both" }, element("div", { class: "nms_stepper-left" }, surface, told), table.element),
    );

    context.watch(["detections", "threshold", "step"], () => {
      const rows = context.get("detections");
      const wrong = firstWrong(rows);
      now = wrong ? [] : rounds();
      steps.update();
      surface.style.display = wrong ? "none" : "";
      table.element.hidden = Boolean(wrong);
      if (wrong) {
        told.textContent = say("Box {number} is not on the sheet, ends before it begins, or has a score above 1. Choose an example or start again.", { number: wrong });
        return;
      }
      const step = Math.min(context.get("step"), last());
      const status = statusAt(now, count(), step);
      for (const [index, mark] of marks.entries()) mark.update(status[index]);
      const text = tell(now, rows, step, context.get("threshold"));
      if (told.textContent !== text) told.textContent = text;
      const best = step ? now[Math.ceil(step / 2) - 1].best : null;
      table.update(rows, status, best);
    });
  },
};

/** Return {element, name, update} of a box that can be moved. */
function markOf(context, sheet, index) {
  const get = () => context.get("detections")[index].slice(0, 4);
  const movable = movableBox({
    surface: sheet,
    size: () => SIZE,
    get,
    set: (box) => context.set({ detections: context.get("detections").map((row, i) => (i === index ? [...box, row[4]] : row)) }),
    unit: 1,
    handle: 0,
    name: say("Box {letter}", { letter: letter(index) }),
    class: "",
  });
  const name = svg("text");
  const update = (status) => {
    for (const part of [movable.element, name]) {
      part.style.display = status ? "" : "none";
      part.setAttribute("class", `nms_stepper-${status?.kind ?? "none"}`);
    }
    if (!status) return;
    movable.update();
    const [left, top, right, bottom] = get();
    // Each name in another corner: boxes round one object have nearly the same corners.
    const [isRight, isLow] = [index % 2 === 1, index % 4 > 1];
    attributes(name, { x: isRight ? right - 0.8 : left + 0.8, y: isLow ? bottom - 1 : top + 4, "text-anchor": isRight ? "end" : "start" });
    name.textContent = letter(index) + ({ best: "✓", kept: "✓", struck: "✗" }[status.kind] ?? "");
  };
  return { element: movable.element, name, update };
}

/** Return {element, update} of the table of boxes by falling score. */
function scoreTable() {
  const lines = Array.from({ length: MOST }, () => {
    const cells = [element("th", { scope: "row" }), element("td"), element("td"), element("td")];
    return { cells, row: element("tr", {}, ...cells) };
  });
  const heads = [say("Box"), say("Score"), "", say("Decision")].map((text) => element("th", { scope: "col", text }));
  const head = element("tr", {}, ...heads);
  const table = element("table", { class: "nms_stepper-table" }, element("caption", { text: say("By falling score") }), element("thead", {}, head), element("tbody", {}, ...lines.map(({ row }) => row)));
  const update = (rows, status, best) => {
    heads[2].textContent = best === null ? say("IoU") : say("IoU with {letter}", { letter: letter(best) });
    const order = rows.map((_, index) => index).sort((i, j) => rows[j][4] - rows[i][4]);
    for (const [place, { cells, row }] of lines.entries()) {
      row.hidden = place >= order.length;
      if (row.hidden) continue;
      const index = order[place];
      const { kind, by, iou } = status[index];
      row.className = `nms_stepper-${kind}`;
      const texts = [
        letter(index),
        format(rows[index][4], 3),
        iou === null || (by !== null && by !== best) ? "" : format(iou, 3),
        kind === "struck" ? say(by === best ? "✗ struck out" : "✗ struck by {letter}", { letter: letter(by) }) : say({ waiting: "waits", best: "✓ kept now", kept: "✓ kept" }[kind]),
      ];
      for (const [column, text] of texts.entries()) if (cells[column].textContent !== text) cells[column].textContent = text;
    }
  };
  return { element: element("div", { class: "ib-scroll", tabindex: 0, role: "group", "aria-label": say("Boxes by falling score") }, table), update };
}

/** Return what happens in a step, as a sentence or two. */
function tell(rounds, rows, step, threshold) {
  if (step === 0) return say("{count} boxes wait. Which one is kept first?", { count: rows.length });
  const index = Math.ceil(step / 2) - 1;
  const { best, overlaps, struck } = rounds[index];
  const values = {
    best: letter(best),
    score: format(rows[best][4], 3),
    threshold: format(threshold),
    struck: struck.map(letter).join(", "),
    kept: rounds.slice(0, index + 1).map((round) => letter(round.best)).join(", "),
  };
  if (step % 2 === 1) return say("Keep {best}: of the boxes that wait, its score {score} is the highest. Which ones overlap it too much?", values);
  if (index + 1 === rounds.length) {
    const end = say("Nothing waits any more. Kept: {kept}.", values);
    return struck.length ? `${say("Strike out {struck}: their IoU with {best} is above {threshold}.", values)} ${end}` : end;
  }
  if (struck.length) return say("Strike out {struck}: their IoU with {best} is above {threshold}.", values);
  return overlaps.length ? say("No box that waits has an IoU with {best} above {threshold}.", values) : "";
}

/** Return what a detector might answer to the three shapes: what the figure starts with. */
export function detections() {
  return [
    [11, 22, 43, 54, 0.95], [58, 28, 86, 62, 0.91], [70, 18, 102, 60, 0.85], [14, 19, 46, 52, 0.88], [56, 31, 84, 65, 0.67],
    [73, 20, 105, 63, 0.55], [8, 25, 41, 58, 0.74], [60, 25, 89, 60, 0.8], [67, 15, 100, 58, 0.7], [17, 28, 41, 50, 0.38],
  ];
}

function examples() {
  const start = detections();
  const chain = [[10, 20, 40, 60, 0.9], [22, 20, 52, 60, 0.8], [34, 20, 64, 60, 0.7]];
  return {
    [say("three shapes, ten boxes")]: { detections: start, threshold: 0.5, step: 0 },
    [say("threshold too low: a neighbour is lost")]: { detections: start, threshold: 0.2, step: 6 },
    [say("threshold too high: doubles stay")]: { detections: start, threshold: 0.75, step: 24 },
    [say("a chain: the first saves the third")]: { detections: chain, threshold: 0.4, step: 0 },
    [say("equal scores: the first in the list wins")]: { detections: chain.map((row) => [...row.slice(0, 4), 0.8]), threshold: 0.4, step: 0 },
  };
}
