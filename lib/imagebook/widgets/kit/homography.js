// The homography of four points, as imagebook.geometry.homography finds it.

import { inverse, product } from "./geometry.js";

/**
 * Return the 3x3 matrix that takes four points [x, y] to four others as a camera sees a plane, with w = 1 on average
 * at the first four; or null if three of four lie on a line, or if no camera sees the plane so.
 */
export function homography(source, target) {
  if (hasThreeOnALine(source) || hasThreeOnALine(target)) return null;
  const matrix = product(fromBasis(target), inverse(fromBasis(source)));
  const depths = source.map(([x, y]) => matrix[2][0] * x + matrix[2][1] * y + matrix[2][2]);
  if (Math.min(...depths) <= 0 && Math.max(...depths) >= 0) return null;
  const mean = depths.reduce((sum, depth) => sum + depth, 0) / 4;
  return matrix.map((row) => row.map((value) => value / mean));
}

/** Return twice the area of a triangle, positive if its corners go round clockwise as seen. */
export function cross([ax, ay], [bx, by], [cx, cy]) {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
}

function hasThreeOnALine(points) {
  const extent = Math.max(...[0, 1].map((axis) => Math.max(...points.map((p) => p[axis])) - Math.min(...points.map((p) => p[axis]))));
  return points.some((_, index) => {
    const [a, b, c] = points.filter((_, other) => other !== index);
    return !(Math.abs(cross(a, b, c)) > 1e-6 * extent * extent);
  });
}

// The matrix that takes (1, 0, 0), (0, 1, 0), (0, 0, 1) and (1, 1, 1) to four points: the first three weighted so that
// they sum to the fourth. The weights are areas of triangles (Cramer's rule).
function fromBasis([a, b, c, d]) {
  const [p, q, r] = [cross(d, b, c), cross(a, d, c), cross(a, b, d)];
  return [
    [p * a[0], q * b[0], r * c[0]],
    [p * a[1], q * b[1], r * c[1]],
    [p, q, r],
  ];
}
