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
