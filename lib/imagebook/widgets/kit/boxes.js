// Boxes [x_min, y_min, x_max, y_max], as in imagebook.boxes.

/** Return the area of a box. */
export function area([left, top, right, bottom]) {
  return (right - left) * (bottom - top);
}

/** Return the area that two boxes share. */
export function intersectionArea(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return Math.max(0, width) * Math.max(0, height);
}

/** Return the intersection over union of two boxes; of two boxes without area it is 0. */
export function iou(a, b) {
  const shared = intersectionArea(a, b);
  const union = area(a) + area(b) - shared;
  return union > 0 ? shared / union : 0;
}

/** Return a box of one layout in another: "xyxy" corners, "xywh" corner and size, "cxcywh" centre and size. */
export function convert(box, source, target) {
  const [a, b, c, d] = box;
  let corners = box;
  if (source === "xywh") corners = [a, b, a + c, b + d];
  if (source === "cxcywh") corners = [a - c / 2, b - d / 2, a + c / 2, b + d / 2];
  const [left, top, right, bottom] = corners;
  if (target === "xyxy") return corners;
  const [width, height] = [right - left, bottom - top];
  return target === "xywh" ? [left, top, width, height] : [left + width / 2, top + height / 2, width, height];
}

/** Return a box cut off at the border of an image of [height, width]. */
export function clip(box, [height, width]) {
  return box.map((value, index) => Math.min(index % 2 ? height : width, Math.max(0, value)));
}

/**
 * Return the rounds of non-maximum suppression: {best, overlaps, struck} for each box that is kept, where overlaps
 * are {index, iou} with every box that waits, by falling score, and struck are those above the threshold.
 */
export function suppressionRounds(boxes, scores, threshold) {
  // Sorting is stable: of equal scores the lower index comes first.
  let waiting = boxes.map((_, index) => index).sort((i, j) => scores[j] - scores[i]);
  const rounds = [];
  while (waiting.length) {
    const [best, ...others] = waiting;
    const overlaps = others.map((index) => ({ index, iou: iou(boxes[best], boxes[index]) }));
    const struck = overlaps.filter((other) => other.iou > threshold).map(({ index }) => index);
    waiting = others.filter((index) => !struck.includes(index));
    rounds.push({ best, overlaps, struck });
  }
  return rounds;
}

/** Return the indices of the boxes that survive non-maximum suppression, by falling score. */
export function nms(boxes, scores, threshold) {
  return suppressionRounds(boxes, scores, threshold).map(({ best }) => best);
}
